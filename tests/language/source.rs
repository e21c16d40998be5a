//! Texts in Rust sources: enough of a lexer to find string literals and the macros around them.

use std::collections::BTreeSet;

/// A string literal: where it begins and ends, and its text.
pub struct Literal {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// How a text is used.
#[derive(Debug, Default)]
pub struct Message {
    pub plural: Option<String>,
    pub files: BTreeSet<String>,
}

fn unescaped(raw: &str) -> String {
    let (mut out, mut chars) = (String::new(), raw.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let code: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            // A line that goes on.
            Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// The end of a character literal that begins here, if one does: a lifetime does not.
fn end_of_char(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        return rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map(|(k, _)| k + 3);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(k, _)| k + 1)
}

/// String literals of a source without its tests, comments left out.
pub fn strings(source: &str) -> Vec<Literal> {
    let source = source.find("\n#[cfg(test)]\nmod ").map_or(source, |end| &source[..end]);
    let bytes = source.as_bytes();
    let (mut out, mut k) = (Vec::new(), 0);
    while k < bytes.len() {
        let rest = &source[k..];
        if rest.starts_with("//") {
            k += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            k += rest.find("*/").map_or(rest.len(), |e| e + 2);
        } else if rest.starts_with("r#\"") || rest.starts_with("r\"") {
            let marks = rest[1..].bytes().take_while(|b| *b == b'#').count();
            let end = format!("\"{}", "#".repeat(marks));
            let from = k + 2 + marks;
            let to = from + source[from..].find(&end).unwrap();
            out.push(Literal { start: k, end: to + end.len(), text: source[from..to].to_owned() });
            k = to + end.len();
        } else if bytes[k] == b'"' {
            let mut to = k + 1;
            while bytes[to] != b'"' {
                to += if bytes[to] == b'\\' { 2 } else { 1 };
            }
            out.push(Literal { start: k, end: to + 1, text: unescaped(&source[k + 1..to]) });
            k = to + 1;
        } else if bytes[k] == b'\'' {
            k += end_of_char(rest).unwrap_or(1);
        } else {
            k += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    out
}

/// One argument of a macro: its literals and whether there is anything else in it but `=>`.
#[derive(Default)]
struct Argument {
    literals: Vec<String>,
    arrow: bool,
    other: bool,
}

impl Argument {
    fn key(&self) -> Option<(String, String)> {
        match (self.literals.as_slice(), self.arrow, self.other) {
            ([text], false, false) => Some((String::new(), text.clone())),
            ([context, text], true, false) => Some((context.clone(), text.clone())),
            _ => None,
        }
    }
}

/// A call of one of the three macros.
struct Call {
    name: &'static str,
    start: usize,
    end: usize,
    arguments: Vec<Argument>,
}

fn calls(source: &str, literals: &[Literal]) -> Vec<Call> {
    let mut out = Vec::new();
    let in_text = |at: usize| literals.iter().any(|l| l.start <= at && at < l.end);
    for (name, mark) in [("tr", "tr!("), ("trn", "trn!("), ("msg", "msg!(")] {
        for (start, _) in source.match_indices(mark) {
            let before = source[..start].chars().next_back();
            let line = source[source[..start].rfind('\n').map_or(0, |k| k + 1)..start].trim_start();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') || in_text(start) || line.starts_with("//") {
                continue;
            }
            let (mut depth, mut k, mut arguments) = (1, start + mark.len(), vec![Argument::default()]);
            while depth > 0 {
                let last = arguments.last_mut().unwrap();
                if let Some(l) = literals.iter().find(|l| l.start == k) {
                    if depth == 1 {
                        last.literals.push(l.text.clone());
                    }
                    k = l.end;
                    continue;
                }
                let rest = &source[k..];
                let c = rest.chars().next().unwrap();
                match c {
                    '(' | '[' | '{' => (depth, last.other) = (depth + 1, true),
                    ')' | ']' | '}' => depth -= 1,
                    ',' if depth == 1 => arguments.push(Argument::default()),
                    '=' if depth == 1 && rest.starts_with("=>") => {
                        last.arrow = true;
                        k += 1;
                    }
                    '\'' => {
                        last.other = true;
                        k += end_of_char(rest).unwrap_or(1) - 1;
                    }
                    c if !c.is_whitespace() => last.other = true,
                    _ => {}
                }
                k += c.len_utf8();
            }
            out.push(Call { name, start, end: k, arguments });
        }
    }
    out
}

/// Texts given to the macros, with their plural forms.
#[allow(clippy::type_complexity, reason = "context and text, and the plural")]
pub fn messages(source: &str) -> Result<Vec<((String, String), Option<String>)>, String> {
    let literals = strings(source);
    let source = &source[..source.find("\n#[cfg(test)]\nmod ").unwrap_or(source.len())];
    let mut out = Vec::new();
    for call in calls(source, &literals) {
        let at = |k: usize| call.arguments.get(k).and_then(Argument::key);
        let line = source[..call.start].matches('\n').count() + 1;
        let wrong = || format!("line {line}: {}! without a text", call.name);
        if call.name == "trn" {
            out.push((at(1).ok_or_else(wrong)?, Some(at(2).ok_or_else(wrong)?.1)));
        } else {
            out.push((at(0).ok_or_else(wrong)?, None));
        }
    }
    Ok(out)
}

/// What stands before a text that nobody reads in the window: ids, logs, names of threads and files, attributes.
const UNSEEN: [&str; 30] = [
    "debug!(",
    "info!(",
    "warn!(",
    "error!(",
    "unique(",
    "unique((",
    "with(",
    "with((",
    "id_salt(",
    "id_salt((",
    "reason = ",
    "include_str!(",
    "include_bytes!(",
    "env!(",
    "Name(",
    "var_os(",
    ".join(",
    ".name(",
    "Action::Run(",
    "perform(",
    "unreachable!(",
    "label: Some(",
    "anyhow!(",
    "bail!(",
    "strip_prefix(",
    "starts_with(",
    "serde(",
    "from_id_salt((",
    "load_texture(",
    "debug_struct(",
];

/// Words for people outside the macros: line and text.
pub fn outside_macros(source: &str) -> Vec<(usize, String)> {
    let literals = strings(source);
    let body = &source[..source.find("\n#[cfg(test)]\nmod ").unwrap_or(source.len())];
    let calls = calls(body, &literals);
    let words = |text: &str| {
        let (mut plain, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            rest = after.split_once('}').map_or("", |(_, r)| r);
        }
        plain.push_str(rest);
        let letters = plain.split(|c: char| !c.is_alphabetic()).any(|w| w.chars().count() >= 2);
        // One word in small letters is a name in the code, of an icon, a field, an option.
        letters && !plain.trim().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-:/*".contains(c))
    };
    let unseen = |at: usize| {
        let before = body[..at].trim_end();
        let line = &body[body[..at].rfind('\n').map_or(0, |k| k + 1)..at];
        UNSEEN.iter().any(|u| before.ends_with(u.trim_end()))
            || line.trim_start().starts_with("#[")
            || before.rfind("ensure!(").is_some_and(|k| !before[k..].contains(';'))
            || before.rfind("log::").is_some_and(|k| !before[k..].contains(';') && before[k..].contains("!("))
    };
    let in_call = |l: &Literal| calls.iter().any(|c| c.start < l.start && l.end <= c.end);
    let shown = literals.iter().filter(|l| words(&l.text) && !unseen(l.start) && !in_call(l));
    shown.map(|l| (body[..l.start].matches('\n').count() + 1, l.text.clone())).collect()
}
