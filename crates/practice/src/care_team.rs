//! Care teams: who treats whom, from when to when.

use crate::{Event, House, HouseError, accounts::in_person, house::through_house, staff};
use domain::{AccountId, CareLinkId, PatientId, PracticeId, Timestamp};
use identity::{EnrollmentError, Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{AccessError, Govern, PracticeGrant, Purpose};
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts,
        care_links::{self, CareKind, CareLinkRow},
        merges, patients,
    },
};

/// A place in a care team, as an administrator sees it.
pub struct MemberView {
    /// The link.
    pub care_link_id: CareLinkId,
    /// The member.
    pub account_id: AccountId,
    /// Their name.
    pub display_name: String,
    /// How they came to it.
    pub kind: CareKind,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; none while open.
    pub ends_at: Option<Timestamp>,
}

/// A place to give.
#[derive(Debug, Clone, Copy)]
pub struct NewMember {
    /// Who.
    pub account_id: AccountId,
    /// How.
    pub kind: CareKind,
    /// From when; now when none.
    pub starts_at: Option<Timestamp>,
    /// Until when; open when none.
    pub ends_at: Option<Timestamp>,
}

/// Why a care team was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CareTeamError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such patient.
    #[error("there is no such patient")]
    UnknownPatient,
    /// There is no such account, or it is no active therapist's or administrator's.
    #[error("the account is no active therapist's or administrator's")]
    NotTreating,
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// Nobody gives themself a place: another administrator does.
    #[error("nobody gives themself a place")]
    Oneself,
    /// The record was made twice and is closed: places are given on the one that goes on.
    #[error("the record goes on elsewhere")]
    Closed,
    /// The place would begin in the past.
    #[error("the place begins in the past")]
    Past,
    /// The place would end before it starts.
    #[error("the place ends before it starts")]
    Backwards,
    /// There is no such place, or it has ended already.
    #[error("there is no such place, or it has ended already")]
    NotOpen,
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(CareTeamError);

async fn govern<'s>(
    house: &House,
    session: &'s Session<Full>,
    patient: PatientId,
    action: Word,
) -> Result<PracticeGrant<'s, Govern>, CareTeamError> {
    let kind = Word::new("care_team");
    let grant = house.guard.authorize_practice::<Govern>(session, Purpose::operations(Resource::whole(kind))).await?;
    let known = patients::by_id(&house.stores.clinical, grant.practice(), patient).await?;
    // Asking for another practice's patient, or for none, is written down too.
    let (outcome, reason) = match known {
        Some(_) => (Outcome::Allowed, "admin-governs"),
        None => (Outcome::Denied, "no-such-patient"),
    };
    let resource = Resource::whole(Word::new("care_team"));
    let event = Event { action, resource, patient: Some(patient), outcome, reason: Word::new(reason) };
    house.record(session, event).await?;
    known.map(|_| grant).ok_or(CareTeamError::UnknownPatient)
}

/// The care team of a patient, past members too, newest first.
pub async fn members(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Vec<MemberView>, CareTeamError> {
    let grant = govern(house, session, patient, Word::new("read_care_team")).await?;
    let identity = &house.stores.identity;
    let mut views = Vec::new();
    for link in care_links::of_patient(identity, grant.practice(), patient).await? {
        let display_name = match accounts::by_id(identity, grant.practice(), link.account_id).await? {
            Some(row) => {
                let name = house.vault.open_directory(session, row.account_id, &row.display_name).await?;
                name.expose().as_str().to_owned()
            }
            None => String::new(),
        };
        views.push(MemberView {
            care_link_id: link.care_link_id,
            account_id: link.account_id,
            display_name,
            kind: link.kind,
            starts_at: link.starts_at,
            ends_at: link.ends_at,
        });
    }
    Ok(views)
}

/// Who may be given a place: active therapists and administrators, by name. Nobody where the record is closed: places are given
/// on the one that goes on.
pub async fn candidates(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Vec<(AccountId, String)>, CareTeamError> {
    let grant = govern(house, session, patient, Word::new("read_care_team")).await?;
    if is_closed(house, grant.practice(), patient).await? {
        return Ok(Vec::new());
    }
    let people = staff::named::<CareTeamError>(house, session, staff::treats_now).await?;
    Ok(people.into_iter().map(|person| (person.account_id, person.name)).collect())
}

/// Gives somebody a place. Where they have it already, by an open place of the same kind that covers it, that one is it: a form
/// that is sent twice gives no second place, by which they would keep seeing the record when one is ended.
pub async fn assign(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: NewMember,
) -> Result<CareLinkId, CareTeamError> {
    let grant = govern(house, session, patient, Word::new("assign_care_team")).await?;
    in_person(house, session)?;
    if new.account_id == session.account() {
        return Err(CareTeamError::Oneself);
    }
    let identity = &house.stores.identity;
    let account = accounts::claims(identity, grant.practice(), new.account_id).await?;
    if !account.is_some_and(|claims| claims.active && staff::treats(claims.role)) {
        return Err(CareTeamError::NotTreating);
    }
    let now = house.clock.now();
    let starts_at = new.starts_at.unwrap_or(now);
    // A minute of grace for clocks that differ.
    if starts_at.as_second() < now.as_second() - 60 {
        return Err(CareTeamError::Past);
    }
    if new.ends_at.is_some_and(|end| end <= starts_at) {
        return Err(CareTeamError::Backwards);
    }
    let row = CareLinkRow {
        practice_id: grant.practice(),
        care_link_id: CareLinkId::random(&*house.rng),
        patient_id: patient,
        account_id: new.account_id,
        kind: new.kind,
        starts_at,
        ends_at: new.ends_at,
        created_by: session.account(),
        created_at: now,
    };
    let batch = merges::is_open(Batch::new(), grant.practice(), patient);
    let batch = care_links::insert(care_links::is_new(batch, &row), &row);
    match identity.commit(batch).await {
        Ok(()) => Ok(row.care_link_id),
        Err(conflict @ CommitError::Conflict { .. }) => {
            if is_closed(house, grant.practice(), patient).await? {
                return Err(CareTeamError::Closed);
            }
            care_links::covering(identity, &row).await?.ok_or_else(|| conflict.into())
        }
        Err(other) => Err(other.into()),
    }
}

async fn is_closed(house: &House, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    let last = merges::of_patient(&house.stores.identity, practice, patient).await?;
    Ok(last.is_some_and(|merge| merge.into.is_some()))
}

/// Ends a place now.
pub async fn end(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    link: CareLinkId,
) -> Result<(), CareTeamError> {
    let grant = govern(house, session, patient, Word::new("end_care_team")).await?;
    in_person(house, session)?;
    let batch = care_links::end(Batch::new(), grant.practice(), patient, link, house.clock.now());
    house.stores.identity.commit(batch).await.map_err(|error| match error {
        CommitError::Conflict { .. } => CareTeamError::NotOpen,
        other => other.into(),
    })
}
