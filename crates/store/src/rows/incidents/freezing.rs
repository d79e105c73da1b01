//! The freezing of an incident: how far it is, whom it affects, whose record is held. Each step takes the turn, so that of two who are
//! at it at one moment only one goes on.

use super::{AffectedRow, IncidentRow, read, read_affected};
use crate::{Batch, Db, Param, StoreError};
use domain::{AccountId, FreezeStage, HoldId, IncidentHold, IncidentId, PatientId, PracticeId, Timestamp};

/// Begins it. A conflict where it is being frozen already.
pub fn begin(batch: Batch, row: &IncidentRow, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE incidents SET freezing = $1, freezing_by = $2, freezing_at = $3, turn = turn + 1 \
                       WHERE practice_id = $4 AND incident_id = $5 AND freezing IS NULL";
    let stage = FreezeStage::Ending.word();
    let params = &[stage.into(), by.into(), at.into(), row.practice_id.into(), row.incident_id.into()];
    batch.run(SQL, params).expect(1)
}

/// Makes a batch a conflict where anybody else went on with the freezing since it stood at this turn. To be the first of a batch.
pub fn take_turn(batch: Batch, row: &IncidentRow, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE incidents SET turn = turn + 1, freezing_at = $1 \
                       WHERE practice_id = $2 AND incident_id = $3 AND turn = $4 AND freezing IS NOT NULL";
    batch.run(SQL, &[at.into(), row.practice_id.into(), row.incident_id.into(), row.turn.into()]).expect(1)
}

/// Goes on to a stage.
pub fn stage(batch: Batch, row: &IncidentRow, stage: FreezeStage) -> Batch {
    const SQL: &str = "UPDATE incidents SET freezing = $1 WHERE practice_id = $2 AND incident_id = $3";
    batch.run(SQL, &[stage.word().into(), row.practice_id.into(), row.incident_id.into()]).expect(1)
}

/// Whose doing it is, where that was not known yet.
pub fn about(batch: Batch, row: &IncidentRow, account: AccountId) -> Batch {
    const SQL: &str =
        "UPDATE incidents SET about_id = $1 WHERE practice_id = $2 AND incident_id = $3 AND about_id IS NULL";
    batch.run(SQL, &[account.into(), row.practice_id.into(), row.incident_id.into()]).expect(1)
}

/// So many sessions and API tokens are ended with this, besides those that were before.
pub fn ended(batch: Batch, row: &IncidentRow, (sessions, tokens): (i64, i64), at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE incidents SET ended_at = $1, ended_sessions = ended_sessions + $2, ended_tokens = ended_tokens + $3 \
                       WHERE practice_id = $4 AND incident_id = $5";
    let params = &[at.into(), sessions.into(), tokens.into(), row.practice_id.into(), row.incident_id.into()];
    batch.run(SQL, params).expect(1)
}

/// Whom it affects is written down: whether that is all, and why it may not be. What could not be held is tried again.
pub fn listed(batch: Batch, row: &IncidentRow, complete: bool, missing: &str) -> Batch {
    const LISTED: &str = "UPDATE incidents SET complete = $1, missing = $2 WHERE practice_id = $3 AND incident_id = $4";
    const AGAIN: &str = "UPDATE incident_patients SET hold = $1 \
                         WHERE practice_id = $2 AND incident_id = $3 AND hold = $4";
    let (practice, incident) = (row.practice_id, row.incident_id);
    let batch = batch.run(LISTED, &[complete.into(), missing.into(), practice.into(), incident.into()]).expect(1);
    let (waiting, not_held) = (IncidentHold::Waiting.word(), IncidentHold::NotHeld.word());
    batch.run(AGAIN, &[waiting.into(), practice.into(), incident.into(), not_held.into()])
}

/// It is frozen.
pub fn frozen(batch: Batch, row: &IncidentRow, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE incidents SET frozen_by = $1, frozen_at = $2, freezing = NULL, freezing_by = NULL, freezing_at = NULL \
                       WHERE practice_id = $3 AND incident_id = $4";
    batch.run(SQL, &[by.into(), at.into(), row.practice_id.into(), row.incident_id.into()]).expect(1)
}

