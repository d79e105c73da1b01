//! What patients ask of who sees their record (45 CFR 164.522(a)): recorded with the practice's answer, kept by the policy
//! from the next request on, and ended by a new entry.
//!
//! No reasons are kept: nobody need give one, and a reason would say more than the restriction hides. The practice may
//! decline; what it agreed to, the policy forbids, to administrators too.

use crate::{
    House,
    accounts::in_person,
    record::{Names, Person, RecordError, record_about, resource, today},
    staff,
};
use domain::{
    AccountId, Date, PatientId, PracticeId, RestrictionAnswer, RestrictionId, RestrictionKind, Role, Timestamp,
};
use identity::{EnrollmentError, Full, Session};
use ledger::{LedgerError, Resource, Word};
use phi::{AccessError, AnswerRequests, PracticeGrant, Purpose, ReadExercise, ReadNotes, VaultError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts, emergencies, login_sessions, merges,
        restrictions::{self, RestrictionRow},
    },
};

const RESTRICTION: Word = Word::new("restriction");
const ASKED: Word = Word::new("patient-asked");

/// What a patient asked for, and the practice's answer.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRestriction {
    /// From whom something is to be kept.
    pub what: RestrictionKind,
    /// The account that is to be kept away, where it is one.
    #[serde(default)]
    pub account_id: Option<AccountId>,
    /// The day on which the patient asked; today when not said.
    #[serde(default)]
    pub asked_on: Option<Date>,
    /// What the practice says to it.
    pub answer: RestrictionAnswer,
}

/// What a patient asked for, as it can be read.
#[derive(Serialize, JsonSchema)]
pub struct RestrictionView {
    /// The restriction.
    pub restriction_id: RestrictionId,
    /// About which record it was asked: another than this one where the person was registered twice. It holds for all.
    pub patient_id: PatientId,
    /// From whom something is kept.
    pub what: RestrictionKind,
    /// Who is kept away, where it is one account.
    pub account: Option<Person>,
    /// The day on which the patient asked.
    pub asked_on: Date,
    /// What the practice said.
    pub answer: RestrictionAnswer,
    /// Who said it.
    pub decided_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub decided_at: Timestamp,
    /// Whether it is kept at present.
    pub in_force: bool,
    /// Who ended it; none while it is in force, or where it was declined.
    pub ended_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ended_at: Option<Timestamp>,
}

/// Why something about restrictions was not done.
#[derive(Debug, thiserror::Error)]
pub enum RestrictionError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It could not be recorded.
    #[error("it could not be recorded")]
    Unrecorded(#[from] LedgerError),
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// An account is named where none belongs, or none where one does, or one that is nobody's who works here.
    #[error("the account does not fit")]
    Account,
    /// The patient asked on a day that is to come.
    #[error("the day is to come")]
    Day,
    /// Whom a restriction keeps away answers nothing about it.
    #[error("a restriction of this patient's names the caller")]
    Named,
    /// Whoever opened the record in an emergency, for which nobody has signed, answers nothing about it.
    #[error("the caller opened the record in an emergency for which nobody has signed")]
    Opened,
    /// There is no such restriction of this patient's.
    #[error("there is no such restriction")]
    Unknown,
    /// It was declined, or ended before.
    #[error("the restriction is not in force")]
    NotInForce,
    /// The idempotency key came before with another request.
    #[error("the key was used for another request")]
    KeyUsed,
    /// The record is closed; what is asked is asked about the one that goes on.
    #[error("the record goes on elsewhere")]
    Closed,
    /// The destruction of the record has begun.
    #[error("the destruction of this record has begun")]
    Ending,
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(CommitError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A name did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

async fn asked<'s>(
    house: &House,
    session: &'s Session<Full>,
    patient: PatientId,
    about: Resource,
) -> Result<PracticeGrant<'s, AnswerRequests>, RestrictionError> {
    Ok(house.guard.authorize_about::<AnswerRequests>(session, patient, Purpose::operations(about)).await?)
}

/// What was asked about any record of a person.
async fn of_person(house: &House, practice: PracticeId, patient: PatientId) -> Result<Vec<RestrictionRow>, StoreError> {
    let (identity, mut rows) = (&house.stores.identity, Vec::new());
    for record in merges::of_person(identity, practice, patient).await? {
        rows.extend(restrictions::of_patient(identity, practice, record).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.decided_at));
    Ok(rows)
}

