//! Looking into what was opened in an emergency, and signing for that.

use super::{EMERGENCIES, EMERGENCY, EmergencyError, record_failure};
use crate::{
    Event, House,
    accounts::in_person,
    page,
    record::{Names, Person, RecordError, record_about, resource},
    staff,
};
use domain::{AccountId, EmergencyFinding, EmergencyId, EmergencyWords, PatientId, PracticeId, Role, Timestamp};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, Grant, Permission as _, Purpose, ReadAudit, ReviewEmergency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self, AccountState},
        emergencies::{self as rows, EmergencyRow, SignedRow},
        login_sessions,
    },
};

/// Which are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// Those for which nobody signed, those first that are to be signed first.
    #[default]
    Waiting,
    /// Those for which somebody signed, newest first.
    Signed,
}

/// A record that was opened in an emergency, as those see it who watch over the practice.
#[derive(Serialize, JsonSchema)]
pub struct EmergencyView {
    /// The opening.
    pub emergency_id: EmergencyId,
    /// Whose record; by id, as everywhere in the audit trail.
    pub patient_id: PatientId,
    /// Who opened it.
    pub by: Person,
    /// Whether that is the caller, who then signs for nothing.
    pub own: bool,
    /// Why; null for an API token, which is given none, where the record is gone, and where it does not open.
    pub reason: Option<String>,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub opened_at: Timestamp,
    /// When it was closed, or closes by itself.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub closes_at: Timestamp,
    /// Whether it is open still. It can be signed for when it is not.
    pub open: bool,
    /// Until when somebody is to sign.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub sign_by: Timestamp,
    /// Whether nobody signed in time.
    pub overdue: bool,
    /// Who signed; null while nobody did.
    pub signature: Option<SignatureView>,
}

/// What somebody found who looked into it.
#[derive(Serialize, JsonSchema)]
pub struct SignatureView {
    /// Who.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Whether that account was made after the opening: nobody else could sign at that moment.
    pub made_since: bool,
    /// Whether it was justified.
    pub finding: EmergencyFinding,
    /// What was found; null where the reason is.
    pub words: Option<String>,
}

/// A page of them.
pub struct EmergencyPage {
    /// In the order that was asked for.
    pub items: Vec<EmergencyView>,
    /// Where to go on; none when there are no more.
    pub next: Option<(Timestamp, EmergencyId)>,
}

/// What is signed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignature {
    /// Whether it was justified.
    pub finding: EmergencyFinding,
    /// What was found.
    pub words: EmergencyWords,
}

/// What was opened in an emergency in the practice. That the list is looked at is an entry, and each reason that is read one
/// under its patient.
pub async fn emergencies(
    house: &House,
    session: &Session<Full>,
    which: Signed,
    place: Option<(Timestamp, EmergencyId)>,
    limit: usize,
) -> Result<EmergencyPage, EmergencyError> {
    let about = Resource::whole(EMERGENCIES);
    house.guard.authorize_practice::<ReadAudit>(session, Purpose::operations(about.clone())).await?;
    let (db, practice, surplus) = (&house.stores.identity, session.practice(), page::surplus(limit));
    let mut found = match which {
        Signed::Waiting => {
            let place = place.unwrap_or((Timestamp::MIN, EmergencyId::from_bytes([0; 16])));
            rows::unsigned(db, practice, place, surplus).await?
        }
        Signed::Signed => {
            let place = place.unwrap_or((Timestamp::MAX, EmergencyId::from_bytes([0xff; 16])));
            rows::signed(db, practice, place, surplus).await?
        }
    };
    let next = page::cut(&mut found, limit, |last| match which {
        Signed::Waiting => (last.sign_by, last.emergency_id),
        Signed::Signed => (last.opened_at, last.emergency_id),
    });
    let mut patients: Vec<PatientId> = found.iter().map(|row| row.patient_id).collect();
    patients.sort_unstable();
    patients.dedup();
    if !session.in_scope(ReviewEmergency::NAME) {
        // A program that asks again and again is refused nothing: it asked for the list, not for reasons.
        patients.clear();
    }
    let grants = house.guard.authorize_each::<ReviewEmergency>(session, &patients, Purpose::operations(about)).await?;
    let (mut names, mut items) = (Names::new(house, session), Vec::with_capacity(found.len()));
    for row in &found {
        let grant = grants.iter().find(|grant| grant.subject() == row.patient_id);
        items.push(view(house, session, &mut names, grant, row).await?);
    }
    Ok(EmergencyPage { items, next })
}

/// One of them.
pub async fn emergency(
    house: &House,
    session: &Session<Full>,
    emergency: EmergencyId,
) -> Result<EmergencyView, EmergencyError> {
    let (row, grant) = one(house, session, emergency).await?;
    view(house, session, &mut Names::new(house, session), grant.as_ref(), &row).await
}

