//! What billing has to do: visits that were not charged, charges that lack something, what is owed how long and by whom.

use super::{BOOKS, BillingError, books, charges::Schedule, payment};
use crate::{
    House,
    record::{Names, Person, today},
};
use domain::{
    BillingAccountId, BookingId, ChargeId, Date, PayerId, Timestamp,
    billing::{Aging, Cents, ChargeState, CptCode, PriceError},
};
use identity::{Full, Session};
use phi::{ReadBilling, billing_branch};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::rows::{
    billing::{accounts, bookings, charges},
    billing_outbox,
};

/// Visits of a therapist that were held and not charged: how many and since when, and nothing of any patient.
#[derive(Serialize, JsonSchema)]
pub struct Unbilled {
    /// The therapist.
    pub therapist: Person,
    /// How many visits.
    pub visits: u64,
    /// When the oldest of them began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub oldest: Timestamp,
}

/// What one payer (or patients themselves) owe.
#[derive(Serialize, JsonSchema)]
pub struct OwedBy {
    /// The payer; none for patients.
    pub payer_id: Option<PayerId>,
    /// What the accounts for which it pays first owe, by age, in cents.
    pub aging: Aging,
}

/// What billing has to do.
#[derive(Serialize, JsonSchema)]
pub struct Dashboard {
    /// Visits that were not charged, by therapist.
    pub unbilled: Vec<Unbilled>,
    /// Charges that came and are not in the books.
    pub drafts: u64,
    /// Charges that therapists made and that are still on their way.
    pub on_their_way: u64,
    /// What is owed on all accounts, by age, in cents.
    pub aging: Aging,
    /// The same by who pays first.
    pub by_payer: Vec<OwedBy>,
}

/// A draft, and what it lacks to be billed.
#[derive(Serialize, JsonSchema)]
pub struct DraftLine {
    /// The account.
    pub account_id: BillingAccountId,
    /// The charge.
    pub charge_id: ChargeId,
    /// The day of the visit.
    pub day: Date,
    /// Codes without a fee on that day.
    pub no_fee: Vec<CptCode>,
    /// Whether its minutes earn no unit under the payer's rule.
    pub no_unit: bool,
}

/// Bookings read at once.
const PAGE: i64 = 2_000;

/// The overview. Opens no account.
pub async fn dashboard(house: &House, session: &Session<Full>) -> Result<Dashboard, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let (db, branch) = (&house.stores.billing, billing_branch(session.practice()));
    let mut names = Names::new(house, session);
    let mut unbilled = Vec::new();
    for (therapist, visits, oldest) in billing_outbox::not_charged(&house.stores.clinical, session.practice()).await? {
        unbilled.push(Unbilled { therapist: names.person(therapist).await?, visits, oldest });
    }
    let payers: HashMap<BillingAccountId, Option<PayerId>> = accounts::payers(db, branch).await?.into_iter().collect();
    let mut by_account: HashMap<BillingAccountId, Vec<bookings::Booked>> = HashMap::new();
    let mut after: Option<(Timestamp, BookingId)> = None;
    loop {
        let page = bookings::page(db, branch, after, PAGE).await?;
        let full = page.len() as i64 == PAGE;
        after = page.last().map(|last| (last.row.booked_at, last.row.booking_id));
        for booked in page {
            by_account.entry(booked.row.account_id).or_default().push(booked);
        }
        if !full {
            break;
        }
    }
    let day = today(house, session.practice()).await?;
    let mut by_payer: BTreeMap<Option<PayerId>, Aging> = BTreeMap::new();
    let mut all = Aging::default();
    for (account, booked) in by_account {
        let aging = books::aging(&booked, day).map_err(|why| BillingError::Invalid { field: "aging", why })?;
        let sum = by_payer.entry(payers.get(&account).copied().flatten()).or_default();
        for sum in [sum, &mut all] {
            *sum = plus(sum, &aging).ok_or(BillingError::invalid("aging", "is more than can be counted"))?;
        }
    }
    let states = charges::count(db, branch).await?;
    Ok(Dashboard {
        unbilled,
        drafts: states.iter().find(|(state, _)| *state == ChargeState::Draft).map_or(0, |(_, count)| *count),
        on_their_way: billing_outbox::count(&house.stores.clinical, session.practice()).await?,
        aging: all,
        by_payer: by_payer.into_iter().map(|(payer_id, aging)| OwedBy { payer_id, aging }).collect(),
    })
}

/// The oldest drafts, at most `limit`, each opened (and recorded) to see what it lacks.
pub async fn drafts(house: &House, session: &Session<Full>, limit: i64) -> Result<Vec<DraftLine>, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let (db, branch) = (&house.stores.billing, billing_branch(session.practice()));
    let schedule = Schedule::of(house, branch).await?;
    let payers: HashMap<BillingAccountId, Option<PayerId>> = accounts::payers(db, branch).await?.into_iter().collect();
    let mut lines = Vec::new();
    for (account_id, charge_id, day) in charges::drafts(db, branch, limit).await? {
        let grant = house.guard.authorize_account::<ReadBilling>(session, account_id, payment(super::CHARGE)).await?;
        let Some(row) = charges::by_id(db, branch, account_id, charge_id).await? else { continue };
        let payer = payers.get(&account_id).copied().flatten();
        let (no_fee, no_unit) = match schedule.price(&grant, &row, payer)? {
            Ok(price) => (Vec::new(), price.total == Cents(0)),
            Err(PriceError::NoFee(codes)) => (codes, false),
            Err(PriceError::Invalid(_)) => (Vec::new(), true),
        };
        lines.push(DraftLine { account_id, charge_id, day, no_fee, no_unit });
    }
    Ok(lines)
}

fn plus(one: &Aging, other: &Aging) -> Option<Aging> {
    Some(Aging {
        current: one.current.plus(other.current)?,
        over_30: one.over_30.plus(other.over_30)?,
        over_60: one.over_60.plus(other.over_60)?,
        over_90: one.over_90.plus(other.over_90)?,
        over_120: one.over_120.plus(other.over_120)?,
        credit: one.credit.plus(other.credit)?,
    })
}
