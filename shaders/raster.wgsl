// Cells of a tile on their own geometry, coloured through the layer's colour map.
#import frame
#import colormap
#import surface

struct Tile {
    // Values down and along, without the apron.
    size: vec2<f32>,
    // Where in a value's share of the tile its own cell centre lies: 0.5 at full resolution.
    centre: f32,
    pad: f32,
}

@group(2) @binding(0) var<uniform> tile: Tile;
@group(2) @binding(1) var values: texture_2d<f32>;

// Value `cell` (row, column) of the tile; the texture has one more on every side.
fn value_at(cell: vec2<i32>) -> f32 {
    return textureLoad(values, vec2<i32>(cell.y + 1, cell.x + 1), 0).r;
}

fn nearest(texel: vec2<f32>) -> f32 {
    return value_at(vec2<i32>(clamp(floor(texel), vec2<f32>(0.0), tile.size - 1.0)));
}

// Mean of the valid neighbours, weighted bilinearly. The nearest value decides whether there is anything: data neither
// bleed into missing cells nor are eaten by them.
fn bilinear(texel: vec2<f32>) -> f32 {
    let at = clamp(texel - tile.centre, vec2<f32>(-1.0), tile.size);
    let first = clamp(floor(at), vec2<f32>(-1.0), tile.size - 1.0);
    let part = at - first;
    var sum = 0.0;
    var weight = 0.0;
    for (var k = 0; k < 4; k++) {
        let step = vec2<i32>(k >> 1u, k & 1);
        let value = value_at(vec2<i32>(first) + step);
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
    var value = nearest(in.index);
    if (is_missing(value)) {
        if (style.missing.a == 0.0) {
            discard;
        }
        return colour_of_missing();
    }
    if ((style.flags & BILINEAR) != 0u) {
        value = bilinear(in.index);
    }
    return colour_of(value);
}
