//! The message files of the window: complete, used, with the placeholders of the code, and nothing shown beside them.
//!
//! `SEAGLASS_BLESS=1 cargo test -p seaglass --test language` writes `assets/lang/en.po` anew and adds what is missing to
//! `fr.po`, empty: this test fails until somebody has translated it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "language/source.rs"]
mod source;

use source::{Message, messages, outside_macros, strings};

/// Context of sentences that lower crates make; the window recognises them by their form.
const SENTENCE: &str = "sentence";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let (mut out, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// Texts of the window: context and English, with the plural form and the files that use them.
fn used() -> BTreeMap<(String, String), Message> {
    let mut all: BTreeMap<(String, String), Message> = BTreeMap::new();
    let mut note = |key: (String, String), plural: Option<String>, file: &str| {
        let message = all.entry(key).or_default();
        message.plural = message.plural.take().or(plural);
        message.files.insert(file.to_owned());
    };
    for path in rust_files("src/app") {
        let text = std::fs::read_to_string(&path).unwrap();
        for (key, plural) in messages(&text).unwrap_or_else(|e| panic!("{}: {e}", shown(&path))) {
            note(key, plural, &shown(&path));
        }
    }
    for entry in seaglass_core::command::TABLE {
        note((String::new(), entry.title.to_owned()), None, "src/core/command/table.rs");
    }
    all
}

struct File(BTreeMap<(String, String), (Option<String>, Vec<String>)>);

fn file(code: &str) -> File {
    let path = root().join(format!("assets/lang/{code}.po"));
    let catalogue = polib::po_file::parse(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let entries = catalogue.messages().map(|m| {
        let key = (m.msgctxt().unwrap_or_default().to_owned(), m.msgid().to_owned());
        if m.is_plural() {
            (key, (Some(m.msgid_plural().unwrap().to_owned()), m.msgstr_plural().unwrap().clone()))
        } else {
            (key, (None, vec![m.msgstr().unwrap().to_owned()]))
        }
    });
    File(entries.collect())
}

/// Names of the placeholders, sorted; those without a name are numbered.
fn holes(text: &str) -> BTreeSet<String> {
    let (mut out, mut rest, mut number) = (BTreeSet::new(), text, 0);
    while let Some((_, after)) = rest.split_once('{') {
        if let Some(next) = after.strip_prefix('{') {
            rest = next;
            continue;
        }
        let (inside, next) = after.split_once('}').unwrap();
        let name = inside.split(':').next().unwrap();
        out.insert(if name.is_empty() { number.to_string() } else { name.to_owned() });
        number += usize::from(name.is_empty());
        rest = next;
    }
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t"))
}

/// The file as text, in the order of the sources.
fn written(code: &str, used: &BTreeMap<(String, String), Message>, known: &File) -> String {
    let rule = if code == "fr" { "n > 1" } else { "n != 1" };
    let mut out = format!(
        "msgid \"\"\nmsgstr \"\"\n\"Project-Id-Version: seaglass\\n\"\n\"Language: {code}\\n\"\n\"MIME-Version: 1.0\\n\"\n\
         \"Content-Type: text/plain; charset=UTF-8\\n\"\n\"Content-Transfer-Encoding: 8bit\\n\"\n\
         \"Plural-Forms: nplurals=2; plural=({rule});\\n\"\n"
    );
    let mut add = |(context, id): &(String, String), plural: Option<&String>, from: &str, said: &[String]| {
        out.push('\n');
        if !from.is_empty() {
            _ = writeln!(out, "#: {from}");
        }
        if !context.is_empty() {
            _ = writeln!(out, "msgctxt {}", quoted(context));
        }
        _ = writeln!(out, "msgid {}", quoted(id));
        if let Some(plural) = plural {
            _ = writeln!(out, "msgid_plural {}", quoted(plural));
            for (k, text) in said.iter().enumerate() {
                _ = writeln!(out, "msgstr[{k}] {}", quoted(text));
            }
        } else {
            _ = writeln!(out, "msgstr {}", quoted(&said[0]));
        }
    };
    let mut list: Vec<_> = used.iter().collect();
    list.sort_by_key(|(key, m)| (m.files.first().cloned(), (*key).clone()));
    for (key, message) in list {
        let own = vec![key.1.clone(), message.plural.clone().unwrap_or_default()];
        let empty = vec![String::new(), String::new()];
        let said = known.0.get(key).map(|(_, said)| said.clone());
        let said = if code == "en" { own } else { said.unwrap_or(empty) };
        let from = message.files.iter().cloned().collect::<Vec<_>>().join(" ");
        add(key, message.plural.as_ref(), &from, &said);
    }
    for (key, (_, said)) in known.0.iter().filter(|(key, _)| key.0 == SENTENCE) {
        let own = vec![key.1.clone()];
        add(key, None, "", if code == "en" { &own } else { said });
    }
    out
}

#[test]
fn message_files_have_every_text_and_no_other() {
    let used = used();
    let mut french = file("fr");
    if std::env::var_os("SEAGLASS_BLESS").is_some() {
        std::fs::write(root().join("assets/lang/fr.po"), written("fr", &used, &french)).unwrap();
        std::fs::write(root().join("assets/lang/en.po"), written("en", &used, &french)).unwrap();
        french = file("fr");
    }
    let english = file("en");
    let mut wrong = Vec::new();
    for (key, message) in &used {
        for (code, file) in [("en", &english), ("fr", &french)] {
            let Some((plural, said)) = file.0.get(key) else {
                wrong.push(format!("{code}.po has no {key:?}, used in {:?}", message.files));
                continue;
            };
            if *plural != message.plural {
                wrong.push(format!("{code}.po: {key:?} has the plural {plural:?}, the code {:?}", message.plural));
            }
            let most: BTreeSet<String> =
                holes(&key.1).union(&message.plural.as_deref().map(holes).unwrap_or_default()).cloned().collect();
            for text in said {
                if text.is_empty() {
                    wrong.push(format!("{code}.po: {key:?} is not translated"));
                } else if holes(text) != most && message.plural.is_none() || !holes(text).is_subset(&most) {
                    wrong.push(format!("{code}.po: {key:?} has other placeholders than {text:?}"));
                }
            }
        }
    }
    for (code, file) in [("en", &english), ("fr", &french)] {
        let idle = file.0.keys().filter(|k| k.0 != SENTENCE && !used.contains_key(*k));
        wrong.extend(idle.map(|k| format!("{code}.po: nobody uses {k:?}")));
    }
    for (key, (_, said)) in &english.0 {
        if said[0] != key.1 {
            wrong.push(format!("en.po: {key:?} says {:?}", said[0]));
        }
    }
    assert!(used.len() > 800, "this test looks in the wrong place: {}", used.len());
    assert!(wrong.is_empty(), "SEAGLASS_BLESS=1 adds what is missing.\n{}", wrong.join("\n"));
}

/// What the window takes for a sentence of another crate is one.
#[test]
fn sentences_of_lower_crates_are_made_there() {
    let plain = |text: &str| {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            out.push_str("{}");
            rest = after.split_once('}').map_or("", |(_, r)| r);
        }
        out + rest
    };
    let mut made = BTreeSet::new();
    for folder in ["app/export", "core", "data", "host", "index", "control", "formats", "jobs", "render"] {
        for path in rust_files(&format!("src/{folder}")) {
            let text = std::fs::read_to_string(&path).unwrap();
            made.extend(strings(&text).iter().map(|s| plain(&s.text)));
        }
    }
    let (french, english) = (file("fr"), file("en"));
    let mut sentences = 0;
    for (key, (_, said)) in french.0.iter().filter(|(k, _)| k.0 == SENTENCE) {
        assert!(made.contains(&plain(&key.1)), "nobody says {:?}", key.1);
        assert_eq!(holes(&key.1), holes(&said[0]), "{:?}", key.1);
        assert!(english.0.contains_key(key), "en.po has no {key:?}");
        sentences += 1;
    }
    assert!(sentences > 20, "{sentences}");
}

/// Every text in the window's code that looks like words for people is in a macro, or in the list of those that are
/// not words: names of formats, of files, of things that are not translated.
#[test]
fn nothing_is_shown_beside_the_message_files() {
    let list = std::fs::read_to_string(root().join("tests/language/technical.txt")).unwrap();
    let known: BTreeSet<&str> = list.lines().filter(|l| !l.starts_with('#')).collect();
    let mut met = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in rust_files("src/app") {
        let name = shown(&path);
        // What writes files is used by programs without a window as well: its sentences are of the kind above.
        if name.starts_with("src/app/export/") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (line, words) in outside_macros(&text) {
            let entry = format!("{}: {}", name.trim_start_matches("src/app/"), words.replace('\n', "\\n"));
            if known.contains(entry.as_str()) {
                met.insert(entry);
            } else {
                wrong.push(format!("{entry}  (line {line})"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "tr!(…) around what people read, or a line in tests/language/technical.txt:\n{}",
        wrong.join("\n")
    );
    let idle: Vec<_> = known.iter().filter(|k| !k.is_empty() && !met.contains(**k)).collect();
    assert!(idle.is_empty(), "no longer in the code, so not in tests/language/technical.txt either: {idle:?}");
}

/// French puts a space before double signs, and no line ends there.
#[test]
fn french_spaces_do_not_break() {
    for (key, (_, said)) in &file("fr").0 {
        for text in said {
            let chars: Vec<char> = text.chars().collect();
            for pair in chars.windows(2) {
                assert!(!(pair[0] == ' ' && ":;!?»%".contains(pair[1])), "{key:?}: {text:?}");
            }
        }
    }
}
