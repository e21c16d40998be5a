// Outlines and points of shapes. One instance is one segment with its neighbours, so that joints are mitred without
// overlap; width and strokes are in pixels. A dark casing holds them apart from any ground. Mirrored by `Stroke` in
// src/render/shapes/outline.rs.
#import frame

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // From the middle line, or from the middle of a point, pixels; not perspective.
    @location(0) offset: vec2<f32>,
    // Along the line, pixels.
    @location(1) along: f32,
    @location(2) facing: f32,
    @location(3) local: vec2<f32>,
    @location(4) @interpolate(flat) colour: vec4<f32>,
    // Half width, length of a stroke (0: solid, below 0: a point), period of strokes, pixels.
    @location(5) @interpolate(flat) pattern: vec3<f32>,
}

const NEAR_W: f32 = 1e-3;
const CASING_PX: f32 = 1.0;
const CASING: vec3<f32> = vec3<f32>(0.024, 0.055, 0.086);
const CASING_ALPHA: f32 = 0.6;

fn is_absent(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn pixels_of(clip: vec4<f32>) -> vec2<f32> {
    return clip.xy / clip.w * 0.5 * frame.misc.zw;
}

fn normal_of(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let d = b - a;
    let l = length(d);
    if (l < 1e-4) {
        return vec2<f32>(0.0);
    }
    return vec2<f32>(-d.y, d.x) / l;
}

// Offset direction at a joint of two segments with these normals, scaled so that the edges meet; a square end where the
// turn is sharper than about 60°.
fn mitre(own: vec2<f32>, other: vec2<f32>) -> vec2<f32> {
    let sum = own + other;
    let l2 = dot(sum, sum);
    if (l2 < 1.0 || dot(other, other) == 0.0) {
        return own;
    }
    return sum * (2.0 / l2);
}

@vertex
fn vertex_main(
    @builtin(vertex_index) corner: u32,
    // xyz a position; w: width in pixels, length along the line at the start, at the end, length of a stroke.
    @location(0) before: vec4<f32>,
    @location(1) start: vec4<f32>,
    @location(2) end: vec4<f32>,
    @location(3) after: vec4<f32>,
    @location(4) colour: vec4<f32>,
    @location(5) period: f32,
) -> Corner {
    var out: Corner;
    out.clip = vec4<f32>(2.0, 2.0, 0.5, 1.0);
    out.offset = vec2<f32>(0.0);
    out.along = 0.0;
    out.facing = -1.0;
    out.local = vec2<f32>(0.0);
    out.colour = colour;
    out.pattern = vec3<f32>(0.5 * before.w, after.w, period);
    let side = vec2<f32>(select(-1.0, 1.0, (corner & 1u) == 1u), select(-1.0, 1.0, corner >= 2u));
    let reach = 0.5 * before.w + CASING_PX + 1.0;
    var a = frame.clip_from_local * vec4<f32>(start.xyz, 1.0);
    if (after.w < 0.0) {
        if (a.w <= 0.0) {
            return out;
        }
        out.offset = side * reach;
        out.clip = vec4<f32>(a.xy / a.w + out.offset * 2.0 / frame.misc.zw, 0.5, 1.0);
        out.facing = facing_of(start.xyz);
        out.local = start.xy;
        return out;
    }
    var b = frame.clip_from_local * vec4<f32>(end.xyz, 1.0);
    var pa = start;
    var pb = end;
    // The part behind the eye is cut off: it has no place on the screen.
    let near = NEAR_W * max(abs(a.w), abs(b.w));
    if (a.w < near && b.w < near) {
        return out;
    }
    if (a.w < near) {
        let t = (near - a.w) / (b.w - a.w);
        a = mix(a, b, t);
        pa = mix(pa, pb, t);
    } else if (b.w < near) {
        let t = (near - b.w) / (a.w - b.w);
        b = mix(b, a, t);
        pb = mix(pb, pa, t);
    }
    let sa = pixels_of(a);
    let sb = pixels_of(b);
    let own = normal_of(sa, sb);
    var direction = own;
    var at = a;
    var point = pa;
    if (corner < 2u) {
        let previous = frame.clip_from_local * vec4<f32>(before.xyz, 1.0);
        if (!is_absent(before.x) && previous.w > near) {
            direction = mitre(own, normal_of(pixels_of(previous), sa));
        }
    } else {
        at = b;
        point = pb;
        let next = frame.clip_from_local * vec4<f32>(after.xyz, 1.0);
        if (!is_absent(after.x) && next.w > near) {
            direction = mitre(own, normal_of(sb, pixels_of(next)));
        }
    }
    let moved = at.xy + direction * (side.x * reach * 2.0 * at.w) / frame.misc.zw;
    // Placed at w = 1: the lengths are linear on the screen.
    out.clip = vec4<f32>(moved / at.w, 0.5, 1.0);
    out.offset = vec2<f32>(side.x * reach, 0.0);
    out.along = point.w;
    out.facing = facing_of(point.xyz);
    out.local = point.xy;
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    let half_px = max(in.pattern.x, 0.5);
    let d = length(in.offset);
    var inner = clamp(half_px + 0.5 - d, 0.0, 1.0);
    var outer = clamp(half_px + CASING_PX + 0.5 - d, 0.0, 1.0);
    if (in.pattern.y > 0.0) {
        // How far beyond the end of the stroke, or before the next one.
        let phase = in.along - floor(in.along / in.pattern.z) * in.pattern.z;
        let beyond = min(phase - in.pattern.y, in.pattern.z - phase);
        inner *= clamp(0.5 - beyond, 0.0, 1.0);
        outer *= clamp(0.5 + CASING_PX - beyond, 0.0, 1.0);
    }
    let ink = inner * in.colour.a;
    let casing = max(outer - inner, 0.0) * CASING_ALPHA * in.colour.a;
    return vec4<f32>(in.colour.rgb * ink + CASING * casing, ink + casing);
}
