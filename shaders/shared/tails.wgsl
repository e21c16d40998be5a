// Tails of particles: a strip of constant width through the places of a particle, fading towards its end. Mirrored by
// `Tails` in src/render/streams/store.rs. Needs `frame` and `colormap`, and a function
// `words(particle: u32, k: u32) -> vec4<u32>` that knows where particles are kept (see shaders/advect.wgsl).

struct Tails {
    // From the origin of the particles to the frame's anchor, and how far the clock is between the last two ticks.
    offset: vec4<f32>,
    // Tick, points of a particle, points of its ring, ticks between these.
    time: vec4<u32>,
    // Ticks of fading in and out.
    fade: vec4<f32>,
}

@group(2) @binding(0) var<uniform> tails: Tails;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // Distance from the middle line, pixels.
    @location(0) across: f32,
    @location(1) value: f32,
    // Opacity along the tail.
    @location(2) fade: f32,
    @location(3) facing: f32,
    @location(4) local: vec2<f32>,
    // 1; less in triangles that reach behind the eye.
    @location(5) before_eye: f32,
}

const RADIUS_M: f32 = 6378137.0;
const BIRTH_MASK: u32 = 0xffffffu;

fn place(words: vec4<u32>) -> vec4<f32> {
    let p = bitcast<vec4<f32>>(words);
    return vec4<f32>(p.xyz + tails.offset.xyz, p.w);
}

// Point `k` of a tail, 0 is its head; what lies before the birth is the birth.
fn tail_point(particle: u32, k: u32, known: u32) -> vec4<f32> {
    let j = min(k, known);
    if (j == 0u) {
        let head = place(words(particle, 0u));
        let before = place(words(particle, 1u));
        return vec4<f32>(mix(before.xyz, head.xyz, tails.offset.w), head.w);
    }
    let ring = tails.time.z;
    let newest = tails.time.x / tails.time.w;
    return place(words(particle, 2u + (newest + 1u - j) % ring));
}

fn clip_of(p: vec4<f32>) -> vec4<f32> {
    return frame.clip_from_local * vec4<f32>(p.xyz, 1.0);
}

fn pixels_of(clip: vec4<f32>) -> vec2<f32> {
    return clip.xy / clip.w * 0.5 * frame.misc.zw;
}

fn normal_of(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let d = b - a;
    let l = length(d);
    if (l < 1e-3) {
        return vec2<f32>(0.0);
    }
    return vec2<f32>(-d.y, d.x) / l;
}

fn hidden() -> Corner {
    return Corner(vec4<f32>(0.0, 0.0, 0.0, 1.0), 0.0, 0.0, 0.0, -1.0, vec2<f32>(0.0), 0.0);
}

@vertex
fn vertex_main(@builtin(vertex_index) vertex: u32, @builtin(instance_index) particle: u32) -> Corner {
    let k = vertex >> 1u;
    let second = words(particle, 1u);
    if (is_missing(bitcast<f32>(words(particle, 0u).w))) {
        return hidden();
    }
    let birth = second.w & BIRTH_MASK;
    let lasts = f32(second.w >> 24u);
    let stride = tails.time.w;
    let tick = tails.time.x;
    let known = min(tick / stride - birth / stride, tails.time.z);
    let point = tail_point(particle, k, known);
    let clip = clip_of(point);
    let next = clip_of(tail_point(particle, k + 1u, known));
    var previous = clip;
    if (k > 0u) {
        previous = clip_of(tail_point(particle, k - 1u, known));
    }
    if (clip.w <= 0.0 || next.w <= 0.0 || previous.w <= 0.0) {
        return hidden();
    }
    let at = pixels_of(clip);
    let one = normal_of(pixels_of(previous), at);
    let two = normal_of(at, pixels_of(next));
    let own = select(two, one, dot(two, two) == 0.0);
    let sum = one + two;
    let l2 = dot(sum, sum);
    // Sharper than about 60°: a square end instead of a spike.
    let offset = select(own, sum * (2.0 / max(l2, 1e-6)), l2 >= 1.0 && dot(one, one) > 0.0 && dot(two, two) > 0.0);
    let side = select(-1.0, 1.0, (vertex & 1u) == 1u);
    let reach = 0.5 * style.size_pt * frame.misc.y + 1.0;
    var out: Corner;
    out.clip = vec4<f32>(clip.xy / clip.w + offset * (side * reach * 2.0) / frame.misc.zw, 0.5, 1.0);
    out.across = side * reach;
    out.value = point.w;
    let age = f32(tick - birth) + tails.offset.w - 1.0;
    let living = clamp(age / tails.fade.x, 0.0, 1.0) * clamp((lasts - 1.0 - age) / tails.fade.y, 0.0, 1.0);
    // The ring moves on by a point every few ticks; what fades moves on with every picture.
    let along = f32(k) - 1.0 + (f32(tick % stride) + tails.offset.w) / f32(stride);
    out.fade = living * clamp(1.0 - select(0.0, along, k > 0u) / f32(tails.time.z - 1u), 0.0, 1.0);
    out.facing = facing_of(point.xyz);
    out.fade *= smoothstep(0.02, 0.22, out.facing * RADIUS_M / clip.w);
    out.local = point.xy;
    out.before_eye = 1.0;
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    if (in.facing <= 0.0 || in.before_eye < 0.999 || !on_map(in.local)) {
        discard;
    }
    let half_px = 0.5 * style.size_pt * frame.misc.y;
    // A line thinner than a pixel keeps one pixel's width and fades instead.
    let drawn = max(half_px, 0.5);
    let coverage = clamp(drawn + 0.5 - abs(in.across), 0.0, 1.0) * min(half_px / 0.5, 1.0);
    return colour_of(in.value) * (coverage * in.fade);
}