/// Everything that a patient asked for, about any record of theirs, newest first, with those that ended.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Vec<RestrictionView>, RestrictionError> {
    let grant = asked(house, session, patient, Resource::whole(RESTRICTION)).await?;
    let mut names = Names::new(house, session);
    let mut views = Vec::new();
    for row in of_person(house, grant.practice(), patient).await? {
        let account = match row.account_id {
            Some(account) => Some(names.person(account).await?),
            None => None,
        };
        let ended_by = match row.ended {
            Some((by, _)) => Some(names.person(by).await?),
            None => None,
        };
        views.push(RestrictionView {
            restriction_id: row.restriction_id,
            patient_id: row.patient_id,
            what: row.what,
            account,
            asked_on: row.asked_on,
            answer: row.answer,
            decided_by: names.person(row.decided_by).await?,
            decided_at: row.decided_at,
            in_force: row.in_force(),
            ended_by,
            ended_at: row.ended.map(|(_, at)| at),
        });
    }
    Ok(views)
}

/// The id under which an answer is stored: the same again for the same `key` of the same caller about the same patient, so
/// that a request that is sent twice writes once.
fn id_under(house: &House, session: &Session<Full>, patient: PatientId, key: Option<&str>) -> RestrictionId {
    match key {
        Some(key) => {
            let about = format!("restrictions of {patient} {key}");
            let print = house.indexes.idempotency_key(session.account(), &about);
            let mut id = [0; 16];
            id.copy_from_slice(&print[..16]);
            RestrictionId::from_bytes(id)
        }
        None => RestrictionId::random(&*house.rng),
    }
}

/// What was written under a key before, if it says the same; none where nothing was.
async fn before(
    house: &House,
    practice: PracticeId,
    patient: PatientId,
    id: RestrictionId,
    new: &NewRestriction,
) -> Result<Option<RestrictionId>, RestrictionError> {
    let rows = restrictions::of_patient(&house.stores.identity, practice, patient).await?;
    let Some(row) = rows.into_iter().find(|row| row.restriction_id == id) else { return Ok(None) };
    let same = (row.what, row.account_id, row.answer) == (new.what, new.account_id, new.answer)
        && new.asked_on.is_none_or(|day| day == row.asked_on);
    if same { Ok(Some(id)) } else { Err(RestrictionError::KeyUsed) }
}

/// Writes down what a patient asked for and what the practice said. What was agreed holds from the next request on. The same
/// `key` with the same answer gives what was written the first time, whether it has ended since or not.
pub async fn answer(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: &NewRestriction,
    key: Option<&str>,
) -> Result<RestrictionId, RestrictionError> {
    let restriction_id = id_under(house, session, patient, key);
    let about = resource(RESTRICTION, restriction_id);
    let grant = asked(house, session, patient, about.clone()).await?;
    let (identity, practice) = (&house.stores.identity, grant.practice());
    refuse_the_concerned(house, &grant, patient).await?;
    if let Some(written) = before(house, practice, patient, restriction_id, new).await? {
        return Ok(written);
    }
    if merges::of_patient(identity, practice, patient).await?.is_some_and(|merge| merge.into.is_some()) {
        return Err(RestrictionError::Closed);
    }
    let fits = match (new.what, new.account_id) {
        (RestrictionKind::Notes, None) => true,
        (RestrictionKind::Account, Some(account)) => {
            let claims = accounts::claims(identity, practice, account).await?;
            claims.is_some_and(|claims| claims.role != Role::Patient)
        }
        _ => false,
    };
    if !fits {
        return Err(RestrictionError::Account);
    }
    let today = today(house, practice).await?;
    let asked_on = new.asked_on.unwrap_or(today);
    if asked_on > today {
        return Err(RestrictionError::Day);
    }
    let action = match new.answer {
        RestrictionAnswer::Agreed => Word::new("agree_restriction"),
        RestrictionAnswer::Declined => Word::new("decline_restriction"),
    };
    record_about(house, session, patient, (action, about), ASKED).await?;
    let row = RestrictionRow {
        practice_id: practice,
        restriction_id,
        patient_id: patient,
        what: new.what,
        account_id: new.account_id,
        answer: new.answer,
        asked_on,
        decided_by: session.account(),
        decided_at: house.clock.now(),
        ended: None,
    };
    let batch = merges::is_open(Batch::new(), practice, patient);
    let closed = batch.len();
    match identity.commit(restrictions::insert(batch, &row)).await {
        Ok(()) => Ok(restriction_id),
        Err(CommitError::Conflict { statement }) if statement >= closed => Err(RestrictionError::Ending),
        Err(CommitError::Conflict { .. }) => Err(RestrictionError::Closed),
        // The same request, at the same moment.
        Err(error @ CommitError::Duplicate { .. }) => {
            let written = before(house, practice, patient, restriction_id, new).await?;
            written.ok_or(RestrictionError::Commit(error))
        }
        Err(error) => Err(RestrictionError::Commit(error)),
    }
}

