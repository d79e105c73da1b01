//! The books of an account: what was charged and paid, and what voids it. Nothing in them is ever changed.

use super::{ACCOUNT, BillingError, keep, made_under, payment};
use crate::{
    House,
    record::{Names, Person, RecordError, today},
};
use domain::{
    BillingAccountId, BookingId, ChargeId, Date, Invalid, PayerId, Timestamp,
    billing::{Aging, BookAccount, BookingKind, Cents, Postings},
};
use identity::{Full, Session};
use phi::WriteBilling;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use store::{
    Batch, CommitError, StoreError,
    rows::billing::{
        accounts,
        bookings::{self, Booked, BookingRow},
        charges, payers,
    },
};

/// Most that is booked at once: a million dollars. More is a slip of the finger.
const MOST: Cents = Cents(100_000_000);

/// Money that came, goes back, or is no longer asked for.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// `payment`, `adjustment` or `refund`.
    pub kind: BookingKind,
    /// How much, in cents; more than zero.
    pub amount: Cents,
    /// The day that it counts from; not ahead.
    pub day: Date,
    /// Who paid, where it was not the patient.
    #[serde(default)]
    pub payer_id: Option<PayerId>,
}

/// A booking as it can be read.
#[derive(Clone, Serialize, JsonSchema)]
pub struct BookingView {
    /// The booking.
    pub booking_id: BookingId,
    /// What it is.
    pub kind: BookingKind,
    /// The day that it counts from.
    pub day: Date,
    /// What it adds to what is owed, in cents; below zero for a payment.
    pub owed: Cents,
    /// The charge, where it is one.
    pub charge_id: Option<ChargeId>,
    /// The booking that it voids.
    pub voids: Option<BookingId>,
    /// Whether another booking voids it.
    pub voided: bool,
    /// Who paid, where it was not the patient.
    pub payer_id: Option<PayerId>,
    /// Who booked it.
    pub booked_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub booked_at: Timestamp,
}

/// Some of an account's bookings as they can be read, in their order. Which of them are voided, all `booked` together say.
pub(super) async fn views(
    house: &House,
    session: &Session<Full>,
    booked: &[Booked],
    shown: &[Booked],
) -> Result<Vec<BookingView>, RecordError> {
    let voided: HashSet<BookingId> = booked.iter().filter_map(|one| one.row.voids).collect();
    let (mut names, mut views) = (Names::new(house, session), Vec::new());
    for one in shown {
        views.push(BookingView {
            booking_id: one.row.booking_id,
            kind: one.row.kind,
            day: one.row.day,
            owed: one.owed,
            charge_id: one.row.charge_id,
            voids: one.row.voids,
            voided: voided.contains(&one.row.booking_id),
            payer_id: one.row.payer_id,
            booked_by: names.person(one.row.booked_by).await?,
            booked_at: one.row.booked_at,
        });
    }
    Ok(views)
}

/// What is owed on an account, by age. What was voided, and what voids it, counts as if it had never been.
pub fn aging(booked: &[Booked], today: Date) -> Result<Aging, Invalid> {
    let voided: HashSet<BookingId> = booked.iter().filter_map(|one| one.row.voids).collect();
    let mut charges = Vec::new();
    let mut settled = Vec::new();
    for one in booked {
        match one.row.kind {
            BookingKind::Void => {}
            _ if voided.contains(&one.row.booking_id) => {}
            BookingKind::Charge => charges.push((one.row.day, one.owed)),
            BookingKind::Payment | BookingKind::Adjustment | BookingKind::Refund => settled.push(one.owed),
        }
    }
    let too_much = || Invalid::new("is more than can be counted");
    let settled = Cents::sum(settled).and_then(Cents::opposite).ok_or_else(too_much)?;
    Aging::of(today, &charges, settled).ok_or_else(too_much)
}

