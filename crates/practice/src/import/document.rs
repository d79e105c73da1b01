//! The fields of one row: each is taken once, and what nobody took has no place here.

use super::{Refusal, mapping::Place, source::Row};
use domain::{Date, Invalid, Load, LoadUnit, Timestamp, Timezone};
use jiff::civil::DateTime;
use serde_json::{Map, Value};
use std::time::Duration;

/// The fields of a row, or of an item of a list in it, that were not taken yet.
pub(super) struct Fields<'r> {
    from: &'r str,
    row: &'r Row,
    left: Map<String, Value>,
    /// Where in the row: `items[2].`, and the same without numbers.
    path: String,
    general: String,
    /// The document did not open, or is no object.
    closed: bool,
    /// What was wrong with them.
    pub(super) refusals: Vec<Refusal>,
}

impl<'r> Fields<'r> {
    /// Of a row whose document is an object, or which has none.
    pub(super) fn of_row(from: &'r str, row: &'r Row) -> Self {
        let mut fields = Self::new(from, row);
        match &row.document {
            Ok(Value::Null) => {}
            Ok(Value::Object(map)) => fields.left = map.clone(),
            Ok(_) => fields.close("is no JSON object"),
            Err(why) => fields.close(why),
        }
        fields
    }

    fn new(from: &'r str, row: &'r Row) -> Self {
        Self {
            from,
            row,
            left: Map::new(),
            path: String::new(),
            general: String::new(),
            closed: false,
            refusals: Vec::new(),
        }
    }

    /// Notes that there are no fields to be read: nothing more is said of them.
    fn close(&mut self, why: &str) {
        self.refuse("", why);
        self.closed = true;
    }

    /// Notes that something is wrong with a field.
    pub(super) fn refuse(&mut self, field: &str, why: impl Into<String>) {
        if self.closed {
            return;
        }
        let field = format!("{}{field}", self.path);
        let field = field.trim_end_matches('.').to_owned();
        self.refusals.push(Refusal { from: self.from.to_owned(), row: self.row.name.clone(), field, why: why.into() });
    }

    fn refuse_place(&mut self, place: &Place, why: impl Into<String>) {
        match place {
            Place::Field(field) => self.refuse(&field.clone(), why),
            Place::Column { column } => self.refuse(&format!("(column {column})"), why),
            Place::Value { .. } => self.refuse("(the mapping's value)", why),
        }
    }

    /// The elements of a list, each with its own fields; the document itself where the mapping names no list. A list
    /// that is not there, or is none, is refused.
    pub(super) fn list(&mut self, list: Option<&str>) -> Vec<Self> {
        let Some(name) = list else {
            let mut one = Self::new(self.from, self.row);
            (one.path, one.general) = (self.path.clone(), self.general.clone());
            (one.left, one.closed) = (std::mem::take(&mut self.left), self.closed);
            return vec![one];
        };
        let elements = match take(&mut self.left, name) {
            Some(Value::Array(elements)) => elements,
            Some(_) => {
                self.refuse(name, "is no list");
                Vec::new()
            }
            None => {
                self.refuse(name, "is missing");
                Vec::new()
            }
        };
        let mut fields = Vec::new();
        for (n, element) in elements.into_iter().enumerate() {
            let mut one = Self::new(self.from, self.row);
            (one.path, one.general) = (format!("{}{name}[{n}].", self.path), format!("{}{name}.", self.general));
            match element {
                Value::Object(map) => one.left = map,
                _ => one.close("is no JSON object"),
            }
            fields.push(one);
        }
        fields
    }

    /// What is left has no place here, unless it is to be left behind.
    pub(super) fn finish(mut self, leave_out: &[String]) -> Vec<Refusal> {
        let mut leaves = Vec::new();
        leaves_of(&Value::Object(std::mem::take(&mut self.left)), "", "", &mut leaves);
        for (path, general) in leaves {
            let general = format!("{}{general}", self.general);
            let left_out = |out: &String| {
                general == *out || general.strip_prefix(out.as_str()).is_some_and(|rest| rest.starts_with('.'))
            };
            if !leave_out.iter().any(left_out) {
                self.refuse(&path, "has no place here");
            }
        }
        self.refusals
    }

