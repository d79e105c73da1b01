//! What an archive holds: the whole record as JSON that a person can read, with what was corrected and what was entered in
//! error.

use super::ArchiveError;
use crate::{House, exercises};
use crypto::Zeroizing;
use domain::{AccountId, Date, EntryId, ExerciseId, NoteId, PracticeId, ProgramId, Timestamp, VisitId, VoidReason};
use phi::{ArchiveGrant, Covers, Export, Field, OpenError, PatientClass};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::rows::{
    accounts,
    amendments::{self, AmendmentRow},
    billing_outbox::{self, Given},
    log_entries::{self, LogEntryRow},
    patients,
    programs::{self, ProgramVersionRow},
    progress_notes::{self, NoteRow},
    visits::{self, VisitRow},
    voided::VoidRow,
};

/// Rows that are read at once.
const AT_ONCE: i64 = 500;

/// The whole record; none where its registration was never finished.
pub(super) async fn text(
    house: &House,
    grant: &ArchiveGrant,
    ends_on: Date,
) -> Result<Option<Zeroizing<String>>, ArchiveError> {
    let (practice, patient, db) = (grant.practice(), grant.subject(), &house.stores.clinical);
    let Some(who) = patients::by_id(db, practice, patient).await? else { return Ok(None) };
    let mut people = BTreeSet::new();
    let mut exercises_of = BTreeSet::new();

    let mut versions = Vec::new();
    let mut last = (Timestamp::MAX, ProgramId::from_bytes([0xff; 16]), u32::MAX);
    loop {
        let rows = programs::history_page(db, practice, patient, last, AT_ONCE).await?;
        let Some(oldest) = rows.last() else { break };
        last = (oldest.signed_at, oldest.program_id, oldest.version);
        for row in &rows {
            people.insert(row.signed_by);
            people.extend(row.voided.as_ref().map(|void| void.by));
            let items = grant.open(&row.items)?;
            exercises_of.extend(items.expose().as_slice().iter().map(|item| item.exercise_id));
            versions.push(version(grant, row)?);
        }
    }
    let programs = programs::begun_and_ended(db, practice, patient).await?.into_iter();
    let programs = programs
        .map(|(program, begun, ended)| json!({ "program": program, "begun_at": begun, "ended_at_once_at": ended }));
    let mut log = Vec::new();
    let mut last = (Timestamp::MAX, EntryId::from_bytes([0xff; 16]));
    loop {
        let rows = log_entries::page(db, practice, patient, last.0, last.1, AT_ONCE).await?;
        let Some(oldest) = rows.last() else { break };
        last = (oldest.performed_at, oldest.entry_id);
        for row in &rows {
            people.insert(row.recorded_by);
            people.extend(row.voided.as_ref().map(|void| void.by));
            log.push(entry(grant, row)?);
        }
    }
    let mut notes = Vec::new();
    let mut last = (Timestamp::MAX, NoteId::from_bytes([0xff; 16]));
    loop {
        let firsts = progress_notes::page(db, practice, patient, last.0, last.1, AT_ONCE).await?;
        let Some(oldest) = firsts.last() else { break };
        last = (oldest.written_at, oldest.note_id);
        for first in &firsts {
            let mut versions = Vec::new();
            for row in progress_notes::versions(db, practice, patient, first.note_id).await? {
                people.insert(row.written_by);
                people.extend(row.voided.as_ref().map(|void| void.by));
                versions.push(note(grant, &row)?);
            }
            notes.push(json!({ "note": first.note_id, "versions": versions }));
        }
    }
    let mut seen = Vec::new();
    let mut last = (Timestamp::MAX, VisitId::from_bytes([0xff; 16]));
    loop {
        let rows = visits::page(db, practice, patient, last.0, last.1, AT_ONCE).await?;
        let Some(oldest) = rows.last() else { break };
        last = (oldest.starts_at, oldest.visit_id);
        for row in &rows {
            people.insert(row.therapist_id);
            people.extend(row.voided.as_ref().map(|void| void.by));
            let given = billing_outbox::given(db, practice, patient, row.visit_id).await?;
            people.extend(given.and_then(|given| given.taken_back).map(|(by, _)| by));
            seen.push(visit(grant, row, given)?);
        }
    }
    let mut asked = Vec::new();
    for row in amendments::of_patient(db, practice, patient).await? {
        people.insert(row.done_by);
        asked.push(amendment(grant, &row)?);
    }
    let text = |value: Option<&str>| value.map(str::to_owned);
    let (email, phone) = (grant.open_optional(who.email.as_ref())?, grant.open_optional(who.phone.as_ref())?);
    let record_number = grant.open_optional(who.record_number.as_ref())?;
    let whole = json!({
        "format": "patella archive 1",
        "practice": practice,
        "patient": {
            "id": patient,
            "given_name": grant.open(&who.given_name)?.expose().as_str(),
            "family_name": grant.open(&who.family_name)?.expose().as_str(),
            "birth_date": grant.open(&who.birth_date)?.expose().date(),
            "email": text(email.as_ref().map(|email| email.expose().as_str())),
            "phone": text(phone.as_ref().map(|phone| phone.expose().as_str())),
            "record_number": text(record_number.as_ref().map(|number| number.expose().as_str())),
            "registered_at": who.created_at,
        },
        "archived_at": house.clock.now(),
        "kept_until": ends_on,
        "programs": programs.collect::<Vec<Value>>(),
        "program_versions": versions,
        "log": log,
        "notes": notes,
        "visits": seen,
        "amendments_asked_for": asked,
        "people": names(house, grant, people).await?,
        "exercises": exercise_names(house, practice, exercises_of).await?,
    });
    Ok(Some(Zeroizing::new(serde_json::to_string_pretty(&whole)?)))
}

