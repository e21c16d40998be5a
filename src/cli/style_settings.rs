//! `--style KEY=VALUE`: settings as in saved styles, and what is said of those that make no sense.

use seaglass_core::style::StylePatch;

use super::{Exit, Failure};

/// The settings of all `--style`, in order.
pub fn style_patch(settings: &[String]) -> Result<StylePatch, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut lines = Vec::new();
    for setting in settings {
        let line = line(setting).map_err(usage)?;
        // Alone first, so that what is said names the setting.
        parse(&line).map_err(|e| usage(sentence(setting, &e)))?;
        lines.push(line);
    }
    parse(&lines.join("\n")).map_err(|e| {
        let what = if e.contains("duplicate key") { "names a setting twice".to_owned() } else { said(&e) };
        usage(format!("--style {what}."))
    })
}

fn parse(text: &str) -> Result<StylePatch, String> {
    toml::from_str(text).map_err(|e| e.message().trim_end_matches('.').to_owned())
}

/// A setting as a line of TOML: words need no quotes here.
fn line(setting: &str) -> Result<String, String> {
    let Some((key, value)) = setting.split_once('=').filter(|(key, value)| !key.trim().is_empty() && !value.is_empty())
    else {
        return Err(format!("--style takes SETTING=VALUE, for example opacity=0.5, not \"{setting}\"."));
    };
    let plain = format!("{}={value}", key.trim());
    if toml::from_str::<toml::Table>(&plain).is_ok() {
        return Ok(plain);
    }
    let word = value.trim();
    let quoted = format!("{}=\"{word}\"", key.trim());
    let is_word = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_word && toml::from_str::<toml::Table>(&quoted).is_ok() {
        return Ok(quoted);
    }
    Err(format!("--style {key}: the value {word} cannot be read; lists are written [0, 1], groups {{ on = true }}."))
}

fn sentence(setting: &str, error: &str) -> String {
    let key = setting.split('=').next().unwrap_or_default().trim();
    format!("--style {key}: {}.", said(error))
}

/// What the parser complains of, in words for people.
fn said(error: &str) -> String {
    let names: Vec<&str> = error.split('`').skip(1).step_by(2).collect();
    let (first, rest) = (names.first().copied().unwrap_or_default(), names.get(1..).unwrap_or_default().join(", "));
    if error.starts_with("unknown field") {
        return format!("there is no setting \"{first}\"; there are {rest}");
    }
    if error.starts_with("unknown variant") {
        return format!("\"{first}\" is not one of its values; these are {rest}");
    }
    if let Some(wanted) = error.split("expected ").nth(1).filter(|_| error.starts_with("invalid")) {
        return format!("it takes {}", kind_of(wanted));
    }
    if error.starts_with("missing field") {
        return format!("\"{first}\" is missing");
    }
    error.to_owned()
}

/// What a type is called.
fn kind_of(wanted: &str) -> String {
    let wanted = wanted.trim();
    match wanted {
        "f32" | "f64" | "a float" | "floating point number" => "a number".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" | "u32" | "u64" | "usize" | "i32" | "i64" | "an integer" => "a whole number".to_owned(),
        "a boolean" | "bool" => "true or false".to_owned(),
        "a string" | "string" => "a word".to_owned(),
        w if w.contains("array of length 2") || w.contains("tuple of size 2") => "two numbers, like [0, 1]".to_owned(),
        w if w.contains("array of length 3") || w.contains("tuple of size 3") => {
            "three numbers, like [255, 128, 0]".to_owned()
        }
        w if w.starts_with("struct") || w.contains("map") => {
            "settings of its own, like contour.step=0.1 or contour={ on = true }".to_owned()
        }
        w if w.contains("enum") => "one of its words".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: &[&str]) -> String {
        let settings: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
        style_patch(&settings).map(|_| ()).unwrap_err().message
    }

    #[test]
    fn words_need_no_quotes_and_settings_add_up() {
        let settings =
            ["blend=multiply", "contour.on=true", "contour.step=0.5", "range=[0.0, 2.0]", "colormap=viridis"];
        let patch = style_patch(&settings.map(str::to_owned)).unwrap();
        assert_eq!(patch.blend, Some(seaglass_core::style::Blend::Multiply));
        assert_eq!(patch.contour.map(|c| (c.on, c.step)), Some((true, Some(0.5))));
        assert_eq!((patch.range, patch.colormap.as_deref()), (Some([0.0, 2.0]), Some("viridis")));
    }

    /// No word of the parser's own reaches people.
    #[test]
    fn what_makes_no_sense_is_said_in_words() {
        for (setting, expected) in [
            ("opacitty=1", "there is no setting \"opacitty\""),
            ("contour.stepp=1", "there is no setting \"stepp\""),
            ("blend=darken", "\"darken\" is not one of its values; these are over"),
            ("opacity=half", "takes a number"),
            ("reversed=3", "takes true or false"),
            ("contour=3", "settings of its own"),
            ("nonsense", "takes SETTING=VALUE"),
            ("range=[0, ", "cannot be read"),
        ] {
            let said = refused(&[setting]);
            assert!(said.contains(expected) && said.ends_with('.') && !said.contains('\n'), "{setting}: {said}");
            let jargon = ["TOML", "struct", "f32", "variant", "serde", "`", "invalid type"];
            assert!(jargon.iter().all(|j| !said.contains(j)), "{setting}: {said}");
        }
        assert!(refused(&["opacity=1", "opacity=0.5"]).contains("twice"));
    }
}
