// Tails of particles that lie in a storage buffer, where they drift.
#import frame
#import colormap
#import tails

@group(2) @binding(1) var<storage, read> points: array<vec4<u32>>;

fn words(particle: u32, k: u32) -> vec4<u32> {
    return points[particle * tails.time.y + k];
}
