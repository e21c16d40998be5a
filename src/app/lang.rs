//! The language of the window: message files, and the functions behind `tr!`, `trn!` and `msg!`.
//!
//! English stands in the code and is the key; `assets/lang/fr.po` has the French, and a file `lang/CODE.po` beside the
//! settings adds or overrides a language. Sentences made by lower crates, which know of no language, are recognised by
//! the form they have (context `sentence` in the files): [`sentence`].

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::OnceLock;

use parking_lot::RwLock;

/// The choice that follows the system.
pub const SYSTEM: &str = "system";
/// The language of the code.
pub const ENGLISH: &str = "en";
/// Message files in the program: code, name of the language in itself, text.
const BUILT_IN: [(&str, &str, &str); 1] = [("fr", "Français", include_str!("../../assets/lang/fr.po"))];
/// Context of sentences that lower crates make.
const SENTENCE: &str = "sentence";
/// Between context and text in a key, as in compiled files of gettext.
const SEPARATOR: char = '\u{4}';

/// Words of lower crates that the window shows by [`word`]: methods, projections, geometries, samplings, limits.
pub const WORDS: [&str; 48] = [
    msg!("Line"),
    msg!("Dots"),
    msg!("Globe"),
    msg!("Orthographic globe"),
    msg!("Cells"),
    msg!("Arrows"),
    msg!("Barbs"),
    msg!("Streamlines"),
    msg!("RGB"),
    msg!("Equirectangular"),
    msg!("Mercator"),
    msg!("Mollweide"),
    msg!("Equal Earth"),
    msg!("Robinson"),
    msg!("Polar stereographic, north"),
    msg!("Polar stereographic, south"),
    msg!("grid"),
    msg!("projected grid"),
    msg!("swath"),
    msg!("curvilinear grid"),
    msg!("along-track"),
    msg!("points"),
    msg!("polygon"),
    msg!("polyline"),
    msg!("point"),
    msg!("Solid"),
    msg!("Dashed"),
    msg!("Dotted"),
    msg!("from"),
    msg!("towards"),
    msg!("Sequential"),
    msg!("Diverging"),
    msg!("Multi-sequential"),
    msg!("Cyclic"),
    msg!("Rainbow"),
    msg!("Found with your data"),
    msg!("Nearest valid"),
    msg!("Mean in radius"),
    msg!("Median in radius"),
    msg!("Every pair"),
    msg!("One to one"),
    msg!("Box of cells"),
    msg!("Interpolated"),
    msg!("GHRSST, 25 km and 6 h"),
    msg!("Scatterometer and buoy, 25 km and 6 h"),
    msg!("Sentinel-1 and buoy, 5 km and 60 min, 5 × 5"),
    msg!("Altimeter and buoy, 50 km and 30 min"),
    msg!("SWOT crossovers, 2 km and 10 d"),
];

/// Messages of one language.
#[derive(Debug)]
pub struct Catalogue {
    /// `fr`.
    pub code: String,
    /// Its own name for itself.
    pub name: String,
    /// Key → forms, one for messages without a number.
    texts: HashMap<&'static str, Vec<&'static str>>,
    /// Sentences with placeholders: the pieces between them, their names, the translation.
    sentences: Vec<(Vec<&'static str>, Vec<String>, &'static str)>,
    plural: Rule,
}

/// Which form a number takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// 0 and 1 take the first (French).
    AboveOne,
    /// Only 1 takes the first (English, German).
    NotOne,
    /// There is one form.
    Always,
}

/// A translation with placeholders.
#[derive(Clone, Copy, Debug)]
pub struct Template(&'static str);

thread_local! {
    /// What this thread has chosen; tests choose for themselves alone.
    static HERE: Cell<Option<Option<&'static Catalogue>>> = const { Cell::new(None) };
}

/// What threads that have not chosen take; none is English.
static EVERYWHERE: RwLock<Option<&'static Catalogue>> = RwLock::new(None);
static ALL: RwLock<Option<&'static BTreeMap<String, &'static Catalogue>>> = RwLock::new(None);
/// What the system speaks, once the window has asked; programs without a window, and tests, speak English.
static OF_SYSTEM: OnceLock<String> = OnceLock::new();

fn now() -> Option<&'static Catalogue> {
    HERE.get().unwrap_or_else(|| *EVERYWHERE.read())
}

/// Code of the language of this thread.
pub fn code() -> &'static str {
    now().map_or(ENGLISH, |c| c.code.as_str())
}

/// Reads the user's own message files and asks the system for its language: once, when the window opens.
pub fn begin(folder: Option<&Path>) {
    let mut all = built_in();
    let files = folder.into_iter().filter_map(|f| std::fs::read_dir(f).ok()).flatten().filter_map(Result::ok);
    for path in files.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "po")) {
        let Some(code) = path.file_stem().map(|s| s.to_string_lossy().into_owned()) else { continue };
        let read = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        match read.and_then(|text| Catalogue::parse(&code, &text, all.get(&code).copied())) {
            Ok(catalogue) => _ = all.insert(code, Box::leak(Box::new(catalogue))),
            Err(why) => log::warn!("{} is left out: {why}", path.display()),
        }
    }
    *ALL.write() = Some(Box::leak(Box::new(all)));
    _ = OF_SYSTEM.set(sys_locale::get_locale().unwrap_or_default());
}

