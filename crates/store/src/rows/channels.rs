//! Where alerts and entries of the audit trail are sent to, and how it goes. How far each channel has come stands where it does
//! for the watch: see [`super::watching::move_on`].

use super::sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, AgreementId, ChannelId, ChannelState, Integration, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::channels};

/// A channel.
pub struct ChannelRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Of what kind.
    pub kind: Integration,
    /// Where to, and the secret that signs: JSON.
    pub target: Sealed<channels::Target>,
    /// The agreement under which it sends.
    pub agreement_id: AgreementId,
    /// Who set it.
    pub set_by: AccountId,
    /// When.
    pub set_at: Timestamp,
    /// When it was ended; none while it sends.
    pub ended_at: Option<Timestamp>,
    /// How it goes.
    pub health: Health,
}

/// How it goes with a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// In a word.
    pub state: ChannelState,
    /// Since when.
    pub since: Timestamp,
    /// Why it fails or stopped, in a word of the program.
    pub why: Option<String>,
    /// Tries in a row that failed.
    pub failures: u32,
    /// Before this it is not tried again.
    pub try_at: Timestamp,
    /// How many messages arrived.
    pub sent: u64,
    /// When the last one did.
    pub sent_at: Option<Timestamp>,
    /// How much waited when it was tried last.
    pub waiting: u64,
}

impl Health {
    /// Of a channel that has sent nothing.
    pub const fn new(at: Timestamp) -> Self {
        Self {
            state: ChannelState::New,
            since: at,
            why: None,
            failures: 0,
            try_at: at,
            sent: 0,
            sent_at: None,
            waiting: 0,
        }
    }

    /// Whether it stopped for a reason.
    pub fn is_stopped_for(&self, why: &str) -> bool {
        self.state == ChannelState::Stopped && self.why.as_deref() == Some(why)
    }
}

/// What arrived at a receiver.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// How many messages; none where nothing of what was passed over was for it.
    pub messages: u64,
    /// How much waits still.
    pub waiting: u64,
    /// Why a part of that cannot be sent, in a word of the program.
    pub stuck: Option<&'a str>,
}

/// A server that sends on a channel at present, so that no other one does.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// The practice.
    pub practice: PracticeId,
    /// The channel.
    pub channel: ChannelId,
    /// The server, by a name that it gave itself at its start.
    pub server: [u8; 16],
}

impl ChannelRow {
    /// The row as associated data sees it.
    pub const fn row_id(channel: ChannelId) -> RowId {
        RowId::new(*channel.as_bytes())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, channel_id, kind, target, agreement_id, set_by, set_at, ended_at, state, state_since, why, \
             failures, try_at, sent, sent_at, waiting FROM channels ",
            $rest
        )
    };
}

/// Every channel of every practice that was not ended.
pub async fn open(db: &Db) -> Result<Vec<ChannelRow>, StoreError> {
    let sql = select!("WHERE ended_at IS NULL ORDER BY practice_id, set_at, channel_id");
    db.rows(sql, &[]).await?.iter().map(read).collect()
}

/// The channels of a practice that were not ended, in the order in which they were set.
pub async fn of_practice(db: &Db, practice: PracticeId) -> Result<Vec<ChannelRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND ended_at IS NULL ORDER BY set_at, channel_id");
    db.rows(sql, &[practice.into()]).await?.iter().map(read).collect()
}

/// One channel, also when it was ended.
pub async fn by_id(db: &Db, practice: PracticeId, channel: ChannelId) -> Result<Option<ChannelRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND channel_id = $2");
    db.optional(sql, &[practice.into(), channel.into()]).await?.as_ref().map(read).transpose()
}

