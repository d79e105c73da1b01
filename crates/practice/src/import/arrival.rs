//! Somebody as they arrive: read, checked, and not sealed yet.

use crate::patients::PatientDetails;
use domain::{AccountId, BirthDate, Comment, Date, Effort, Items, NoteBody, Pain, Performed, ProgramTitle, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// A patient with everything of theirs, checked.
#[derive(Serialize)]
pub(super) struct Arrival {
    pub(super) details: PatientDetails,
    pub(super) born: BirthDate,
    pub(super) versions: Vec<ArrivingVersion>,
    pub(super) log: Vec<ArrivingEntry>,
    pub(super) notes: Vec<NoteBody>,
    /// Who treats them is the practice's affair from now on, so it is no part of what is compared.
    #[serde(skip)]
    pub(super) care_team: BTreeSet<AccountId>,
}

/// A program, which becomes a version of the patient's one program. Its items have ids that count from 1: the same exercise
/// has the same in all versions, and the log follows it.
#[derive(Serialize)]
pub(super) struct ArrivingVersion {
    pub(super) title: ProgramTitle,
    pub(super) starts_on: Date,
    pub(super) ends_on: Option<Date>,
    pub(super) items: Items,
}

/// Something that was done.
#[derive(Serialize)]
pub(super) struct ArrivingEntry {
    /// The place of the version in the list of versions.
    pub(super) version: usize,
    /// The place of the item in the version.
    pub(super) item: usize,
    pub(super) day: Date,
    pub(super) at: Timestamp,
    pub(super) performed: Performed,
    pub(super) pain: Pain,
    pub(super) effort: Effort,
    pub(super) comment: Option<Comment>,
}
