//! One entry of the list, from JSON to a [`NewExercise`].

use super::words::{self, Category};
use crate::library::{MAX_PICTURES, MAX_REF, NewExercise};
use domain::{BodyRegion, ExerciseSource, Invalid};
use serde_json::{Map, Value};

/// Why an entry was not taken. Names the field and never holds what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is no object.
    #[error("is not an object")]
    NotAnObject,
    /// A field is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is of another type.
    #[error("{0} is of the wrong type")]
    Type(&'static str),
    /// A field is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A field holds a word that the layout does not know.
    #[error("{0} holds an unknown word")]
    Word(&'static str),
    /// Its id has other characters than letters, digits, `-` and `_`, or more than 100 of them.
    #[error("id must be 1 to 100 of the characters A-Z a-z 0-9 - _")]
    Id,
    /// An entry before it has the same id.
    #[error("id stands twice")]
    Twice,
    /// A picture's name leads out of the folder of pictures.
    #[error("images leads out of the folder")]
    PictureOutside,
    /// It names too many pictures.
    #[error("images must be at most 8")]
    TooManyPictures,
    /// A field is out of its bounds.
    #[error("{field} {why}")]
    Field {
        /// The field, as we call it.
        field: String,
        /// What is wrong.
        why: Invalid,
    },
    /// The list ends in the middle, or is no JSON from here on. What follows is not read.
    #[error("exercises.json is damaged at byte {byte}: nothing after it was read")]
    Damaged {
        /// Where the entry that could not be read begins.
        byte: usize,
    },
}

/// Its id, if it is a sound one.
pub(super) fn id(value: &Value) -> Result<String, Reason> {
    let id = text(object(value)?, "id")?;
    let sound = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    if (1..=MAX_REF).contains(&id.len()) && id.bytes().all(sound) { Ok(id.to_owned()) } else { Err(Reason::Id) }
}

/// The entry without its pictures, and the names of those.
pub(super) fn read(value: &Value) -> Result<(NewExercise, Vec<String>), Reason> {
    let source_ref = id(value)?;
    let entry = object(value)?;
    let name = text(entry, "name")?.trim();
    if name.is_empty() {
        return Err(Reason::Empty("name"));
    }
    // Some entries have blank steps between sound ones: those say nothing and are left out.
    let steps: Vec<String> = texts(entry, "instructions")?
        .into_iter()
        .map(|step| step.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|step| !step.is_empty())
        .collect();
    if steps.is_empty() {
        return Err(Reason::Empty("instructions"));
    }
    known(entry, "level", &words::LEVELS)?;
    known(entry, "mechanic", &words::MECHANICS)?;
    known(entry, "force", &words::FORCES)?;
    let category = words::category(text(entry, "category")?).ok_or(Reason::Word("category"))?;
    let equipment = words::equipment(optional(entry, "equipment")?).ok_or(Reason::Word("equipment"))?;
    let muscles = texts(entry, "primaryMuscles")?
        .into_iter()
        .map(|muscle| words::region(muscle).ok_or(Reason::Word("primaryMuscles")))
        .collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = texts(entry, "images")?.into_iter().map(ToOwned::to_owned).collect();
    if names.len() > MAX_PICTURES {
        return Err(Reason::TooManyPictures);
    }
    let exercise = NewExercise {
        source: ExerciseSource::FreeExerciseDb,
        source_ref,
        name: name.to_owned(),
        region: region(category, &muscles),
        equipment,
        steps,
        cautions: Vec::new(),
        pictures: Vec::new(),
        default_dose: words::dose(category, optional(entry, "force")? == Some("static")),
    };
    Ok((exercise, names))
}

/// Where its main muscles are; `general` when they are in several places or the whole body works.
fn region(category: Category, muscles: &[BodyRegion]) -> BodyRegion {
    match (category, muscles) {
        (Category::Cardio | Category::WholeBody, _) | (_, []) => BodyRegion::General,
        (_, [first, rest @ ..]) if rest.iter().all(|other| other == first) => *first,
        _ => BodyRegion::General,
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, Reason> {
    value.as_object().ok_or(Reason::NotAnObject)
}

fn text<'v>(entry: &'v Map<String, Value>, field: &'static str) -> Result<&'v str, Reason> {
    entry.get(field).ok_or(Reason::Missing(field))?.as_str().ok_or(Reason::Type(field))
}

fn optional<'v>(entry: &'v Map<String, Value>, field: &'static str) -> Result<Option<&'v str>, Reason> {
    match entry.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(Reason::Type(field)),
    }
}

fn texts<'v>(entry: &'v Map<String, Value>, field: &'static str) -> Result<Vec<&'v str>, Reason> {
    let list = entry.get(field).ok_or(Reason::Missing(field))?.as_array().ok_or(Reason::Type(field))?;
    list.iter().map(|value| value.as_str().ok_or(Reason::Type(field))).collect()
}

fn known(entry: &Map<String, Value>, field: &'static str, words: &[&str]) -> Result<(), Reason> {
    match optional(entry, field)? {
        Some(word) if !words.contains(&word) => Err(Reason::Word(field)),
        _ => Ok(()),
    }
}
