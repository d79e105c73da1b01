//! What billing has to do: visits that were not charged, charges that lack something, what is owed how long and by whom.

use super::{BOOKS, BillingError, books, charges::Schedule, payment};
use crate::{
    House, page,
    record::{Names, Person, today},
};
use domain::{
    BillingAccountId, ChargeId, Date, PayerId, Timestamp,
    billing::{Aging, Cents, ChargeState, CptCode, PayerName, PriceError},
};
use futures::{StreamExt, TryStreamExt, stream};
use identity::{Full, Session};
use phi::{ReadBilling, billing_branch};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::rows::{
    billing::{
        accounts::{self, BillingAccountRow},
        bookings, charges, payers,
    },
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
    /// What it is called; none for patients.
    pub name: Option<PayerName>,
    /// What the accounts for which it pays first owe, by age, in cents.
    pub aging: Aging,
}

impl OwedBy {
    /// By what it stands in its place: payers by name, patients behind them.
    fn called(&self) -> (bool, Option<&str>) {
        (self.name.is_none(), self.name.as_ref().map(PayerName::as_str))
    }
}

/// What billing has to do.
#[derive(Serialize, JsonSchema)]
pub struct Dashboard {
    /// Visits that were not charged, by therapist.
    pub unbilled: Vec<Unbilled>,
    /// Charges that came and are not in the books.
    pub drafts: u64,
    /// Charges that therapists took back and that are still in the books.
    pub taken_back: u64,
    /// Charges that therapists made and that are still on their way.
    pub on_their_way: u64,
    /// What is owed on all accounts, by age, in cents.
    pub aging: Aging,
    /// The same by who pays first: payers by name, patients last.
    pub by_payer: Vec<OwedBy>,
}

/// A draft, and what it lacks to be billed. A diagnosis is never lacking: therapists charge nothing without one.
#[derive(Serialize, JsonSchema)]
pub struct DraftLine {
    /// The account.
    pub account_id: BillingAccountId,
    /// The charge.
    pub charge_id: ChargeId,
    /// The day of the visit.
    pub day: Date,
    /// Who treated.
    pub therapist: Person,
    /// Whether the therapist took back with it what was charged before. Nothing is to be billed: when the booking of that one
    /// is voided, this one goes with it.
    pub taken_back: bool,
    /// Codes without a fee on that day.
    pub no_fee: Vec<CptCode>,
    /// Whether its minutes earn no unit under the payer's rule.
    pub no_unit: bool,
    /// Whether nobody has said yet who pays for the account. It can be billed: the patient owes it then.
    pub no_payer: bool,
}

impl DraftLine {
    /// Whether nothing is missing.
    pub const fn is_ready(&self) -> bool {
        !self.taken_back && self.no_fee.is_empty() && !self.no_unit && !self.no_payer
    }
}

/// A page of drafts, oldest day first.
pub struct Drafts {
    /// Those shown.
    pub items: Vec<DraftLine>,
    /// The last one shown, when there are more behind it.
    pub next: Option<(Date, ChargeId)>,
}

/// How many drafts are opened at once, so that their entries share a sync; and accounts read at once.
const AT_ONCE: usize = 16;

