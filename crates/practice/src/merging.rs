//! A patient who was registered twice.
//!
//! Nothing is moved, for everything is sealed under the key of the patient whose it is. The record that was made in error is
//! closed and points to the one that goes on: whoever treats that patient reads both, and nobody writes in the closed one.
//! Places on its care team end. What the patient asked about either holds for both, for as long as they are one. Both are kept
//! as long as the longer of the two. A merge that was wrong is taken back by an entry of its own, and leaves nothing behind but
//! the places that ended: they are given anew.
//!
//! It opens one record to the care team of another, so nobody does it who has a place on either: as nobody gives themself a
//! place ([`crate::care_team`]). To take it back ends for each record what was asked about the other, so nobody does that
//! either who has a place, or whom the patient keeps away.

use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, RecordError, record_about, resource},
    restrictions,
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
        amendments, care_links, login_sessions,
        merges::{self, MergeRow},
        patients,
    },
};

const PATIENT: Word = Word::new("patient");
const TWICE: Word = Word::new("registered-twice");
const MERGE: Word = Word::new("merge_record");
const PART: Word = Word::new("unmerge_record");

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
    /// The patient asked that the caller be kept away: whoever parts the records ends that for one of them.
    #[error("a restriction of this patient's names the caller")]
    Named,
    /// The record that would be closed has an account that can be opened.
    #[error("the record has an account")]
    HasAccount,
    /// The patient asked for an amendment of the record that would be closed, and waits for the answer: it could never come.
    #[error("an amendment of the record waits for its answer")]
    Amendment,
    /// The destruction of one of the two, or of another record of theirs, has begun.
    #[error("the destruction of this record has begun")]
    TooLate,
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
            CommitError::Conflict { statement: SESSION } => Self::Commit(error),
            CommitError::Conflict { statement: DECISION } => Self::TooLate,
            CommitError::Conflict { .. } | CommitError::Duplicate { .. } => Self::Standing,
            other => Self::Commit(other),
        }
    }
}

/// Where the statements of a decision stand in its batch.
const SESSION: usize = 0;
const DECISION: usize = 1;

/// Stores a decision as long as the session is there in which it was asked for, and nobody's destruction has begun.
fn decide(session: &Session<Full>, row: &MergeRow) -> Batch {
    let held = login_sessions::hold(Batch::new(), session.practice(), session.account(), session.id());
    merges::insert(held, row)
}

async fn asked(house: &House, session: &Session<Full>, patient: PatientId) -> Result<PracticeId, MergeError> {
    let purpose = Purpose::operations(resource(PATIENT, patient));
    Ok(house.guard.authorize_about::<AnswerRequests>(session, patient, purpose).await?.practice())
}

/// How a record stands to others of the same person.
pub async fn standing(house: &House, session: &Session<Full>, patient: PatientId) -> Result<MergeView, MergeError> {
    let practice = asked(house, session, patient).await?;
    let (last, others) = beside(house, practice, patient).await?;
    let decided_by = match &last {
        Some(row) => Some(Names::new(house, session).person(row.decided_by).await?),
        None => None,
    };
    Ok(MergeView {
        patient_id: patient,
        into: last.as_ref().and_then(|row| row.into),
        decided_by,
        decided_at: last.map(|row| row.decided_at),
        others,
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
    refuse_who_has_a_place(house, session, [patient, new.into], &MERGE).await?;
    let account = accounts::by_patient(identity, practice, patient).await?;
    if account.is_some_and(|row| row.state != AccountState::Disabled) {
        return Err(MergeError::HasAccount);
    }
    if amendments::waiting_of(clinical, practice, patient).await? > 0 {
        return Err(MergeError::Amendment);
    }
    let last = merges::of_patient(identity, practice, patient).await?;
    if last.as_ref().is_some_and(|row| row.into.is_some()) {
        return Err(MergeError::Standing);
    }
    for of in [patient, new.into] {
        record_about(house, session, of, (MERGE, resource(PATIENT, of)), TWICE).await?;
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
    let decision = decide(session, &row);
    // Again, for one may have been made or enabled since.
    let account = decision.len();
    let mut batch = accounts::none_open(decision, practice, patient);
    for link in care_links::of_patient(identity, practice, patient).await? {
        if link.ends_at.is_none_or(|end| end > at) {
            batch = care_links::end(batch, practice, patient, link.care_link_id, at);
        }
    }
    identity.commit(batch).await.map_err(|error| match error {
        CommitError::Conflict { statement } if statement == account => MergeError::HasAccount,
        other => other.into(),
    })
}

/// Whoever is on the care team of one, now or later, would open the other to themself, or what was kept from them.
async fn refuse_who_has_a_place(
    house: &House,
    session: &Session<Full>,
    records: [PatientId; 2],
    action: &Word,
) -> Result<(), MergeError> {
    let (identity, practice, me) = (&house.stores.identity, session.practice(), session.account());
    let now = house.clock.now();
    for of in records {
        let links = care_links::of_patient(identity, practice, of).await?;
        let places = links.iter().any(|link| link.account_id == me && link.ends_at.is_none_or(|end| end > now));
        let own = accounts::by_patient(identity, practice, of).await?.is_some_and(|row| row.account_id == me);
        if places || own {
            refuse(house, session, (of, action), Word::new("has-a-place")).await?;
            return Err(MergeError::Place);
        }
    }
    Ok(())
}

async fn refuse(
    house: &House,
    session: &Session<Full>,
    (of, action): (PatientId, &Word),
    why: Word,
) -> Result<(), LedgerError> {
    let refused = Event::refused(action.clone(), resource(PATIENT, of), why);
    house.record(session, Event { patient: Some(of), ..refused }).await.map(|_| ())
}

/// Takes a merge back: the closed record is one of its own again, with nobody on its care team.
pub async fn part(house: &House, session: &Session<Full>, patient: PatientId) -> Result<(), MergeError> {
    let practice = asked(house, session, patient).await?;
    let identity = &house.stores.identity;
    let last = merges::of_patient(identity, practice, patient).await?;
    let (number, into) = last.and_then(|row| Some((row.number, row.into?))).ok_or(MergeError::Standing)?;
    in_person(house, session)?;
    refuse_who_has_a_place(house, session, [patient, into], &PART).await?;
    if restrictions::names(house, practice, patient, session.account()).await? {
        refuse(house, session, (patient, &PART), Word::new("patient-keeps-away")).await?;
        return Err(MergeError::Named);
    }
    for of in [patient, into] {
        record_about(house, session, of, (PART, resource(PATIENT, of)), TWICE).await?;
    }
    let row = MergeRow {
        practice_id: practice,
        patient_id: patient,
        number: number.saturating_add(1),
        into: None,
        decided_by: session.account(),
        decided_at: house.clock.now(),
    };
    Ok(identity.commit(decide(session, &row)).await?)
}

/// What is known of other records of a patient's: the last decision about this one, and what goes on as it.
pub(crate) async fn beside(
    house: &House,
    practice: PracticeId,
    patient: PatientId,
) -> Result<(Option<MergeRow>, Vec<PatientId>), StoreError> {
    let identity = &house.stores.identity;
    let last = merges::of_patient(identity, practice, patient).await?;
    let others = merges::into_patient(identity, practice, patient).await?;
    Ok((last, others.into_iter().map(|row| row.patient_id).collect()))
}
