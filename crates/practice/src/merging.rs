//! A patient who was registered twice.
//!
//! Nothing is moved, for everything is sealed under the key of the patient whose it is. The record that was made in error is
//! closed and points to the one that goes on: whoever treats that patient reads both, and nobody writes in the closed one.
//! Places on its care team end. What the patient asked about either holds for both, for as long as they are one. Both are kept
//! as long as the longer of the two. A merge that was wrong is taken back by an entry of its own, and leaves nothing behind but
//! the places that ended: they are given anew.
//!
//! It opens one record to the care team of another, so nobody does it who has a place on either: as nobody gives themself a
//! place ([`crate::care_team`]).

use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, RecordError, resource},
};
use domain::{PatientId, PracticeId, Timestamp};
use identity::{EnrollmentError, Full, Session};
use ledger::{LedgerError, Word};
use phi::{AccessError, AnswerRequests, Purpose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts::{self, AccountState},
        care_links,
        merges::{self, MergeRow},
        patients,
    },
};

const PATIENT: Word = Word::new("patient");

/// As whom a record goes on.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMerge {
    /// The patient whose record goes on.
    pub into: PatientId,
}

/// How a record stands to others of the same person.
#[derive(Serialize, JsonSchema)]
pub struct MergeView {
    /// The patient.
    pub patient_id: PatientId,
    /// The patient as whom the record goes on; none where it is not closed.
    pub into: Option<PatientId>,
    /// Who decided last; none where nobody ever did.
    pub decided_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub decided_at: Option<Timestamp>,
    /// Closed records that go on as this one.
    pub others: Vec<PatientId>,
}

/// Why records were not merged, or not parted again.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It could not be recorded.
    #[error("it could not be recorded")]
    Unrecorded(#[from] LedgerError),
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// There is no such other patient, or it is the same one.
    #[error("there is no such other patient")]
    Other,
    /// The caller has a place on one of the two care teams, or is one of the patients.
    #[error("the caller has a place on one of the records")]
    Place,
    /// The record that would be closed has an account that can be opened.
    #[error("the record has an account")]
    HasAccount,
    /// One of the two is part of another merge, the record is not closed, or somebody decided at the same moment.
    #[error("the records do not stand like that")]
    Standing,
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(CommitError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<CommitError> for MergeError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } | CommitError::Duplicate { .. } => Self::Standing,
            other => Self::Commit(other),
        }
    }
}

async fn asked(house: &House, session: &Session<Full>, patient: PatientId) -> Result<PracticeId, MergeError> {
    let purpose = Purpose::operations(resource(PATIENT, patient));
    Ok(house.guard.authorize_about::<AnswerRequests>(session, patient, purpose).await?.practice())
}

/// How a record stands to others of the same person.
pub async fn standing(house: &House, session: &Session<Full>, patient: PatientId) -> Result<MergeView, MergeError> {
    let practice = asked(house, session, patient).await?;
    let identity = &house.stores.identity;
    let last = merges::of_patient(identity, practice, patient).await?;
    let decided_by = match &last {
        Some(row) => Some(Names::new(house, session).person(row.decided_by).await?),
        None => None,
    };
    let others = merges::into_patient(identity, practice, patient).await?;
    Ok(MergeView {
        patient_id: patient,
        into: last.as_ref().and_then(|row| row.into),
        decided_by,
        decided_at: last.map(|row| row.decided_at),
        others: others.into_iter().map(|row| row.patient_id).collect(),
    })
}

