// Bind group 1: style of a layer. Mirrored by `StyleUniform` in src/render/style.rs.
// `colormap_position`, `colormap_entry` and `rgb_of` have CPU twins: `Style::position`, `Colormap::colour` and
// `Style::colour` in seaglass-core (compared by src/render/tests/twins.rs).

struct Style {
    // Low end of the range (its natural logarithm when logarithmic) and 1 / (high - low).
    low: f32,
    per_span: f32,
    opacity: f32,
    // Width of lines or diameter of dots, points.
    size_pt: f32,
    // Bits: see below.
    flags: u32,
    // Entries of `hidden` in use.
    hidden_count: u32,
    // Positions between which values stand out, with HIGHLIGHT.
    band: vec2<f32>,
    // Colour of lines that carry no values: sRGB, straight alpha.
    colour: vec4<f32>,
    // Colours beyond the ends of the range and of missing cells; .a is 0 where the style has none.
    over: vec4<f32>,
    under: vec4<f32>,
    missing: vec4<f32>,
    // Direction to the light (east, north, up) and its strength; see raster.wgsl.
    light: vec4<f32>,
    // .x: slope of the relief for a slope of the field (units of the range a metre).
    relief: vec4<f32>,
    // Red, green, blue: low end, 1 / (high - low), 1 / gamma; see rgb.wgsl.
    channels: array<vec4<f32>, 3>,
    // Classes that are not drawn: (value, mask, value, mask).
    hidden: array<vec4<i32>, 32>,
}

const LOGARITHMIC: u32 = 1u;
const REVERSED: u32 = 2u;
const HIDE_OUT_OF_RANGE: u32 = 4u;
const BILINEAR: u32 = 8u;
const PLAIN_COLOUR: u32 = 16u;
const HIGHLIGHT: u32 = 32u;
const HILLSHADE: u32 = 64u;
// Opacity left to values that do not stand out.
const DIMMED: f32 = 0.12;

@group(1) @binding(0) var<uniform> style: Style;
@group(1) @binding(1) var lut: texture_2d<f32>;

// Whether styles may ask for more than values on a linear scale: a logarithm, hidden classes, what stands out, one colour.
// Software adapters run every branch; cells are drawn without where their style does not ask. Mirrored by `Look`.
override EXTRAS: bool = true;

// WGSL compilers may assume that NaN does not occur, so missing values are told by their bits.
fn is_missing(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn colormap_position(value: f32) -> f32 {
    if (EXTRAS && (style.flags & LOGARITHMIC) != 0u) {
        if (value <= 0.0) {
            return -1.0;
        }
        return (log(value) - style.low) * style.per_span;
    }
    return (value - style.low) * style.per_span;
}

fn colormap_entry(position: f32) -> i32 {
    var p = clamp(position, 0.0, 1.0);
    if ((style.flags & REVERSED) != 0u) {
        p = 1.0 - p;
    }
    return min(i32(floor(p * 256.0)), 255);
}

// Whether a cell of this value carries a class that is not drawn. CPU twin: `Style::hides`.
fn is_hidden_class(value: f32) -> bool {
    let flags = i32(value);
    for (var k = 0u; k < style.hidden_count; k++) {
        let pair = style.hidden[k >> 1u];
        let hidden = select(pair.xy, pair.zw, (k & 1u) == 1u);
        if ((flags & hidden.y) == hidden.x) {
            return true;
        }
    }
    return false;
}

// Colour of a value that is there, by its position on the colour map.
fn rgb_of(position: f32) -> vec3<f32> {
    if (position > 1.0 && style.over.a > 0.0) {
        return style.over.rgb;
    }
    if (position < 0.0 && style.under.a > 0.0) {
        return style.under.rgb;
    }
    return textureLoad(lut, vec2<i32>(colormap_entry(position), 0), 0).rgb;
}

// Premultiplied colour of a missing cell; all zero where the style has none.
fn colour_of_missing() -> vec4<f32> {
    let dimmed = select(1.0, DIMMED, (style.flags & HIGHLIGHT) != 0u);
    return vec4<f32>(style.missing.rgb, 1.0) * (style.missing.a * style.opacity * dimmed);
}

// Premultiplied colour of a value; all zero where it is missing or hidden.
fn colour_of(value: f32) -> vec4<f32> {
    if (EXTRAS && (style.flags & PLAIN_COLOUR) != 0u) {
        let alpha = style.colour.a * style.opacity;
        return vec4<f32>(style.colour.rgb * alpha, alpha);
    }
    if (is_missing(value)) {
        return vec4<f32>(0.0);
    }
    let position = colormap_position(value);
    if ((style.flags & HIDE_OUT_OF_RANGE) != 0u && (position < 0.0 || position > 1.0)) {
        return vec4<f32>(0.0);
    }
    if (EXTRAS && style.hidden_count > 0u && is_hidden_class(value)) {
        return vec4<f32>(0.0);
    }
    let colour = rgb_of(position);
    var alpha = style.opacity;
    let shown = clamp(position, 0.0, 1.0);
    if (EXTRAS && (style.flags & HIGHLIGHT) != 0u && (shown < style.band.x || shown > style.band.y)) {
        alpha *= DIMMED;
    }
    return vec4<f32>(colour * alpha, alpha);
}
