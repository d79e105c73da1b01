//! API tokens. A revoked one is deleted.

use super::sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PatientId, PracticeId, Role, Timestamp, TokenId};
use identity::{ApiTokenRecord, FactorUse, Scopes, TokenLabel};
use phi::{RowId, Sealed, fields::api_tokens};

/// An API token; [`ApiTokenRow::record`] puts the label, which is sealed here, back into the record.
pub struct ApiTokenRow {
    /// The token.
    pub token_id: TokenId,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// The practice.
    pub practice_id: PracticeId,
    /// The account for which it acts.
    pub account_id: AccountId,
    /// The role when it was issued.
    pub role: Role,
    /// The patient then, for a patient's account.
    pub patient_id: Option<PatientId>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// What its owner calls it.
    pub label: Sealed<api_tokens::Label>,
    /// The factor under which it was issued.
    pub factor: FactorUse,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Proves that the server wrote it.
    pub mac: [u8; 32],
}

impl ApiTokenRow {
    /// The row as associated data sees it.
    pub fn row_id(token: TokenId) -> RowId {
        RowId::new(*token.as_bytes())
    }
    /// The row of a record whose label was sealed.
    pub fn new(record: &ApiTokenRecord, label: Sealed<api_tokens::Label>) -> Self {
        Self {
            token_id: record.id,
            secret_hash: record.secret_hash,
            practice_id: record.practice,
            account_id: record.account,
            role: record.role,
            patient_id: record.patient,
            scopes: record.scopes.clone(),
            label,
            factor: record.factor,
            created_at: record.created_at,
            expires_at: record.expires_at,
            mac: record.mac,
        }
    }
    /// The record, once the label was opened.
    pub fn record(&self, label: TokenLabel) -> ApiTokenRecord {
        ApiTokenRecord {
            id: self.token_id,
            secret_hash: self.secret_hash,
            practice: self.practice_id,
            account: self.account_id,
            role: self.role,
            patient: self.patient_id,
            scopes: self.scopes.clone(),
            label,
            factor: self.factor,
            created_at: self.created_at,
            expires_at: self.expires_at,
            mac: self.mac,
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT token_id, secret_hash, practice_id, account_id, role, patient_id, scopes, label, factor, \
             factor_at, created_at, expires_at, mac FROM api_tokens ",
            $rest
        )
    };
}

/// The token with this secret.
pub async fn by_secret(db: &Db, secret_hash: &[u8; 32]) -> Result<Option<ApiTokenRow>, StoreError> {
    db.optional(select!("WHERE secret_hash = $1"), &[secret_hash.into()]).await?.as_ref().map(read).transpose()
}

/// All tokens of an account, newest first.
pub async fn of_account(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<ApiTokenRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 ORDER BY created_at DESC LIMIT 200");
    db.rows(sql, &[practice.into(), account.into()]).await?.iter().map(read).collect()
}

/// One token of an account.
pub async fn by_id(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    token: TokenId,
) -> Result<Option<ApiTokenRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 AND token_id = $3");
    db.optional(sql, &[practice.into(), account.into(), token.into()]).await?.as_ref().map(read).transpose()
}

/// Adds a token.
pub fn insert(batch: Batch, row: &ApiTokenRow) -> Batch {
    const SQL: &str = "INSERT INTO api_tokens (token_id, secret_hash, practice_id, account_id, role, patient_id, \
                       scopes, label, factor, factor_at, created_at, expires_at, mac) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let scopes = row.scopes.text();
    let params = &[
        row.token_id.into(),
        (&row.secret_hash).into(),
        row.practice_id.into(),
        row.account_id.into(),
        row.role.word().into(),
        row.patient_id.into(),
        scopes.as_str().into(),
        row.label.as_bytes().into(),
        row.factor.kind.word().into(),
        row.factor.at.into(),
        row.created_at.into(),
        row.expires_at.into(),
        (&row.mac).into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Sweeps out an account's tokens that have ended.
pub fn sweep(batch: Batch, practice: PracticeId, account: AccountId, ended_by: Timestamp) -> Batch {
    const SQL: &str = "DELETE FROM api_tokens WHERE practice_id = $1 AND account_id = $2 AND expires_at <= $3";
    batch.run(SQL, &[practice.into(), account.into(), ended_by.into()])
}

/// Makes a batch a conflict where a token was revoked or has ended by this moment.
pub fn hold(batch: Batch, practice: PracticeId, account: AccountId, token: TokenId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE api_tokens SET expires_at = expires_at \
                       WHERE practice_id = $1 AND account_id = $2 AND token_id = $3 AND expires_at > $4";
    batch.run(SQL, &[practice.into(), account.into(), token.into(), at.into()]).expect(1)
}

/// Revokes a token that must be there.
pub fn revoke(batch: Batch, practice: PracticeId, account: AccountId, token: TokenId) -> Batch {
    const SQL: &str = "DELETE FROM api_tokens WHERE practice_id = $1 AND account_id = $2 AND token_id = $3";
    batch.run(SQL, &[practice.into(), account.into(), token.into()]).expect(1)
}

/// Revokes every token of an account.
pub fn revoke_all(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    const SQL: &str = "DELETE FROM api_tokens WHERE practice_id = $1 AND account_id = $2";
    batch.run(SQL, &[practice.into(), account.into()])
}

fn read(row: &Row) -> Result<ApiTokenRow, StoreError> {
    let token_id = row.id(0)?;
    let scopes =
        Scopes::parse(row.text(6)?).map_err(|_| StoreError::Column { index: 6, wanted: "a list of scopes" })?;
    Ok(ApiTokenRow {
        token_id,
        secret_hash: row.array(1)?,
        practice_id: row.id(2)?,
        account_id: row.id(3)?,
        role: row.word(4)?,
        patient_id: row.opt_id(5)?,
        scopes,
        label: sealed(row, 7, ApiTokenRow::row_id(token_id))?,
        factor: FactorUse { kind: row.word(8)?, at: row.timestamp(9)? },
        created_at: row.timestamp(10)?,
        expires_at: row.timestamp(11)?,
        mac: row.array(12)?,
    })
}
