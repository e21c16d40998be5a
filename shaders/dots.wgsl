// Round dots of constant size with a thin dark casing, so that pale ones stay visible on pale ground.
#import frame
#import colormap

struct Corner {
    @builtin(position) clip: vec4<f32>,
    // From the middle, pixels.
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) value: f32,
}

const CASING_PX: f32 = 1.0;
const CASING: vec3<f32> = vec3<f32>(0.047, 0.075, 0.098);
const CASING_ALPHA: f32 = 0.75;

fn hidden() -> Corner {
    var out: Corner;
    out.clip = vec4<f32>(2.0, 2.0, 0.5, 1.0);
    out.offset = vec2<f32>(0.0);
    out.value = 0.0;
    return out;
}

@vertex
fn vertex_main(@builtin(vertex_index) corner: u32, @location(0) point: vec4<f32>) -> Corner {
    let clip = frame.clip_from_local * vec4<f32>(point.xyz, 1.0);
    if (is_missing(point.w) || clip.w <= 0.0 || facing_of(point.xyz) <= 0.0 || !on_map(point.xy)) {
        return hidden();
    }
    let reach = 0.5 * style.size_pt * frame.misc.y + CASING_PX + 1.0;
    let side = vec2<f32>(select(-1.0, 1.0, (corner & 1u) == 1u), select(-1.0, 1.0, corner >= 2u));
    var out: Corner;
    out.offset = side * reach;
    out.clip = vec4<f32>(clip.xy / clip.w + out.offset * 2.0 / frame.misc.zw, 0.5, 1.0);
    out.value = point.w;
    return out;
}

@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
    let fill = colour_of(in.value);
    if (fill.a == 0.0) {
        discard;
    }
    let radius = 0.5 * style.size_pt * frame.misc.y;
    let d = length(in.offset);
    let inner = clamp(radius + 0.5 - d, 0.0, 1.0);
    // Small dots in dense fields get no casing: it would hide their colour.
    let casing_px = clamp(radius - 1.5, 0.0, CASING_PX);
    let outer = clamp(radius + casing_px + 0.5 - d, 0.0, 1.0);
    let casing = vec4<f32>(CASING, 1.0) * (CASING_ALPHA * fill.a * (outer - inner));
    return fill * inner + casing;
}
