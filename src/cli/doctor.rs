//! `seaglass readers doctor`: one row a file of a folder, with the reader that takes it, why, and what is wrong.

use std::path::{Path, PathBuf};

use seaglass_core::granule::{FileInfo, PartInfo};
use seaglass_core::product::{Product, glob_matches};
use serde_json::json;

use seaglass_data::pool::FileShapes;

use super::ask::{Asker, Described};
use super::{Exit, Failure, Outcome, print};

/// Fields named in a row.
const FIELDS: usize = 6;
/// Folders nested deeper are not entered.
const MAX_DEPTH: usize = 32;
/// Folders that are one product each.
const FOLDER_PRODUCTS: [&str; 4] = ["zarr", "safe", "sen3", "n1"];

/// Examines every file of a folder, or one file.
pub fn run(path: &Path, as_json: bool) -> Outcome {
    let meta = std::fs::metadata(path)
        .map_err(|_missing| Failure::new(Exit::Unreadable, "The file does not exist.").about(path))?;
    let mut files = Vec::new();
    if meta.is_dir() {
        list(path, 0, &mut files)
            .map_err(|e| Failure::new(Exit::Unreadable, format!("The folder cannot be read: {e}.")).about(path))?;
    } else {
        files.push(path.to_owned());
    }
    if files.is_empty() {
        return Err(Failure::new(Exit::Nothing, "The folder holds no files.").about(path));
    }
    let mut asker = Asker::new()?;
    let root = if meta.is_dir() { path } else { path.parent().unwrap_or(path) };
    let name = |file: &Path| file.strip_prefix(root).unwrap_or(file).display().to_string();
    let width = files.iter().map(|f| name(f).chars().count()).max().unwrap_or(0).min(64);
    let (mut by_product, mut by_cf, mut shapes, mut refused) = (0, 0, 0, 0);
    if !as_json {
        print(&format!("{:<width$} | reader | why | geometry | fields | problems\n", "file"));
    }
    for file in &files {
        let row = examine(&mut asker, file);
        match row.reader.as_deref() {
            None => refused += 1,
            Some("CF") => by_cf += 1,
            Some("shapes") => shapes += 1,
            Some(_) => by_product += 1,
        }
        let name = name(file);
        print(&if as_json {
            let object = json!({ "file": name, "reader": row.reader, "why": row.why, "geometry": row.geometry,
                                 "fields": row.fields, "problems": row.problems });
            format!("{object}\n")
        } else {
            let reader = row.reader.as_deref().unwrap_or("refused");
            let (fields, problems) = (short(&row.fields), row.problems.join(" "));
            format!("{name:<width$} | {reader} | {} | {} | {fields} | {problems}\n", row.why, row.geometry)
        });
    }
    if !as_json {
        let total = files.len();
        let shapes = if shapes > 0 { format!("{shapes} as shapes, ") } else { String::new() };
        print(&format!(
            "{total} files: {by_product} read by a product, {by_cf} by CF rules, {shapes}{refused} refused.\n"
        ));
    }
    Ok(Vec::new())
}

struct Row {
    reader: Option<String>,
    why: String,
    geometry: String,
    fields: Vec<String>,
    problems: Vec<String>,
}

fn examine(asker: &mut Asker, file: &Path) -> Row {
    if file.is_dir() && !seaglass_data::scan::is_store(file) {
        let problem = "A folder that is one product is not read yet; open the netCDF files in it.".to_owned();
        return Row::refused(problem);
    }
    let info = match asker.open_any(file) {
        Ok(Described::Data(info)) => *info,
        Ok(Described::Shapes(found)) => return Row::of_shapes(&found),
        Err(failure) => return Row::refused(failure.message),
    };
    let product = info.product.as_deref().and_then(|id| asker.registry.get(id));
    let why = match &product {
        Some(p) => claim(p, file),
        None => no_claim(&named_candidates(asker, file)),
    };
    let fields: Vec<String> = info.parts.iter().flat_map(|p| &p.fields).map(|f| f.name.clone()).collect();
    let mut problems = info.notes.clone();
    let missing = product.as_deref().map(|p| missing(p, &info)).unwrap_or_default();
    if !missing.is_empty() {
        problems.insert(0, format!("Not in this file: {}.", missing.join(", ")));
    }
    Row {
        reader: Some(info.product.clone().unwrap_or_else(|| "CF".to_owned())),
        why,
        geometry: info.parts.iter().map(geometry).collect::<Vec<_>>().join(" + "),
        fields,
        problems,
    }
}

