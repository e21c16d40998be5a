// The base map: a picture on the same patches as the data, over the tone of deep water.
#import frame

struct Relief {
    // Tone under the picture, sRGB; .a is the opacity of the picture.
    tone: vec4<f32>,
}

@group(1) @binding(0) var<uniform> relief: Relief;
@group(1) @binding(1) var picture: texture_2d<f32>;
@group(1) @binding(2) var picture_sampler: sampler;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
    @location(1) local: vec2<f32>,
    @location(2) facing: f32,
}

@vertex
fn vertex_main(@location(0) local: vec3<f32>, @location(1) index: vec2<f32>) -> Corner {
    var out: Corner;
    out.clip = frame.clip_from_local * vec4<f32>(local, 1.0);
    // The patches come from a grid of one-degree cells, row 0 in the north, column 0 at 180° W.
    out.uv = index.yx / vec2<f32>(360.0, 180.0);
    out.local = local.xy;
    out.facing = facing_of(local);
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    // Sampled before any discard: derivatives need uniform control flow.
    let colour = textureSample(picture, picture_sampler, in.uv).rgb;
    // Flat patches lie a little inside the ellipsoid, so their horizon comes early: a little beyond it is drawn too, lest
    // the void shines through in specks along the limb.
    let beyond = -max(2e-4, 1e-3 * abs(frame.facing.w));
    if (in.facing <= beyond || !on_map(in.local)) {
        discard;
    }
    return vec4<f32>(mix(relief.tone.rgb, colour, relief.tone.a), 1.0);
}