/// The overview. Opens no account.
pub async fn dashboard(house: &House, session: &Session<Full>) -> Result<Dashboard, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let (db, branch) = (&house.stores.billing, billing_branch(session.practice()));
    let mut names = Names::new(house, session);
    let mut unbilled = Vec::new();
    for (therapist, visits, oldest) in billing_outbox::not_charged(&house.stores.clinical, session.practice()).await? {
        unbilled.push(Unbilled { therapist: names.person(therapist).await?, visits, oldest });
    }
    let payers: HashMap<BillingAccountId, Option<PayerId>> =
        accounts::all(db, branch).await?.into_iter().map(|row| (row.account_id, row.payer_id)).collect();
    let called = payers::all(db, branch).await?;
    let day = today(house, session.practice()).await?;
    let mut by_payer: BTreeMap<Option<PayerId>, Aging> = BTreeMap::new();
    let mut all = Aging::default();
    // What is settled adds nothing to any age, so only accounts with a balance are read.
    let mut read = stream::iter(bookings::with_balance(db, branch).await?)
        .map(async |account| bookings::of_account(db, branch, account).await.map(|booked| (account, booked)))
        .buffered(AT_ONCE);
    while let Some((account, booked)) = read.try_next().await? {
        let aging = books::aging(&booked, day).map_err(|why| BillingError::Invalid { field: "aging", why })?;
        let sum = by_payer.entry(payers.get(&account).copied().flatten()).or_default();
        for sum in [sum, &mut all] {
            *sum = sum.plus(&aging).ok_or(BillingError::invalid("aging", "is more than can be counted"))?;
        }
    }
    let of_payer = |(payer_id, aging): (Option<PayerId>, Aging)| {
        let payer = called.iter().find(|payer| Some(payer.payer_id) == payer_id);
        OwedBy { payer_id, name: payer.map(|payer| payer.name.clone()), aging }
    };
    let mut owed_by: Vec<OwedBy> = by_payer.into_iter().map(of_payer).collect();
    owed_by.sort_by(|a, b| a.called().cmp(&b.called()));
    let states = charges::count(db, branch).await?;
    let waiting = states.iter().find(|(state, _)| *state == ChargeState::Draft).map_or(0, |(_, count)| *count);
    let taken_back = charges::count_taken_back(db, branch).await?;
    Ok(Dashboard {
        unbilled,
        drafts: waiting.saturating_sub(taken_back),
        taken_back,
        on_their_way: billing_outbox::count(&house.stores.clinical, session.practice()).await?,
        aging: all,
        by_payer: owed_by,
    })
}

/// Up to `limit` drafts behind `after`, oldest first, each opened (and recorded) to see what it lacks. Opens no diagnosis
/// and no name.
pub async fn drafts(
    house: &House,
    session: &Session<Full>,
    after: Option<(Date, ChargeId)>,
    limit: usize,
) -> Result<Drafts, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let (db, branch) = (&house.stores.billing, billing_branch(session.practice()));
    let schedule = &Schedule::of(house, branch).await?;
    let accounts: &HashMap<_, _> =
        &accounts::all(db, branch).await?.into_iter().map(|row| (row.account_id, row)).collect();
    let mut found = charges::drafts(db, branch, after, page::surplus(limit)).await?;
    let next = page::cut(&mut found, limit, |(_, charge, day)| (*day, *charge));
    let opened: Vec<_> = stream::iter(found)
        .map(async |(account_id, charge_id, _)| -> Result<_, BillingError> {
            let why = payment(super::CHARGE);
            let grant = house.guard.authorize_account::<ReadBilling>(session, account_id, why).await?;
            let row = charges::by_id(db, branch, account_id, charge_id).await?;
            // It may have been billed or voided at this moment.
            let Some(row) = row.filter(|row| row.state == ChargeState::Draft) else { return Ok(None) };
            let account = accounts.get(&account_id);
            let price = schedule.price(&grant, &row, account.and_then(|account| account.payer_id))?;
            let (no_fee, no_unit) = match price {
                None => (Vec::new(), false),
                Some(Ok(price)) => (Vec::new(), price.total == Cents(0)),
                Some(Err(PriceError::NoFee(codes))) => (codes, false),
                Some(Err(PriceError::Invalid(_))) => (Vec::new(), true),
            };
            let no_payer = row.taken_back.is_none() && !account.is_some_and(BillingAccountRow::payer_is_said);
            Ok(Some((row, no_fee, no_unit, no_payer)))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let (mut names, mut items) = (Names::new(house, session), Vec::new());
    for (row, no_fee, no_unit, no_payer) in opened.into_iter().flatten() {
        let therapist = names.person(row.therapist_id).await?;
        let (account_id, charge_id, day) = (row.account_id, row.charge_id, row.day);
        let taken_back = row.taken_back.is_some();
        items.push(DraftLine { account_id, charge_id, day, therapist, taken_back, no_fee, no_unit, no_payer });
    }
    Ok(Drafts { items, next })
}
