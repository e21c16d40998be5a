// Samples of tracks and points. Mirrored by `Sample` in src/render/sample.rs. Needs `frame`, `colormap` and `clock`.

struct Sample {
    x: i32,
    y: i32,
    z: i32,
    value: f32,
    // Day times four, plus JOINED and DRAWN.
    day: i32,
    second: f32,
}

const JOINED: i32 = 1;
const DRAWN: i32 = 2;

fn day_in(s: Sample) -> i32 {
    return s.day >> 2u;
}

// A sample's position relative to the frame's anchor, on the turn of the map nearest to it. The subtraction of whole
// numbers is exact.
fn local_of(s: Sample) -> vec3<f32> {
    var d = vec3<i32>(s.x, s.y, s.z) - clock.origin.xyz;
    if (clock.origin.w != 0) {
        d.x -= i32(round(f32(d.x) / f32(clock.origin.w))) * clock.origin.w;
    }
    return vec3<f32>(d) * clock.unit.xyz - clock.rest.xyz;
}

// The same on the turn nearest to another position.
fn local_near(s: Sample, reference: vec3<f32>) -> vec3<f32> {
    var at = local_of(s);
    if (clock.origin.w != 0) {
        let turn = f32(clock.origin.w) * clock.unit.x;
        at.x -= round((at.x - reference.x) / turn) * turn;
    }
    return at;
}

// The colour of a sample: of its value, or of its age (then the style runs from 0, oldest, to 1, at the clock).
fn colour_of_sample(value: f32, age: f32) -> vec4<f32> {
    var shown = value;
    if ((clock.days.w & BY_AGE) != 0) {
        shown = nearness(age);
    }
    return colour_of(shown) * fading(age);
}
