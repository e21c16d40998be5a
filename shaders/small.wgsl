// Cells of many tiles that share the layers of one texture: every corner says where its own tile lies, so that all of a
// layer's are one draw. What `raster.wgsl` does with a tile of its own, without light.
#import frame
#import colormap
#import clock
#import look

// How many bits keep a value: numbers of 8 or 16, with a table of what they mean, or 32: the float itself.
override BITS: u32 = 32u;
// Side of a layer of the texture, and of the table.
const SIDE_BITS: u32 = 10u;
const TABLE_BITS: u32 = 8u;

// Mirrored by `Place` in src/render/atlas.rs.
@group(3) @binding(0) var pages: texture_2d_array<u32>;
@group(3) @binding(1) var table: texture_2d<f32>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Row and column.
    @location(0) index: vec2<f32>,
    @location(1) local: vec2<f32>,
    @location(2) facing: f32,
    // .x: the tile's first texel: it lies in a line that is folded at the side of a layer, and goes on in the next layer.
    // .y: rows (13 bits), columns (13 bits), level (5 bits), whether each row ends with its day and second (1 bit).
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

fn size_of(place: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(place.y & 0x1fffu, (place.y >> 13u) & 0x1fffu);
}

// Texel of a row and a column of a tile, both counted with the one more on every side.
fn texel_of(place: vec2<u32>, row: u32, col: u32) -> u32 {
    let times = select(0u, 64u / BITS, (place.y >> 31u) == 1u);
    let k = place.x + row * (size_of(place).y + 2u + times) + col;
    let last = (1u << SIDE_BITS) - 1u;
    let at = vec2<i32>(i32(k & last), i32((k >> SIDE_BITS) & last));
    return textureLoad(pages, at, i32(k >> (2u * SIDE_BITS)), 0).r;
}

// Value `cell` (row, column) of a tile; there is one more on every side.
fn value_of(place: vec2<u32>, cell: vec2<i32>) -> f32 {
    let raw = texel_of(place, u32(cell.x + 1), u32(cell.y + 1));
    if (BITS == 32u) {
        return bitcast<f32>(raw);
    }
    let last = (1u << TABLE_BITS) - 1u;
    return textureLoad(table, vec2<i32>(i32(raw & last), i32(raw >> TABLE_BITS)), 0).r;
}

// A float from so many texels on, after the values of a row.
fn float_of(place: vec2<u32>, row: u32, first: u32) -> f32 {
    let col = size_of(place).y + 2u + first;
    var bits = texel_of(place, row, col);
    for (var k = 1u; k < 32u / BITS; k++) {
        bits |= texel_of(place, row, col + k) << (k * BITS);
    }
    return bitcast<f32>(bits);
}

// Mean of the valid neighbours, as in `tile.wgsl`.
fn bilinear_of(place: vec2<u32>, texel: vec2<f32>, size: vec2<f32>) -> f32 {
    let level = (place.y >> 26u) & 0x1fu;
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
    let size = vec2<f32>(size_of(in.place));
    let cell = vec2<i32>(clamp(floor(in.index), vec2<f32>(0.0), size - 1.0));
    // Only rows of their time; paler the further from the clock.
    var fade = 1.0;
    if (TIMED && (in.place.y >> 31u) == 1u && (clock.days.w & (ALL_TIMES | FADE)) != ALL_TIMES) {
        let row = u32(cell.x + 1);
        let day = i32(float_of(in.place, row, 0u));
        let second = float_of(in.place, row, 32u / BITS);
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
