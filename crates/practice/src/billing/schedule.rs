//! Fees and payers of a practice.

use super::{BOOKS, BillingError, made_under, payment};
use crate::House;
use domain::{
    Date, PayerId,
    billing::{Cents, CptCode, FeeWords, PayerName, UnitRule},
};
use identity::{Full, Session};
use phi::{ReadBilling, WriteBilling, billing_branch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::billing::{
        fees::{self, FeeRow},
        payers::{self, PayerRow},
    },
};

/// Most that a unit costs: ten thousand dollars.
const MOST: Cents = Cents(1_000_000);

/// What a unit of a code costs, from a day on.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// The code.
    pub code: CptCode,
    /// The first day.
    pub valid_from: Date,
    /// For one unit, in cents; 1 cent to ten thousand dollars.
    pub fee: Cents,
    /// The practice's own short words for the code.
    pub words: FeeWords,
}

/// A payer to add.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayer {
    /// What it is called.
    pub name: PayerName,
    /// How it counts units: `cms` or `ama`.
    pub unit_rule: UnitRule,
}

/// A payer.
#[derive(Clone, Serialize, JsonSchema)]
pub struct PayerView {
    /// The payer.
    pub payer_id: PayerId,
    /// What it is called.
    pub name: PayerName,
    /// How it counts units.
    pub unit_rule: UnitRule,
}

/// All fees, by code, the latest first.
pub async fn fees(house: &House, session: &Session<Full>) -> Result<Vec<Fee>, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let rows = fees::all(&house.stores.billing, billing_branch(session.practice())).await?;
    let view = |row: FeeRow| Fee { code: row.code, valid_from: row.valid_from, fee: row.fee, words: row.words };
    Ok(rows.into_iter().map(view).collect())
}

/// Sets a fee from a day on. One that was set for that day is replaced while no charge can have been billed with it, and
/// stays from then on: what was in force is not rewritten. The same fee once more is nothing new.
pub async fn set_fee(house: &House, session: &Session<Full>, new: &Fee) -> Result<(), BillingError> {
    let grant = house.guard.authorize_practice::<WriteBilling>(session, payment(BOOKS)).await?;
    if new.fee <= Cents(0) || new.fee > MOST {
        return Err(BillingError::invalid("fee", "must be more than zero and at most ten thousand dollars"));
    }
    let row = FeeRow {
        branch: billing_branch(grant.practice()),
        code: new.code,
        valid_from: new.valid_from,
        fee: new.fee,
        words: new.words.clone(),
        set_by: grant.account(),
        set_at: house.clock.now(),
    };
    match house.stores.billing.commit(fees::insert(Batch::new(), &row)).await {
        Ok(()) => Ok(()),
        Err(CommitError::Duplicate { .. }) => {
            let there = fees::all(&house.stores.billing, row.branch).await?;
            let for_that_day = |one: &&FeeRow| (one.code, one.valid_from) == (row.code, row.valid_from);
            let Some(old) = there.iter().find(for_that_day) else { return Err(BillingError::Stale) };
            if old.fee == row.fee && old.words == row.words {
                return Ok(());
            }
            match house.stores.billing.commit(fees::replace(Batch::new(), old, &row)).await {
                Ok(()) => Ok(()),
                Err(CommitError::Conflict { .. }) => Err(BillingError::invalid(
                    "valid_from",
                    "has a fee for this code already, with which charges may have been billed",
                )),
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// All payers, by name.
pub async fn payers(house: &House, session: &Session<Full>) -> Result<Vec<PayerView>, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let rows = payers::all(&house.stores.billing, billing_branch(session.practice())).await?;
    let view = |row: PayerRow| PayerView { payer_id: row.payer_id, name: row.name, unit_rule: row.unit_rule };
    Ok(rows.into_iter().map(view).collect())
}

/// Adds a payer. The same under the same `key` is added once.
pub async fn add_payer(
    house: &House,
    session: &Session<Full>,
    new: &NewPayer,
    key: Option<&str>,
) -> Result<PayerId, BillingError> {
    let grant = house.guard.authorize_practice::<WriteBilling>(session, payment(BOOKS)).await?;
    let row = PayerRow {
        branch: billing_branch(grant.practice()),
        payer_id: PayerId::from_random(made_under(house, session, "payer", key)),
        name: new.name.clone(),
        unit_rule: new.unit_rule,
        created_at: house.clock.now(),
    };
    match house.stores.billing.commit(payers::insert(Batch::new(), &row)).await {
        Ok(()) => Ok(row.payer_id),
        Err(CommitError::Duplicate { .. }) => {
            let there = payers::all(&house.stores.billing, row.branch).await?;
            match there.iter().find(|one| one.payer_id == row.payer_id) {
                Some(one) if one.name == row.name && one.unit_rule == row.unit_rule => Ok(row.payer_id),
                Some(_) => Err(BillingError::KeyUsed),
                None => Err(BillingError::invalid("name", "is the name of another payer")),
            }
        }
        Err(error) => Err(error.into()),
    }
}
