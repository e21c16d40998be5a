// The rim of the atmosphere: a thin glow outside the limb, haze just inside. One triangle over the whole target.

struct Sky {
    // Rays in scaled space (the ellipsoid is the unit sphere): direction = forward + x · right + y · up with x, y in ±1.
    forward: vec4<f32>,
    right: vec4<f32>,
    up: vec4<f32>,
    // Eye in scaled space; .w = |eye|² - 1, made in f64.
    eye: vec4<f32>,
    // Part of the full view that this target shows: x, y offset and scale.
    part: vec4<f32>,
    // .x angle of one pixel for rays from the eye, .y strength.
    glow: vec4<f32>,
}

@group(0) @binding(0) var<uniform> sky: Sky;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) ndc: vec2<f32>,
}

const RIM: vec3<f32> = vec3<f32>(0.36, 0.66, 0.95);
const HAZE: vec3<f32> = vec3<f32>(0.50, 0.72, 0.92);
// Scale heights of the glow, Earth radii.
const NEAR_GLOW: f32 = 0.0055;
const FAR_GLOW: f32 = 0.022;

@vertex
fn vertex_main(@builtin(vertex_index) k: u32) -> Corner {
    let xy = vec2<f32>(f32(k & 1u) * 4.0 - 1.0, f32(k >> 1u) * 4.0 - 1.0);
    var out: Corner;
    out.clip = vec4<f32>(xy, 0.5, 1.0);
    out.ndc = xy * sky.part.zw + sky.part.xy;
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    let ray = normalize(sky.forward.xyz + in.ndc.x * sky.right.xyz + in.ndc.y * sky.up.xyz);
    let towards = -dot(sky.eye.xyz, ray);
    // Squared height of the closest approach above the unit sphere, without the cancellation of |eye|² - 1.
    let clearance = sky.eye.w - towards * towards;
    if (clearance > 0.0 || towards <= 0.0) {
        if (towards <= 0.0) {
            discard;
        }
        let height = clearance / (1.0 + sqrt(1.0 + clearance));
        let glow = 0.70 * exp(-height / NEAR_GLOW) + 0.24 * exp(-height / FAR_GLOW);
        let alpha = glow * sky.glow.y;
        return vec4<f32>(RIM * alpha, alpha);
    }
    // Cosine of the angle between the ray and the surface normal where the ray enters.
    let cosine = sqrt(min(-clearance, 1.0));
    let haze = 0.55 * exp(-cosine / 0.11) + 0.10 * exp(-cosine / 0.35);
    // The last pixel before the limb belongs to the glow: patches end a fraction of a pixel early there, and the edge of
    // the Earth is smoothed.
    let inside_px = -0.5 * clearance / (sky.glow.x * towards);
    let edge = 1.0 - smoothstep(0.0, 1.5, inside_px);
    let alpha = mix(haze, 0.94, edge) * sky.glow.y;
    return vec4<f32>(mix(HAZE, RIM, edge) * alpha, alpha);
}
