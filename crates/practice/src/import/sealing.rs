//! From an [`Arrival`] to rows.

use super::arrival::Arrival;
use crate::{House, patients::Age, programs::next_program};
use domain::{EntryId, ItemId, Items, NoteId, ProgramItem};
use phi::{Grant, ImportRecord};
use std::collections::HashMap;
use store::rows::{
    log_entries::LogEntryRow, patients::PatientRow, programs::ProgramVersionRow, progress_notes::NoteRow,
};

/// Everything of a patient, sealed.
pub(super) struct SealedRecord {
    pub(super) patient: PatientRow,
    pub(super) versions: Vec<ProgramVersionRow>,
    pub(super) log: Vec<LogEntryRow>,
    pub(super) notes: Vec<NoteRow>,
}

impl SealedRecord {
    /// Seals everything of somebody who arrives.
    pub(super) fn new(house: &House, grant: &Grant<'_, ImportRecord>, arrival: &Arrival) -> Self {
        let (now, rng) = (house.clock.now(), &*house.rng);
        let (practice_id, patient_id) = (grant.practice(), grant.subject());
        let age = Age { created_at: now, updated_at: now, version: 1 };
        let patient = arrival.details.seal(house, grant, arrival.born, age);
        let program_id = next_program(practice_id, patient_id, &[]);
        let mut ids: HashMap<ItemId, ItemId> = HashMap::new();
        let mut versions = Vec::new();
        let mut item_ids: Vec<Vec<ItemId>> = Vec::new();
        for (version, arriving) in (1..).zip(&arrival.versions) {
            let items: Vec<ProgramItem> = arriving
                .items
                .as_slice()
                .iter()
                .map(|item| {
                    let item_id = *ids.entry(item.item_id).or_insert_with(|| ItemId::random(rng));
                    ProgramItem { item_id, ..item.clone() }
                })
                .collect();
            item_ids.push(items.iter().map(|item| item.item_id).collect());
            let items = Items::new(items).expect("the same items under other ids were checked");
            let row_id = ProgramVersionRow::row_id(program_id, version);
            versions.push(ProgramVersionRow {
                practice_id,
                program_id,
                version,
                patient_id,
                title: grant.seal(row_id, &arriving.title),
                items: grant.seal(row_id, &items),
                starts_on: arriving.starts_on,
                ends_on: arriving.ends_on,
                signed_by: grant.account(),
                signed_at: now,
                end_reason: None,
                voided: None,
            });
        }
        let log = arrival.log.iter().map(|entry| {
            let entry_id = EntryId::random(rng);
            let row_id = LogEntryRow::row_id(entry_id);
            LogEntryRow {
                practice_id,
                patient_id,
                entry_id,
                program_id,
                program_version: versions[entry.version].version,
                item_id: item_ids[entry.version][entry.item],
                performed_on: entry.day,
                performed_at: entry.at,
                performed: grant.seal(row_id, &entry.performed),
                pain: grant.seal(row_id, &entry.pain),
                effort: grant.seal(row_id, &entry.effort),
                comment: entry.comment.as_ref().map(|comment| grant.seal(row_id, comment)),
                recorded_by: grant.account(),
                recorded_at: now,
                corrects: None,
                superseded_at: None,
                voided: None,
            }
        });
        let log = log.collect();
        let notes = arrival.notes.iter().map(|body| {
            let note_id = NoteId::random(rng);
            NoteRow {
                practice_id,
                patient_id,
                note_id,
                body: grant.seal(NoteRow::row_id(note_id), body),
                written_by: grant.account(),
                written_at: now,
                corrects: None,
                version: 1,
                first_note_id: None,
                voided: None,
            }
        });
        let notes = notes.collect();
        Self { patient, versions, log, notes }
    }
}
