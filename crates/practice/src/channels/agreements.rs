//! Agreements with business associates on file, and receivers that the practice says it runs itself.

use super::ChannelError;
use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, resource, today},
};
use domain::{AgreementId, AgreementPlace, AssociateName, Date, Integration, PracticeId, Timestamp};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Purpose, ReadAudit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        agreements::{self as rows, AgreementRow},
        practices,
    },
};

const AGREEMENT: Word = Word::new("agreement");

/// An agreement to be put on file.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgreement {
    /// For what.
    pub integration: Integration,
    /// There is no associate: the practice runs the receiver itself, and says so.
    #[serde(default)]
    pub own: bool,
    /// Who the associate is; of a receiver of its own, which one.
    pub associate: AssociateName,
    /// When it was signed; of a receiver of its own nothing is signed.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub signed_on: Option<Date>,
    /// Its last day; without one it has no end.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub ends_on: Option<Date>,
    /// Where the signed agreement lies.
    #[serde(default)]
    pub kept_at: Option<AgreementPlace>,
}

/// An agreement as it is on file.
#[derive(Clone, Serialize, JsonSchema)]
pub struct AgreementView {
    /// The agreement.
    pub agreement_id: AgreementId,
    /// For what.
    pub integration: Integration,
    /// The practice runs the receiver itself.
    pub own: bool,
    /// Who the associate is, or which receiver.
    pub associate: String,
    /// Where the signed agreement lies.
    pub kept_at: Option<String>,
    /// When it was signed, or said.
    #[schemars(with = "String", extend("format" = "date"))]
    pub signed_on: Date,
    /// Its last day; null where it has no end.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub ends_on: Option<Date>,
    /// Whether it is in force today.
    pub in_force: bool,
    /// Who put it on file.
    pub added_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub added_at: Timestamp,
    /// Who ended it before its last day.
    pub ended_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ended_at: Option<Timestamp>,
}

/// All agreements of the practice, newest first.
pub async fn agreements(house: &House, session: &Session<Full>) -> Result<Vec<AgreementView>, ChannelError> {
    let purpose = Purpose::operations(Resource::whole(Word::new("agreements")));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    on_file(house, session, practice).await
}

/// The same, where leave to read them was given.
pub(super) async fn on_file(
    house: &House,
    session: &Session<Full>,
    practice: PracticeId,
) -> Result<Vec<AgreementView>, ChannelError> {
    let today = today(house, practice).await?;
    let (mut names, mut views) = (Names::new(house, session), Vec::new());
    for row in rows::all(&house.stores.identity, practice).await? {
        let associate = house.vault.open_directory(session, row.added_by, &row.associate).await?;
        let kept_at = match &row.kept_at {
            Some(sealed) => {
                Some(house.vault.open_directory(session, row.added_by, sealed).await?.expose().as_str().to_owned())
            }
            None => None,
        };
        let ended_by = match row.ended_by {
            Some(account) => Some(names.person(account).await?),
            None => None,
        };
        views.push(AgreementView {
            agreement_id: row.agreement_id,
            integration: row.integration,
            own: row.own,
            associate: associate.expose().as_str().to_owned(),
            kept_at,
            signed_on: row.signed_on,
            ends_on: row.ends_on,
            in_force: row.in_force(today),
            added_by: names.person(row.added_by).await?,
            added_at: row.added_at,
            ended_by,
            ended_at: row.ended_at,
        });
    }
    Ok(views)
}

