// Dots that lie on the device, millions of them. A thin dark casing keeps pale ones visible on pale ground.
#import frame
#import colormap
#import clock
#import sample

@group(3) @binding(0) var<storage, read> samples: array<Sample>;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // From the middle, pixels.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) colour: vec4<f32>,
    @location(2) @interpolate(flat) radius: f32,
}

const SQRT_3: f32 = 1.7320508;
const CASING_PX: f32 = 1.0;
const CASING: vec3<f32> = vec3<f32>(0.047, 0.075, 0.098);
const CASING_ALPHA: f32 = 0.75;

// Small dots in dense fields get no casing: it would hide their colour.
fn casing_of(radius: f32) -> f32 {
    return clamp(radius - 1.5, 0.0, CASING_PX);
}

fn dot_corner(s: Sample, corner: u32) -> Corner {
    var out: Corner;
    out.clip = vec4<f32>(2.0, 2.0, 0.5, 1.0);
    out.offset = vec2<f32>(0.0);
    out.colour = vec4<f32>(0.0);
    out.radius = 0.0;
    let day = day_in(s);
    if (!is_shown(day, s.second)) {
        return out;
    }
    let local = local_of(s);
    let clip = frame.clip_from_local * vec4<f32>(local, 1.0);
    if (clip.w <= 0.0 || facing_of(local) <= 0.0 || !on_map(local.xy)) {
        return out;
    }
    out.radius = 0.5 * style.size_pt * frame.misc.y;
    if (clock.unit.w > 0.0) {
        out.radius = max(0.5, 0.5 * clock.unit.w * clock.rest.w / clip.w);
    }
    out.colour = colour_of_sample(s.value, age_of(day, s.second));
    if (out.colour.a == 0.0) {
        return out;
    }
    let reach = out.radius + casing_of(out.radius) + 0.5;
    // The triangle around the disc: half the triangles and fewer corners than a square, which is what dots cost.
    var side = vec2<f32>(0.0, 2.0);
    if (corner > 0u) {
        side = vec2<f32>(select(-SQRT_3, SQRT_3, corner == 1u), -1.0);
    }
    out.offset = side * reach;
    out.clip = vec4<f32>(clip.xy / clip.w + out.offset * 2.0 / frame.misc.zw, 0.5, 1.0);
    return out;
}

@vertex
fn vertex_main(@builtin(vertex_index) k: u32) -> Corner {
    return dot_corner(samples[k / 3u], k % 3u);
}

// For adapters whose vertex shaders read no storage.
@vertex
fn vertex_instanced(
    @builtin(vertex_index) corner: u32,
    @location(0) at: vec3<i32>,
    @location(1) value: f32,
    @location(2) day: i32,
    @location(3) second: f32,
) -> Corner {
    return dot_corner(Sample(at.x, at.y, at.z, value, day, second), corner);
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    let d = length(in.offset);
    let inner = clamp(in.radius + 0.5 - d, 0.0, 1.0);
    let outer = clamp(in.radius + casing_of(in.radius) + 0.5 - d, 0.0, 1.0);
    let casing = vec4<f32>(CASING, 1.0) * (CASING_ALPHA * in.colour.a * (outer - inner));
    return in.colour * inner + casing;
}