/// The incidents of all practices that are being frozen and with which nobody went on since a moment.
pub async fn left(db: &Db, since: Timestamp) -> Result<Vec<IncidentRow>, StoreError> {
    let sql = select!("WHERE freezing IS NOT NULL AND freezing_at <= $1 ORDER BY freezing_at, incident_id");
    db.rows(sql, &[since.into()]).await?.iter().map(read).collect()
}

/// Writes down what is known of somebody whom it affects, in place of what was known before.
pub fn affect(batch: Batch, (practice, incident): (PracticeId, IncidentId), row: &AffectedRow) -> Batch {
    const SQL: &str = "INSERT INTO incident_patients (practice_id, incident_id, patient_id, times, first_at, last_at, classes, \
                       seen, hold) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                       ON CONFLICT (practice_id, incident_id, patient_id) DO UPDATE SET \
                       times = excluded.times, first_at = excluded.first_at, last_at = excluded.last_at, \
                       classes = excluded.classes, seen = excluded.seen";
    let times = i64::try_from(row.times).unwrap_or(i64::MAX);
    let params: &[Param<'_>] = &[
        practice.into(),
        incident.into(),
        row.patient_id.into(),
        times.into(),
        row.first.into(),
        row.last.into(),
        (&row.classes).into(),
        row.seen.word().into(),
        IncidentHold::Waiting.word().into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Those whose record is still to be held, by id, behind one of them, up to `most`.
pub async fn to_hold(
    db: &Db,
    (practice, incident): (PracticeId, IncidentId),
    behind: PatientId,
    most: i64,
) -> Result<Vec<AffectedRow>, StoreError> {
    const SQL: &str = "SELECT patient_id, times, first_at, last_at, classes, hold_id, seen, hold, CAST(NULL AS BIGINT) FROM incident_patients \
                       WHERE practice_id = $1 AND incident_id = $2 AND patient_id > $3 AND (hold = $4 OR hold = $5) \
                       ORDER BY patient_id LIMIT $6";
    let (waiting, placing) = (IncidentHold::Waiting.word(), IncidentHold::Placing.word());
    let params = &[practice.into(), incident.into(), behind.into(), waiting.into(), placing.into(), most.into()];
    db.rows(SQL, params).await?.iter().map(read_affected).collect()
}

/// What became of the hold on somebody's record.
pub fn held(
    batch: Batch,
    (practice, incident): (PracticeId, IncidentId),
    patient: PatientId,
    (hold, hold_id): (IncidentHold, Option<HoldId>),
) -> Batch {
    const SQL: &str = "UPDATE incident_patients SET hold = $1, hold_id = $2 \
                       WHERE practice_id = $3 AND incident_id = $4 AND patient_id = $5";
    batch.run(SQL, &[hold.word().into(), hold_id.into(), practice.into(), incident.into(), patient.into()]).expect(1)
}

/// An account that was allowed something in its time from the network address of an incident.
pub fn may_be_about(batch: Batch, (practice, incident): (PracticeId, IncidentId), account: AccountId) -> Batch {
    const SQL: &str = "INSERT INTO incident_accounts (practice_id, incident_id, account_id) VALUES ($1, $2, $3) \
                       ON CONFLICT (practice_id, incident_id, account_id) DO NOTHING";
    batch.run(SQL, &[practice.into(), incident.into(), account.into()])
}

/// Those accounts.
pub async fn accounts(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<AccountId>, StoreError> {
    const SQL: &str =
        "SELECT account_id FROM incident_accounts WHERE practice_id = $1 AND incident_id = $2 ORDER BY account_id";
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(|row| row.id(0)).collect()
}

/// How many sessions and API tokens an account has.
pub async fn access(db: &Db, practice: PracticeId, account: AccountId) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "SELECT (SELECT COUNT(*) FROM login_sessions WHERE practice_id = $1 AND account_id = $2), \
                       (SELECT COUNT(*) FROM api_tokens WHERE practice_id = $1 AND account_id = $2)";
    let row = db.one(SQL, &[practice.into(), account.into()]).await?;
    Ok((row.int(0)?, row.int(1)?))
}
