// Arrows and wind barbs of constant size on the screen, drawn by distance: smooth edges and a casing of constant width.
// Mirrored by `Glyph` in src/render/glyphs/mod.rs; feathers are counted there (`feathers`).
#import frame
#import colormap

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Pixels from the symbol's own place: .x along its axis, .y to the left of it.
    @location(0) at: vec2<f32>,
    @location(1) @interpolate(flat) value: f32,
    // Arrows: length in pixels. Barbs: fives of knots, or -1 for calm.
    @location(2) @interpolate(flat) amount: f32,
    @location(3) @interpolate(flat) alpha: f32,
}

const CASING_PX: f32 = 1.0;
const DARK: vec3<f32> = vec3<f32>(0.047, 0.075, 0.098);
const LIGHT: vec3<f32> = vec3<f32>(0.93, 0.95, 0.96);
const CASING_ALPHA: f32 = 0.8;
// Bit of `style.flags`: barbs instead of arrows.
const BARBS: u32 = 0x80000000u;
// Parts of a staff's length: from one feather to the next, width of a pennant with its gap, length of a full feather.
const STEP: f32 = 0.15;
const PENNANT: f32 = 0.28;
const FEATHER: f32 = 0.42;

fn size_px() -> f32 {
    return style.size_pt * frame.misc.y;
}

fn is_barb() -> bool {
    return (style.flags & BARBS) != 0u;
}

// Thickness of shafts, staffs and feathers.
fn stroke_px() -> f32 {
    return clamp(size_px() * select(0.075, 0.055, is_barb()), 1.2, 4.0);
}

fn hidden() -> Corner {
    var out: Corner;
    out.clip = vec4<f32>(2.0, 2.0, 0.5, 1.0);
    return out;
}

// Length of a barb's staff: longer where its feathers need it.
fn staff_px(fives: f32) -> f32 {
    let pennants = floor(fives / 10.0);
    let rest = fives - 10.0 * pennants;
    let needed = PENNANT * pennants + STEP * (floor(rest / 2.0) + rest % 2.0) + 0.1;
    return size_px() * max(1.0, needed);
}

@vertex
fn vertex_main(
    @builtin(vertex_index) corner: u32,
    // Local position and value; direction in projected space and amount; opacity, negative where feathers lie on the
    // other side (southern hemisphere).
    @location(0) point: vec4<f32>,
    @location(1) toward: vec4<f32>,
    @location(2) shown: f32,
) -> Corner {
    let clip = frame.clip_from_local * vec4<f32>(point.xyz, 1.0);
    let facing = facing_of(point.xyz);
    if (clip.w <= 0.0 || facing <= 0.0 || !on_map(point.xy)) {
        return hidden();
    }
    // How the place moves on the screen when it moves towards there.
    let ndc = clip.xy / clip.w;
    let step = frame.clip_from_local * vec4<f32>(toward.xyz, 0.0);
    let moved = (step.xy - ndc * step.w) * frame.misc.zw;
    let len = length(moved);
    var axis = select(vec2<f32>(0.0, 1.0), moved / max(len, 1e-30), len > 0.0);
    var low = vec2<f32>(-0.5 * toward.w, -0.2 * size_px());
    var high = -low;
    var side = 1.0;
    if (is_barb()) {
        // The staff points to where the wind comes from; in the north the feathers lie to the right of one who looks
        // along it, towards low pressure.
        axis = -axis;
        side = select(1.0, -1.0, shown > 0.0);
        let staff = staff_px(max(toward.w, 0.0));
        low = vec2<f32>(-0.2 * size_px(), -0.2 * size_px());
        high = vec2<f32>(staff + 0.25 * size_px(), (FEATHER + 0.05) * size_px());
    }
    let reach = stroke_px() + CASING_PX + 1.0;
    low -= reach;
    high += reach;
    let at = vec2<f32>(select(low.x, high.x, (corner & 1u) == 1u), select(low.y, high.y, corner >= 2u));
    let left = vec2<f32>(-axis.y, axis.x) * side;
    let offset = axis * at.x + left * at.y;
    var out: Corner;
    out.clip = vec4<f32>(ndc + offset * 2.0 / frame.misc.zw, 0.5, 1.0);
    out.at = at;
    out.value = point.w;
    out.amount = toward.w;
    // Symbols come over the horizon gently.
    out.alpha = abs(shown) * clamp(facing * 60.0, 0.0, 1.0);
    return out;
}

