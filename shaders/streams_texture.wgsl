// Tails of particles that drift on the CPU and come in a texture: for devices without storage buffers.
#import frame
#import colormap
#import tails

@group(2) @binding(1) var points: texture_2d<u32>;

fn words(particle: u32, k: u32) -> vec4<u32> {
    let at = particle * tails.time.y + k;
    let width = textureDimensions(points).x;
    return textureLoad(points, vec2<u32>(at % width, at / width), 0);
}
