// Drifting particles. Twin of `Flow` in src/render/streams/engine.rs (compared by its tests): what is changed here is
// changed there. `Advance` is mirrored there too.

struct Advance {
    // Positions relative to the origin of the nodes to clip space of the view they were made for.
    clip_from_local: mat4x4<f32>,
    // Positive at places that face the eye.
    facing: vec4<f32>,
    // Node column and row of normalised device coordinates: scale and offset.
    node_from_ndc: vec4<f32>,
    // The origin in the space where the ellipsoid is the unit sphere, and 1; zero on maps.
    middle: vec4<f32>,
    // Half axes of the ellipsoid, metres, and the drift of one substep in seconds.
    axes: vec4<f32>,
    // Added to all places first.
    shift: vec4<f32>,
    // Columns and rows of the nodes, number of the first particle, particles in all.
    size: vec4<u32>,
    // Tick of the places as they are, ticks to go, life in ticks, substeps of a tick.
    time: vec4<u32>,
    // Points of a particle, points of its ring, ticks between these, flags.
    parts: vec4<u32>,
}

const FRESH: u32 = 1u;
const RESEED: u32 = 2u;
const BIRTH_BITS: u32 = 24u;
const BIRTH_MASK: u32 = 0xffffffu;
const LEAST_LIFE: u32 = 24u;

@group(0) @binding(0) var<uniform> u: Advance;
@group(0) @binding(1) var places: texture_2d<f32>;
@group(0) @binding(2) var flow: texture_2d<f32>;
// As bits: births are whole numbers, and missing values are told by their bits.
@group(0) @binding(3) var<storage, read_write> points: array<vec4<u32>>;

