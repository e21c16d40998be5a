// Lines of constant width. One instance is one segment; the four vertex slots read the same buffer of points, each one
// point further, so that a segment knows its neighbours and joints are mitred without overlap (no beads when translucent).
#import frame
#import colormap

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Distance from the middle line, pixels; not perspective.
    @location(0) across: f32,
    @location(1) value: f32,
    @location(2) facing: f32,
    @location(3) local: vec2<f32>,
    // 1, towards the limb 0 for lines of the base map, which crowd there.
    @location(4) fade: f32,
}

// Equatorial radius, metres: makes `facing` divided by the distance the cosine of the viewing angle.
const RADIUS_M: f32 = 6378137.0;

const NEAR_W: f32 = 1e-3;

fn clip_of(point: vec4<f32>) -> vec4<f32> {
    return frame.clip_from_local * vec4<f32>(point.xyz, 1.0);
}

fn pixels_of(clip: vec4<f32>) -> vec2<f32> {
    return clip.xy / clip.w * 0.5 * frame.misc.zw;
}

// Normal of a segment in pixels; zero for a segment of no length.
fn normal_of(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let d = b - a;
    let l = length(d);
    if (l < 1e-4) {
        return vec2<f32>(0.0);
    }
    return vec2<f32>(-d.y, d.x) / l;
}

// Offset direction at a joint of two segments with these normals, scaled so that the edges meet.
fn mitre(own: vec2<f32>, other: vec2<f32>) -> vec2<f32> {
    let sum = own + other;
    let l2 = dot(sum, sum);
    // Sharper than about 60°: a square end instead of a spike.
    if (l2 < 1.0 || dot(other, other) == 0.0) {
        return own;
    }
    return sum * (2.0 / l2);
}

@vertex
fn vertex_main(
    @builtin(vertex_index) corner: u32,
    @location(0) before: vec4<f32>,
    @location(1) start: vec4<f32>,
    @location(2) end: vec4<f32>,
    @location(3) after: vec4<f32>,
) -> Corner {
    var out: Corner;
    out.clip = vec4<f32>(0.0, 0.0, 0.0, 1.0);
    out.across = 0.0;
    out.value = 0.0;
    out.facing = -1.0;
    out.local = vec2<f32>(0.0);
    out.fade = 1.0;
    if (is_missing(start.w) || is_missing(end.w)) {
        return out;
    }
    var a = clip_of(start);
    var b = clip_of(end);
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
    let half_px = 0.5 * style.size_pt * frame.misc.y + 1.0;
    let side = select(-1.0, 1.0, (corner & 1u) == 1u);
    var offset = own;
    var at = a;
    var point = pa;
    if (corner < 2u) {
        let previous = clip_of(before);
        if (!is_missing(before.w) && previous.w > near) {
            offset = mitre(own, normal_of(pixels_of(previous), sa));
        }
    } else {
        at = b;
        point = pb;
        let next = clip_of(after);
        if (!is_missing(after.w) && next.w > near) {
            offset = mitre(own, normal_of(sb, pixels_of(next)));
        }
    }
    let moved = at.xy + offset * (side * half_px * 2.0 * at.w) / frame.misc.zw;
    // Placed at w = 1: `across` and the value are linear on the screen.
    out.clip = vec4<f32>(moved / at.w, 0.5, 1.0);
    out.across = side * half_px;
    out.value = point.w;
    out.facing = facing_of(point.xyz);
    out.local = point.xy;
    if ((style.flags & PLAIN_COLOUR) != 0u) {
        out.fade = smoothstep(0.02, 0.22, out.facing * RADIUS_M / at.w);
    }
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    let half_px = 0.5 * style.size_pt * frame.misc.y;
    // A line thinner than a pixel keeps one pixel's width and fades instead.
    let drawn = max(half_px, 0.5);
    let coverage = clamp(drawn + 0.5 - abs(in.across), 0.0, 1.0) * min(half_px / 0.5, 1.0);
    return colour_of(in.value) * (coverage * in.fade);
}