    fn value(&mut self, place: &Place) -> Option<Value> {
        let value = match place {
            Place::Field(path) => take(&mut self.left, path),
            Place::Column { column } => self.row.columns.get(column).cloned().map(Value::String),
            Place::Value { value } => Some(Value::String(value.clone())),
        };
        value.filter(|value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    /// Text, if there is any. Numbers and yes or no are no text.
    pub(super) fn text(&mut self, place: Option<&Place>) -> Option<String> {
        let place = place?;
        match self.value(place)? {
            Value::String(text) => Some(text),
            _ => {
                self.refuse_place(place, "is no text");
                None
            }
        }
    }

    /// Text that must be there.
    pub(super) fn needed_text(&mut self, place: &Place) -> Option<String> {
        self.needed(place, |fields| fields.text(Some(place)))
    }

    /// A checked value, if there is any.
    pub(super) fn checked<T>(
        &mut self,
        place: Option<&Place>,
        check: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let place = place?;
        // A number where text is wanted: a record or telephone number.
        let text = match self.value(place)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => {
                self.refuse_place(place, "is no text");
                return None;
            }
        };
        match check(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.refuse_place(place, why.to_string());
                None
            }
        }
    }

    /// A checked value that must be there.
    pub(super) fn needed_checked<T>(
        &mut self,
        place: &Place,
        check: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        self.needed(place, |fields| fields.checked(Some(place), check))
    }

    /// A whole number, if there is one: as a number, or as digits.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, place: Option<&Place>) -> Option<T> {
        let place = place?;
        let number = match self.value(place)? {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.refuse_place(place, "is no whole number that fits");
        }
        number
    }

    /// A whole number that must be there.
    pub(super) fn needed_number<T: TryFrom<i64>>(&mut self, place: &Place) -> Option<T> {
        self.needed(place, |fields| fields.number(Some(place)))
    }

    /// A weight, if there is one.
    pub(super) fn load(&mut self, place: Option<&Place>, unit: Option<LoadUnit>) -> Option<Load> {
        let place = place?;
        let text = match self.value(place)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let load = weight(&text, unit);
        if load.is_none() {
            self.refuse_place(place, "is no weight like 15lbs or 7.5 kg");
        }
        load
    }

    /// A moment that must be there. A day without an hour is its noon, where the practice is.
    pub(super) fn moment(&mut self, place: &Place, zone: &Timezone) -> Option<Timestamp> {
        let read = |text: &str| time(text, zone).map(|(at, _)| at).ok_or(NO_TIME);
        self.needed_checked(place, read)
    }

    /// A day, if there is one: of a moment, that where the practice is.
    pub(super) fn day(&mut self, place: Option<&Place>, zone: &Timezone) -> Option<Date> {
        self.checked(place, |text| time(text, zone).map(|(_, day)| day).ok_or(NO_TIME))
    }

    /// A day that must be there.
    pub(super) fn needed_day(&mut self, place: &Place, zone: &Timezone) -> Option<Date> {
        self.needed(place, |fields| fields.day(Some(place), zone))
    }

    fn needed<T>(&mut self, place: &Place, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.refusals.len();
        let value = read(self);
        if value.is_none() && self.refusals.len() == before {
            self.refuse_place(place, "is missing");
        }
        value
    }
}

const NO_TIME: Invalid = Invalid::new("is no date or time like 2026-01-31 or 2026-01-31T08:30:00Z");

/// Takes a field out, with dots below others.
fn take(map: &mut Map<String, Value>, path: &str) -> Option<Value> {
    match path.split_once('.') {
        // A name with a dot in it is possible too.
        None => map.remove(path),
        Some(_) if map.contains_key(path) => map.remove(path),
        Some((first, rest)) => take(map.get_mut(first)?.as_object_mut()?, rest),
    }
}

/// The fields below a value that hold something, each with its path, with and without the numbers of lists.
fn leaves_of(value: &Value, path: &str, general: &str, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (name, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                leaves_of(value, &format!("{path}{dot}{}", shown(name)), &format!("{general}{dot}{name}"), leaves);
            }
        }
        Value::Array(list) => {
            for (n, value) in list.iter().enumerate() {
                leaves_of(value, &format!("{path}[{n}]"), general, leaves);
            }
        }
        _ => leaves.push((path.to_owned(), general.to_owned())),
    }
}

