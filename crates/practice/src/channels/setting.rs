//! Channels as those see and set them who watch over a practice.

use super::{
    AgreementView, ChannelError,
    agreements::{in_force, on_file, over},
    sender::{ALERTS, RESTORED},
    target::Target,
};
use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, resource},
};
use domain::{AgreementId, ChannelId, ChannelState, Integration, Timestamp};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Purpose, ReadAudit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError, Db,
    rows::{
        alerts,
        channels::{self as rows, ChannelRow, Health},
        watching,
    },
};

const CHANNEL: Word = Word::new("channel");
/// How many channels a practice may have at a time.
pub const MOST_CHANNELS: usize = 10;

/// A channel to be set.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChannel {
    /// What is sent: `webhook` sends alerts, `syslog` every entry of the audit trail.
    pub kind: Integration,
    /// Where to: `https://receiver.example/alerts` of a webhook, `siem.example:6514` of a collector of logs.
    pub address: String,
    /// The agreement under which it sends.
    pub agreement_id: AgreementId,
}

/// A channel that was set.
pub struct SetChannel {
    /// The channel.
    pub channel_id: ChannelId,
    /// What its messages are signed with, to be given to the receiver. It is not shown again.
    pub secret: Option<String>,
}

/// A channel and how it goes.
#[derive(Clone, Serialize, JsonSchema)]
pub struct ChannelView {
    /// The channel.
    pub channel_id: ChannelId,
    /// What is sent.
    pub kind: Integration,
    /// Where to, without what stands behind the host.
    pub address: String,
    /// The agreement under which it sends.
    pub agreement_id: AgreementId,
    /// Whether that agreement is in force today; without, nothing is sent.
    pub agreement_in_force: bool,
    /// How it goes.
    pub state: ChannelState,
    /// Since when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Why it fails or stopped, in a word. Of the receiver: `unreachable`, `no-answer`, `cut-off`, `status-500` (or another),
    /// `redirected`, `internal-address`. Of this server: `log-damaged`, `trail-unreadable`, `target-unreadable`, `server-failed`.
    /// Of what stopped: `agreement-ended`, `restored`.
    pub why: Option<String>,
    /// When it is tried again, where it fails.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub try_at: Option<Timestamp>,
    /// How many messages arrived.
    pub sent: u64,
    /// When the last one did.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub sent_at: Option<Timestamp>,
    /// How much waits: alerts, also those that are only written down and not sent; of a collector of logs the entries that were
    /// not looked at when it was tried last, also those of other practices of the server, so at most that many.
    pub waiting: u64,
    /// Who set it.
    pub set_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub set_at: Timestamp,
}

/// The channels of a practice, and the agreements under which they can be.
pub struct ChannelsView {
    /// In the order in which they were set.
    pub channels: Vec<ChannelView>,
    /// Newest first.
    pub agreements: Vec<AgreementView>,
}

/// The channels of the practice and how each goes.
pub async fn channels(house: &House, session: &Session<Full>) -> Result<ChannelsView, ChannelError> {
    let purpose = Purpose::operations(Resource::whole(Word::new("channels")));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    let db = &house.stores.identity;
    let agreements = on_file(house, session, practice).await?;
    let (mut names, mut channels) = (Names::new(house, session), Vec::new());
    for row in rows::of_practice(db, practice).await? {
        let sealed = house.vault.open_credential(practice, row.set_by, &row.target).await?;
        let address = Target::stored(sealed.expose()).map(|target| target.shown()).unwrap_or_default();
        let of = |one: &&AgreementView| one.agreement_id == row.agreement_id;
        let agreement_in_force = agreements.iter().find(of).is_some_and(|agreement| agreement.in_force);
        let Health { state, since, why, try_at, sent, sent_at, waiting, .. } = row.health;
        let waiting = match row.kind {
            Integration::Webhook => {
                let places = watching::logs(db, &row.channel_id.to_string()).await?;
                let place = places.iter().find(|(log, _)| log == ALERTS).map_or(1, |(_, place)| *place);
                (alerts::newest(db, practice).await? + 1).saturating_sub(place)
            }
            // As far as the server that sends has seen.
            Integration::Syslog | Integration::Mail | Integration::BackupStorage => waiting,
        };
        channels.push(ChannelView {
            channel_id: row.channel_id,
            kind: row.kind,
            address,
            agreement_id: row.agreement_id,
            agreement_in_force,
            state,
            since,
            why,
            try_at: (state == ChannelState::Fails).then_some(try_at),
            sent,
            sent_at,
            waiting,
            set_by: names.person(row.set_by).await?,
            set_at: row.set_at,
        });
    }
    Ok(ChannelsView { channels, agreements })
}