/// Closes a record that was made in error, in favour of the one that goes on. It opens the closed one to whoever treats the
/// other, so it is done in person; and not where the closed one has an account, for whose owner it would be gone.
pub async fn merge(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: &NewMerge,
) -> Result<(), MergeError> {
    let practice = asked(house, session, patient).await?;
    match asked(house, session, new.into).await {
        Err(MergeError::Access(AccessError::Denied)) => return Err(MergeError::Other),
        other => other?,
    };
    let (identity, clinical) = (&house.stores.identity, &house.stores.clinical);
    if patient == new.into {
        return Err(MergeError::Other);
    }
    for of in [patient, new.into] {
        // One that was destroyed is closed into nothing, and nothing into it.
        if patients::registered_at(clinical, practice, of).await?.is_none() {
            return Err(MergeError::Other);
        }
    }
    in_person(house, session)?;
    refuse_who_has_a_place(house, session, patient, new.into).await?;
    let account = accounts::by_patient(identity, practice, patient).await?;
    if account.is_some_and(|row| row.state != AccountState::Disabled) {
        return Err(MergeError::HasAccount);
    }
    let last = merges::of_patient(identity, practice, patient).await?;
    if last.as_ref().is_some_and(|row| row.into.is_some()) {
        return Err(MergeError::Standing);
    }
    for of in [patient, new.into] {
        record(house, session, of, Word::new("merge_record")).await?;
    }
    let (by, at) = (session.account(), house.clock.now());
    let number = last.map_or(1, |row| row.number.saturating_add(1));
    let row = MergeRow {
        practice_id: practice,
        patient_id: patient,
        number,
        into: Some(new.into),
        decided_by: by,
        decided_at: at,
    };
    let mut batch = merges::insert(Batch::new(), &row);
    for link in care_links::of_patient(identity, practice, patient).await? {
        if link.ends_at.is_none_or(|end| end > at) {
            batch = care_links::end(batch, practice, patient, link.care_link_id, at);
        }
    }
    Ok(identity.commit(batch).await?)
}

/// Whoever is on the care team of one, now or later, would open the other to themself.
async fn refuse_who_has_a_place(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    into: PatientId,
) -> Result<(), MergeError> {
    let (identity, practice, me) = (&house.stores.identity, session.practice(), session.account());
    let now = house.clock.now();
    for of in [patient, into] {
        let links = care_links::of_patient(identity, practice, of).await?;
        let places = links.iter().any(|link| link.account_id == me && link.ends_at.is_none_or(|end| end > now));
        let own = accounts::by_patient(identity, practice, of).await?.is_some_and(|row| row.account_id == me);
        if places || own {
            let refused = Event::refused(Word::new("merge_record"), resource(PATIENT, of), Word::new("has-a-place"));
            house.record(session, Event { patient: Some(of), ..refused }).await?;
            return Err(MergeError::Place);
        }
    }
    Ok(())
}

/// Takes a merge back: the closed record is one of its own again, with nobody on its care team.
pub async fn part(house: &House, session: &Session<Full>, patient: PatientId) -> Result<(), MergeError> {
    let practice = asked(house, session, patient).await?;
    let identity = &house.stores.identity;
    let last = merges::of_patient(identity, practice, patient).await?;
    let (number, into) = last.and_then(|row| Some((row.number, row.into?))).ok_or(MergeError::Standing)?;
    in_person(house, session)?;
    for of in [patient, into] {
        record(house, session, of, Word::new("unmerge_record")).await?;
    }
    let row = MergeRow {
        practice_id: practice,
        patient_id: patient,
        number: number.saturating_add(1),
        into: None,
        decided_by: session.account(),
        decided_at: house.clock.now(),
    };
    Ok(identity.commit(merges::insert(Batch::new(), &row)).await?)
}

/// What the chart of a patient says about other records of theirs: as whom it goes on, and what goes on as it.
pub(crate) async fn beside(
    house: &House,
    practice: PracticeId,
    patient: PatientId,
) -> Result<(Option<PatientId>, Vec<PatientId>), StoreError> {
    let identity = &house.stores.identity;
    let into = merges::of_patient(identity, practice, patient).await?.and_then(|row| row.into);
    let others = merges::into_patient(identity, practice, patient).await?;
    Ok((into, others.into_iter().map(|row| row.patient_id).collect()))
}

async fn record(house: &House, session: &Session<Full>, of: PatientId, action: Word) -> Result<(), LedgerError> {
    let event = Event {
        patient: Some(of),
        reason: Word::new("registered-twice"),
        ..Event::done(action, resource(PATIENT, of))
    };
    house.record(session, event).await.map(|_| ())
}
