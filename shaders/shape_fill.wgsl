// Areas of shapes: triangles made on the processor for the view, in the colour of their shape.
#import frame

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // sRGB with straight alpha.
    @location(0) @interpolate(flat) colour: vec4<f32>,
    @location(1) local: vec2<f32>,
    @location(2) facing: f32,
}

@vertex
fn vertex_main(@location(0) local: vec3<f32>, @location(1) colour: vec4<f32>) -> Corner {
    var out: Corner;
    out.clip = frame.clip_from_local * vec4<f32>(local, 1.0);
    out.colour = colour;
    out.local = local.xy;
    out.facing = facing_of(local);
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    return vec4<f32>(in.colour.rgb * in.colour.a, in.colour.a);
}
