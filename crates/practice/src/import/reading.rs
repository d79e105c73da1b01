//! From the rows of a patient to an [`Arrival`], or to what has no place here.

use super::{
    Refusal,
    arrival::{Arrival, ArrivingEntry, ArrivingVersion},
    document::Fields,
    exercises::Names,
    mapping::{Item, Log, Mapping, Programs},
    source::{CARE_TEAM, LOG, NOTES, PATIENTS, PROGRAMS, Row, SourcePatient},
};
use crate::patients::PatientDetails;
use domain::{
    BirthDate, Comment, Date, Dose, Effort, EmailAddress, ExerciseId, ItemId, Items, NoteBody, Pain, Performed,
    PersonName, PhoneNumber, ProgramItem, ProgramTitle, RecordNumber, Side, Timestamp, Timezone, Weekdays,
};
use std::collections::{BTreeSet, HashMap};

/// What reading needs to know.
pub(super) struct Reading<'m> {
    pub(super) mapping: &'m Mapping,
    pub(super) names: &'m Names,
    pub(super) zone: &'m Timezone,
    pub(super) now: Timestamp,
}

/// An item before it has its place in a version.
struct Prescribed {
    exercise: ExerciseId,
    dose: Dose,
    instruction: Option<String>,
}

impl Reading<'_> {
    /// Reads a patient whole. Everything that is wrong is named, not only the first.
    pub(super) fn patient(&self, patient: &SourcePatient) -> Result<Arrival, Vec<Refusal>> {
        if patient.key.trim().is_empty() {
            // Rows of nobody are of no one person either.
            return Err(nobodys(patient));
        }
        let mut refusals = Vec::new();
        let who = self.who(patient, &mut refusals);
        let versions = self.programs(patient, &mut refusals);
        let log = self.log(patient, &versions, &mut refusals);
        let notes = self.notes(patient, &mut refusals);
        let care_team = self.care_team(patient, &mut refusals);
        match who {
            Some((details, born)) if refusals.is_empty() => {
                Ok(Arrival { details, born, versions, log, notes, care_team })
            }
            _ => Err(refusals),
        }
    }

    fn today(&self) -> Date {
        self.zone.day_of(self.now)
    }

    fn who(&self, patient: &SourcePatient, refusals: &mut Vec<Refusal>) -> Option<(PatientDetails, BirthDate)> {
        let mapping = &self.mapping.patients;
        let from = patient.from(PATIENTS);
        let [row] = &patient.rows[PATIENTS][..] else {
            let first = |(section, rows): (usize, &Vec<Row>)| Some((section, rows.first()?.name.clone()));
            let found = patient.rows.iter().enumerate().find_map(first);
            let (section, row) = found.unwrap_or((PATIENTS, patient.key.clone()));
            let why = match patient.rows[PATIENTS].len() {
                0 => "belongs to a patient whom the source does not have",
                _ => "stands twice under the same patient",
            };
            let from = patient.from(section).to_owned();
            refusals.push(Refusal { from, row, field: String::new(), why: why.to_owned() });
            return None;
        };
        let mut fields = Fields::of_row(from, row);
        let given_name = fields.needed_checked(&mapping.given_name, |text| PersonName::new(text));
        let family_name = fields.needed_checked(&mapping.family_name, |text| PersonName::new(text));
        let today = self.today();
        let birth_date = fields.needed_day(&mapping.birth_date, self.zone);
        let born = birth_date.map(|day| BirthDate::new(day, today));
        if let Some(Err(why)) = &born {
            fields.refuse("birth_date", why.to_string());
        }
        let email = fields.checked(mapping.email.as_ref(), |text| EmailAddress::new(text));
        let phone = fields.checked(mapping.phone.as_ref(), |text| PhoneNumber::new(text));
        let record_number = fields.checked(mapping.record_number.as_ref(), |text| RecordNumber::new(text));
        refusals.extend(fields.finish(&mapping.from.leave_out));
        let details = PatientDetails {
            given_name: given_name?,
            family_name: family_name?,
            birth_date: birth_date?,
            email,
            phone,
            record_number,
        };
        Some((details, born?.ok()?))
    }

    fn programs(&self, patient: &SourcePatient, refusals: &mut Vec<Refusal>) -> Vec<ArrivingVersion> {
        let Some(mapping) = &self.mapping.programs else { return Vec::new() };
        let mut read = Vec::new();
        for row in &patient.rows[PROGRAMS] {
            read.extend(self.program(mapping, patient.from(PROGRAMS), row, refusals));
        }
        read.sort_by_key(|(starts_on, ..)| *starts_on);
        let mut ids: HashMap<(ExerciseId, usize), ItemId> = HashMap::new();
        let mut versions = Vec::new();
        for (starts_on, ends_on, title, prescribed, row) in read {
            let mut items = Vec::new();
            for item in prescribed {
                let before = items.iter().filter(|one: &&ProgramItem| one.exercise_id == item.exercise).count();
                let next = ids.len() + 1;
                let item_id = *ids.entry((item.exercise, before)).or_insert_with(|| counted(next));
                let (exercise_id, dose) = (item.exercise, item.dose);
                items.push(ProgramItem { item_id, exercise_id, dose, instruction: item.instruction });
            }
            match Items::new(items) {
                Ok(items) => versions.push(ArrivingVersion { title, starts_on, ends_on, items }),
                Err((field, why)) => {
                    refusals.push(Refusal { from: patient.from(PROGRAMS).to_owned(), row, field, why: why.to_string() })
                }
            }
        }
        versions
    }

    #[expect(clippy::type_complexity, reason = "read here and put in order by the caller alone")]
    fn program(
        &self,
        mapping: &Programs,
        from: &str,
        row: &Row,
        refusals: &mut Vec<Refusal>,
    ) -> Option<(Date, Option<Date>, ProgramTitle, Vec<Prescribed>, String)> {
        let mut fields = Fields::of_row(from, row);
        let title = fields.needed_checked(&mapping.title, |text| ProgramTitle::new(text));
        let starts_on = fields.needed_day(&mapping.starts_on, self.zone);
        let ends_on = fields.day(mapping.ends_on.as_ref(), self.zone);
        if starts_on.zip(ends_on).is_some_and(|(start, end)| end < start) {
            fields.refuse("ends_on", "is before the first day");
        }
        let (mut items, mut whole) = (Vec::new(), true);
        for mut element in fields.list(mapping.items.as_deref()) {
            let item = self.item(&mapping.item, mapping, &mut element);
            let wrong = element.finish(&mapping.from.leave_out);
            whole &= item.is_some() && wrong.is_empty();
            refusals.extend(wrong);
            items.extend(item);
        }
        let wrong = fields.finish(&mapping.from.leave_out);
        whole &= wrong.is_empty();
        refusals.extend(wrong);
        whole.then_some((starts_on?, ends_on, title?, items, row.name.clone()))
    }

    fn item(&self, mapping: &Item, programs: &Programs, fields: &mut Fields<'_>) -> Option<Prescribed> {
        let exercise = self.exercise(&mapping.exercise, fields);
        let sets = fields.needed_number(&mapping.sets);
        let reps = fields.number(mapping.reps.as_ref());
        let hold_seconds = fields.number(mapping.hold_seconds.as_ref());
        let load = fields.load(mapping.load.as_ref(), mapping.load_unit);
        let side = fields.checked(mapping.side.as_ref(), str::parse::<Side>);
        let rest_seconds = fields.number(mapping.rest_seconds.as_ref());
        let times_a_day = fields.number(mapping.times_a_day.as_ref());
        let days: Option<i64> = fields.number(mapping.days_a_week.as_ref());
        let weekdays = days.map(|days| programs.days_a_week.get(&days.to_string()).copied());
        if weekdays == Some(None) {
            fields.refuse("(days a week)", "is a number for which the mapping names no days");
        }
        let instruction = fields.text(mapping.instruction.as_ref()).map(|text| text.trim().to_owned());
        let dose = Dose {
            sets: sets?,
            reps,
            // Many programs write 0 where nothing is held.
            hold_seconds: hold_seconds.filter(|seconds| *seconds > 0),
            load,
            side: side.or(mapping.usual_side).unwrap_or(Side::Both),
            rest_seconds,
            tempo: None,
            times_a_day: times_a_day.unwrap_or(1),
            weekdays: weekdays.flatten().unwrap_or(Weekdays::DAILY),
        };
        Some(Prescribed { exercise: exercise?, dose, instruction })
    }

    fn exercise(&self, place: &super::mapping::Place, fields: &mut Fields<'_>) -> Option<ExerciseId> {
        const UNKNOWN: domain::Invalid = domain::Invalid::new("is an exercise that the mapping does not name");
        fields.needed_checked(place, |name| self.names.exercises.get(name).copied().ok_or(UNKNOWN))
    }

    fn log(
        &self,
        patient: &SourcePatient,
        versions: &[ArrivingVersion],
        refusals: &mut Vec<Refusal>,
    ) -> Vec<ArrivingEntry> {
        let Some(mapping) = &self.mapping.log else { return Vec::new() };
        let mut log = Vec::new();
        for row in &patient.rows[LOG] {
            let mut fields = Fields::of_row(patient.from(LOG), row);
            for mut element in fields.list(mapping.entries.as_deref()) {
                log.extend(self.entry(mapping, versions, &mut element));
                refusals.extend(element.finish(&mapping.from.leave_out));
            }
            refusals.extend(fields.finish(&mapping.from.leave_out));
        }
        log
    }

    fn entry(&self, mapping: &Log, versions: &[ArrivingVersion], fields: &mut Fields<'_>) -> Option<ArrivingEntry> {
        let exercise = self.exercise(&mapping.exercise, fields);
        let at = fields.moment(&mapping.performed_at, self.zone);
        let sets = fields.needed_number(&mapping.sets);
        let reps = fields.number(mapping.reps.as_ref());
        let hold_seconds = fields.number(mapping.hold_seconds.as_ref()).filter(|seconds| *seconds > 0);
        let load = fields.load(mapping.load.as_ref(), mapping.load_unit);
        let pain = fields.needed_number(&mapping.pain).map(Pain::new);
        let effort = fields.needed_number(&mapping.effort).map(Effort::new);
        if let Some(Err(why)) = &pain {
            fields.refuse("(pain)", why.to_string());
        }
        if let Some(Err(why)) = &effort {
            fields.refuse("(effort)", why.to_string());
        }
        let comment = fields.checked(mapping.comment.as_ref(), |text| Comment::new(text));
        let performed = Performed { sets: sets?, reps, hold_seconds, load };
        if let Err((field, why)) = performed.check() {
            fields.refuse(&format!("({field})"), why.to_string());
            return None;
        }
        let (exercise, at) = (exercise?, at?);
        if at > self.now {
            fields.refuse("(performed at)", "is in the future");
            return None;
        }
        let day = self.zone.day_of(at);
        let place = placed(versions, day, exercise);
        if place.is_none() {
            fields.refuse("(exercise)", "is not in the program of that day");
        }
        let (version, item) = place?;
        Some(ArrivingEntry { version, item, day, at, performed, pain: pain?.ok()?, effort: effort?.ok()?, comment })
    }

    fn notes(&self, patient: &SourcePatient, refusals: &mut Vec<Refusal>) -> Vec<NoteBody> {
        let Some(mapping) = &self.mapping.notes else { return Vec::new() };
        let mut notes = Vec::new();
        for row in &patient.rows[NOTES] {
            let mut fields = Fields::of_row(patient.from(NOTES), row);
            let text = fields.needed_text(&mapping.text);
            let on = fields.day(mapping.written_at.as_ref(), self.zone);
            let by = fields.text(mapping.written_by.as_ref());
            let mut head = format!("From {}", self.mapping.name.trim());
            if let Some(on) = on {
                head.push_str(&format!(", written on {on}"));
            }
            if let Some(by) = by {
                head.push_str(&format!(" by {}", by.trim()));
            }
            match text.map(|text| NoteBody::new(format!("{head}:\n\n{text}"))) {
                Some(Ok(body)) => notes.push(body),
                Some(Err(why)) => fields.refuse("(text)", why.to_string()),
                None => {}
            }
            refusals.extend(fields.finish(&mapping.from.leave_out));
        }
        notes
    }

    fn care_team(&self, patient: &SourcePatient, refusals: &mut Vec<Refusal>) -> BTreeSet<domain::AccountId> {
        let Some(mapping) = &self.mapping.care_team else { return BTreeSet::new() };
        let mut team = BTreeSet::new();
        for row in &patient.rows[CARE_TEAM] {
            const UNKNOWN: domain::Invalid = domain::Invalid::new("is a therapist whom the mapping does not name");
            let mut fields = Fields::of_row(patient.from(CARE_TEAM), row);
            let known = |name: &str| self.names.therapists.get(name).copied().ok_or(UNKNOWN);
            team.extend(fields.needed_checked(&mapping.therapist, known));
            refusals.extend(fields.finish(&mapping.from.leave_out));
        }
        team
    }
}

/// Every row that names no patient, by its table and its own name.
fn nobodys(patient: &SourcePatient) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (section, rows) in patient.rows.iter().enumerate() {
        refusals.extend(rows.iter().map(|row| Refusal {
            from: patient.from(section).to_owned(),
            row: row.name.clone(),
            field: String::new(),
            why: "names no patient".to_owned(),
        }));
    }
    refusals
}

/// The item of an exercise in the version that was in force on a day: the last one that had begun by then.
fn placed(versions: &[ArrivingVersion], day: Date, exercise: ExerciseId) -> Option<(usize, usize)> {
    let version = versions.iter().rposition(|version| version.starts_on <= day)?;
    let has = |item: &ProgramItem| item.exercise_id == exercise;
    Some((version, versions[version].items.as_slice().iter().position(has)?))
}

fn counted(number: usize) -> ItemId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    ItemId::from_bytes(bytes)
}
