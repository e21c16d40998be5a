// Bind group 0: one frame (and one copy of a cylindrical map). Mirrored by `FrameUniform` in src/render/frame.rs.

struct Frame {
    // Positions relative to the frame's anchor (projected metres) to clip space.
    clip_from_local: mat4x4<f32>,
    // xyz · local + w > 0 where the surface faces the eye; (0, 0, 0, 1) on maps.
    facing: vec4<f32>,
    // Maps: local y from .x to .y is on the map; .zw is the local centre of a polar map.
    bounds: vec4<f32>,
    // .x squared radius of a polar map, 0 elsewhere; .y pixels of a point; .zw size of the target in pixels.
    misc: vec4<f32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;

// Positive where a surface point faces the eye. Affine in the position, so interpolation across triangles is exact.
fn facing_of(local: vec3<f32>) -> f32 {
    return dot(frame.facing.xyz, local) + frame.facing.w;
}

// Whether a point of the map plane lies on the drawn map (always true on the globe).
fn on_map(local: vec2<f32>) -> bool {
    let from_pole = local - frame.bounds.zw;
    let in_disc = frame.misc.x == 0.0 || dot(from_pole, from_pole) <= frame.misc.x;
    return in_disc && local.y >= frame.bounds.x && local.y <= frame.bounds.y;
}