fn built_in() -> BTreeMap<String, &'static Catalogue> {
    let mut all = BTreeMap::new();
    for (code, name, text) in BUILT_IN {
        match Catalogue::parse(code, text, None) {
            Ok(mut catalogue) => {
                name.clone_into(&mut catalogue.name);
                let catalogue: &'static Catalogue = Box::leak(Box::new(catalogue));
                all.insert(code.to_owned(), catalogue);
            }
            Err(why) => log::error!("the messages of {code} cannot be read: {why}"),
        }
    }
    all
}

fn all() -> &'static BTreeMap<String, &'static Catalogue> {
    if let Some(all) = *ALL.read() {
        return all;
    }
    ALL.write().get_or_insert_with(|| Box::leak(Box::new(built_in())))
}

/// Languages to choose from beside that of the system: code and name.
pub fn languages() -> Vec<(&'static str, &'static str)> {
    let others = all().values().map(|c| (c.code.as_str(), c.name.as_str()));
    std::iter::once((ENGLISH, "English")).chain(others).collect()
}

/// The language meant by a choice; English where there is no other.
fn chosen(choice: &str) -> Option<&'static Catalogue> {
    let wanted = if choice == SYSTEM { OF_SYSTEM.get().map_or(ENGLISH, String::as_str) } else { choice };
    let all = all();
    all.get(wanted).or_else(|| all.get(wanted.split(['-', '_', '.']).next()?)).copied()
}

/// Speaks this language from now on, in this thread.
pub fn set(choice: &str) {
    HERE.set(Some(chosen(choice)));
}

/// Speaks this language from now on, in every thread that has not chosen its own.
pub fn set_everywhere(choice: &str) {
    *EVERYWHERE.write() = chosen(choice);
}

/// What is behind the context of a key.
fn plain(key: &'static str) -> &'static str {
    key.split_once(SEPARATOR).map_or(key, |(_, text)| text)
}

/// `tr!` without placeholders.
pub fn text(key: &'static str) -> &'static str {
    found(key).unwrap_or_else(|| plain(key))
}

fn found(key: &str) -> Option<&'static str> {
    now()?.texts.get(key)?.first().copied()
}

/// A text marked by `msg!`, or a title of the command table.
pub fn t(key: &'static str) -> &'static str {
    text(key)
}

/// A text that is known only when the program runs; what has no translation stays as it is.
pub fn word(key: &str) -> &str {
    found(key).unwrap_or(key)
}

/// `tr!` with placeholders.
pub fn template(key: &str) -> Option<Template> {
    found(key).map(Template)
}

/// `trn!`.
pub fn plural(key: &str, n: u64) -> Option<Template> {
    let catalogue = now()?;
    let forms = catalogue.texts.get(key)?;
    let k = match catalogue.plural {
        Rule::AboveOne => usize::from(n > 1),
        Rule::NotOne => usize::from(n != 1),
        Rule::Always => 0,
    };
    forms.get(k).or_else(|| forms.last()).copied().map(Template)
}

/// A sentence that a lower crate has made, in the language of the user; what is not known stays as it is.
pub fn sentence(english: &str) -> Cow<'_, str> {
    now().and_then(|c| c.sentence(english, 0)).map_or(Cow::Borrowed(english), Cow::Owned)
}

impl Template {
    /// The text with its placeholders replaced: by name, by number, or one after the other.
    pub fn fill(self, values: &[(&str, String)]) -> String {
        let mut out = String::with_capacity(self.0.len() + 16);
        let (mut rest, mut next) = (self.0, 0);
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let here = &rest[at..];
            if here.starts_with("{{") || here.starts_with("}}") {
                out.push_str(&here[..1]);
                rest = &here[2..];
                continue;
            }
            let Some(end) = here.find('}') else { break };
            let name = here.get(1..end).unwrap_or_default();
            let number = next.to_string();
            let name = if name.is_empty() { number.as_str() } else { name };
            next += usize::from(here.starts_with("{}"));
            if let Some((_, value)) = values.iter().find(|(n, _)| *n == name) {
                out.push_str(value);
            }
            rest = &here[end + 1..];
        }
        out.push_str(rest);
        out
    }
}

