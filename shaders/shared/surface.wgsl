// Patches of a surface: places of an index space on their own geometry. Mirrored by `Vertex` in src/render/mesh.rs.
// Needs `frame`.

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Row and column.
    @location(0) index: vec2<f32>,
    @location(1) local: vec2<f32>,
    @location(2) facing: f32,
}

@vertex
fn vertex_main(@location(0) local: vec3<f32>, @location(1) index: vec2<f32>) -> Corner {
    var out: Corner;
    out.clip = frame.clip_from_local * vec4<f32>(local, 1.0);
    out.index = index;
    out.local = local.xy;
    out.facing = facing_of(local);
    return out;
}
