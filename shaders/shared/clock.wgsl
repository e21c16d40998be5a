// Bind group 3: the frame's anchor in whole units, and the times a layer shows. Mirrored by `ClockUniform` in
// src/render/clock.rs. A time is a day since 1970 and a second of it: compared exactly, subtracted to f32 near the clock.

struct Clock {
    // .xyz anchor of the frame in units, .w a turn of the map (0: none).
    origin: vec4<i32>,
    // .xyz metres of the anchor beyond those, .w pixels of a metre at distance 1.
    rest: vec4<f32>,
    // .xyz metres of a unit, .w diameter of dots on the ground, metres (0: in points).
    unit: vec4<f32>,
    // Days: window from .x to .y, clock .z; .w flags.
    days: vec4<i32>,
    // Seconds within these days; .w the age at which things are palest.
    seconds: vec4<f32>,
}

const ALL_TIMES: i32 = 1;
const FADE: i32 = 2;
const BY_AGE: i32 = 4;
const NO_DAY: i32 = -268435456;
// Opacity left to what is palest.
const PALEST: f32 = 0.08;

@group(2) @binding(0) var<uniform> clock: Clock;

// Seconds from a time to the clock; negative for what lies ahead.
fn age_of(day: i32, second: f32) -> f32 {
    return f32(clock.days.z - day) * 86400.0 + (clock.seconds.z - second);
}

fn is_before(day_a: i32, second_a: f32, day_b: i32, second_b: f32) -> bool {
    return day_a < day_b || (day_a == day_b && second_a < second_b);
}

// Whether a time lies in the window, ends included. Things without a time show only where all times do.
fn is_shown(day: i32, second: f32) -> bool {
    if ((clock.days.w & ALL_TIMES) != 0) {
        return true;
    }
    return day != NO_DAY
        && !is_before(day, second, clock.days.x, clock.seconds.x)
        && !is_before(clock.days.y, clock.seconds.y, day, second);
}

// 1 at the clock, 0 at the far end of what is shown.
fn nearness(age: f32) -> f32 {
    return clamp(1.0 - abs(age) / clock.seconds.w, 0.0, 1.0);
}

fn fading(age: f32) -> f32 {
    if ((clock.days.w & FADE) == 0) {
        return 1.0;
    }
    return mix(PALEST, 1.0, nearness(age));
}
