//! Requests that are not understood, said in one sentence: what is wrong, and what may have been meant.

use seaglass_core::command::Command;
use serde_json::Value;

use crate::nearest::{either, nearest};

/// Names that are listed whole; of more only the nearest are told.
const FEW: usize = 8;

/// Why a header is no JSON.
pub(super) fn no_json(header: &[u8], error: &serde_json::Error) -> String {
    let number = [b"NaN".as_slice(), b"Infinity", b"inf", b"nan"];
    let at = header.split(|b| *b == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let rest = at.get(error.column().saturating_sub(2)..).unwrap_or_default();
    let near = rest.get(..rest.len().min(10)).unwrap_or_default();
    if number.iter().any(|n| near.windows(n.len()).any(|w| w == *n)) || error.to_string().contains("out of range") {
        return format!(
            "The request has a number in column {} that is not finite: NaN and Infinity are no JSON. Leave it out, or send \
             null where that is allowed.",
            error.column()
        );
    }
    format!("The header is not JSON: {error}.")
}

/// serde's sentence, with the nearest names in place of all there are.
pub(super) fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    unknown(&text).unwrap_or_else(|| format!("The request is not understood: {text}."))
}

/// "unknown variant `x`, expected one of `a`, `b`" as it is for people.
fn unknown(text: &str) -> Option<String> {
    let (what, rest) = [("unknown variant `", "name"), ("unknown field `", "field")]
        .iter()
        .find_map(|(head, what)| Some((*what, text.strip_prefix(head)?)))?;
    let (name, rest) = rest.split_once('`')?;
    // Every second piece lies between two of serde's quotes.
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    if known.is_empty() {
        return None;
    }
    let start = format!("The request is not understood: there is no {what} \"{name}\"");
    Some(if known.len() <= FEW {
        format!("{start}; there are {}.", known.iter().map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", "))
    } else {
        format!("{start}; the nearest are {}.", either(&nearest(name, known)))
    })
}

/// A name in a command that means nothing, which serde passes over: the command is compared with what was taken of it.
pub(super) fn superfluous(given: &Value, command: &Command) -> Option<String> {
    let taken = serde_json::to_value(command).ok()?;
    let (path, name, known) = left_out(given, &taken, &mut Vec::new())?;
    let start = format!("The request is not understood: {path} has no field \"{name}\"");
    let known = nearest(&name, known.iter().map(String::as_str));
    Some(if known.is_empty() {
        format!("{start}; it has no fields.")
    } else {
        format!("{start}; the nearest are {}.", either(&known))
    })
}

/// Where a name is, what it is, and the names that are known there.
fn left_out(given: &Value, taken: &Value, path: &mut Vec<String>) -> Option<(String, String, Vec<String>)> {
    match (given, taken) {
        (Value::Object(given), Value::Object(taken)) => given.iter().find_map(|(name, value)| {
            let Some(inner) = taken.get(name) else {
                // What says nothing may be left out again although it is known.
                let blank = is_blank(value) || (name == "stroke" && value.as_f64() == Some(1.0));
                let known = taken.keys().filter(|k| *k != "do" && *k != "what").cloned().collect();
                let place = match (path.last(), given.get("do").and_then(Value::as_str)) {
                    (_, Some(name)) => format!("the command \"{name}\""),
                    (Some(last), None) => format!("\"{last}\""),
                    (None, None) => "the command".to_owned(),
                };
                return (!blank).then(|| (place, name.clone(), known));
            };
            path.push(name.clone());
            let found = left_out(value, inner, path);
            path.pop();
            found
        }),
        (Value::Array(given), Value::Array(taken)) if given.len() == taken.len() => {
            given.iter().zip(taken).find_map(|(g, t)| left_out(g, t, path))
        }
        _ => None,
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.iter().all(is_blank),
        Value::Object(o) => o.values().all(is_blank),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::frames::read_ask;

    fn refused(header: &str) -> String {
        read_ask(header.as_bytes()).unwrap_err().1
    }

    #[test]
    fn an_unknown_command_names_the_nearest_and_not_all() {
        let said = refused(r#"{"id":1,"ask":"command","command":{"do":"look_att"}}"#);
        assert!(said.contains("no name \"look_att\"; the nearest are \"look_at\","), "{said}");
        assert!(said.matches('"').count() == 8 && said.len() < 160, "{said}");
        let said =
            refused(r#"{"id":1,"ask":"command","command":{"do":"set_style","layer":1,"patch":{"colourmap":"x"}}}"#);
        assert!(said.contains("no field \"colourmap\"; the nearest are \"colormap\""), "{said}");
        let few =
            refused(r#"{"id":1,"ask":"command","command":{"do":"set_style","layer":1,"patch":{"method":"rastr"}}}"#);
        assert!(few.contains("there are \"raster\", \"line\"") && few.contains("\"rgb\""), "{few}");
    }

    #[test]
    fn a_field_that_means_nothing_is_not_passed_over() {
        let said = refused(
            r#"{"id":1,"ask":"command","command":{"do":"look_at","place":{"lon_deg":1,"lat_deg":2},"altitude":3}}"#,
        );
        assert!(
            said.contains("the command \"look_at\" has no field \"altitude\"; the nearest are \"altitude_m\""),
            "{said}"
        );
        let said = refused(
            r#"{"id":1,"ask":"command","command":{"do":"look_at","place":{"lon_deg":1,"lat_deg":2,"long":3}}}"#,
        );
        assert!(said.contains("\"place\" has no field \"long\"; the nearest are \"lon_deg\""), "{said}");
        assert!(refused(r#"{"id":1,"ask":"commands","commands":[{"do":"undo","twice":true}]}"#).contains("\"twice\""));
        // What says nothing is no mistake.
        for fine in [
            r#"{"id":1,"ask":"command","command":{"do":"look_at","place":{"lon_deg":1,"lat_deg":2},"altitude_m":null}}"#,
            r#"{"id":1,"ask":"command","command":{"do":"save_session","path":"/a.oce","window":null}}"#,
            r#"{"id":1,"ask":"command","command":{"do":"set_step","step_s":null}}"#,
        ] {
            assert!(read_ask(fine.as_bytes()).is_ok(), "{fine}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_get_a_sentence() {
        for bad in ["NaN", "Infinity", "-Infinity", "1e999"] {
            let header = format!(r#"{{"id":1,"ask":"probe","lon_deg":{bad},"lat_deg":0}}"#);
            let said = refused(&header);
            assert!(said.contains("not finite") && said.contains("NaN and Infinity are no JSON"), "{bad}: {said}");
        }
        assert!(refused("{\"id\":1,").contains("The header is not JSON"));
    }
}
