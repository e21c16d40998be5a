//! XML, walked through: names of elements without their prefix, texts put together. No entity but the five of the
//! standard and character numbers is resolved, so that nothing can grow or be fetched.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use seaglass_core::protocol::FailureKind;

use crate::error::{Result, fail};

/// Elements within elements.
const DEEPEST: usize = 256;

/// Takes what a document consists of.
pub(crate) trait Walker {
    /// An element begins.
    fn start(&mut self, name: &str, attributes: &dyn Fn(&str) -> Option<String>) -> Result<()>;
    /// It ends; `text` stood in it, without that of the elements within.
    fn end(&mut self, name: &str, text: &str) -> Result<()>;
}

/// Walks through a document of that format.
pub(crate) fn walk(bytes: &[u8], format: &str, walker: &mut impl Walker) -> Result<()> {
    let wrong = |e: &dyn std::fmt::Display, at: u64| {
        fail(FailureKind::Damaged, format!("The {format} cannot be read at byte {at}: {e}."))
    };
    let mut reader = Reader::from_reader(bytes);
    let mut open: Vec<(String, String)> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|e| wrong(&e, reader.error_position()))?;
        let at = reader.buffer_position();
        match event {
            Event::Start(e) => {
                if open.len() >= DEEPEST {
                    return Err(wrong(&"its elements are nested too deeply", at));
                }
                let name = begin(&e, walker)?;
                open.push((name, String::new()));
            }
            Event::Empty(e) => {
                let name = begin(&e, walker)?;
                walker.end(&name, "")?;
            }
            Event::End(_) => {
                if let Some((name, text)) = open.pop() {
                    walker.end(&name, text.trim())?;
                }
            }
            Event::Text(t) => {
                let text = t.decode().map_err(|e| wrong(&e, at))?;
                open.last_mut().into_iter().for_each(|(_, all)| all.push_str(&text));
            }
            Event::CData(t) => {
                let text = t.decode().map_err(|e| wrong(&e, at))?;
                open.last_mut().into_iter().for_each(|(_, all)| all.push_str(&text));
            }
            Event::GeneralRef(r) => {
                let number = r.resolve_char_ref().map_err(|e| wrong(&e, at))?;
                let name = r.decode().map_err(|e| wrong(&e, at))?;
                let known = match &*name {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => None,
                };
                if let (Some(c), Some((_, all))) = (number.or(known), open.last_mut()) {
                    all.push(c);
                }
            }
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err(wrong(&format!("it ends within <{}>", open[open.len() - 1].0), at)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn begin(e: &BytesStart<'_>, walker: &mut impl Walker) -> Result<String> {
    let name = String::from_utf8_lossy(e.local_name().as_ref()).into_owned();
    let attribute = |key: &str| {
        let found = e.attributes().flatten().find(|a| a.key.local_name().as_ref() == key.as_bytes())?;
        let raw = String::from_utf8_lossy(&found.value).into_owned();
        quick_xml::escape::unescape(&raw).map(|t| t.into_owned()).ok().or(Some(raw))
    };
    walker.start(&name, &attribute)?;
    Ok(name)
}