/// The name of a field, if it is a name: some programs use what belongs into a value (a date, a person) as one.
fn shown(name: &str) -> &str {
    let word = name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if word { name } else { "(a field whose name is no plain word)" }
}

fn whole(number: f64) -> Option<i64> {
    // Well inside of what both hold exactly.
    #[expect(clippy::cast_possible_truncation, reason = "a whole number far below 2^53")]
    (number.fract() == 0.0 && number.abs() < 1e9).then_some(number as i64)
}

/// `15lbs`, `7.5 kg`, `3` (of the unit that is said): in tenths, exactly.
fn weight(text: &str, unit: Option<LoadUnit>) -> Option<Load> {
    let text = text.trim().to_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, word) = text.split_at(end);
    let unit = match word.trim().trim_end_matches('.') {
        "" => unit?,
        "kg" | "kgs" | "kilo" | "kilos" | "kilogram" | "kilograms" => LoadUnit::Kilogram,
        "lb" | "lbs" | "pound" | "pounds" => LoadUnit::Pound,
        _ => return None,
    };
    let (units, tenth) = number.split_once('.').unwrap_or((number, "0"));
    let tenth = match tenth.trim_end_matches('0') {
        "" => 0,
        one if one.len() == 1 => one.parse::<u16>().ok()?,
        _ => return None,
    };
    let tenths = units.parse::<u16>().ok()?.checked_mul(10)?.checked_add(tenth)?;
    Some(Load { tenths, unit })
}

/// A moment and its day, of an ISO 8601 time with or without an offset, or of a day.
fn time(text: &str, zone: &Timezone) -> Option<(Timestamp, Date)> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some((at, zone.day_of(at)));
    }
    // A day is no time of midnight.
    if text.len() == 10 {
        let day: Date = text.parse().ok()?;
        return Some((zone.moment(day, 12, 0), day));
    }
    let local: DateTime = text.parse().ok()?;
    let minute = zone.moment(local.date(), local.hour(), local.minute());
    let rest = Duration::new(u64::try_from(local.second()).ok()?, u32::try_from(local.subsec_nanosecond()).ok()?);
    Some((minute.checked_add(rest).ok()?, local.date()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_to_the_tenth_or_not_at_all() {
        let read = |text| weight(text, None).map(|load| (load.tenths, load.unit));
        assert_eq!(read("15lbs"), Some((150, LoadUnit::Pound)));
        assert_eq!(read(" 7.50 Kg. "), Some((75, LoadUnit::Kilogram)));
        assert_eq!(weight("3", Some(LoadUnit::Kilogram)).map(|load| load.tenths), Some(30));
        for nothing in ["", "3", "2.25 kg", "heavy", "5 stone", "10-15 lbs", "9999999 kg"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn times_are_read_with_an_offset_where_they_have_one_and_else_where_the_practice_is() {
        let zone = Timezone::new("America/New_York").expect("a zone");
        let read = |text| time(text, &zone).map(|(at, day)| (at.to_string(), day.to_string()));
        let at = |at: &str, day: &str| Some((at.to_owned(), day.to_owned()));
        assert_eq!(read("2026-03-01T02:30:00+00:00"), at("2026-03-01T02:30:00Z", "2026-02-28"));
        assert_eq!(read("2026-03-01T08:30:00"), at("2026-03-01T13:30:00Z", "2026-03-01"));
        assert_eq!(read("2026-03-01T23:59:58.250"), at("2026-03-02T04:59:58.25Z", "2026-03-01"));
        assert_eq!(read("2026-03-01"), at("2026-03-01T17:00:00Z", "2026-03-01"));
        assert_eq!(read("03/01/2026"), None);
    }

    #[test]
    fn a_name_that_may_be_a_value_is_not_shown() {
        assert_eq!(shown("hold_s"), "hold_s");
        assert_eq!(shown("2026-03-01"), shown("Ana Silva"));
        assert_ne!(shown("Ana Silva"), "Ana Silva");
    }
}