fn to_segment(p: vec2<f32>, a: vec2<f32>, b: vec2<f32>) -> f32 {
    let along = b - a;
    let t = clamp(dot(p - a, along) / max(dot(along, along), 1e-12), 0.0, 1.0);
    return length(p - a - along * t);
}

// Signed distance of a triangle, negative inside.
fn to_triangle(p: vec2<f32>, a: vec2<f32>, b: vec2<f32>, c: vec2<f32>) -> f32 {
    let edge = min(min(to_segment(p, a, b), to_segment(p, b, c)), to_segment(p, c, a));
    let turn = sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
    let ab = ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)) * turn;
    let bc = ((c.x - b.x) * (p.y - b.y) - (c.y - b.y) * (p.x - b.x)) * turn;
    let ca = ((a.x - c.x) * (p.y - c.y) - (a.y - c.y) * (p.x - c.x)) * turn;
    return select(edge, -edge, min(ab, min(bc, ca)) > 0.0);
}

fn to_arrow(p: vec2<f32>, length_px: f32) -> f32 {
    let half = 0.5 * stroke_px();
    if (length_px < 2.0 * stroke_px()) {
        return length(p) - 0.5 * max(length_px, 1.5 * half);
    }
    let head = min(0.4 * size_px(), 0.6 * length_px);
    let wide = 0.45 * head;
    let tip = 0.5 * length_px;
    let shaft = to_segment(p, vec2<f32>(-tip + half, 0.0), vec2<f32>(tip - 0.8 * head, 0.0)) - min(half, 0.3 * wide);
    let point = to_triangle(p, vec2<f32>(tip, 0.0), vec2<f32>(tip - head, wide), vec2<f32>(tip - head, -wide));
    return min(shaft, point);
}

fn to_barb(p: vec2<f32>, fives: f32) -> f32 {
    let half = 0.5 * stroke_px();
    let size = size_px();
    if (fives < 0.0) {
        return abs(length(p) - 0.15 * size) - half;
    }
    let staff = staff_px(fives);
    var d = to_segment(p, vec2<f32>(0.0), vec2<f32>(staff, 0.0)) - half;
    var left = fives;
    var x = staff;
    let feather = vec2<f32>(0.5, 0.866) * FEATHER * size;
    while (left >= 10.0) {
        // Its inner edge is parallel to the feathers that follow.
        let base = 0.55 * PENNANT * size;
        let foot = vec2<f32>(x - base, 0.0);
        d = min(d, to_triangle(p, vec2<f32>(x, 0.0), foot, foot + feather) - 0.3 * half);
        x -= PENNANT * size;
        left -= 10.0;
    }
    // A half feather alone stands away from the end, or it would look like a bent staff.
    if (fives < 2.0) {
        x -= STEP * size;
    }
    while (left >= 2.0) {
        d = min(d, to_segment(p, vec2<f32>(x, 0.0), vec2<f32>(x, 0.0) + feather) - half);
        x -= STEP * size;
        left -= 2.0;
    }
    if (left >= 1.0) {
        d = min(d, to_segment(p, vec2<f32>(x, 0.0), vec2<f32>(x, 0.0) + 0.5 * feather) - half);
    }
    return d;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    let fill = colour_of(in.value) * in.alpha;
    if (fill.a == 0.0) {
        discard;
    }
    var d = 0.0;
    if (is_barb()) {
        d = to_barb(in.at, in.amount);
    } else {
        d = to_arrow(in.at, in.amount);
    }
    let inner = clamp(0.5 - d, 0.0, 1.0);
    let outer = clamp(0.5 - (d - CASING_PX), 0.0, 1.0);
    if (outer == 0.0) {
        discard;
    }
    let light = dot(fill.rgb, vec3<f32>(0.2126, 0.7152, 0.0722)) / fill.a;
    let ink = select(DARK, LIGHT, light < 0.16);
    return fill * inner + vec4<f32>(ink, 1.0) * (CASING_ALPHA * fill.a * (outer - inner));
}
