//! How an account stands when its keeping is judged, and its end: whole accounts go, and so the books still sum to zero.
//!
//! What is removed is made from the registry of columns: every table of the billing store that names an account. Children go
//! before their parents: the registry lists tables in the order in which they were made, so the statements run from its end.

use crate::{Batch, Db, StoreError};
use domain::{BillingAccountId, PracticeId, retention::AccountActivity};
use phi::{Store, registry};
use std::{collections::BTreeMap, sync::LazyLock};

/// What the billing store knows of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandingRow {
    /// When something last happened on it; nothing where the account is not there.
    pub activity: AccountActivity,
    /// Whether what is owed on it is zero.
    pub balanced: bool,
    /// Whether a charge of it waits to be billed.
    pub draft: bool,
}

/// How an account stands.
pub async fn of_account(db: &Db, branch: PracticeId, account: BillingAccountId) -> Result<StandingRow, StoreError> {
    const CHARGES: &str = "SELECT MAX(day), MAX(received_at), MAX(voided_at), \
                           COALESCE(SUM(CASE WHEN state = 'draft' THEN 1 ELSE 0 END), 0) \
                           FROM charges WHERE practice_id = $1 AND account_id = $2";
    const BOOKINGS: &str = "SELECT MAX(day), MAX(booked_at) FROM bookings WHERE practice_id = $1 AND account_id = $2";
    // A sum of BIGINT is a NUMERIC on PostgreSQL.
    const OWED: &str = "SELECT CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM postings WHERE practice_id = $1 \
                        AND account_id = $2 AND book = 'receivable'";
    const OPENED: &str = "SELECT opened_at FROM billing_accounts WHERE practice_id = $1 AND account_id = $2";
    let whose = &[branch.into(), account.into()];
    let charges = db.one(CHARGES, whose).await?;
    let bookings = db.one(BOOKINGS, whose).await?;
    let opened = db.optional(OPENED, whose).await?.map(|row| row.timestamp(0)).transpose()?;
    let moments = [charges.opt_timestamp(1)?, charges.opt_timestamp(2)?, bookings.opt_timestamp(1)?, opened];
    Ok(StandingRow {
        activity: AccountActivity {
            day: charges.opt_date(0)?.max(bookings.opt_date(0)?),
            at: moments.into_iter().flatten().max(),
        },
        balanced: db.one(OWED, whose).await?.int(0)? == 0,
        draft: charges.int(3)? > 0,
    })
}

/// Table, delete, count.
type Statements = Vec<(&'static str, &'static str, &'static str)>;

/// Made once and kept for as long as the program runs: statements are prepared by their text.
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let named = registry().filter(|column| column.store == Store::Billing && column.column == "account_id");
    let mut all: Statements = named
        .map(|column| {
            let table = column.table;
            let by = |verb: &str| text(format!("{verb} FROM {table} WHERE practice_id = $1 AND account_id = $2"));
            (table, by("DELETE"), by("SELECT COUNT(*)"))
        })
        .collect();
    all.reverse();
    all
});

/// How many rows of each table are of an account; tables without any are left out.
pub async fn count(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
) -> Result<BTreeMap<&'static str, i64>, StoreError> {
    let mut counts = BTreeMap::new();
    for (table, _, count) in &*STATEMENTS {
        let rows = db.one(count, &[branch.into(), account.into()]).await?.int(0)?;
        if rows > 0 {
            counts.insert(*table, rows);
        }
    }
    Ok(counts)
}

/// Removes whatever the billing store knows of an account.
pub fn remove(batch: Batch, branch: PracticeId, account: BillingAccountId) -> Batch {
    STATEMENTS.iter().fold(batch, |batch, (_, delete, _)| batch.run(delete, &[branch.into(), account.into()]))
}
