//! The present day.

use super::TODAY;
use crate::{
    House,
    exercises::{self, ExerciseBrief},
    programs::end_reason,
    record::{Names, Person, RecordError, purpose, timezone},
};
use domain::{
    Date, Dose, Effort, EntryId, Exercise, ExerciseId, ExerciseSource, ItemId, Pain, PatientId, Performed, ProgramItem,
    Timestamp, Timezone, progress, weekday_number,
};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Grant, OpenError, ReadExercise};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{
    log_entries::{self, LogEntryRow},
    patients,
    programs::{self, ProgramVersionRow},
};

/// What is due today, and what of it was done.
#[derive(Serialize, JsonSchema)]
pub struct Today {
    /// The day, in the practice's time zone.
    pub day: Date,
    /// What to call the patient.
    pub given_name: String,
    /// What the program is called; none when none is in force.
    pub title: Option<String>,
    /// Who signed it.
    pub signed_by: Option<Person>,
    /// On which day it was signed.
    pub signed_on: Option<Date>,
    /// Its version: above 1 it was changed.
    pub version: Option<u32>,
    /// The program that ended, when none is in force and none is to come.
    pub ended: Option<EndedProgram>,
    /// The first day of the program to come, when none is in force.
    pub begins_on: Option<Date>,
    /// How many entries are due.
    pub due: u32,
    /// How many of them were done: more of one exercise does not make up for another.
    pub done: u32,
    /// The exercises of the day, in the program's order.
    pub items: Vec<DueItem>,
    /// The hour and minute on the practice's wall.
    #[serde(skip)]
    pub hour_minute: (i8, i8),
    /// The practice's time zone.
    #[serde(skip)]
    #[schemars(skip)]
    pub zone: Timezone,
}

/// A program that is over.
#[derive(Serialize, JsonSchema)]
pub struct EndedProgram {
    /// What it was called.
    pub title: String,
    /// The day on which it ended.
    pub ended_on: Date,
    /// Who signed its end.
    pub ended_by: Person,
    /// Why, in their words; none when its last day was set from the first.
    pub reason: Option<String>,
}

/// An exercise that is due today, or was done although it is not.
#[derive(Serialize, JsonSchema)]
pub struct DueItem {
    /// Which item of the program.
    pub item_id: ItemId,
    /// Which exercise.
    pub exercise_id: ExerciseId,
    /// What it is called.
    pub name: String,
    /// Where the library has it from.
    pub source: ExerciseSource,
    /// How many pictures it has.
    pub pictures: u8,
    /// How much of it.
    pub dose: Dose,
    /// What to mind, in the therapist's words.
    pub instruction: Option<String>,
    /// How many times it is due today.
    pub due: u8,
    /// What was written down today, oldest first.
    pub entries: Vec<DoneOnce>,
}

impl DueItem {
    /// How many times it was done: "tried, could not" is not done.
    pub fn times_done(&self) -> u32 {
        u32::try_from(self.entries.iter().filter(|entry| entry.performed.sets > 0).count()).unwrap_or(u32::MAX)
    }
    /// Whether nothing is left to do today.
    pub fn is_done(&self) -> bool {
        self.times_done() >= u32::from(self.due)
    }
}

/// What was done once.
#[derive(Serialize, JsonSchema)]
pub struct DoneOnce {
    /// The entry.
    pub entry_id: EntryId,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub performed_at: Timestamp,
    /// How much.
    pub performed: Performed,
    /// How it hurt.
    pub pain: Pain,
    /// How hard it was.
    pub effort: Effort,
}

