// Three fields on the same cells as red, green and blue.
#import frame
#import colormap
#import clock
#import tile
#import surface

@group(3) @binding(1) var red: texture_2d<f32>;
@group(3) @binding(2) var green: texture_2d<f32>;
@group(3) @binding(3) var blue: texture_2d<f32>;

// A value stretched over its range. An exponent of 1 leaves it alone: 8-bit images come out bit by bit.
fn channel(value: f32, stretch: vec4<f32>) -> f32 {
    let position = clamp((value - stretch.x) * stretch.y, 0.0, 1.0);
    if (stretch.z == 1.0) {
        return position;
    }
    return pow(position, stretch.z);
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    // Only rows of their time; paler the further from the clock. The rows of all channels are those of the first.
    var fade = 1.0;
    if (tile.timed > 0.0 && (clock.days.w & (ALL_TIMES | FADE)) != ALL_TIMES) {
        let time = time_of(red, in.index);
        let day = i32(time.x);
        if (!is_shown(day, time.y)) {
            discard;
        }
        fade = fading(age_of(day, time.y));
    }
    var r = nearest_of(red, in.index);
    var g = nearest_of(green, in.index);
    var b = nearest_of(blue, in.index);
    // A colour of two channels would be another colour.
    if (is_missing(r) || is_missing(g) || is_missing(b)) {
        if (style.missing.a == 0.0) {
            discard;
        }
        return colour_of_missing() * fade;
    }
    if ((style.flags & BILINEAR) != 0u) {
        r = bilinear_of(red, in.index);
        g = bilinear_of(green, in.index);
        b = bilinear_of(blue, in.index);
    }
    let colour = vec3<f32>(
        channel(r, style.channels[0]),
        channel(g, style.channels[1]),
        channel(b, style.channels[2]),
    );
    return vec4<f32>(colour, 1.0) * (style.opacity * fade);
}
