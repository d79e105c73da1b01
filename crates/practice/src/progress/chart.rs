//! The therapist's view of one patient: all that a glance needs, under one grant for the exercises and one for the words.

use super::{
    PROGRESS, Progress,
    compute::{Opened, Record},
};
use crate::{
    House, merging,
    patients::{self, PatientView},
    programs::{self, PROGRAM, ProgramView},
    record::{Names, RecordError, purpose},
    restrictions,
};
use domain::{BirthDate, Date, EntryId, ItemId, PatientId, Timezone};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, ReadExercise, ReadNotes};
use std::collections::HashMap;
use store::rows::{
    log_entries::LogEntryRow,
    programs::{current, history},
};

/// What the patient said about an exercise.
pub struct CommentView {
    /// The entry that it belongs to.
    pub entry_id: EntryId,
    /// The day.
    pub on: Date,
    /// The exercise.
    pub exercise: String,
    /// Their words.
    pub text: String,
}

/// All that the page of one patient shows.
pub struct Chart {
    /// Who it is.
    pub patient: PatientView,
    /// Whole years.
    pub age: i16,
    /// The program in force; none before the first.
    pub program: Option<ProgramView>,
    /// How it goes.
    pub progress: Progress,
    /// What they said lately, newest first; none when the caller may not read it.
    pub comments: Option<Vec<CommentView>>,
    /// Whether the patient asked that something be kept from somebody, and the practice agreed.
    pub restricted: bool,
    /// As whom the record goes on, where it was made in error.
    pub goes_on_as: Option<PatientId>,
    /// Closed records of the same person.
    pub closed: Vec<PatientId>,
    /// Whether it is open to the caller only in an emergency.
    pub emergency: bool,
    /// The practice's time zone, for the moments shown.
    pub zone: Timezone,
}

/// How many comments a chart shows.
const COMMENTS: usize = 6;
const COMMENT: Word = Word::new("comment");

/// Opens the chart of a patient for who treats them.
pub async fn chart(house: &House, session: &Session<Full>, patient: PatientId) -> Result<Chart, RecordError> {
    let why = purpose(session, patient, Resource::whole(PROGRESS));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let who = patients::of_grant(house, &grant).await?;
    let record = Record::read(house, &grant).await?;
    let progress = Opened::open(&grant, &record)?.progress(house, &record).await?;
    let mut names = Names::new(house, session);
    let program = match current(db, practice, patient).await? {
        Some(row) => Some(programs::view(db, &grant, &row, &mut names).await?),
        None => None,
    };
    let said: Vec<&LogEntryRow> =
        record.entries.iter().rev().filter(|row| row.comment.is_some()).take(COMMENTS).collect();
    let comments = comments(house, session, patient, &grant, &said).await?;
    let born = BirthDate::new(who.birth_date, record.today);
    let age = born.map_or(0, |born| born.age_on(record.today));
    let restricted = restrictions::any(house, practice, patient).await?;
    let (merge, mut closed) = merging::beside(house, practice, patient).await?;
    let emergency = grant.is_emergency();
    if emergency {
        // An emergency opens this record and no other.
        closed.clear();
    }
    let goes_on_as = merge.and_then(|last| last.into);
    Ok(Chart {
        patient: who,
        age,
        program,
        progress,
        comments,
        restricted,
        goes_on_as,
        closed,
        emergency,
        zone: record.zone,
    })
}

async fn comments(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    exercises: &phi::Grant<'_, ReadExercise>,
    said: &[&LogEntryRow],
) -> Result<Option<Vec<CommentView>>, RecordError> {
    let why = purpose(session, patient, Resource::whole(COMMENT));
    let grant = match house.guard.authorize::<ReadNotes>(session, patient, why).await {
        Ok(grant) => grant,
        Err(AccessError::Denied) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let names = names_of_items(house, exercises).await?;
    let mut comments = Vec::with_capacity(said.len());
    for row in said {
        if let Some(text) = grant.open_optional(row.comment.as_ref())? {
            comments.push(CommentView {
                entry_id: row.entry_id,
                on: row.performed_on,
                exercise: names.get(&row.item_id).cloned().unwrap_or_default(),
                text: text.expose().as_str().to_owned(),
            });
        }
    }
    Ok(Some(comments))
}

/// The names of all exercises that a patient ever had, by item: for a page that lists the log.
pub async fn item_names(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<HashMap<ItemId, String>, RecordError> {
    let why = purpose(session, patient, Resource::whole(PROGRAM));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    names_of_items(house, &grant).await
}

async fn names_of_items(
    house: &House,
    grant: &phi::Grant<'_, ReadExercise>,
) -> Result<HashMap<ItemId, String>, RecordError> {
    let db = &house.stores.clinical;
    let mut items = Vec::new();
    for row in history(db, grant.practice(), grant.subject()).await? {
        let opened = grant.open(&row.items)?;
        items.extend(opened.expose().as_slice().iter().map(|item| (item.item_id, item.exercise_id)));
    }
    let ids = items.iter().map(|(_, exercise)| *exercise).collect();
    let known = crate::exercises::briefs(db, grant.practice(), ids).await?;
    let name = |(item, exercise)| Some((item, known.get(&exercise)?.name.clone()));
    Ok(items.into_iter().filter_map(name).collect())
}