/// Puts an agreement on file: in person.
pub async fn add_agreement(
    house: &House,
    session: &Session<Full>,
    new: &NewAgreement,
) -> Result<AgreementId, ChannelError> {
    let agreement_id = AgreementId::random(&*house.rng);
    let purpose = Purpose::operations(resource(AGREEMENT, agreement_id));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    in_person(house, session)?;
    let today = today(house, practice).await?;
    let signed_on = signed_on(new, today)?;
    if new.ends_on.is_some_and(|last| last < today) {
        return Err(ChannelError::Value { field: "ends_on", why: "must not be over already" });
    }
    let reason = if new.own { Word::new("own-receiver") } else { Word::new("agreement-signed") };
    let event = Event::done(Word::new("add_agreement"), resource(AGREEMENT, agreement_id));
    house.record(session, Event { reason, ..event }).await?;
    let (me, row_id) = (session.account(), AgreementRow::row_id(agreement_id));
    let kept_at = match &new.kept_at {
        Some(place) => Some(house.vault.seal(practice, me, row_id, place).await?),
        None => None,
    };
    let row = AgreementRow {
        practice_id: practice,
        agreement_id,
        integration: new.integration,
        own: new.own,
        associate: house.vault.seal(practice, me, row_id, &new.associate).await?,
        kept_at,
        signed_on,
        ends_on: new.ends_on,
        added_by: me,
        added_at: house.clock.now(),
        ended_by: None,
        ended_at: None,
    };
    house.stores.identity.commit(rows::insert(Batch::new(), &row)).await?;
    Ok(agreement_id)
}

/// The day of signing, where what is said fits together. Who runs a receiver themself says so on the day on which they do.
fn signed_on(new: &NewAgreement, today: Date) -> Result<Date, ChannelError> {
    let wrong = |field, why| Err(ChannelError::Value { field, why });
    match (new.own, new.signed_on) {
        (true, Some(_)) => wrong("signed_on", "is left empty where the practice runs the receiver itself"),
        (true, None) => Ok(today),
        (false, None) => wrong("signed_on", "must be the day on which it was signed"),
        (false, Some(day)) if day > today => wrong("signed_on", "must not lie ahead"),
        (false, Some(_)) if new.kept_at.is_none() => wrong("kept_at", "must say where the signed agreement lies"),
        (false, Some(day)) => Ok(day),
    }
}

/// Ends an agreement before its last day: in person. What sends under it stops.
pub async fn end_agreement(house: &House, session: &Session<Full>, id: AgreementId) -> Result<(), ChannelError> {
    let purpose = Purpose::operations(resource(AGREEMENT, id));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    let row = rows::by_id(&house.stores.identity, practice, id).await?.ok_or(ChannelError::Unknown)?;
    in_person(house, session)?;
    if row.ended_at.is_some() {
        return Err(ChannelError::Over);
    }
    let event = Event::done(Word::new("end_agreement"), resource(AGREEMENT, id));
    house.record(session, Event { reason: Word::new("read-audit"), ..event }).await?;
    let batch = rows::end(Batch::new(), practice, id, session.account(), house.clock.now());
    house.stores.identity.commit(batch).await.map_err(over)
}

/// A conflict is that somebody ended it at the same moment.
pub(super) fn over(error: CommitError) -> ChannelError {
    match error {
        CommitError::Conflict { .. } => ChannelError::Over,
        other => other.into(),
    }
}

/// The practices of the server for whom nothing may be kept in storage that speaks S3: neither is an agreement about it in force today,
/// nor does the practice say that it runs that storage itself. Whoever keeps sealed records without the key is a business associate
/// too (HHS, *Guidance on HIPAA & Cloud Computing*, 2016).
pub async fn without_storage_agreement(house: &House) -> Result<Vec<PracticeId>, ChannelError> {
    let mut without = Vec::new();
    for practice in practices::all(&house.stores.identity).await? {
        let practice = practice.practice_id;
        let today = today(house, practice).await?;
        let about_storage = |row: &AgreementRow| row.integration == Integration::BackupStorage && row.in_force(today);
        if !rows::all(&house.stores.identity, practice).await?.iter().any(about_storage) {
            without.push(practice);
        }
    }
    Ok(without)
}

/// The agreement of an integration, if it is in force.
pub(super) async fn in_force(
    house: &House,
    practice: PracticeId,
    (integration, id): (Integration, AgreementId),
) -> Result<bool, ChannelError> {
    let found = rows::by_id(&house.stores.identity, practice, id).await?;
    let today = today(house, practice).await?;
    Ok(found.is_some_and(|row| row.integration == integration && row.in_force(today)))
}