/// Adds a channel that has sent nothing.
pub fn insert(batch: Batch, row: &ChannelRow) -> Batch {
    const SQL: &str = "INSERT INTO channels (practice_id, channel_id, kind, target, agreement_id, set_by, set_at, state, \
                       state_since, failures, try_at, sent, waiting, held_until) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, 0, $7, 0, 0, 0)";
    let params = &[
        row.practice_id.into(),
        row.channel_id.into(),
        row.kind.word().into(),
        row.target.as_bytes().into(),
        row.agreement_id.into(),
        row.set_by.into(),
        row.set_at.into(),
        row.health.state.word().into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Puts a channel under another agreement, and lets it try again at once. A conflict when it was ended.
pub fn renew(batch: Batch, practice: PracticeId, channel: ChannelId, agreement: AgreementId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE channels SET agreement_id = $1, state = 'new', state_since = $2, why = NULL, failures = 0, \
                       try_at = $2 WHERE practice_id = $3 AND channel_id = $4 AND ended_at IS NULL";
    batch.run(SQL, &[agreement.into(), at.into(), practice.into(), channel.into()]).expect(1)
}

/// Ends a channel. A conflict when somebody did so already.
pub fn end(batch: Batch, practice: PracticeId, channel: ChannelId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE channels SET ended_by = $1, ended_at = $2 \
                       WHERE practice_id = $3 AND channel_id = $4 AND ended_at IS NULL";
    batch.run(SQL, &[by.into(), at.into(), practice.into(), channel.into()]).expect(1)
}

/// Stops every channel of every practice that was not ended and sends, until each is put under an agreement again.
pub fn stop_all(batch: Batch, why: &str, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE channels SET state = 'stopped', why = $1, state_since = $2, try_at = $2, held_until = 0 \
                       WHERE ended_at IS NULL AND (state <> 'stopped' OR why <> $1)";
    batch.run(SQL, &[why.into(), at.into()])
}

/// Takes a channel to send on it, until a moment. A conflict while another server does, when it is not to be tried yet, and when it
/// was ended.
pub fn take(batch: Batch, holder: &Holder, now: Timestamp, until: Timestamp) -> Batch {
    const SQL: &str = "UPDATE channels SET held_by = $1, held_until = $2 WHERE practice_id = $3 AND channel_id = $4 \
                       AND ended_at IS NULL AND try_at <= $5 AND (held_by = $1 OR held_until <= $5)";
    let params = &[holder.server.into(), until.into(), holder.practice.into(), holder.channel.into(), now.into()];
    batch.run(SQL, params).expect(1)
}

/// Lets go of a channel on which nothing waits. `mended`: it failed, and that is over. A conflict when another server has it.
pub fn let_go(batch: Batch, holder: &Holder, mended: bool, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE channels SET held_until = $1, waiting = 0 \
                       WHERE practice_id = $2 AND channel_id = $3 AND held_by = $4";
    const MENDED: &str = "UPDATE channels SET held_until = $1, waiting = 0, failures = 0, why = NULL, state_since = $1, \
                          state = CASE WHEN sent > 0 THEN 'works' ELSE 'new' END \
                          WHERE practice_id = $2 AND channel_id = $3 AND held_by = $4";
    let params = &[at.into(), holder.practice.into(), holder.channel.into(), holder.server.into()];
    batch.run(if mended { MENDED } else { SQL }, params).expect(1)
}

/// So many messages arrived and so much waits still; lets go of the channel. A conflict when another server has it.
pub fn arrived(batch: Batch, holder: &Holder, arrived: &Arrived<'_>, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE channels SET sent = sent + $1, sent_at = CASE WHEN $1 > 0 THEN $2 ELSE sent_at END, \
                       state_since = CASE WHEN state = 'works' OR $1 = 0 THEN state_since ELSE $2 END, \
                       state = CASE WHEN $1 > 0 THEN 'works' ELSE state END, \
                       why = CASE WHEN $1 > 0 THEN NULL ELSE why END, failures = 0, waiting = $3, held_until = $2 \
                       WHERE practice_id = $4 AND channel_id = $5 AND held_by = $6";
    const IN_PART: &str = "UPDATE channels SET sent = sent + $1, sent_at = CASE WHEN $1 > 0 THEN $2 ELSE sent_at END, \
                           state_since = CASE WHEN state = 'fails' THEN state_since ELSE $2 END, state = 'fails', \
                           why = $7, failures = 0, waiting = $3, held_until = $2 \
                           WHERE practice_id = $4 AND channel_id = $5 AND held_by = $6";
    let mut params = vec![
        number(arrived.messages).into(),
        at.into(),
        number(arrived.waiting).into(),
        holder.practice.into(),
        holder.channel.into(),
        holder.server.into(),
    ];
    params.extend(arrived.stuck.map(Into::into));
    batch.run(if arrived.stuck.is_some() { IN_PART } else { SQL }, &params).expect(1)
}

/// Nothing arrived, and why; lets go of the channel until it is tried again.
pub fn failed(
    batch: Batch,
    holder: &Holder,
    (state, why): (ChannelState, &str),
    (at, try_at): (Timestamp, Timestamp),
    waiting: u64,
) -> Batch {
    const SQL: &str = "UPDATE channels SET state_since = CASE WHEN state = $1 THEN state_since ELSE $2 END, state = $1, \
                       why = $3, failures = failures + 1, try_at = $4, waiting = $5, held_until = $2 \
                       WHERE practice_id = $6 AND channel_id = $7 AND held_by = $8";
    let params = &[
        state.word().into(),
        at.into(),
        why.into(),
        try_at.into(),
        number(waiting).into(),
        holder.practice.into(),
        holder.channel.into(),
        holder.server.into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<ChannelRow, StoreError> {
    let channel_id = row.id(1)?;
    Ok(ChannelRow {
        practice_id: row.id(0)?,
        channel_id,
        kind: row.word(2)?,
        target: sealed(row, 3, ChannelRow::row_id(channel_id))?,
        agreement_id: row.id(4)?,
        set_by: row.id(5)?,
        set_at: row.timestamp(6)?,
        ended_at: row.opt_timestamp(7)?,
        health: Health {
            state: row.word(8)?,
            since: row.timestamp(9)?,
            why: row.opt_text(10)?.map(str::to_owned),
            failures: row.number(11)?,
            try_at: row.timestamp(12)?,
            sent: row.number(13)?,
            sent_at: row.opt_timestamp(14)?,
            waiting: row.number(15)?,
        },
    })
}
