//! The form in which an entry is written down.

use crate::FormKey;
use crate::look::{Field, FieldErrors, hidden, number_field, scale_field, submit, textarea, words};
use domain::{Comment, Dose, Effort, Invalid, ItemId, Load, LoadUnit, Pain, Performed};
use maud::{Markup, html};
use practice::log::{EntryView, LogError, NewEntry};
use serde::Deserialize;

/// What was typed, so that it can stand in the form again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Typed {
    /// Makes a form that is sent twice write once.
    pub(in crate::routes) key: FormKey,
    #[serde(default)]
    sets: String,
    #[serde(default)]
    reps: String,
    #[serde(default)]
    hold_seconds: String,
    #[serde(default)]
    load: String,
    #[serde(default)]
    load_unit: String,
    #[serde(default)]
    pain: String,
    #[serde(default)]
    effort: String,
    #[serde(default)]
    comment: String,
}

impl Typed {
    /// What is prescribed, to be confirmed or changed. Pain and effort are asked, never suggested.
    pub(in crate::routes) fn of_dose(key: FormKey, dose: &Dose) -> Self {
        let done = Performed { sets: dose.sets, reps: dose.reps, hold_seconds: dose.hold_seconds, load: dose.load };
        Self::of_performed(key, &done)
    }

    /// What was written down, to be corrected.
    pub(super) fn of_entry(key: FormKey, entry: &EntryView) -> Self {
        Self {
            pain: entry.pain.value().to_string(),
            effort: entry.effort.value().to_string(),
            comment: entry.comment.clone().unwrap_or_default(),
            ..Self::of_performed(key, &entry.performed)
        }
    }

    fn of_performed(key: FormKey, done: &Performed) -> Self {
        let number = |n: Option<u16>| n.map(|n| n.to_string()).unwrap_or_default();
        Self {
            key,
            sets: done.sets.to_string(),
            reps: number(done.reps),
            hold_seconds: number(done.hold_seconds),
            load: done.load.map(words::load_number).unwrap_or_default(),
            load_unit: done.load.map(|load| load.unit.word().to_owned()).unwrap_or_default(),
            pain: String::new(),
            effort: String::new(),
            comment: String::new(),
        }
    }

    /// The entry that was typed, or what is wrong with which field.
    pub(in crate::routes) fn entry(&self, item_id: ItemId) -> Result<NewEntry, FieldErrors> {
        let mut errors = FieldErrors::none();
        let sets = self.sets.trim().parse::<u8>().ok();
        if sets.is_none() {
            errors.add("sets", "Enter how many sets you did, 0 if you could not");
        }
        let reps = optional(&self.reps, &mut errors, "reps", "Enter how many times in each set, 1 to 200");
        let hold = optional(&self.hold_seconds, &mut errors, "hold_seconds", "Enter seconds held, 1 to 600");
        let load = load(&self.load, &self.load_unit).unwrap_or_else(|wrong| {
            errors.add("load", wrong.what());
            None
        });
        let score = |text: &str| text.trim().parse::<u8>().ok();
        let pain = score(&self.pain).and_then(|n| Pain::new(n).ok());
        if pain.is_none() {
            errors.add("pain", "Choose how much it hurt, 0 to 10");
        }
        let effort = score(&self.effort).and_then(|n| Effort::new(n).ok());
        if effort.is_none() {
            errors.add("effort", "Choose how hard it was, 0 to 10");
        }
        let comment = match self.comment.trim() {
            "" => None,
            text => Comment::new(text)
                .map_err(|_| errors.add("comment", "Write at most 2,000 characters of plain text"))
                .ok(),
        };
        match (sets, pain, effort) {
            (Some(sets), Some(pain), Some(effort)) if errors.is_empty() => {
                let performed = Performed { sets, reps, hold_seconds: hold, load };
                Ok(NewEntry { item_id, performed_at: None, performed, pain, effort, comment })
            }
            _ => Err(errors),
        }
    }
}

