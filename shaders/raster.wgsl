// Cells of a tile on their own geometry, coloured through the layer's colour map, and lit where the style says so.
#import frame
#import colormap
#import clock
#import tile
#import surface
#import look

@group(3) @binding(1) var values: texture_2d<f32>;
// Metres towards east and north of a step down (.xy) and along (.zw) the tile, on a lattice over all of it; of one texel
// where there is no light. Made by src/render/ground.rs.
@group(3) @binding(2) var ground: texture_2d<f32>;

fn ground_at(texel: vec2<f32>) -> vec4<f32> {
    let most = vec2<i32>(textureDimensions(ground).yx) - 1;
    if (most.x < 1 || most.y < 1) {
        return vec4<f32>(0.0);
    }
    let at = clamp(texel / tile.size, vec2<f32>(0.0), vec2<f32>(1.0)) * vec2<f32>(most);
    let first = min(vec2<i32>(at), most - 1);
    let part = at - vec2<f32>(first);
    let above = mix(textureLoad(ground, first.yx, 0), textureLoad(ground, first.yx + vec2<i32>(1, 0), 0), part.y);
    let below = mix(
        textureLoad(ground, first.yx + vec2<i32>(0, 1), 0),
        textureLoad(ground, first.yx + vec2<i32>(1, 1), 0),
        part.y,
    );
    return mix(above, below, part.x);
}

// What the colour map sees of a value: the slopes of a logarithmic scale are those of the logarithm.
fn height(cell: vec2<i32>) -> f32 {
    let value = value_of(values, cell);
    if ((style.flags & LOGARITHMIC) != 0u && !is_missing(value)) {
        return log(max(value, 1e-30));
    }
    return value;
}

// Slope of three values in a row, `at` (-0.5 to 0.5) from the middle one; a missing end is left out.
fn slope_of(before: f32, middle: f32, after: f32, at: f32) -> f32 {
    let back = !is_missing(before);
    let forth = !is_missing(after);
    if (!back && !forth) {
        return 0.0;
    }
    let left = select(after - middle, middle - before, back);
    let right = select(middle - before, after - middle, forth);
    return mix(left, right, at + 0.5);
}

fn weights(at: f32) -> vec3<f32> {
    return vec3<f32>(0.5 * (0.5 - at) * (0.5 - at), 0.75 - at * at, 0.5 * (0.5 + at) * (0.5 + at));
}

// Slope down and along the tile, of the quadratic spline through the nine values around: it has no edges between cells.
fn slope_at(texel: vec2<f32>) -> vec2<f32> {
    let at = texel - tile.centre;
    let cell = clamp(floor(at + 0.5), vec2<f32>(0.0), tile.size - 1.0);
    let part = clamp(at - cell, vec2<f32>(-0.5), vec2<f32>(0.5));
    let middle = vec2<i32>(cell);
    let down = weights(part.x);
    let along = weights(part.y);
    var sum = vec2<f32>(0.0);
    var total = vec2<f32>(0.0);
    for (var k = -1; k <= 1; k++) {
        let in_row = height(middle + vec2<i32>(k, 0));
        if (!is_missing(in_row)) {
            let before = height(middle + vec2<i32>(k, -1));
            let after = height(middle + vec2<i32>(k, 1));
            sum.y += down[k + 1] * slope_of(before, in_row, after, part.y);
            total.y += down[k + 1];
        }
        let in_col = height(middle + vec2<i32>(0, k));
        if (!is_missing(in_col)) {
            let before = height(middle + vec2<i32>(-1, k));
            let after = height(middle + vec2<i32>(1, k));
            sum.x += along[k + 1] * slope_of(before, in_col, after, part.x);
            total.x += along[k + 1];
        }
    }
    return sum / max(total, vec2<f32>(1e-6));
}

// Light that lightens slopes at most so far towards white.
const GLOSS: f32 = 0.6;

// Premultiplied colour in the light. What is level keeps its colour.
fn lit(colour: vec4<f32>, texel: vec2<f32>) -> vec4<f32> {
    let step = ground_at(texel);
    let area = step.x * step.w - step.y * step.z;
    // Degenerate at the poles of a grid.
    if (abs(area) < 1e-6 * (dot(step.xy, step.xy) + dot(step.zw, step.zw)) || area == 0.0) {
        return colour;
    }
    let slope = slope_at(texel);
    let rise = vec2<f32>(slope.x * step.w - slope.y * step.y, slope.y * step.x - slope.x * step.z) / area;
    let normal = normalize(vec3<f32>(-style.relief.x * rise, 1.0));
    let more = dot(normal, style.light.xyz) - style.light.z;
    let strength = style.light.w;
    if (more <= 0.0) {
        let kept = 1.0 + strength * max(more / style.light.z, -1.0);
        return vec4<f32>(colour.rgb * kept, colour.a);
    }
    let gloss = GLOSS * strength * min(more / max(1.0 - style.light.z, 1e-3), 1.0);
    return vec4<f32>(mix(colour.rgb, vec3<f32>(colour.a), gloss), colour.a);
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    // Only rows of their time; paler the further from the clock.
    var fade = 1.0;
    if (TIMED && tile.timed > 0.0 && (clock.days.w & (ALL_TIMES | FADE)) != ALL_TIMES) {
        let time = time_of(values, in.index);
        let day = i32(time.x);
        if (!is_shown(day, time.y)) {
            discard;
        }
        fade = fading(age_of(day, time.y));
    }
    var value = nearest_of(values, in.index);
    if (is_missing(value)) {
        if (style.missing.a == 0.0) {
            discard;
        }
        return colour_of_missing() * fade;
    }
    if (SMOOTH && (style.flags & BILINEAR) != 0u) {
        value = bilinear_of(values, in.index);
    }
    let colour = colour_of(value) * fade;
    // What is hidden must not hide what lies below.
    if (colour.a == 0.0) {
        discard;
    }
    if (LIT && (style.flags & HILLSHADE) != 0u) {
        return lit(colour, in.index);
    }
    return colour;
}