/// Books money. The same under the same `key` is booked once.
pub async fn book(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    new: &NewBooking,
    key: Option<&str>,
) -> Result<BookingId, BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    keep(house, session, account).await?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    accounts::by_id(db, branch, account).await?.ok_or(RecordError::nothing())?;
    if !matches!(new.kind, BookingKind::Payment | BookingKind::Adjustment | BookingKind::Refund) {
        return Err(BillingError::invalid("kind", "must be payment, adjustment or refund"));
    }
    if new.amount > MOST {
        return Err(BillingError::invalid("amount", "must be at most a million dollars"));
    }
    if new.day > today(house, session.practice()).await? {
        return Err(BillingError::invalid("day", "must not be ahead"));
    }
    if let Some(payer) = new.payer_id
        && !payers::all(db, branch).await?.iter().any(|row| row.payer_id == payer)
    {
        return Err(BillingError::invalid("payer_id", "must be one of the practice's payers"));
    }
    let invalid = |why| BillingError::Invalid { field: "amount", why };
    let postings = Postings::of(new.kind, new.amount).map_err(invalid)?;
    let booking_id = BookingId::from_random(made_under(house, session, &format!("booking of {account}"), key));
    let row = BookingRow {
        branch,
        booking_id,
        account_id: account,
        kind: new.kind,
        day: new.day,
        charge_id: None,
        voids: None,
        payer_id: new.payer_id,
        booked_by: grant.by(),
        booked_at: house.clock.now(),
    };
    match db.commit(bookings::insert(Batch::new(), &row, &postings)).await {
        Ok(()) => Ok(booking_id),
        Err(CommitError::Duplicate { .. }) => match bookings::by_id(db, branch, account, booking_id).await? {
            Some(there)
                if (there.row.kind, there.row.day, there.row.payer_id) == (new.kind, new.day, new.payer_id)
                    && Some(there.owed) == postings.on(BookAccount::Receivable) =>
            {
                Ok(booking_id)
            }
            _ => Err(BillingError::KeyUsed),
        },
        Err(error) => Err(error.into()),
    }
}

/// Voids a booking, by its opposite; both stay. A charge whose booking is voided is a draft again, or
/// void where the therapist has sent a correction of it or has taken it back. Refused when it was
/// voided before, but for the same request once more, which is known by its `key`.
pub async fn void(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    booking: BookingId,
    key: Option<&str>,
) -> Result<BookingId, BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    keep(house, session, account).await?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    let old = bookings::by_id(db, branch, account, booking).await?.ok_or(RecordError::nothing())?;
    if old.row.kind == BookingKind::Void {
        return Err(BillingError::NotNow("What voids something is not voided; book it again."));
    }
    let postings = Postings::new(bookings::postings(db, branch, booking).await?);
    // What is in the books sums to zero; otherwise somebody changed the store by hand.
    let broken = |_| RecordError::Store(StoreError::NotOne { found: 0 });
    let opposite = postings.and_then(|postings| postings.opposite()).map_err(broken)?;
    let row = BookingRow {
        booking_id: BookingId::from_random(made_under(house, session, &format!("void of {booking}"), key)),
        kind: BookingKind::Void,
        day: today(house, session.practice()).await?,
        voids: Some(booking),
        booked_by: grant.by(),
        booked_at: house.clock.now(),
        ..old.row.clone()
    };
    let mut batch = bookings::insert(Batch::new(), &row, &opposite);
    if let Some(id) = old.row.charge_id {
        let charge = charges::by_id(db, branch, account, id).await?.ok_or(RecordError::nothing())?;
        batch = charges::reopen(batch, &charge);
    }
    match db.commit(batch).await {
        Ok(()) => Ok(row.booking_id),
        Err(CommitError::Duplicate { .. }) => match bookings::by_id(db, branch, account, row.booking_id).await? {
            Some(_) => Ok(row.booking_id),
            None => Err(BillingError::NotNow("It was voided before.")),
        },
        Err(error) => Err(error.into()),
    }
}