/// What a use case found wrong, by the field of the form; the error itself when it belongs to none.
pub(in crate::routes) fn errors_of(error: LogError) -> Result<FieldErrors, LogError> {
    const FIELDS: [(&str, &str); 4] =
        [("sets", "Sets"), ("reps", "Times in each set"), ("hold_seconds", "Seconds held"), ("load", "Weight")];
    let LogError::Invalid { field, why } = &error else { return Err(error) };
    let name = field.strip_prefix("performed.").unwrap_or(field);
    let Some((name, label)) = FIELDS.iter().find(|(known, _)| *known == name) else { return Err(error) };
    let mut errors = FieldErrors::none();
    errors.add(*name, format!("{label} {}", why.what()));
    Ok(errors)
}

fn optional(text: &str, errors: &mut FieldErrors, field: &str, wrong: &str) -> Option<u16> {
    match text.trim() {
        "" => None,
        text => text.parse().map_err(|_| errors.add(field, wrong)).ok(),
    }
}

/// A decimal number with at most one place, as tenths.
fn load(number: &str, unit: &str) -> Result<Option<Load>, Invalid> {
    const WRONG: Invalid = Invalid::new("Enter a weight like 2.5, at most 500");
    let text = number.trim().replace(',', ".");
    if text.is_empty() {
        // Not in use, but still one that the form offers.
        return if unit.is_empty() { Ok(None) } else { unit.parse::<LoadUnit>().map(|_| None) };
    }
    let (whole, tenth) = text.split_once('.').unwrap_or((&text, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    if !plain(whole) || !plain(tenth) || tenth.len() != 1 {
        return Err(WRONG);
    }
    let tenths = format!("{whole}{tenth}").parse().map_err(|_| WRONG)?;
    let unit = unit.parse::<LoadUnit>().map_err(|_| WRONG)?;
    Ok(Some(Load { tenths, unit }))
}

/// Which amounts the form asks for.
#[derive(Clone, Copy)]
pub(in crate::routes) struct Amounts {
    reps: bool,
    hold: bool,
    load: bool,
}

impl Amounts {
    /// Those of a dose.
    pub(in crate::routes) const fn of_dose(dose: &Dose) -> Self {
        Self { reps: dose.reps.is_some(), hold: dose.hold_seconds.is_some(), load: dose.load.is_some() }
    }
    /// Those that were done.
    pub(super) const fn of_performed(done: &Performed) -> Self {
        Self { reps: done.reps.is_some(), hold: done.hold_seconds.is_some(), load: done.load.is_some() }
    }
}

/// The fields of an entry with what was typed. `before` stands above them, inside the form; `beside` is a way out.
pub(in crate::routes) fn entry_form(
    typed: &Typed,
    amounts: Amounts,
    errors: &FieldErrors,
    before: Markup,
    label: &str,
    beside: Markup,
) -> Markup {
    let field = |name: &'static str, label: &'static str, value| -> Field<'_> {
        Field::new(name, label).value(value).error(errors.of(name))
    };
    html! {
        form method="post" class="stack" {
            (errors.summary())
            (hidden("key", &typed.key))
            (before)
            div class="dose" {
                (number_field(&field("sets", "Sets done", &typed.sets).required().between("0", "20")))
                @if amounts.reps || !typed.reps.is_empty() {
                    (number_field(&field("reps", "Times in each set", &typed.reps).between("1", "200")))
                }
                @if amounts.hold || !typed.hold_seconds.is_empty() {
                    (number_field(&field("hold_seconds", "Seconds held", &typed.hold_seconds).between("1", "600")))
                }
                @if amounts.load || !typed.load.is_empty() {
                    (number_field(&field("load", "Weight", &typed.load).between("0", "500").step("0.1").unit(&typed.load_unit)))
                    (hidden("load_unit", &typed.load_unit))
                }
            }
            (scale_field(&field("pain", "Pain", &typed.pain).required(), &words::PAIN))
            (scale_field(&field("effort", "Effort", &typed.effort).required(), &words::EFFORT))
            (textarea(&field("comment", "Anything to say about it?", &typed.comment).rows(2).max_length(2000)))
            (submit(label, Some(beside)))
        }
    }
}
