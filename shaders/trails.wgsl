// Lines of tracks that lie on the device, of constant width. One quad is one segment; it reads the sample before or the
// one after it as well, so that joints are mitred without overlap (no beads when translucent). Where a time window ends
// between two samples, so does the line. Which segments a frame draws is a list of spans; in motion a span steps over
// samples that lie closer than pixels.
#import frame
#import colormap
#import clock
#import sample

@group(3) @binding(0) var<storage, read> samples: array<Sample>;
// Spans of this frame. Mirrored by `Span` in src/render/trail.rs: .x is the first sample of a piece, .y holds its number
// of segments (12 bits), the samples stepped over in one go (as a power of two, 4 bits) and the first quad.
@group(2) @binding(1) var<storage, read> spans: array<vec2<u32>>;

// Quads of a span.
const SPAN_QUADS: u32 = 1u;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Distance from the middle line, pixels; not perspective.
    @location(0) across: f32,
    @location(1) value: f32,
    @location(2) facing: f32,
    @location(3) local: vec2<f32>,
    // Seconds before the clock.
    @location(4) age: f32,
}

const NEAR_W: f32 = 1e-3;

fn clip_of(point: vec3<f32>) -> vec4<f32> {
    return frame.clip_from_local * vec4<f32>(point, 1.0);
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

// Whether a segment may show. Without a time at either end it does so with all times only.
fn meets_window(a: Sample, b: Sample) -> bool {
    if ((clock.days.w & ALL_TIMES) != 0) {
        return true;
    }
    let first = day_in(a);
    let last = day_in(b);
    let over = is_before(last, b.second, clock.days.x, clock.seconds.x)
        && is_before(first, a.second, clock.days.x, clock.seconds.x);
    let ahead = is_before(clock.days.y, clock.seconds.y, first, a.second)
        && is_before(clock.days.y, clock.seconds.y, last, b.second);
    return first != NO_DAY && last != NO_DAY && !over && !ahead;
}

fn hidden() -> Corner {
    return Corner(vec4<f32>(0.0, 0.0, 0.0, 1.0), 0.0, 0.0, -1.0, vec2<f32>(0.0), 0.0);
}

// A corner of the segment from `start` to `end`; `beside` is the sample before it (corners 0 and 1) or after it.
fn segment_corner(beside: Sample, start: Sample, end: Sample, corner: u32) -> Corner {
    var out = hidden();
    if ((start.day & DRAWN) == 0 || !meets_window(start, end)) {
        return out;
    }
    var pa = local_of(start);
    var pb = local_near(end, pa);
    var a = clip_of(pa);
    var b = clip_of(pb);
    var ages = vec2<f32>(age_of(day_in(start), start.second), age_of(day_in(end), end.second));
    var shown = vec2<f32>(start.value, end.value);
    let facing = vec2<f32>(facing_of(pa), facing_of(pb));
    if (facing.x <= 0.0 && facing.y <= 0.0) {
        return out;
    }
    // The part behind the eye is cut off: it has no place on the screen.
    let near = NEAR_W * max(abs(a.w), abs(b.w));
    if (a.w < near && b.w < near) {
        return out;
    }
    if (a.w < near) {
        let t = (near - a.w) / (b.w - a.w);
        a = mix(a, b, t);
        pa = mix(pa, pb, t);
        ages.x = mix(ages.x, ages.y, t);
        shown.x = mix(shown.x, shown.y, t);
    } else if (b.w < near) {
        let t = (near - b.w) / (a.w - b.w);
        b = mix(b, a, t);
        pb = mix(pb, pa, t);
        ages.y = mix(ages.y, ages.x, t);
        shown.y = mix(shown.y, shown.x, t);
    }
    let sa = pixels_of(a);
    let sb = pixels_of(b);
    let own = normal_of(sa, sb);
    let half_px = 0.5 * style.size_pt * frame.misc.y + 1.0;
    let side = select(-1.0, 1.0, (corner & 1u) == 1u);
    var offset = own;
    var at = a;
    var point = pa;
    out.age = ages.x;
    out.value = shown.x;
    if (corner < 2u) {
        if ((beside.day & JOINED) != 0) {
            let previous = clip_of(local_near(beside, pa));
            if (previous.w > near) {
                offset = mitre(own, normal_of(pixels_of(previous), sa));
            }
        }
    } else {
        at = b;
        point = pb;
        out.age = ages.y;
        out.value = shown.y;
        if ((end.day & JOINED) != 0) {
            let next = clip_of(local_near(beside, pb));
            if (next.w > near) {
                offset = mitre(own, normal_of(sb, pixels_of(next)));
            }
        }
    }
    let moved = at.xy + offset * (side * half_px * 2.0 * at.w) / frame.misc.zw;
    // Placed at w = 1: `across`, value and age are linear on the screen.
    out.clip = vec4<f32>(moved / at.w, 0.5, 1.0);
    out.across = side * half_px;
    out.facing = facing_of(point);
    out.local = point.xy;
    return out;
}

@vertex
fn vertex_main(@builtin(vertex_index) k: u32) -> Corner {
    let quad = k >> 2u;
    let corner = k & 3u;
    let span = spans[quad / SPAN_QUADS];
    let segments = span.y & 0xfffu;
    let step = 1u << ((span.y >> 12u) & 0xfu);
    // From sample `begin` of the piece to `close`; the one before the piece and the one after it lie there too.
    let begin = ((span.y >> 16u) + quad % SPAN_QUADS) * step;
    if (begin >= segments) {
        return hidden();
    }
    let close = min(begin + step, segments);
    var beside = select(span.x + begin - step, span.x - 1u, begin == 0u);
    if (corner >= 2u) {
        beside = span.x + select(min(close + step, segments), segments + 1u, close == segments);
    }
    return segment_corner(samples[beside], samples[span.x + begin], samples[span.x + close], corner);
}

// For adapters whose vertex shaders read no storage: four slots read the same buffer, each one sample further.
@vertex
fn vertex_instanced(
    @builtin(vertex_index) corner: u32,
    @location(0) at0: vec3<i32>,
    @location(1) value0: f32,
    @location(2) day0: i32,
    @location(3) second0: f32,
    @location(4) at1: vec3<i32>,
    @location(5) value1: f32,
    @location(6) day1: i32,
    @location(7) second1: f32,
    @location(8) at2: vec3<i32>,
    @location(9) value2: f32,
    @location(10) day2: i32,
    @location(11) second2: f32,
    @location(12) at3: vec3<i32>,
    @location(13) value3: f32,
    @location(14) day3: i32,
    @location(15) second3: f32,
) -> Corner {
    var beside = Sample(at0.x, at0.y, at0.z, value0, day0, second0);
    if (corner >= 2u) {
        beside = Sample(at3.x, at3.y, at3.z, value3, day3, second3);
    }
    let start = Sample(at1.x, at1.y, at1.z, value1, day1, second1);
    let end = Sample(at2.x, at2.y, at2.z, value2, day2, second2);
    return segment_corner(beside, start, end, corner);
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || !on_map(in.local)) {
        discard;
    }
    if ((clock.days.w & ALL_TIMES) == 0) {
        let oldest = age_of(clock.days.x, clock.seconds.x);
        let newest = age_of(clock.days.y, clock.seconds.y);
        if (in.age > oldest || in.age < newest) {
            discard;
        }
    }
    let half_px = 0.5 * style.size_pt * frame.misc.y;
    // A line thinner than a pixel keeps one pixel's width and fades instead.
    let drawn = max(half_px, 0.5);
    let coverage = clamp(drawn + 0.5 - abs(in.across), 0.0, 1.0) * min(half_px / 0.5, 1.0);
    return colour_of_sample(in.value, in.age) * coverage;
}