impl Row {
    fn of_shapes(found: &FileShapes) -> Self {
        Self {
            reader: Some("shapes".into()),
            why: found.format.clone(),
            geometry: format!("{} shapes", found.shapes.len()),
            fields: Vec::new(),
            problems: found.notes.clone(),
        }
    }

    fn refused(problem: String) -> Self {
        Self { reader: None, why: "-".into(), geometry: "-".into(), fields: Vec::new(), problems: vec![problem] }
    }
}

fn geometry(part: &PartInfo) -> String {
    let [rows, cols] = part.shape;
    let size = if part.geometry.is_raster() { format!("{rows} × {cols}") } else { rows.to_string() };
    let steps = if part.steps.len() > 1 { format!(", {} steps", part.steps.len()) } else { String::new() };
    format!("{} {size}{steps}", part.geometry.label())
}

fn short(fields: &[String]) -> String {
    let named = fields.iter().take(FIELDS).cloned().collect::<Vec<_>>().join(", ");
    match fields.len() {
        0 => "-".to_owned(),
        n if n > FIELDS => format!("{named} and {} more", n - FIELDS),
        _ => named,
    }
}

/// Products whose file-name patterns fit. Those without patterns say nothing by the name alone.
pub fn named_candidates(asker: &Asker, file: &Path) -> Vec<String> {
    let named = asker.registry.candidates(file).into_iter().filter(|p| !p.matching.files.is_empty());
    named.map(|p| p.product.id.clone()).collect()
}

/// Names of the product's fields that are not in the file.
pub fn missing(product: &Product, info: &FileInfo) -> Vec<String> {
    let there = |name: &String| info.parts.iter().flat_map(|p| &p.fields).any(|f| f.name == *name);
    let last = |v: &String| v.rsplit('/').next().map(str::to_owned);
    let wanted = product.fields.iter().filter_map(|f| f.name.clone().or_else(|| f.variable.as_ref().and_then(last)));
    wanted.filter(|name| !there(name)).collect()
}

/// Why the product has the file.
fn claim(product: &Product, file: &Path) -> String {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let m = &product.matching;
    let mut why: Vec<String> =
        m.files.iter().find(|g| glob_matches(g, &name)).map(|g| format!("name {g}")).into_iter().collect();
    why.extend(m.attributes.iter().map(|(key, glob)| format!("attribute {key} is {glob}")));
    if !m.variables.is_empty() {
        why.push(format!("variables {}", m.variables.join(", ")));
    }
    if why.is_empty() { "its folder".to_owned() } else { why.join(" and ") }
}

fn no_claim(named: &[String]) -> String {
    match named {
        [] => "no product".to_owned(),
        some => format!("the name fits {}, the contents do not", some.join(", ")),
    }
}

/// Files below a folder in the order of their names; folders that are one product are listed as such.
fn list(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)?.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if hidden {
            continue;
        }
        if path.is_dir() && !FOLDER_PRODUCTS.contains(&extension.as_str()) && !seaglass_data::scan::is_store(&path) {
            // Links may lead round and round.
            if depth < MAX_DEPTH && !path.is_symlink() {
                list(&path, depth + 1, out)?;
            }
        } else {
            out.push(path);
        }
    }
    Ok(())
}
