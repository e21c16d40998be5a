// Cells of many small tiles that share the layers of one texture: every corner says where its own tile lies, so that all of
// a layer's are one draw. What `raster.wgsl` does with a tile of its own, without light.
#import frame
#import colormap
#import clock
#import look

// Mirrored by `Place` in src/render/atlas.rs.
@group(3) @binding(0) var pages: texture_2d_array<f32>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Row and column.
    @location(0) index: vec2<f32>,
    @location(1) local: vec2<f32>,
    @location(2) facing: f32,
    // .x: column (12 bits), row (12 bits) and layer (8 bits) of the tile's first value in the texture.
    // .y: rows (8 bits), columns (8 bits), level (8 bits), whether day and second of the rows follow (1 bit).
    @location(3) @interpolate(flat) place: vec2<u32>,
}

@vertex
fn vertex_main(
    @location(0) local: vec3<f32>,
    @location(1) index: vec2<f32>,
    @location(2) place: vec2<u32>,
) -> Corner {
    return Corner(frame.clip_from_local * vec4<f32>(local, 1.0), index, local.xy, facing_of(local), place);
}

// Value `cell` (row, column) of a tile; there is one more on every side.
fn value_of(place: vec2<u32>, cell: vec2<i32>) -> f32 {
    let first = vec2<i32>(i32(place.x & 0xfffu), i32((place.x >> 12u) & 0xfffu));
    return textureLoad(pages, first + cell.yx, i32(place.x >> 24u), 0).r;
}

// Mean of the valid neighbours, as in `tile.wgsl`.
fn bilinear_of(place: vec2<u32>, texel: vec2<f32>, size: vec2<f32>) -> f32 {
    let level = (place.y >> 16u) & 0xffu;
    let centre = select(0.5 + 0.5 / f32(1u << level), 0.5, level == 0u);
    let at = clamp(texel - centre, vec2<f32>(-1.0), size);
    let first = clamp(floor(at), vec2<f32>(-1.0), size - 1.0);
    let part = at - first;
    var sum = 0.0;
    var weight = 0.0;
    for (var k = 0; k < 4; k++) {
        let step = vec2<i32>(k >> 1u, k & 1);
        let value = value_of(place, vec2<i32>(first) + step);
        let along = select(1.0 - part, part, step == vec2<i32>(1));
        if (!is_missing(value)) {
            sum += value * along.x * along.y;
            weight += along.x * along.y;
        }
    }
    return sum / max(weight, 1e-20);
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    let size = vec2<f32>(f32(in.place.y & 0xffu), f32((in.place.y >> 8u) & 0xffu));
    let cell = vec2<i32>(clamp(floor(in.index), vec2<f32>(0.0), size - 1.0));
    // Only rows of their time; paler the further from the clock.
    var fade = 1.0;
    if (TIMED && (in.place.y >> 24u) == 1u && (clock.days.w & (ALL_TIMES | FADE)) != ALL_TIMES) {
        let after = i32(size.y) + 1;
        let day = i32(value_of(in.place, vec2<i32>(cell.x, after)));
        let second = value_of(in.place, vec2<i32>(cell.x, after + 1));
        if (!is_shown(day, second)) {
            discard;
        }
        fade = fading(age_of(day, second));
    }
    var value = value_of(in.place, cell);
    if (is_missing(value)) {
        if (style.missing.a == 0.0) {
            discard;
        }
        return colour_of_missing() * fade;
    }
    if (SMOOTH && (style.flags & BILINEAR) != 0u) {
        value = bilinear_of(in.place, in.index, size);
    }
    let colour = colour_of(value) * fade;
    // What is hidden must not hide what lies below.
    if (colour.a == 0.0) {
        discard;
    }
    return colour;
}