fn is_missing(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn hash(x: u32) -> u32 {
    let state = x * 747796405u + 2891336453u;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

fn unit(x: u32) -> f32 {
    return f32(x >> 8u) / 16777216.0;
}

fn inside(cell: vec2<i32>) -> vec2<i32> {
    return clamp(cell, vec2<i32>(0), vec2<i32>(u.size.xy) - 1);
}

// Column and row of a place, and 1; 0 outside of the nodes or beyond the horizon.
fn index_of(p: vec3<f32>) -> vec3<f32> {
    let clip = u.clip_from_local * vec4<f32>(p, 1.0);
    if (clip.w <= 0.0 || dot(u.facing, vec4<f32>(p, 1.0)) <= 0.0) {
        return vec3<f32>(0.0);
    }
    let at = clip.xy / clip.w * u.node_from_ndc.xy + u.node_from_ndc.zw;
    if (any(at < vec2<f32>(0.0)) || any(at > vec2<f32>(u.size.xy - 1u))) {
        return vec3<f32>(0.0);
    }
    return vec3<f32>(at, 1.0);
}

struct Found {
    there: bool,
    flow: vec4<f32>,
}

// Velocity and speed: the mean of the valid nodes around a place, where the nearest one is valid.
fn flow_at(p: vec3<f32>) -> Found {
    let at = index_of(p);
    var found = Found(false, vec4<f32>(0.0));
    if (at.z == 0.0) {
        return found;
    }
    let first = vec2<i32>(floor(at.xy));
    let part = at.xy - floor(at.xy);
    let near = inside(first + select(vec2<i32>(0), vec2<i32>(1), part >= vec2<f32>(0.5)));
    if (is_missing(textureLoad(flow, near, 0).w)) {
        return found;
    }
    var weight = 0.0;
    for (var k = 0; k < 4; k++) {
        let step = vec2<i32>(k & 1, k >> 1u);
        let along = select(1.0 - part, part, step == vec2<i32>(1));
        let w = along.x * along.y;
        let node = textureLoad(flow, inside(first + step), 0);
        if (!is_missing(node.w)) {
            found.flow += node * w;
            weight += w;
        }
    }
    found.flow /= max(weight, 1e-20);
    found.there = true;
    return found;
}

// The place moved back onto the ellipsoid, without losing digits near the origin; on maps the place itself.
fn pull(p: vec3<f32>) -> vec3<f32> {
    if (u.middle.w == 0.0) {
        return p;
    }
    let s = u.middle.xyz;
    let q = p / u.axes.xyz;
    let f = 2.0 * dot(s, q) + dot(q, q);
    let root = sqrt(max(1.0 + f, 1e-6));
    let less = -f / (root * (1.0 + root));
    return (q + (s + q) * less) * u.axes.xyz;
}

// One tick by the midpoint rule; a step to where nothing is known is not taken.
fn step_of(start: vec4<f32>) -> vec4<f32> {
    var now = start;
    for (var k = 0u; k < u.time.w; k++) {
        let first = flow_at(now.xyz);
        if (!first.there) {
            return now;
        }
        let second = flow_at(pull(now.xyz + first.flow.xyz * (0.5 * u.axes.w)));
        if (!second.there) {
            return now;
        }
        let next = pull(now.xyz + second.flow.xyz * u.axes.w);
        let there = flow_at(next);
        if (!there.there) {
            return now;
        }
        now = vec4<f32>(next, there.flow.w);
    }
    return now;
}

// The birth place of a particle; .w is missing where there is no place.
fn seed_of(number: u32, birth: u32) -> vec4<f32> {
    let era = birth / max(u.time.z, 1u);
    let chance = vec2<f32>(unit(hash(number ^ hash(birth))), unit(hash((number + 0x9e3779b9u) ^ hash(birth))));
    let even = vec2<f32>(
        unit(number * 0xc13fa9a9u + hash(era)),
        unit(number * 0x91e10da5u + hash(era ^ 0x55555555u)),
    );
    let v = even + (chance - 0.5) * (1.0 / sqrt(f32(u.size.w)));
    let at = (v - floor(v)) * vec2<f32>(u.size.xy - 1u);
    let first = vec2<i32>(floor(at));
    let part = at - floor(at);
    var sum = vec4<f32>(0.0);
    for (var k = 0; k < 4; k++) {
        let step = vec2<i32>(k & 1, k >> 1u);
        let along = select(1.0 - part, part, step == vec2<i32>(1));
        let node = textureLoad(places, inside(first + step), 0);
        if (is_missing(node.w)) {
            return vec4<f32>(0.0, 0.0, 0.0, node.w);
        }
        sum += node * (along.x * along.y);
    }
    let p = pull(sum.xyz);
    let found = flow_at(p);
    return vec4<f32>(p, select(0.0, found.flow.w, found.there));
}

@compute @workgroup_size(64)
fn advance_main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let local = id.x + id.y * groups.x * 64u;
    let each = u.parts.x;
    let base = local * each;
    if (base + each > arrayLength(&points)) {
        return;
    }
    let number = u.size.z + local;
    let end = u.time.x + u.time.y;
    let life = u.time.z;
    var head: vec4<f32>;
    var before: vec4<f32>;
    var birth: u32;
    var lasts: u32;
    var tick: u32;
    if ((u.parts.w & FRESH) != 0u) {
        birth = end - hash(number ^ 0x68bc21ebu) % life;
        lasts = life;
        tick = birth;
        head = seed_of(number, birth);
        before = head;
    } else {
        if (any(u.shift.xyz != vec3<f32>(0.0))) {
            for (var k = 0u; k < each; k++) {
                let was = points[base + k];
                points[base + k] = vec4<u32>(bitcast<vec3<u32>>(bitcast<vec3<f32>>(was.xyz) + u.shift.xyz), was.w);
            }
        }
        let second = points[base + 1u];
        head = bitcast<vec4<f32>>(points[base]);
        before = bitcast<vec4<f32>>(second);
        birth = second.w & BIRTH_MASK;
        lasts = second.w >> BIRTH_BITS;
        tick = u.time.x;
        if ((u.parts.w & RESEED) != 0u && !is_missing(head.w) && index_of(head.xyz).z == 0.0) {
            birth = u.time.x;
            lasts = LEAST_LIFE + hash(number ^ birth) % (life - LEAST_LIFE);
            head = seed_of(number, birth ^ 0x0055aa55u);
            before = head;
        }
    }
    while (tick < end) {
        tick++;
        if (tick - birth >= lasts) {
            birth = tick;
            lasts = life;
            head = seed_of(number, birth);
            before = head;
            continue;
        }
        before = head;
        if (tick % u.parts.z == 0u) {
            points[base + 2u + tick / u.parts.z % u.parts.y] = bitcast<vec4<u32>>(before);
        }
        if (!is_missing(head.w)) {
            head = step_of(head);
        }
    }
    points[base] = bitcast<vec4<u32>>(head);
    points[base + 1u] = vec4<u32>(bitcast<vec3<u32>>(before.xyz), birth | (lasts << BIRTH_BITS));
}
