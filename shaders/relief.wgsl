// The base map: a picture on the same patches as the data, over the tone of deep water.
#import frame
#import surface

struct Relief {
    // Tone under the picture, sRGB; .a is the opacity of the picture.
    tone: vec4<f32>,
    // The part of the Earth in the texture: its corner in degrees from 180° W, 90° N, and 1 / its extent.
    part: vec4<f32>,
}

@group(1) @binding(0) var<uniform> relief: Relief;
@group(1) @binding(1) var picture: texture_2d<f32>;
@group(1) @binding(2) var picture_sampler: sampler;

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    // The patches come from a grid of one-degree cells, row 0 in the north, column 0 at 180° W.
    let uv = (in.index.yx - relief.part.xy) * relief.part.zw;
    // Sampled before any discard: derivatives need uniform control flow.
    let colour = textureSample(picture, picture_sampler, uv).rgb;
    // Flat patches lie a little inside the ellipsoid, so their horizon comes early: a little beyond it is drawn too, lest
    // the void shines through in specks along the limb.
    let beyond = -max(2e-4, 1e-3 * abs(frame.facing.w));
    if (in.facing <= beyond || !on_map(in.local)) {
        discard;
    }
    return vec4<f32>(mix(relief.tone.rgb, colour, relief.tone.a), 1.0);
}