/// One of them, with leave to read its reason; without that for an API token, and where the record is gone.
async fn one<'s>(
    house: &House,
    session: &'s Session<Full>,
    emergency: EmergencyId,
) -> Result<(EmergencyRow, Option<Grant<'s, ReviewEmergency>>), EmergencyError> {
    let purpose = Purpose::operations(resource(EMERGENCY, emergency));
    house.guard.authorize_practice::<ReadAudit>(session, purpose.clone()).await?;
    let found = rows::by_id(&house.stores.identity, session.practice(), emergency).await?;
    let row = found.ok_or(EmergencyError::Unknown)?;
    if !session.in_scope(ReviewEmergency::NAME) {
        return Ok((row, None));
    }
    match house.guard.authorize::<ReviewEmergency>(session, row.patient_id, purpose).await {
        Ok(grant) => Ok((row, Some(grant))),
        Err(AccessError::Denied | AccessError::Gone) => Ok((row, None)),
        Err(error) => Err(error.into()),
    }
}

/// Signs for having looked into what somebody else opened: once, in person, when it is closed.
pub async fn sign(
    house: &House,
    session: &Session<Full>,
    emergency: EmergencyId,
    new: &NewSignature,
) -> Result<(), EmergencyError> {
    let (row, grant) = one(house, session, emergency).await?;
    let action = Word::new("sign_emergency");
    let about = resource(EMERGENCY, emergency);
    if row.account_id == session.account() {
        let refused = Event::refused(action, about, Word::new("about-oneself"));
        house.record(session, Event { patient: Some(row.patient_id), ..refused }).await?;
        return Err(EmergencyError::Own);
    }
    let grant = grant.ok_or_else(RecordError::nothing)?;
    let reason = match made_since(house, session, &row).await? {
        Made::Before => Word::new("emergency-review"),
        Made::SinceAndAlone => Word::new("made-since-and-alone"),
        Made::Since => {
            let refused = Event::refused(action, about, Word::new("made-since"));
            house.record(session, Event { patient: Some(row.patient_id), ..refused }).await?;
            return Err(EmergencyError::MadeSince);
        }
    };
    if row.signed.is_some() {
        return Err(EmergencyError::Signed);
    }
    let now = house.clock.now();
    if row.closes_at() > now {
        return Err(EmergencyError::StillOpen);
    }
    in_person(house, session)?;
    record_about(house, session, row.patient_id, (action.clone(), about), reason).await?;
    let words = grant.seal(EmergencyRow::row_id(emergency), &new.words);
    let signed = SignedRow { by: session.account(), at: now, finding: new.finding, words };
    let batch = rows::sign(Batch::new(), session.practice(), emergency, &signed);
    let batch = login_sessions::hold(batch, session.practice(), session.account(), session.id());
    let Err(error) = house.stores.identity.commit(batch).await else { return Ok(()) };
    record_failure(house, session, (row.patient_id, emergency), action).await?;
    Err(match error {
        CommitError::Conflict { statement: 0 } => EmergencyError::Signed,
        CommitError::Conflict { .. } => EmergencyError::SessionOver,
        error => error.into(),
    })
}

/// When the account was made that would sign.
enum Made {
    /// Before the record was opened.
    Before,
    /// After it, and somebody was there before who may sign.
    Since,
    /// After it, and nobody else may sign at this moment.
    SinceAndAlone,
}

/// Whether whoever opened the record could have made the account since that would sign: then somebody else signs, if anybody can.
async fn made_since(house: &House, session: &Session<Full>, row: &EmergencyRow) -> Result<Made, EmergencyError> {
    let staff = staff::everybody(house, session.practice()).await?;
    let before = |made: Timestamp| made <= row.opened_at;
    if staff.iter().any(|one| one.account_id == session.account() && before(one.created_at)) {
        return Ok(Made::Before);
    }
    let other = staff.iter().any(|one| {
        matches!(one.role, Role::Admin | Role::PrivacyOfficer)
            && one.state == AccountState::Active
            && one.account_id != row.account_id
            && before(one.created_at)
    });
    Ok(if other { Made::Since } else { Made::SinceAndAlone })
}

async fn view(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    grant: Option<&Grant<'_, ReviewEmergency>>,
    row: &EmergencyRow,
) -> Result<EmergencyView, EmergencyError> {
    let now = house.clock.now();
    // One that was tampered with keeps nobody from the others, nor from signing.
    let reason = grant.and_then(|grant| grant.open(&row.reason).ok()).map(|words| words.expose().as_str().to_owned());
    let signature = match &row.signed {
        Some(signed) => Some(SignatureView {
            by: names.person(signed.by).await?,
            at: signed.at,
            made_since: made_at(house, row.practice_id, signed.by).await?.is_some_and(|made| made > row.opened_at),
            finding: signed.finding,
            words: grant
                .and_then(|grant| grant.open(&signed.words).ok())
                .map(|words| words.expose().as_str().to_owned()),
        }),
        None => None,
    };
    Ok(EmergencyView {
        emergency_id: row.emergency_id,
        patient_id: row.patient_id,
        by: names.person(row.account_id).await?,
        own: row.account_id == session.account(),
        reason,
        opened_at: row.opened_at,
        closes_at: row.closes_at(),
        open: row.closes_at() > now,
        sign_by: row.sign_by,
        overdue: signature.is_none() && row.sign_by <= now,
        signature,
    })
}

/// When an account was made; none when it is gone.
async fn made_at(house: &House, practice: PracticeId, account: AccountId) -> Result<Option<Timestamp>, EmergencyError> {
    Ok(accounts::by_id(&house.stores.identity, practice, account).await?.map(|row| row.created_at))
}
