//! From a layer's items to the flow its particles drift with.

use seaglass_core::geolocation::Geolocation;
use seaglass_core::style::Method;
use seaglass_core::tile::{TileGrid, TileKey};
use seaglass_core::time::TimeSpan;

use super::{Ask, Field, Source};
use crate::buffers::MOST_COPIES;
use crate::draw::{Draw, Prepared};
use crate::frame::FrameView;
use crate::item::Item;
use crate::renderer::Renderer;
use crate::residency::Residency;
use crate::scene::{Plan, Scene, SceneItem, SceneLayer};
use crate::style::{StyleUniform, opaque};
use crate::tree::TileAt;

/// The international nautical mile an hour.
const METRES_PER_S_PER_KNOT: f64 = 1852.0 / 3600.0;

/// Plans the particles of a layer of streamlines. Tiles have been asked for by the plan of its items.
pub(crate) fn plan(
    renderer: &mut Renderer,
    slot: usize,
    layer: &SceneLayer,
    scene: &Scene,
    frame: &FrameView,
    prepared: &mut Prepared,
    plan: &mut Plan,
) {
    if let Some(colour) = layer.style.stream.colour {
        let [r, g, b, _] = opaque(colour);
        let plain = StyleUniform::plain([r, g, b, layer.style.opacity.clamp(0.0, 1.0)], layer.style.size_pt);
        renderer.styles.bind(&renderer.gpu, &renderer.pipelines.style, slot, plain, &layer.colormap);
    }
    let (mut sources, mut parts, mut content) = (Vec::new(), Vec::new(), Vec::new());
    let later = |item: u64| scene.between.iter().any(|b| b.later == item);
    for item in layer.items.iter().filter(|i| !later(i.item)) {
        let Some(now) = field(renderer, item, layer.times, &mut content) else { continue };
        let pair = scene.between.iter().find(|b| b.earlier == item.item);
        let next = pair.and_then(|b| Some((layer.items.iter().find(|i| i.item == b.later)?, b.part)));
        let next = next.and_then(|(item, part)| Some((field(renderer, item, layer.times, &mut content)?, part)));
        parts.push(next.as_ref().map_or(0.0, |(_, part)| *part as f32));
        let speed_ms = layer.knots_per_unit * METRES_PER_S_PER_KNOT;
        sources.push(Source { now, later: next.map(|(f, _)| f), speed_ms });
    }
    let ask = Ask {
        style: &layer.style,
        sources,
        parts,
        content,
        seconds: scene.seconds,
        pixels_per_point: scene.pixels_per_point,
        synchronous: renderer.options.synchronous,
    };
    match renderer.streams.plan(&renderer.gpu, &renderer.pipelines, slot, frame, ask) {
        Ok(complete) => plan.complete &= complete,
        Err(error) => log::error!("streamlines cannot be drawn: {error}"),
    }
    let copy = frame.copies.iter().take(MOST_COPIES).position(|shift| *shift == 0.0);
    if let Some(copy) = copy {
        prepared.draws.push(Draw::Streams { slot, copy });
    }
}

/// The tiles of one item that are there, as a field; `None` where the item is no raster of two components.
fn field(
    renderer: &mut Renderer,
    scene_item: &SceneItem,
    times: Option<TimeSpan>,
    content: &mut Vec<u64>,
) -> Option<Field> {
    if scene_item.drawn_by(Method::Streamlines) != Method::Streamlines {
        return None;
    }
    let group = scene_item.group(Method::Streamlines);
    let item = renderer.items.get(&group)?;
    let (_, cut) = item.raster()?;
    let (grid, _) = item.grid();
    let drawn = tiles(item, &group, &grid, &renderer.tiles);
    content.extend(&group);
    content.push(renderer.tiles.epoch(&group));
    content.push(cut.tiles.len() as u64);
    // Where rows have times the flow is another one whenever the span is.
    let times = times.filter(|_| matches!(*scene_item.geolocation, Geolocation::Swath(_)));
    content.extend(times.iter().flat_map(|t| [t.start, t.stop]).map(|t| t.micros() as u64));
    if drawn.is_empty() {
        return None;
    }
    let mut field = Field::new(&scene_item.geolocation, grid, scene_item.geolocation.bounds()).within(times);
    for tile in drawn {
        let of = |k: usize| {
            let TileAt { level, ty, tx } = tile;
            renderer.tiles.values(TileKey { item: group[k], level, ty, tx })
        };
        // The item itself comes first: what is under the cursor, and whether there is anything, is told by it.
        if let (Some(east), Some(north)) = (of(1), of(2)) {
            field.add(tile.level, (tile.ty, tile.tx), [east, north]);
        }
        renderer.tiles.touch(&group, tile);
    }
    Some(field)
}

/// For each tile the view wants: that one or the finest coarser one that is there.
fn tiles(item: &Item, group: &[u64], grid: &TileGrid, held: &Residency) -> Vec<TileAt> {
    let top = grid.top_level();
    let Some((_, cut)) = item.raster() else { return Vec::new() };
    let there = |wanted: &TileAt| {
        std::iter::successors(Some(*wanted), |t| (t.level < top).then(|| t.parent())).find(|t| held.has_all(group, *t))
    };
    let mut found: Vec<TileAt> = cut.tiles.iter().filter_map(|(wanted, _)| there(wanted)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
