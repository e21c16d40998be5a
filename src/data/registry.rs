//! The product files: built in from `readers/`, and the user's own over them.
//!
//! A user file with the id of a known product changes it: tables are merged key by key, `[[field]]` entries by their
//! name, other lists are replaced. A user file with a new id adds a product. Unknown keys are errors with line and column.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seaglass_core::colormap::Colormap;
use seaglass_core::formula::Formula;
use seaglass_core::product::{Product, glob_matches};
use seaglass_core::style::Style;
use toml::{Table, Value};

use crate::trust::Trust;
use crate::workspace::{SaveError, SavedStyle, Workspaces};

/// File name and text of every built-in product.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/products.in"));

/// Something wrong in a product file. The file is left out, the others stay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    /// The text is not TOML, has an unknown key or a value of the wrong type.
    #[error("line {line}, column {column}: {message}")]
    Text {
        /// File.
        origin: String,
        /// Line from 1.
        line: usize,
        /// Column from 1, in characters.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file cannot be read.
    #[error("cannot be read: {message}")]
    Unreadable {
        /// File.
        origin: String,
        /// The system's reason.
        message: String,
    },
    /// The product is read by a program that the user has not allowed.
    #[error("its program {program} is run only after \"seaglass readers trust {origin}\"")]
    NotAllowed {
        /// File.
        origin: String,
        /// Program and arguments.
        program: String,
    },
    /// The product makes no sense as a whole.
    #[error("{message}")]
    Meaning {
        /// File.
        origin: String,
        /// What is wrong.
        message: String,
    },
}

impl ProductError {
    /// File in which the error is.
    pub fn origin(&self) -> &str {
        match self {
            Self::Text { origin, .. }
            | Self::Unreadable { origin, .. }
            | Self::NotAllowed { origin, .. }
            | Self::Meaning { origin, .. } => origin,
        }
    }
}

/// One product and where it comes from.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The product.
    pub product: Arc<Product>,
    /// `readers/<name>.toml` for built-in products, else the path of the user's file.
    pub origin: String,
    /// Whether it claims files: not before the user has allowed its program, when it has one.
    pub active: bool,
    /// Text the product was made from, as a table; what a user file is merged over.
    table: Table,
}

/// All products, by priority (highest first), then by id.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    errors: Vec<ProductError>,
    workspaces: Arc<Workspaces>,
}

impl Registry {
    /// The built-in products, then those of `user_dir` over them. Errors are kept in [`errors`](Self::errors).
    pub fn load(user_dir: Option<&Path>) -> Self {
        let mut registry = Self::default();
        for (origin, text) in BUILT_IN {
            registry.add(origin, text);
        }
        for file in user_dir.map(toml_files).unwrap_or_default() {
            registry.add_file(&file);
        }
        if registry.entries.iter().any(|e| e.product.reader.is_some()) {
            registry.ask(&Trust::load());
        }
        registry
    }

    /// Lets the products with a program claim files that are allowed, and tells of the others.
    pub fn ask(&mut self, trust: &Trust) {
        for entry in &mut self.entries {
            let Some(program) = &entry.product.reader else { continue };
            entry.active = trust.holds(Path::new(&entry.origin), program);
            if !entry.active {
                let (origin, program) = (entry.origin.clone(), program.program.join(" "));
                self.errors.push(ProductError::NotAllowed { origin, program });
            }
        }
    }

