//! What is in each section of a mapping, and where.

use super::{Place, Rows};
use domain::{LoadUnit, Side, Weekdays};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Who a patient is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patients {
    /// Where the rows lie.
    pub from: Rows,
    /// Given name.
    pub given_name: Place,
    /// Family name.
    pub family_name: Place,
    /// Date of birth.
    pub birth_date: Place,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<Place>,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<Place>,
    /// Record number.
    #[serde(default)]
    pub record_number: Option<Place>,
}

/// What was prescribed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// Where the rows lie. Several of one patient become versions of one program, in the order of their first days.
    pub from: Rows,
    /// What the program is called.
    pub title: Place,
    /// Its first day.
    pub starts_on: Place,
    /// Its last day.
    #[serde(default)]
    pub ends_on: Option<Place>,
    /// The list of exercises; none where the document is one exercise.
    #[serde(default)]
    pub items: Option<String>,
    /// What is in an item of that list.
    pub item: Item,
    /// Days of the week (1 is Monday) for each number of days a week that the source says.
    #[serde(default)]
    pub days_a_week: BTreeMap<String, Weekdays>,
}

/// An exercise of a program.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Which exercise.
    pub exercise: Place,
    /// Sets.
    pub sets: Place,
    /// Repetitions.
    #[serde(default)]
    pub reps: Option<Place>,
    /// Seconds held.
    #[serde(default)]
    pub hold_seconds: Option<Place>,
    /// Weight: `15lbs`, `7.5 kg`, or a number of `load_unit`.
    #[serde(default)]
    pub load: Option<Place>,
    /// The unit of weights that are plain numbers: `kg` or `lb`.
    #[serde(default)]
    pub load_unit: Option<LoadUnit>,
    /// Side: `left`, `right`, `both`, `each`.
    #[serde(default)]
    pub side: Option<Place>,
    /// The side where the source says none.
    #[serde(default)]
    pub usual_side: Option<Side>,
    /// Seconds of rest.
    #[serde(default)]
    pub rest_seconds: Option<Place>,
    /// Times a day; once where the source says nothing.
    #[serde(default)]
    pub times_a_day: Option<Place>,
    /// Days a week; see `programs.days_a_week`. Every day where the source says nothing.
    #[serde(default)]
    pub days_a_week: Option<Place>,
    /// What to mind.
    #[serde(default)]
    pub instruction: Option<Place>,
}

/// What was done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Where the rows lie.
    pub from: Rows,
    /// The list of what was done; none where the document is one entry.
    #[serde(default)]
    pub entries: Option<String>,
    /// Which exercise. It must stand in the program of that day.
    pub exercise: Place,
    /// When.
    pub performed_at: Place,
    /// Sets.
    pub sets: Place,
    /// Repetitions.
    #[serde(default)]
    pub reps: Option<Place>,
    /// Seconds held.
    #[serde(default)]
    pub hold_seconds: Option<Place>,
    /// Weight.
    #[serde(default)]
    pub load: Option<Place>,
    /// The unit of weights that are plain numbers.
    #[serde(default)]
    pub load_unit: Option<LoadUnit>,
    /// Pain, 0 to 10.
    pub pain: Place,
    /// Effort, 0 to 10.
    pub effort: Place,
    /// What the patient said.
    #[serde(default)]
    pub comment: Option<Place>,
}

/// What was written about a patient.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    /// Where the rows lie.
    pub from: Rows,
    /// The text.
    pub text: Place,
    /// When it was written; stands in the text here.
    #[serde(default)]
    pub written_at: Option<Place>,
    /// Who wrote it; stands in the text here.
    #[serde(default)]
    pub written_by: Option<Place>,
}

/// Who treats whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CareTeam {
    /// Where the rows lie.
    pub from: Rows,
    /// The therapist's name there.
    pub therapist: Place,
    /// Therapists there, and the addresses with which they sign in here.
    pub accounts: BTreeMap<String, String>,
}