/// Sets a channel: in person, and only where an agreement is in force. It sends what comes from now on.
pub async fn set_channel(house: &House, session: &Session<Full>, new: &NewChannel) -> Result<SetChannel, ChannelError> {
    const SET: Word = Word::new("set_channel");
    let channel_id = ChannelId::random(&*house.rng);
    let purpose = Purpose::operations(resource(CHANNEL, channel_id));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    in_person(house, session)?;
    let target = Target::new(new.kind, new.address.trim(), &*house.rng)?;
    if rows::of_practice(&house.stores.identity, practice).await?.len() >= MOST_CHANNELS {
        return Err(ChannelError::TooMany);
    }
    if !in_force(house, practice, (new.kind, new.agreement_id)).await? {
        house.record(session, Event::refused(SET, resource(CHANNEL, channel_id), Word::new("no-agreement"))).await?;
        return Err(ChannelError::NoAgreement);
    }
    let event = Event::done(SET, resource(CHANNEL, channel_id));
    house.record(session, Event { reason: Word::new("read-audit"), ..event }).await?;
    let (me, now, db) = (session.account(), house.clock.now(), &house.stores.identity);
    let row = ChannelRow {
        practice_id: practice,
        channel_id,
        kind: new.kind,
        target: house.vault.seal(practice, me, ChannelRow::row_id(channel_id), &*target.to_stored()).await?,
        agreement_id: new.agreement_id,
        set_by: me,
        set_at: now,
        ended_at: None,
        health: Health::new(now),
    };
    let mut batch = rows::insert(Batch::new(), &row);
    if new.kind != Integration::Syslog {
        // Among the entries of the logs its place is found by its time.
        let newest = alerts::newest(db, practice).await?;
        batch = watching::begin(batch, &channel_id.to_string(), ALERTS, newest + 1);
    }
    db.commit(batch).await?;
    Ok(SetChannel { channel_id, secret: target.secret.clone() })
}

/// Puts a channel under another agreement: in person. It goes on where it stands.
pub async fn renew_channel(
    house: &House,
    session: &Session<Full>,
    channel: ChannelId,
    agreement: AgreementId,
) -> Result<(), ChannelError> {
    const RENEW: Word = Word::new("renew_channel");
    let purpose = Purpose::operations(resource(CHANNEL, channel));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    let db = &house.stores.identity;
    let row = rows::by_id(db, practice, channel).await?.ok_or(ChannelError::Unknown)?;
    in_person(house, session)?;
    if row.ended_at.is_some() {
        return Err(ChannelError::Over);
    }
    if !in_force(house, practice, (row.kind, agreement)).await? {
        house.record(session, Event::refused(RENEW, resource(CHANNEL, channel), Word::new("no-agreement"))).await?;
        return Err(ChannelError::NoAgreement);
    }
    let event = Event::done(RENEW, resource(CHANNEL, channel));
    house.record(session, Event { reason: Word::new("read-audit"), ..event }).await?;
    let batch = rows::renew(Batch::new(), practice, channel, agreement, house.clock.now());
    db.commit(batch).await.map_err(over)
}

/// Ends a channel: in person. What waits on it is not sent any more.
pub async fn end_channel(house: &House, session: &Session<Full>, channel: ChannelId) -> Result<(), ChannelError> {
    let purpose = Purpose::operations(resource(CHANNEL, channel));
    let practice = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice();
    let db = &house.stores.identity;
    let row = rows::by_id(db, practice, channel).await?.ok_or(ChannelError::Unknown)?;
    in_person(house, session)?;
    if row.ended_at.is_some() {
        return Err(ChannelError::Over);
    }
    let event = Event::done(Word::new("end_channel"), resource(CHANNEL, channel));
    house.record(session, Event { reason: Word::new("read-audit"), ..event }).await?;
    let batch = rows::end(Batch::new(), practice, channel, session.account(), house.clock.now());
    db.commit(batch).await.map_err(over)
}

/// Stops every channel of every practice: what came back with a backup does not send by itself. Each goes on when it is put under an
/// agreement again.
pub async fn stop_restored(identity: &Db, now: Timestamp) -> Result<(), CommitError> {
    identity.commit(rows::stop_all(Batch::new(), RESTORED, now)).await
}
