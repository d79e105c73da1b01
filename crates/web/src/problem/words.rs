//! From a parser's complaint to a field's name and plain words, without the value.
//!
//! Messages of serde and of the types behind it quote what they were given, so none is passed on: each is recognized by
//! its beginning and said again in our words. The one exception are the words of [`domain::Invalid`], which never hold a
//! value.

use serde::Serialize;
use serde_path_to_error::{Path, Segment};
use std::borrow::Cow;

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FieldError {
    /// The path of the field: `items[2].dose.sets`.
    pub field: String,
    /// What is wrong with it, reading on after its name: "must be 1 to 20".
    pub message: Cow<'static, str>,
}

/// Longest name of a field that is said back: an unknown one is the caller's own text.
const LONGEST_NAME: usize = 64;

/// The path in the manner of `items[2].dose.sets`. A name that is no plain word is not said back, since a caller could
/// have put a value where a name belongs.
fn path_of(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } => push_name(&mut text, key),
            Segment::Enum { variant } => push_name(&mut text, variant),
            Segment::Unknown => push_name(&mut text, "?"),
        }
    }
    text
}

fn push_name(text: &mut String, name: &str) {
    if !text.is_empty() {
        text.push('.');
    }
    let plain = name.len() <= LONGEST_NAME && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-?".contains(&b));
    text.push_str(if plain && !name.is_empty() { name } else { "(a name that is not a plain word)" });
}

/// The field and the words for an error at `path` whose text is `complaint`.
pub(crate) fn field_error(path: &Path, complaint: &str) -> FieldError {
    let mut field = path_of(path);
    if let Some(name) = quoted_after(complaint, "missing field ") {
        push_name(&mut field, name);
    } else if let Some(name) = quoted_after(complaint, "unknown field ")
        && path.iter().next_back().is_none_or(|last| !matches!(last, Segment::Map { key } if key == name))
    {
        push_name(&mut field, name);
    }
    if field.is_empty() {
        field.push_str("body");
    }
    FieldError { field, message: message(complaint) }
}

fn message(complaint: &str) -> Cow<'static, str> {
    let complaint = complaint.rsplit_once(" at line ").map_or(complaint, |(before, _)| before);
    let expected = complaint.rsplit_once(", expected ").map(|(_, expected)| expected);
    if complaint.starts_with("missing field") {
        "is missing".into()
    } else if complaint.starts_with("unknown field") {
        "is not a field here".into()
    } else if complaint.starts_with("duplicate field") {
        "stands there twice".into()
    } else if complaint.starts_with("unknown variant") {
        expected.map_or("is not one of the words for it".into(), |words| format!("must be {}", unquoted(words)).into())
    } else if complaint.starts_with("expected value") {
        // serde_json, where an enum's word should stand.
        "must be text".into()
    } else if complaint.starts_with("invalid type") || complaint.starts_with("invalid value") {
        expected.map_or("is not valid".into(), kind_of)
    } else if complaint.starts_with("must ") || complaint.starts_with("is not ") || complaint.starts_with("or ") {
        // The words of `domain::Invalid`.
        complaint.to_owned().into()
    } else if complaint.starts_with("UUID parsing failed") {
        "is not an id".into()
    } else if complaint.starts_with("cannot parse integer") || complaint.contains("digit found in string") {
        "must be a whole number".into()
    } else if complaint.starts_with("number too") {
        "is too large or too small".into()
    } else if complaint.starts_with("provided string was not") {
        "must be true or false".into()
    } else {
        "is not valid".into()
    }
}

/// The name between backquotes after `lead`.
fn quoted_after<'a>(complaint: &'a str, lead: &str) -> Option<&'a str> {
    complaint.strip_prefix(lead)?.strip_prefix('`')?.split('`').next()
}

fn unquoted(words: &str) -> String {
    words.replace('`', "")
}

/// What serde's visitors say that they wanted, in plain words. `expected` comes from our own types, never from the
/// caller: it is the last part of the complaint.
fn kind_of(expected: &str) -> Cow<'static, str> {
    match expected {
        "u8" => "must be a whole number from 0 to 255".into(),
        "u16" => "must be a whole number from 0 to 65535".into(),
        "u32" | "u64" | "usize" => "must be a whole number from 0".into(),
        "i8" | "i16" | "i32" | "i64" => "must be a whole number".into(),
        "f32" | "f64" => "must be a number".into(),
        "a boolean" => "must be true or false".into(),
        "a string" | "a borrowed string" | "str" => "must be text".into(),
        "a sequence" => "must be a list".into(),
        "a map" => "must be an object".into(),
        other if other.starts_with("struct ") || other.starts_with("internally tagged") => "must be an object".into(),
        other if other.contains("UUID") => "must be an id".into(),
        other if other.contains("date") => "must be a date, like 2026-05-14".into(),
        _ => "is not of the right kind".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Date, Dose, PatientId, Side};
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Order {
        day: Date,
        patient: PatientId,
        side: Side,
        doses: Vec<Dose>,
    }

    fn complain(json: &str) -> FieldError {
        let mut parser = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Order>(&mut parser).err().expect("refused");
        field_error(error.path(), &error.inner().to_string())
    }

    #[test]
    fn a_field_is_named_by_its_path_and_its_value_is_not_said() {
        let dose = r#"{"sets":3,"reps":10,"side":"both","times_a_day":1,"weekdays":[1]"#;
        let id = "0b9e3c1e-6d0a-4a39-9d3c-0a0a0a0a0a0a";
        let ok = format!(r#""day":"2026-05-14","patient":"{id}","side":"left""#);
        let unknown = "is not a field here";
        let cases = [
            (format!(r#"{{{ok},"doses":[{dose},"diagnosis":"x"}}]}}"#), "doses[0].diagnosis", unknown),
            (format!(r#"{{{ok},"diagnosis":"x","doses":[]}}"#), "diagnosis", unknown),
            (format!("{{{ok}}}"), "doses", "is missing"),
            (r#"{"day":"2026-02-31"}"#.to_owned(), "day", "is not valid"),
            (r#"{"day":7}"#.to_owned(), "day", "must be a date, like 2026-05-14"),
            (r#"{"patient":"canary-value"}"#.to_owned(), "patient", "is not an id"),
            (r#"{"side":"canary-value"}"#.to_owned(), "side", "must be one of both, left, right, each"),
            (r#"{"side":7}"#.to_owned(), "side", "must be text"),
            (r#"{"doses":{}}"#.to_owned(), "doses", "must be a list"),
            (
                r#"{"doses":[{"sets":"c, expected c"}]}"#.to_owned(),
                "doses[0].sets",
                "must be a whole number from 0 to 255",
            ),
            (
                r#"{"doses":[{"weekdays":[9]}]}"#.to_owned(),
                "doses[0].weekdays",
                "must hold days from 1 (Monday) to 7 (Sunday)",
            ),
            (r#"{"a canary value":1}"#.to_owned(), "(a name that is not a plain word)", unknown),
        ];
        for (json, field, message) in cases {
            let error = complain(&json);
            assert_eq!((error.field.as_str(), error.message.as_ref()), (field, message), "{json}");
        }
    }
}
