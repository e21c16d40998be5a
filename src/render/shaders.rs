//! Shader sources: embedded, assembled from shared parts with `#import name`, with a line map so that messages point at
//! the file and line a person would edit.

use crate::error::RenderError;

/// A shader file: name without extension, and its text.
type Source = (&'static str, &'static str);

/// The parts other shaders import.
const SHARED: &[Source] = &[
    ("frame", include_str!("../../shaders/shared/frame.wgsl")),
    ("colormap", include_str!("../../shaders/shared/colormap.wgsl")),
    ("clock", include_str!("../../shaders/shared/clock.wgsl")),
    ("sample", include_str!("../../shaders/shared/sample.wgsl")),
    ("tile", include_str!("../../shaders/shared/tile.wgsl")),
    ("surface", include_str!("../../shaders/shared/surface.wgsl")),
    ("look", include_str!("../../shaders/shared/look.wgsl")),
    ("tails", include_str!("../../shaders/shared/tails.wgsl")),
];

/// The shaders with entry points. Every one has `vertex_main` and `fragment_main`.
const MAIN: &[Source] = &[
    ("raster", include_str!("../../shaders/raster.wgsl")),
    ("small", include_str!("../../shaders/small.wgsl")),
    ("rgb", include_str!("../../shaders/rgb.wgsl")),
    ("relief", include_str!("../../shaders/relief.wgsl")),
    ("lines", include_str!("../../shaders/lines.wgsl")),
    ("dots", include_str!("../../shaders/dots.wgsl")),
    ("glyphs", include_str!("../../shaders/glyphs.wgsl")),
    ("trails", include_str!("../../shaders/trails.wgsl")),
    ("cloud", include_str!("../../shaders/cloud.wgsl")),
    ("sky", include_str!("../../shaders/sky.wgsl")),
    ("shape_fill", include_str!("../../shaders/shape_fill.wgsl")),
    ("shape_line", include_str!("../../shaders/shape_line.wgsl")),
    ("streams", include_str!("../../shaders/streams.wgsl")),
    ("streams_texture", include_str!("../../shaders/streams_texture.wgsl")),
];

/// The shaders that compute; they have `advance_main`.
const COMPUTE: &[Source] = &[("advect", include_str!("../../shaders/advect.wgsl"))];

/// Assembled text, and where each of its lines came from.
#[derive(Debug)]
pub(crate) struct Assembled {
    /// WGSL.
    pub text: String,
    lines: Vec<(&'static str, usize)>,
}

impl Assembled {
    /// `file.wgsl:line` of a line (from 1) of the assembled text.
    pub fn origin(&self, line: usize) -> String {
        match self.lines.get(line.saturating_sub(1)) {
            Some((name, k)) => format!("{name}.wgsl:{k}"),
            None => format!("line {line}"),
        }
    }
}

/// The shader of that name with its imports in place, each at most once.
pub(crate) fn assemble(name: &'static str) -> Result<Assembled, RenderError> {
    let mut out = Assembled { text: String::new(), lines: Vec::new() };
    let mut done = Vec::new();
    let source = find(COMPUTE, name, name).or_else(|_| find(MAIN, name, name))?;
    append(&mut out, &mut done, name, source)?;
    Ok(out)
}

fn find(table: &[Source], wanted: &str, asker: &str) -> Result<Source, RenderError> {
    table.iter().copied().find(|(name, _)| *name == wanted).ok_or_else(|| RenderError::Shader {
        name: asker.to_owned(),
        detail: format!("there is no shader part `{wanted}`; see the tables in src/render/shaders.rs"),
    })
}

fn append(
    out: &mut Assembled,
    done: &mut Vec<&'static str>,
    asker: &str,
    (name, text): Source,
) -> Result<(), RenderError> {
    for (k, line) in text.lines().enumerate() {
        if let Some(import) = line.strip_prefix("#import ") {
            let part = find(SHARED, import.trim(), asker)?;
            if !done.contains(&part.0) {
                done.push(part.0);
                append(out, done, name, part)?;
            }
            continue;
        }
        out.text.push_str(line);
        out.text.push('\n');
        out.lines.push((name, k + 1));
    }
    Ok(())
}

/// Parses and validates an assembled shader, so that a mistake is reported with its own file and line.
pub(crate) fn validate(name: &str, assembled: &Assembled) -> Result<wgpu::naga::Module, RenderError> {
    let wrong = |line: Option<usize>, text: String| RenderError::Shader {
        name: name.to_owned(),
        detail: match line {
            Some(line) => format!("{}: {text}", assembled.origin(line)),
            None => text,
        },
    };
    let module = wgpu::naga::front::wgsl::parse_str(&assembled.text).map_err(|e| {
        let line = e.location(&assembled.text).map(|l| l.line_number as usize);
        wrong(line, e.message().to_owned())
    })?;
    let mut validator = wgpu::naga::valid::Validator::new(
        wgpu::naga::valid::ValidationFlags::all(),
        wgpu::naga::valid::Capabilities::default(),
    );
    validator.validate(&module).map_err(|e| {
        let line = e.location(&assembled.text).map(|l| l.line_number as usize);
        wrong(line, e.as_inner().to_string())
    })?;
    Ok(module)
}

/// The shader module of that name.
pub(crate) fn module(device: &wgpu::Device, name: &'static str) -> Result<wgpu::ShaderModule, RenderError> {
    let assembled = assemble(name)?;
    validate(name, &assembled)?;
    Ok(device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(assembled.text.into()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shader_is_valid_and_has_both_entry_points() {
        for (name, _) in MAIN {
            let assembled = assemble(name).unwrap();
            let module = validate(name, &assembled).unwrap_or_else(|e| panic!("{e}"));
            let names = module.entry_points.iter().map(|e| e.name.as_str());
            let names: Vec<&str> = names.filter(|n| *n != "vertex_instanced").collect();
            assert_eq!(names, ["vertex_main", "fragment_main"], "{name}");
        }
        for (name, _) in COMPUTE {
            let module = validate(name, &assemble(name).unwrap()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(module.entry_points.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["advance_main"]);
        }
    }

    #[test]
    fn shared_parts_appear_once_and_lines_keep_their_origin() {
        let raster = assemble("raster").unwrap();
        assert_eq!(raster.text.matches("struct Frame").count(), 1);
        let line = raster.text.lines().position(|l| l.contains("fn colormap_entry")).unwrap() + 1;
        let own = SHARED[1].1.lines().position(|l| l.contains("fn colormap_entry")).unwrap() + 1;
        assert_eq!(raster.origin(line), format!("colormap.wgsl:{own}"));
    }

    #[test]
    fn mistakes_name_their_file() {
        let mut broken = assemble("raster").unwrap();
        broken.text = broken.text.replace("position: f32) -> i32 {", "position: f32) -> i32 { oops;");
        let message = validate("raster", &broken).unwrap_err().to_string();
        assert!(message.contains("colormap.wgsl:"), "{message}");
    }
}
