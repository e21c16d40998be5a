// What is drawn of a tile. Mirrored by `TileUniform` in src/render/residency.rs. Needs `colormap`.

struct Tile {
    // Values down and along, without the apron.
    size: vec2<f32>,
    // Where in a value's share of the tile its own cell centre lies: 0.5 at full resolution.
    centre: f32,
    // 1 where two more columns hold the day and the second of each row.
    timed: f32,
}

@group(3) @binding(0) var<uniform> tile: Tile;

// Value `cell` (row, column) of a tile; its texture has one more on every side.
fn value_of(values: texture_2d<f32>, cell: vec2<i32>) -> f32 {
    return textureLoad(values, vec2<i32>(cell.y + 1, cell.x + 1), 0).r;
}

// Day and second of the row of a texel. Only of tiles with times.
fn time_of(values: texture_2d<f32>, texel: vec2<f32>) -> vec2<f32> {
    let row = i32(clamp(floor(texel.x), 0.0, tile.size.x - 1.0)) + 1;
    let col = i32(tile.size.y) + 2;
    return vec2<f32>(
        textureLoad(values, vec2<i32>(col, row), 0).r,
        textureLoad(values, vec2<i32>(col + 1, row), 0).r,
    );
}

fn nearest_of(values: texture_2d<f32>, texel: vec2<f32>) -> f32 {
    return value_of(values, vec2<i32>(clamp(floor(texel), vec2<f32>(0.0), tile.size - 1.0)));
}

// Mean of the valid neighbours, weighted bilinearly. The nearest value decides whether there is anything: data neither
// bleed into missing cells nor are eaten by them.
fn bilinear_of(values: texture_2d<f32>, texel: vec2<f32>) -> f32 {
    let at = clamp(texel - tile.centre, vec2<f32>(-1.0), tile.size);
    let first = clamp(floor(at), vec2<f32>(-1.0), tile.size - 1.0);
    let part = at - first;
    var sum = 0.0;
    var weight = 0.0;
    for (var k = 0; k < 4; k++) {
        let step = vec2<i32>(k >> 1u, k & 1);
        let value = value_of(values, vec2<i32>(first) + step);
        let along = select(1.0 - part, part, step == vec2<i32>(1));
        if (!is_missing(value)) {
            sum += value * along.x * along.y;
            weight += along.x * along.y;
        }
    }
    return sum / max(weight, 1e-20);
}