    /// Adds one product file from disk. A program it names is not run before [`ask`](Self::ask).
    pub fn add_file(&mut self, file: &Path) {
        let origin = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => self.put(&origin, &text, file.parent()),
            Err(e) => self.errors.push(ProductError::Unreadable { origin, message: e.to_string() }),
        }
    }

    /// Adds one product text; a product of the same id is changed by it.
    pub fn add(&mut self, origin: &str, text: &str) {
        self.put(origin, text, None);
    }

    fn put(&mut self, origin: &str, text: &str, folder: Option<&Path>) {
        match self.parse(origin, text, folder) {
            Ok(entry) => {
                self.entries.retain(|e| e.product.product.id != entry.product.product.id);
                self.entries.push(entry);
                self.entries.sort_by(|a, b| {
                    let (a, b) = (&a.product.product, &b.product.product);
                    b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id))
                });
            }
            Err(error) => self.errors.push(error),
        }
    }

    fn parse(&self, origin: &str, text: &str, folder: Option<&Path>) -> Result<Entry, ProductError> {
        let at = |e: &toml::de::Error| text_error(origin, text, e);
        let own: Table = text.parse().map_err(|e| at(&e))?;
        let id = own.get("product").and_then(|p| p.get("id")).and_then(Value::as_str);
        let known = id.and_then(|id| self.entries.iter().find(|e| e.product.product.id == id));
        let parsed = toml::from_str::<Product>(text);
        let (table, mut product) = match (known, parsed) {
            (None, parsed) => (own, parsed.map_err(|e| at(&e))?),
            // A file that only changes a known product may leave out what it does not change.
            (Some(_), Err(e)) if !e.message().starts_with("missing field") => return Err(at(&e)),
            (Some(known), _) => {
                let mut table = known.table.clone();
                merge(&mut table, own);
                let product = table.clone().try_into::<Product>().map_err(|e| at(&e))?;
                (table, product)
            }
        };
        let meaning = |message| ProductError::Meaning { origin: origin.to_owned(), message };
        check(&product).map_err(meaning)?;
        if let Some(reader) = &mut product.reader {
            let Some(folder) = folder else {
                return Err(meaning("only a product file of your own can name a program ([reader])".to_owned()));
            };
            reader.folder = std::path::absolute(folder).unwrap_or_else(|_no_working_folder| folder.to_owned());
        }
        let active = product.reader.is_none();
        Ok(Entry { product: Arc::new(product), origin: origin.to_owned(), active, table })
    }

    /// All products, highest priority first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was wrong in product files, in the order they were read.
    pub fn errors(&self) -> &[ProductError] {
        &self.errors
    }

    /// The product of an id.
    pub fn get(&self, id: &str) -> Option<Arc<Product>> {
        self.entries
            .iter()
            .map(|e| &e.product)
            .find(|p| p.product.id == id)
            .cloned()
            .or_else(|| self.workspaces.get(id))
    }

    /// Colour maps of workspaces found since the last call.
    pub fn new_colormaps(&self) -> Vec<Colormap> {
        self.workspaces.new_colormaps()
    }

    /// The collection file (`<collection>.ini`) that a product was made of.
    pub fn collection_file(&self, id: &str) -> Option<PathBuf> {
        self.workspaces.file_of(id)
    }

    /// Writes a style into the collection file of a product.
    ///
    /// # Errors
    /// See [`SaveError`]; nothing is changed then.
    pub fn save_style(&self, id: &str, field: &str, style: &Style) -> Result<SavedStyle, SaveError> {
        self.workspaces.save_style(id, field, style)
    }

    /// Products whose folder and file-name patterns fit the path (or that have none), best first: the collection of a
    /// SEAScope workspace it lies in before all others. The reader checks the rest.
    pub fn candidates(&self, path: &Path) -> Vec<Arc<Product>> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // A product names what is inside, not how that is packed.
        let packed = [".gz", ".bz2", ".zip"].iter().find_map(|end| name.strip_suffix(end));
        let name = packed.unwrap_or(&name);
        let below = |p: &Product| p.matching.folder.as_ref().is_none_or(|f| path.starts_with(f));
        let fits = |p: &Product| {
            below(p) && (p.matching.files.is_empty() || p.matching.files.iter().any(|g| glob_matches(g, name)))
        };
        let named = self.active().filter(|p| fits(p)).cloned();
        self.workspaces.product_of(path).into_iter().chain(named).collect()
    }

    /// A number for the product files by which a file in that folder is described: another number, another description.
    pub fn fingerprint(&self, folder: &Path) -> u64 {
        // The hash of Fowler, Noll and Vo (1a, 64 bits): the same in every run.
        let add =
            |hash: u64, text: &str| text.bytes().fold(hash, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        let hash = add(0xcbf2_9ce4_8422_2325, env!("CARGO_PKG_VERSION"));
        let hash = self.entries.iter().fold(hash, |h, e| add(h, &e.table.to_string()));
        let of_workspace = self.workspaces.product_of(&folder.join("file"));
        of_workspace.and_then(|p| serde_json::to_string(&*p).ok()).map_or(hash, |text| add(hash, &text))
    }

    /// Whether a product claims files of that name by a pattern.
    pub fn claims(&self, name: &str) -> bool {
        self.active().flat_map(|p| &p.matching.files).any(|g| glob_matches(g, name))
    }

    fn active(&self) -> impl Iterator<Item = &Arc<Product>> {
        self.entries.iter().filter(|e| e.active).map(|e| &e.product)
    }
}

/// The `*.toml` files of a folder, sorted; none when the folder is not there.
fn toml_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(dir).map(|d| d.filter_map(|e| Some(e.ok()?.path())).collect()).unwrap_or_default();
    files.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    files.sort();
    files
}