/// Ends a restriction, by an entry of its own: the patient agreed or asked for it (45 CFR 164.522(a)(2)). It opens the record to
/// others, so it is done in person, and not by whom it kept away.
pub async fn end(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    restriction: RestrictionId,
) -> Result<(), RestrictionError> {
    let about = resource(RESTRICTION, restriction);
    let grant = asked(house, session, patient, about.clone()).await?;
    let identity = &house.stores.identity;
    refuse_the_concerned(house, &grant, patient).await?;
    let rows = restrictions::of_patient(identity, grant.practice(), patient).await?;
    let row = rows.into_iter().find(|row| row.restriction_id == restriction).ok_or(RestrictionError::Unknown)?;
    if !row.in_force() {
        return Err(RestrictionError::NotInForce);
    }
    in_person(house, session)?;
    record_about(house, session, patient, (Word::new("end_restriction"), about), ASKED).await?;
    let id = RestrictionId::random(&*house.rng);
    let batch = login_sessions::hold(Batch::new(), grant.practice(), session.account(), session.id());
    let batch = restrictions::end(batch, &row, id, session.account(), house.clock.now());
    identity.commit(batch).await.map_err(|error| match error {
        CommitError::Duplicate { .. } => RestrictionError::NotInForce,
        other => RestrictionError::Commit(other),
    })
}

/// Whether anything is kept from anybody: said on the chart, without what or from whom.
pub(crate) async fn any(house: &House, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    Ok(of_person(house, practice, patient).await?.iter().any(RestrictionRow::in_force))
}

/// Whether the rest of the record is open to somebody from whom notes are withheld: for a page that says so instead of leading
/// nowhere. Opens nothing.
pub async fn notes_withheld(house: &House, session: &Session<Full>, patient: PatientId) -> Result<bool, RecordError> {
    let rest = house.guard.would_allow::<ReadExercise>(session, patient).await?;
    Ok(rest
        && !house.guard.would_allow::<ReadNotes>(session, patient).await?
        && any(house, session.practice(), patient).await?)
}

/// Whom it is about, or who could hide by it what they did, does not answer.
async fn refuse_the_concerned(
    house: &House,
    grant: &PracticeGrant<'_, AnswerRequests>,
    patient: PatientId,
) -> Result<(), RestrictionError> {
    if names(house, grant.practice(), patient, grant.account()).await? {
        return Err(RestrictionError::Named);
    }
    let opened = emergencies::waits_for(&house.stores.identity, grant.practice(), grant.account(), patient).await?;
    if opened { Err(RestrictionError::Opened) } else { Ok(()) }
}

/// Whether a restriction in force, about any record of a person, keeps an account away.
pub(crate) async fn names(
    house: &House,
    practice: PracticeId,
    patient: PatientId,
    account: AccountId,
) -> Result<bool, StoreError> {
    let rows = of_person(house, practice, patient).await?;
    Ok(rows.iter().any(|row| row.in_force() && row.account_id == Some(account)))
}

/// Everybody who works here, by name: of whom one may be kept away. Nobody where the record is closed: what is asked is written
/// down for the one that goes on.
pub async fn colleagues(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Vec<Person>, RestrictionError> {
    // Names of colleagues are open to everybody who is signed in to the practice's staff.
    let last = merges::of_patient(&house.stores.identity, session.practice(), patient).await?;
    if session.role() == Role::Patient || last.is_some_and(|merge| merge.into.is_some()) {
        return Ok(Vec::new());
    }
    staff::named(house, session, staff::works_here).await
}