fn version(grant: &ArchiveGrant, row: &ProgramVersionRow) -> Result<Value, OpenError> {
    Ok(json!({
        "program": row.program_id,
        "version": row.version,
        "title": grant.open(&row.title)?.expose().as_str(),
        "items": grant.open(&row.items)?.expose(),
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "signed_by": row.signed_by,
        "signed_at": row.signed_at,
        "end_reason": grant.open_optional(row.end_reason.as_ref())?.map(|why| why.expose().as_str().to_owned()),
        "entered_in_error": voided(grant, row.voided.as_ref())?,
    }))
}

fn entry(grant: &ArchiveGrant, row: &LogEntryRow) -> Result<Value, OpenError> {
    Ok(json!({
        "entry": row.entry_id,
        "program": row.program_id,
        "program_version": row.program_version,
        "item": row.item_id,
        "performed_on": row.performed_on,
        "performed_at": row.performed_at,
        "performed": grant.open(&row.performed)?.expose(),
        "pain": grant.open(&row.pain)?.expose(),
        "effort": grant.open(&row.effort)?.expose(),
        "comment": grant.open_optional(row.comment.as_ref())?.map(|said| said.expose().as_str().to_owned()),
        "recorded_by": row.recorded_by,
        "recorded_at": row.recorded_at,
        "corrects": row.corrects,
        "corrected_at": row.superseded_at,
        "entered_in_error": voided(grant, row.voided.as_ref())?,
    }))
}

fn note(grant: &ArchiveGrant, row: &NoteRow) -> Result<Value, OpenError> {
    Ok(json!({
        "version": row.version,
        "body": grant.open(&row.body)?.expose().as_str(),
        "written_by": row.written_by,
        "written_at": row.written_at,
        "entered_in_error": voided(grant, row.voided.as_ref())?,
    }))
}

fn visit(grant: &ArchiveGrant, row: &VisitRow, given: Option<Given>) -> Result<Value, OpenError> {
    Ok(json!({
        "visit": row.visit_id,
        "therapist": row.therapist_id,
        "starts_at": row.starts_at,
        "state": row.state,
        "charged_at": given.map(|given| given.charged_at),
        "charge_taken_back": given.and_then(|given| given.taken_back).map(|(by, at)| json!({ "at": at, "by": by })),
        "minutes": grant.open(&row.minutes)?.expose(),
        "clinic": grant.open_optional(row.clinic.as_ref())?.map(|place| place.expose().as_str().to_owned()),
        "remark": grant.open_optional(row.remark.as_ref())?.map(|remark| remark.expose().as_str().to_owned()),
        "entered_in_error": voided(grant, row.voided.as_ref())?,
    }))
}

/// A step of what the patient asked to be amended: it goes out with the record (45 CFR 164.526(d)(5)).
fn amendment(grant: &ArchiveGrant, row: &AmendmentRow) -> Result<Value, OpenError> {
    Ok(json!({
        "amendment": row.amendment_id,
        "step": row.step,
        "ground": row.ground,
        "words": grant.open(&row.words)?.expose().as_str(),
        "note": row.note_id,
        "on": row.done_on,
        "by": row.done_by,
        "at": row.done_at,
    }))
}

fn voided<F>(grant: &ArchiveGrant, void: Option<&VoidRow<F>>) -> Result<Option<Value>, OpenError>
where
    F: Field<Value = VoidReason>,
    F::Class: PatientClass,
    Export: Covers<F::Class>,
{
    let Some(void) = void else { return Ok(None) };
    let reason = grant.open(&void.reason)?.expose().as_str().to_owned();
    Ok(Some(json!({ "at": void.at, "by": void.by, "reason": reason })))
}

/// The names of who treated, wrote, and struck something out; whose account is no longer there, has none.
async fn names(
    house: &House,
    grant: &ArchiveGrant,
    people: BTreeSet<AccountId>,
) -> Result<BTreeMap<String, String>, ArchiveError> {
    let mut names = BTreeMap::new();
    for account in people {
        if let Some(row) = accounts::by_id(&house.stores.identity, grant.practice(), account).await? {
            let name = house.vault.open_recorded(grant.receipt(), grant.practice(), account, &row.display_name).await?;
            names.insert(account.to_string(), name.expose().as_str().to_owned());
        }
    }
    Ok(names)
}

async fn exercise_names(
    house: &House,
    practice: PracticeId,
    of: BTreeSet<ExerciseId>,
) -> Result<BTreeMap<String, String>, ArchiveError> {
    let known = exercises::briefs(&house.stores.clinical, practice, of.into_iter().collect()).await?;
    Ok(known.into_iter().map(|(id, brief)| (id.to_string(), brief.name)).collect())
}