fn text_error(origin: &str, text: &str, error: &toml::de::Error) -> ProductError {
    let start = error.span().map_or(0, |s| s.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    ProductError::Text { origin: origin.to_owned(), line, column, message: error.message().trim().replace('\n', " ") }
}

/// Puts `over` onto `base`: tables key by key, `[[field]]` by name, everything else replaced.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (Some(Value::Array(old)), Value::Array(new)) if key == "field" => merge_fields(old, new),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn merge_fields(old: &mut Vec<Value>, new: Vec<Value>) {
    let name = |v: &Value| v.get("name").or_else(|| v.get("variable")).and_then(Value::as_str).map(str::to_owned);
    for field in new {
        let known = name(&field).and_then(|n| old.iter_mut().find(|o| name(o).as_ref() == Some(&n)));
        match (known, field) {
            (Some(Value::Table(known)), Value::Table(field)) => merge(known, field),
            (_, field) => old.push(field),
        }
    }
}

/// What the types alone cannot say.
fn check(product: &Product) -> Result<(), String> {
    let id = &product.product.id;
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-') {
        return Err(format!("the id \"{id}\" must be made of a-z, 0-9, _ and -"));
    }
    let m = &product.matching;
    if m.files.is_empty() && m.attributes.is_empty() && m.variables.is_empty() && m.folder.is_none() {
        return Err(
            "[match] must name files, attributes or variables, or the product would claim every file".to_owned()
        );
    }
    if let Some(reader) = &product.reader {
        if reader.program.first().is_none_or(String::is_empty) {
            return Err("program in [reader] must name a program and its arguments".to_owned());
        }
        if m.files.is_empty() || !m.attributes.is_empty() || !m.variables.is_empty() {
            return Err("a product with a program ([reader]) claims files by their names alone: name files, and no \
                        attributes or variables, in [match]"
                .to_owned());
        }
    }
    let mut names = Vec::new();
    for (k, field) in product.fields.iter().enumerate() {
        let sources =
            [field.variable.is_some(), field.magnitude.is_some(), !field.sum.is_empty(), field.expression.is_some()];
        let n = sources.iter().filter(|s| **s).count();
        let name = field.name.as_deref().or_else(|| field.variable.as_deref().and_then(|v| v.rsplit('/').next()));
        let Some(name) = name else {
            return Err(format!("field {} has neither a name nor a variable", k + 1));
        };
        if n > 1 || (n == 0 && field.name.is_none()) {
            return Err(format!(
                "the field \"{name}\" must have exactly one of variable, magnitude, sum and expression"
            ));
        }
        if field.from.is_some() && field.towards.is_some() {
            return Err(format!("the direction of the field \"{name}\" is told by from or by towards, not by both"));
        }
        if field.magnitude.is_some() && (field.from.is_some() || field.towards.is_some()) {
            return Err(format!(
                "the field \"{name}\" has its direction by magnitude already: leave out from and towards"
            ));
        }
        if field.rgb.is_some() && (field.magnitude.is_some() || field.from.is_some() || field.towards.is_some()) {
            return Err(format!("the field \"{name}\" is a vector or a colour made of three fields, not both"));
        }
        if let Some(Err(wrong)) = field.expression.as_deref().map(Formula::parse) {
            return Err(format!("the field \"{name}\": {wrong}"));
        }
        if names.contains(&name) {
            return Err(format!("the field \"{name}\" is there twice"));
        }
        names.push(name);
        if let Some([a, b]) = field.style.range.filter(|[a, b]| a.partial_cmp(b) != Some(std::cmp::Ordering::Less)) {
            return Err(format!("the range {a} to {b} of the field \"{name}\" is empty"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"
[product]
id = "sst_l4_test"
title = "A"
priority = 5
[match]
files = ["*L4_GHRSST*.nc"]
[[field]]
name = "sst"
variable = "analysed_sst"
units = "kelvin"
[[field]]
variable = "mask"
"#;

    #[test]
    fn built_in_products_are_sound() {
        let registry = Registry::load(None);
        assert_eq!(registry.errors(), [], "a file in readers/ is wrong");
    }

    #[test]
    fn user_files_are_merged_over_built_in_ones() {
        let mut r = Registry::default();
        r.add("a.toml", BASE);
        r.add("b.toml", "[product]\nid='sst_l4_test'\ntitle='B'\n[[field]]\nname='sst'\ntitle='Mine'\n[[field]]\nname='new'\nvariable='x'\n");
        assert_eq!(r.errors(), []);
        let p = r.get("sst_l4_test").unwrap();
        assert_eq!((p.product.title.as_str(), p.product.priority), ("B", 5));
        assert_eq!(p.matching.files, ["*L4_GHRSST*.nc"]);
        assert_eq!(p.fields.len(), 3);
        assert_eq!(p.fields[0].units.as_deref(), Some("kelvin"));
        assert_eq!(p.fields[0].title.as_deref(), Some("Mine"));
        assert_eq!(r.entries().len(), 1);
    }

    #[test]
    fn unknown_keys_have_a_place() {
        let mut r = Registry::default();
        r.add("x.toml", "[product]\nid = 'a'\ntitle = 'A'\n\n[match]\nfiles = ['*']\n  pattern = 'x'\n");
        let [ProductError::Text { origin, line, column, message }] = r.errors() else { panic!("{:?}", r.errors()) };
        assert_eq!((origin.as_str(), *line, *column), ("x.toml", 7, 3));
        assert!(message.contains("pattern"), "{message}");
        r.add("a.toml", BASE);
        r.add("y.toml", "[product]\nid = 'sst_l4_test'\nmood = 'good'\n");
        assert!(matches!(&r.errors()[1], ProductError::Text { line: 3, .. }), "{:?}", r.errors());
        assert_eq!(r.entries().len(), 1, "the sound product stays as it was");
    }

    #[test]
    fn nonsense_is_refused() {
        let mut r = Registry::default();
        r.add("x.toml", "[product]\nid='a'\ntitle='A'\n[match]\n");
        r.add(
            "y.toml",
            "[product]\nid='a'\ntitle='A'\n[match]\nfiles=['*']\n[[field]]\nname='f'\nvariable='v'\nsum=['a','b']\n",
        );
        r.add("z.toml", "[product]\nid='A b'\ntitle='A'\n[match]\nfiles=['*']\n");
        assert_eq!(r.errors().len(), 3);
        let expression = |text: &str| {
            format!("[product]\nid='a'\ntitle='A'\n[match]\nfiles=['*']\n[[field]]\nname='f'\nexpression='{text}'\n")
        };
        r.add("e.toml", &expression("cube(a)"));
        assert_eq!(r.errors().len(), 4);
        let told = r.errors()[3].to_string();
        assert!(told.starts_with("the field \"f\": there is no function \"cube\""), "{told}");
        assert!(r.entries().is_empty());
        r.add("e.toml", &expression("10 * log10(a)"));
        assert_eq!((r.errors().len(), r.entries().len()), (4, 1));
    }

    #[test]
    fn candidates_come_by_priority() {
        let mut r = Registry::default();
        r.add("a.toml", BASE);
        r.add("b.toml", "[product]\nid='any'\ntitle='A'\npriority=-1\n[match]\nvariables=['lat']\n");
        r.add("c.toml", "[product]\nid='best'\ntitle='A'\npriority=9\n[match]\nfiles=['2005*']\n");
        let ids = |name: &str| -> Vec<String> {
            r.candidates(Path::new(name)).iter().map(|p| p.product.id.clone()).collect()
        };
        assert_eq!(ids("/data/2005_L4_GHRSST_x.nc"), ["best", "sst_l4_test", "any"]);
        assert_eq!(ids("/data/other.nc"), ["any"]);
        assert!(r.claims("2005.bin") && !r.claims("other.nc"));
    }

    #[test]
    fn a_folder_of_the_user_is_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine.toml"), BASE).unwrap();
        std::fs::write(dir.path().join("bad.toml"), "x = ").unwrap();
        std::fs::write(dir.path().join("note.txt"), "x = ").unwrap();
        let r = Registry::load(Some(dir.path()));
        assert_eq!(r.errors().len(), 1);
        assert!(r.errors()[0].origin().ends_with("bad.toml"));
        assert!(r.get("sst_l4_test").is_some());
    }

    #[test]
    fn programs_wait_for_consent() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.toml");
        let text = "[product]\nid='x'\ntitle='X'\n[match]\nfiles=['*.xx']\n[reader]\nprogram=['python3', 'x.py']\n";
        std::fs::write(&file, text).unwrap();
        let mut trust = Trust::at(&dir.path().join("allowed.toml"));
        let mut r = Registry::default();
        r.add_file(&file);
        assert_eq!((r.errors(), r.entries().len()), (&[][..], 1));
        assert!(r.candidates(Path::new("a.xx")).is_empty() && !r.claims("a.xx"));
        r.ask(&trust);
        let told = r.errors()[0].to_string();
        assert!(told.contains("python3 x.py") && told.contains("seaglass readers trust"), "{told}");
        assert!(r.candidates(Path::new("a.xx")).is_empty() && !r.claims("a.xx"));
        let program = r.entries()[0].product.reader.clone().unwrap();
        assert_eq!(program.folder, std::path::absolute(dir.path()).unwrap());
        trust.allow(&file, &program).unwrap();
        r.ask(&trust);
        assert!(r.claims("a.xx") && r.candidates(Path::new("a.xx"))[0].reader.as_ref() == Some(&program));
        // Nothing but a file of the user names programs, and a file is claimed by its name alone.
        let mut r = Registry::default();
        r.add("y.toml", text);
        r.add("z.toml", &text.replace("files=['*.xx']", "files=['*.xx']\nvariables=['a']"));
        r.add("w.toml", &text.replace("'python3', 'x.py'", ""));
        assert_eq!((r.errors().len(), r.entries().len()), (3, 0), "{:?}", r.errors());
    }
}
