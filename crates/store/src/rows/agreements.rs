//! Agreements with business associates, and receivers that a practice runs itself.

use super::{opt_bytes, opt_sealed, sealed};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, AgreementId, Date, Integration, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::business_agreements};

/// An agreement, or the statement that the practice runs a receiver itself.
pub struct AgreementRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The agreement.
    pub agreement_id: AgreementId,
    /// For what.
    pub integration: Integration,
    /// It is no agreement: the practice runs the receiver itself.
    pub own: bool,
    /// Who the associate is, or which receiver.
    pub associate: Sealed<business_agreements::Associate>,
    /// Where the signed agreement lies; none for a receiver of its own.
    pub kept_at: Option<Sealed<business_agreements::KeptAt>>,
    /// When it was signed, or said.
    pub signed_on: Date,
    /// Its last day; none where it has no end.
    pub ends_on: Option<Date>,
    /// Who put it on file.
    pub added_by: AccountId,
    /// When.
    pub added_at: Timestamp,
    /// Who ended it before its last day.
    pub ended_by: Option<AccountId>,
    /// When.
    pub ended_at: Option<Timestamp>,
}

impl AgreementRow {
    /// The row as associated data sees it.
    pub const fn row_id(agreement: AgreementId) -> RowId {
        RowId::new(*agreement.as_bytes())
    }

    /// Whether it is in force on a day.
    pub fn in_force(&self, today: Date) -> bool {
        self.ended_at.is_none() && self.signed_on <= today && self.ends_on.is_none_or(|last| today <= last)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, agreement_id, integration, own, associate, kept_at, signed_on, ends_on, added_by, added_at, \
             ended_by, ended_at FROM business_agreements ",
            $rest
        )
    };
}

/// One agreement.
pub async fn by_id(db: &Db, practice: PracticeId, id: AgreementId) -> Result<Option<AgreementRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND agreement_id = $2");
    db.optional(sql, &[practice.into(), id.into()]).await?.as_ref().map(read).transpose()
}

/// The agreements of a practice, newest first, at most 500.
pub async fn all(db: &Db, practice: PracticeId) -> Result<Vec<AgreementRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 ORDER BY added_at DESC, agreement_id LIMIT 500");
    db.rows(sql, &[practice.into()]).await?.iter().map(read).collect()
}

/// Puts one on file.
pub fn insert(batch: Batch, row: &AgreementRow) -> Batch {
    const SQL: &str = "INSERT INTO business_agreements (practice_id, agreement_id, integration, own, associate, kept_at, \
                       signed_on, ends_on, added_by, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let params = &[
        row.practice_id.into(),
        row.agreement_id.into(),
        row.integration.word().into(),
        row.own.into(),
        row.associate.as_bytes().into(),
        opt_bytes(row.kept_at.as_ref()).into(),
        row.signed_on.into(),
        row.ends_on.into(),
        row.added_by.into(),
        row.added_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Ends one. A conflict when somebody did so already.
pub fn end(batch: Batch, practice: PracticeId, id: AgreementId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE business_agreements SET ended_by = $1, ended_at = $2 \
                       WHERE practice_id = $3 AND agreement_id = $4 AND ended_at IS NULL";
    batch.run(SQL, &[by.into(), at.into(), practice.into(), id.into()]).expect(1)
}

fn read(row: &Row) -> Result<AgreementRow, StoreError> {
    let agreement_id = row.id(1)?;
    let row_id = AgreementRow::row_id(agreement_id);
    Ok(AgreementRow {
        practice_id: row.id(0)?,
        agreement_id,
        integration: row.word(2)?,
        own: row.flag(3)?,
        associate: sealed(row, 4, row_id)?,
        kept_at: opt_sealed(row, 5, row_id)?,
        signed_on: row.date(6)?,
        ends_on: row.opt_date(7)?,
        added_by: row.id(8)?,
        added_at: row.timestamp(9)?,
        ended_by: row.opt_id(10)?,
        ended_at: row.opt_timestamp(11)?,
    })
}