/// The present day of a patient.
pub async fn today(house: &House, session: &Session<Full>, patient: PatientId) -> Result<Today, RecordError> {
    let why = purpose(session, patient, Resource::whole(TODAY));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let zone = timezone(house, practice).await?;
    let now = house.clock.now();
    let day = zone.day_of(now);
    let who = patients::by_id(db, practice, patient).await?.ok_or_else(RecordError::nothing)?;
    let given_name = grant.open(&who.given_name)?.expose().as_str().to_owned();
    let mut today = Today {
        day,
        given_name,
        title: None,
        signed_by: None,
        signed_on: None,
        version: None,
        ended: None,
        begins_on: None,
        due: 0,
        done: 0,
        items: Vec::new(),
        hour_minute: zone.hour_minute(now),
        zone,
    };
    let Some(program) = in_force(house, &grant, &today.zone, day).await? else {
        let newest = programs::standing(db, practice, patient).await?.into_iter().next();
        match newest {
            Some(row) if row.ends_on.is_some_and(|end| end < day) => {
                today.ended = Some(ended(house, session, &grant, &today.zone, &row).await?);
            }
            Some(row) => today.begins_on = Some(row.starts_on),
            None => {}
        }
        return Ok(today);
    };
    today.title = Some(grant.open(&program.title)?.expose().as_str().to_owned());
    today.signed_by = Some(Names::new(house, session).person(program.signed_by).await?);
    today.signed_on = Some(today.zone.day_of(program.signed_at));
    today.version = Some(program.version);
    let log = log_entries::between(db, practice, patient, day, day).await?;
    let items = grant.open(&program.items)?;
    let ids = items.expose().as_slice().iter().map(|item| item.exercise_id).collect();
    let known = exercises::briefs(db, practice, ids).await?;
    for item in items.expose().as_slice() {
        let exercise = known.get(&item.exercise_id).cloned().unwrap_or_else(exercises::gone);
        let due = due_item(&grant, item, exercise, day, &log)?;
        if due.due > 0 || !due.entries.is_empty() {
            today.due += u32::from(due.due);
            today.done += due.times_done().min(u32::from(due.due));
            today.items.push(due);
        }
    }
    Ok(today)
}

/// One exercise with all that the library says about it.
pub struct OneItem {
    /// The item, as of today.
    pub item: DueItem,
    /// The library's entry; none when it is no longer there.
    pub exercise: Option<Exercise>,
}

/// One exercise of the program in force, due today or not; none when there is no such item.
pub async fn item(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    item_id: ItemId,
) -> Result<Option<OneItem>, RecordError> {
    let why = purpose(session, patient, Resource::whole(TODAY));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let zone = timezone(house, practice).await?;
    let day = zone.day_of(house.clock.now());
    let Some(program) = in_force(house, &grant, &zone, day).await? else { return Ok(None) };
    let items = grant.open(&program.items)?;
    let Some(item) = items.expose().as_slice().iter().find(|item| item.item_id == item_id) else { return Ok(None) };
    let exercise = exercises::one(house, session, item.exercise_id).await?;
    let brief = exercise.as_ref().map_or_else(exercises::gone, ExerciseBrief::from);
    let log = log_entries::between(db, practice, patient, day, day).await?;
    Ok(Some(OneItem { item: due_item(&grant, item, brief, day, &log)?, exercise }))
}

async fn ended(
    house: &House,
    session: &Session<Full>,
    grant: &Grant<'_, ReadExercise>,
    zone: &Timezone,
    row: &ProgramVersionRow,
) -> Result<EndedProgram, RecordError> {
    let signed_on = zone.day_of(row.signed_at);
    Ok(EndedProgram {
        title: grant.open(&row.title)?.expose().as_str().to_owned(),
        // What was ended at once has its last day on the day before.
        ended_on: row.ends_on.map_or(signed_on, |end| end.max(signed_on)),
        ended_by: Names::new(house, session).person(row.signed_by).await?,
        reason: end_reason(grant, row)?,
    })
}

async fn in_force(
    house: &House,
    grant: &Grant<'_, ReadExercise>,
    zone: &Timezone,
    day: Date,
) -> Result<Option<ProgramVersionRow>, RecordError> {
    let mut versions = programs::standing(&house.stores.clinical, grant.practice(), grant.subject()).await?;
    versions.reverse();
    let dates = |row: &ProgramVersionRow| (row.starts_on.max(zone.day_of(row.signed_at)), row.ends_on);
    let signed = progress::in_force_by(&versions, day, dates).map(|row| (row.program_id, row.version));
    Ok(versions.into_iter().find(|row| Some((row.program_id, row.version)) == signed))
}

fn due_item(
    grant: &Grant<'_, ReadExercise>,
    item: &ProgramItem,
    exercise: ExerciseBrief,
    day: Date,
    log: &[LogEntryRow],
) -> Result<DueItem, OpenError> {
    let entries = log.iter().filter(|row| row.item_id == item.item_id).map(|row| {
        Ok(DoneOnce {
            entry_id: row.entry_id,
            performed_at: row.performed_at,
            performed: grant.open(&row.performed)?.expose().clone(),
            pain: *grant.open(&row.pain)?.expose(),
            effort: *grant.open(&row.effort)?.expose(),
        })
    });
    Ok(DueItem {
        item_id: item.item_id,
        exercise_id: item.exercise_id,
        name: exercise.name,
        source: exercise.source,
        pictures: exercise.pictures,
        due: item.dose.due_on(weekday_number(day)),
        dose: item.dose.clone(),
        instruction: item.instruction.clone(),
        entries: entries.collect::<Result<_, OpenError>>()?,
    })
}