impl Catalogue {
    /// Reads a file of GNU gettext. Messages it does not have are those of `before`.
    ///
    /// # Errors
    /// When the file is not in that form.
    pub fn parse(code: &str, text: &str, before: Option<&Self>) -> Result<Self, String> {
        let file = polib::po_file::parse_from_reader(text.as_bytes()).map_err(|e| e.to_string())?;
        let leak = |s: &str| -> &'static str { Box::leak(s.to_owned().into_boxed_str()) };
        let rules = file.metadata.plural_rules.expr.replace(' ', "");
        let plural = match (file.metadata.plural_rules.nplurals, rules.trim_matches(['(', ')'])) {
            (1, _) => Rule::Always,
            (_, "n>1") => Rule::AboveOne,
            _ => Rule::NotOne,
        };
        let name = before.map_or_else(|| code.to_owned(), |b| b.name.clone());
        let mut out = Self { code: code.to_owned(), name, texts: HashMap::new(), sentences: Vec::new(), plural };
        if let Some(before) = before {
            out.texts.clone_from(&before.texts);
            out.sentences.clone_from(&before.sentences);
        }
        for message in file.messages().filter(|m| m.is_translated() && !m.is_fuzzy()) {
            let context = message.msgctxt().unwrap_or_default();
            let forms: Vec<&'static str> = if message.is_plural() {
                message.msgstr_plural().map_err(|e| e.to_string())?.iter().map(|s| leak(s)).collect()
            } else {
                vec![leak(message.msgstr().map_err(|e| e.to_string())?)]
            };
            let key = if context.is_empty() {
                leak(message.msgid())
            } else {
                leak(&format!("{context}{SEPARATOR}{}", message.msgid()))
            };
            if context == SENTENCE
                && let (Some(translation), (pieces, names)) = (forms.first(), pieces(plain(key)))
                && !names.is_empty()
            {
                // The user's own come first.
                out.sentences.insert(0, (pieces, names, translation));
            }
            out.texts.insert(key, forms);
        }
        // What is most particular is tried first.
        out.sentences.sort_by_key(|(pieces, ..)| std::cmp::Reverse(pieces.iter().map(|p| p.len()).sum::<usize>()));
        Ok(out)
    }

    fn sentence(&self, english: &str, depth: usize) -> Option<String> {
        if let Some(whole) = self.texts.get(format!("{SENTENCE}{SEPARATOR}{english}").as_str()) {
            return whole.first().map(|s| (*s).to_owned());
        }
        if depth > 3 {
            return None;
        }
        self.sentences.iter().find_map(|(pieces, names, translation)| {
            let values = values_between(pieces, english)?;
            let filled: Vec<(&str, String)> = names
                .iter()
                .zip(values)
                .map(|(n, v)| (n.as_str(), self.sentence(v, depth + 1).unwrap_or_else(|| v.to_owned())))
                .collect();
            Some(Template(translation).fill(&filled))
        })
    }
}

/// What stands between the placeholders of a text, one piece more than there are placeholders, and their names.
fn pieces(text: &'static str) -> (Vec<&'static str>, Vec<String>) {
    let (mut pieces, mut names, mut rest) = (Vec::new(), Vec::new(), text);
    let mut number = 0;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else { break };
        pieces.push(before);
        let name = name.split(':').next().unwrap_or_default();
        names.push(if name.is_empty() { number.to_string() } else { name.to_owned() });
        number += usize::from(name.is_empty());
        rest = tail;
    }
    pieces.push(rest);
    (pieces, names)
}

/// The texts between the pieces, where they occur in this order from the first letter to the last.
fn values_between<'a>(pieces: &[&str], text: &'a str) -> Option<Vec<&'a str>> {
    let (first, others) = pieces.split_first()?;
    let (last, middle) = others.split_last()?;
    let mut rest = text.strip_prefix(first)?.strip_suffix(last)?;
    let mut out = Vec::new();
    for piece in middle {
        let (value, after) = rest.split_once(piece)?;
        out.push(value);
        rest = after;
    }
    out.push(rest);
    (!out.iter().any(|v| v.is_empty())).then_some(out)
}

/// What a text is called in the languages that are not spoken now: a search finds those, too.
pub fn elsewhere(english: &str) -> String {
    let here = code();
    let mut names: Vec<&str> = Vec::new();
    if here != ENGLISH {
        names.push(english);
    }
    let others = all().values().filter(|c| c.code != here);
    names.extend(others.filter_map(|c| c.texts.get(english)?.first().copied()));
    names.join(", ")
}

/// Keys of the command table as they stand on the keyboard of the user.
pub fn keys(english: &str) -> String {
    if now().is_none() {
        return english.to_owned();
    }
    english
        .split(' ')
        .map(|chord| chord.split('+').map(word_of_key).collect::<Vec<_>>().join("+"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn word_of_key(key: &str) -> &str {
    match key {
        "Shift" => tr!("key" => "Shift"),
        "Space" => tr!("key" => "Space"),
        "Delete" => tr!("key" => "Delete"),
        "Home" => tr!("key" => "Home"),
        "End" => tr!("key" => "End"),
        "Left" => tr!("key" => "Left"),
        "Right" => tr!("key" => "Right"),
        "Up" => tr!("key" => "Up"),
        "Down" => tr!("key" => "Down"),
        "click" => tr!("key" => "click"),
        other => other,
    }
}

/// Name of a projection.
pub fn projection(projection: seaglass_core::projection::Projection) -> String {
    let english = projection.title();
    match english.split_once(" about ") {
        // One of the names above, with its middle.
        Some((name, middle)) if word(name) != name || WORDS.contains(&name) => tr!("{} about {middle}", word(name)),
        _ if WORDS.contains(&english.as_str()) => word(&english).to_owned(),
        _ => sentence(&english).into_owned(),
    }
}
