//! Billing accounts: whose they are, by name and contact, what is charged on them and what is owed.

use super::{
    ACCOUNT, BillingError,
    books::{self, BookingView},
    keep, payment,
};
use crate::{
    House, page,
    record::{RecordError, today},
};
use domain::{
    BillingAccountId, BookingId, ChargeId, Date, PayerId, PracticeId, Timestamp,
    billing::{Aging, BookingKind, Cents, ChargeState, KeptContact},
};
use identity::{Full, Session};
use ledger::Word;
use phi::{
    AccessError, Followed, Grant, KeyError, OpenError, OpenFailure, ReadBilling, ReadContact, WriteBilling,
    billing_branch,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::{
    Batch, Db, StoreError,
    rows::{
        billing::{
            accounts,
            bookings::{self, Booked},
            charges, payers,
        },
        patients,
    },
};

/// Name and contact of whoever is billed: all that billing sees of a patient.
#[derive(Serialize, JsonSchema)]
pub struct Contact {
    /// Given and family name.
    pub name: String,
    /// Where to write.
    pub email: Option<String>,
    /// Where to call.
    pub phone: Option<String>,
}

/// A charge in the list of its account.
#[derive(Serialize, JsonSchema)]
pub struct ChargeLine {
    /// The charge.
    pub charge_id: ChargeId,
    /// The day of the visit.
    pub day: Date,
    /// How far it is.
    pub state: ChargeState,
    /// Whether it corrects another charge, of the same visit.
    pub corrects: bool,
    /// Whether it takes that one back, and charges nothing itself.
    pub takes_back: bool,
    /// What it was billed with, in cents, while that is in the books.
    pub amount: Option<Cents>,
}

/// That a charge in the books was taken back.
#[derive(Serialize, JsonSchema)]
pub struct TakenBackLine {
    /// The charge that takes it back.
    pub charge_id: ChargeId,
    /// The day of the visit.
    pub day: Date,
}

/// An account as it can be read.
#[derive(Serialize, JsonSchema)]
pub struct AccountView {
    /// The account.
    pub account_id: BillingAccountId,
    /// Whose it is; none when the record was destroyed and nothing was kept, when the patient keeps it from whoever asks, or a token
    /// asks that may not read contacts.
    pub contact: Option<Contact>,
    /// Whether name and contact are there and do not open, because they or a key are damaged.
    pub contact_is_damaged: bool,
    /// Who pays first, if it is not the patient.
    pub payer_id: Option<PayerId>,
    /// Whether somebody said who pays first, if only that the patient does.
    pub payer_is_said: bool,
    /// Counts up at each change of the payer.
    pub version: u64,
    /// Charges, newest day first: at most a hundred.
    pub charges: Vec<ChargeLine>,
    /// Whether there are older charges, which come in pages.
    pub more_charges: bool,
    /// By which the therapist took back charges whose bookings still stand: at most a hundred, the oldest day first. What these
    /// ask for is not owed.
    pub taken_back: Vec<TakenBackLine>,
    /// Bookings, in their order: the last hundred at most.
    pub bookings: Vec<BookingView>,
    /// Whether there are earlier bookings, which come in pages.
    pub more_bookings: bool,
    /// What is owed, by age, in cents.
    pub aging: Aging,
}

/// An account in a list.
#[derive(Serialize, JsonSchema)]
pub struct AccountLine {
    /// The account.
    pub account_id: BillingAccountId,
    /// Whose it is; none when the record was destroyed and nothing was kept, when the patient keeps it from whoever asks, or a token
    /// asks that may not read contacts.
    pub name: Option<String>,
    /// Whether the name is there and does not open, because it or a key is damaged.
    pub name_is_damaged: bool,
    /// What is owed, by age, in cents.
    pub aging: Aging,
}

/// A page of accounts, in the order of their ids.
pub struct Accounts {
    /// Those shown.
    pub items: Vec<AccountLine>,
    /// The last one shown, when there are more behind it.
    pub next: Option<BillingAccountId>,
}

/// Most charges, and most bookings, that are shown with their account. All of them come in pages of their own.
const SHOWN: usize = 100;

/// A page of an account's charges, newest day first.
pub struct Charges {
    /// Those shown.
    pub items: Vec<ChargeLine>,
    /// The last one shown, when there are more behind it.
    pub next: Option<(Date, ChargeId)>,
}

/// A page of an account's bookings, the last one first.
pub struct Bookings {
    /// Those shown.
    pub items: Vec<BookingView>,
    /// The last one shown, when there are more behind it.
    pub next: Option<(Timestamp, BookingId)>,
}

/// Through the link: recorded under the patient, as one that was opened or as one of a list. Of whom the record was destroyed what
/// billing keeps. None where nothing is kept, or it is kept from whoever asks.
async fn contact(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    shown: Word,
) -> Result<Option<Contact>, RecordError> {
    let grant = match house.guard.follow_link(session, account, payment(shown)).await {
        Ok(Followed::Record(grant)) => grant,
        Ok(Followed::Kept(grant)) => return Ok(Some(kept(grant.open()?.expose()))),
        Err(AccessError::Denied) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let row = patients::by_id(&house.stores.clinical, session.practice(), grant.subject()).await?;
    Ok(row.map(|row| opened(&grant, &row)).transpose()?)
}

fn opened(grant: &Grant<'_, ReadContact>, row: &patients::PatientRow) -> Result<Contact, phi::OpenError> {
    let (given, family) = (grant.open(&row.given_name)?, grant.open(&row.family_name)?);
    Ok(Contact {
        name: format!("{} {}", given.expose().as_str(), family.expose().as_str()),
        email: grant.open_optional(row.email.as_ref())?.map(|email| email.expose().as_str().to_owned()),
        phone: grant.open_optional(row.phone.as_ref())?.map(|phone| phone.expose().as_str().to_owned()),
    })
}

fn kept(contact: &KeptContact) -> Contact {
    Contact {
        name: format!("{} {}", contact.given_name.as_str(), contact.family_name.as_str()),
        email: contact.email.as_ref().map(|email| email.as_str().to_owned()),
        phone: contact.phone.as_ref().map(|phone| phone.as_str().to_owned()),
    }
}

/// The same, where what is damaged holds nothing else up: with whether it is. The log says which field, and not whose.
async fn contact_if_whole(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    shown: Word,
) -> Result<(Option<Contact>, bool), RecordError> {
    let mut found = contact(house, session, account, shown.clone()).await;
    if matches!(&found, Err(RecordError::Open(OpenError { why: OpenFailure::NewerKey, .. }))) {
        // Keys are being rotated, and then it opens now; or what says the version is damaged itself.
        found = contact(house, session, account, shown).await;
    }
    match found {
        Ok(contact) => Ok((contact, false)),
        Err(error) if is_damage(&error) => {
            tracing::error!(%error, "name and contact behind a billing account do not open");
            Ok((None, true))
        }
        Err(error) => Err(error),
    }
}

const fn is_damage(error: &RecordError) -> bool {
    matches!(error, RecordError::Open(_) | RecordError::Access(AccessError::Key(KeyError::Unwrap(_))))
}

/// Up to `limit` accounts behind `after`; each name that is shown is recorded under its patient.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    after: Option<BillingAccountId>,
    limit: usize,
) -> Result<Accounts, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(ACCOUNT)).await?;
    let (db, branch) = (&house.stores.billing, billing_branch(session.practice()));
    let first = after.unwrap_or(BillingAccountId::from_bytes([0; 16]));
    let mut rows = accounts::page(db, branch, first, page::surplus(limit)).await?;
    let next = page::cut(&mut rows, limit, |row| row.account_id);
    let day = today(house, session.practice()).await?;
    let lines = rows.iter().map(async |row| -> Result<AccountLine, BillingError> {
        let shown = Word::new("billing_accounts");
        let (contact, name_is_damaged) = contact_if_whole(house, session, row.account_id, shown).await?;
        let booked = bookings::of_account(db, branch, row.account_id).await?;
        let aging = books::aging(&booked, day).map_err(|why| BillingError::Invalid { field: "aging", why })?;
        let name = contact.map(|contact| contact.name);
        Ok(AccountLine { account_id: row.account_id, name, name_is_damaged, aging })
    });
    let items = futures::future::try_join_all(lines).await?;
    Ok(Accounts { items, next })
}

/// One account.
pub async fn one(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
) -> Result<AccountView, BillingError> {
    with_bookings(house, session, account, SHOWN).await
}

/// One account with at most this many bookings, the last ones.
pub(super) async fn with_bookings(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    most: usize,
) -> Result<AccountView, BillingError> {
    let grant = house.guard.authorize_account::<ReadBilling>(session, account, payment(ACCOUNT)).await?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    let row = accounts::by_id(db, branch, account).await?.ok_or(RecordError::nothing())?;
    let booked = bookings::of_account(db, branch, account).await?;
    let day = today(house, session.practice()).await?;
    let shown = &booked[booked.len().saturating_sub(most)..];
    let newest = charges_behind(db, (branch, account), &booked, None, SHOWN).await?;
    let waiting = charges::taken_back(db, branch, account, i64::try_from(SHOWN).unwrap_or(i64::MAX)).await?;
    let (contact, contact_is_damaged) = contact_if_whole(house, session, account, ACCOUNT).await?;
    Ok(AccountView {
        account_id: account,
        contact,
        contact_is_damaged,
        payer_id: row.payer_id,
        payer_is_said: row.payer_is_said(),
        version: row.version.unsigned_abs(),
        charges: newest.items,
        more_charges: newest.next.is_some(),
        taken_back: waiting.into_iter().map(|(charge_id, day)| TakenBackLine { charge_id, day }).collect(),
        aging: books::aging(&booked, day).map_err(|why| BillingError::Invalid { field: "aging", why })?,
        bookings: books::views(house, session, &booked, shown).await?,
        more_bookings: shown.len() < booked.len(),
    })
}

async fn charges_behind(
    db: &Db,
    (branch, account): (PracticeId, BillingAccountId),
    booked: &[Booked],
    after: Option<(Date, ChargeId)>,
    limit: usize,
) -> Result<Charges, StoreError> {
    let voided: HashSet<BookingId> = booked.iter().filter_map(|one| one.row.voids).collect();
    let standing = |one: &&Booked| one.row.kind == BookingKind::Charge && !voided.contains(&one.row.booking_id);
    let amounts: HashMap<Option<ChargeId>, Cents> =
        booked.iter().filter(standing).map(|one| (one.row.charge_id, one.owed)).collect();
    let mut rows = charges::of_account(db, branch, account, after, page::surplus(limit)).await?;
    let next = page::cut(&mut rows, limit, |row| (row.day, row.charge_id));
    let line = |row: &charges::ChargeRow| ChargeLine {
        charge_id: row.charge_id,
        day: row.day,
        state: row.state,
        corrects: row.number > 0,
        takes_back: row.taken_back.is_some(),
        amount: amounts.get(&Some(row.charge_id)).copied(),
    };
    Ok(Charges { items: rows.iter().map(line).collect(), next })
}

/// Up to `limit` charges of an account behind `after`, newest day first. Opens nothing of them.
pub async fn charges(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    after: Option<(Date, ChargeId)>,
    limit: usize,
) -> Result<Charges, BillingError> {
    let grant = house.guard.authorize_account::<ReadBilling>(session, account, payment(ACCOUNT)).await?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    accounts::by_id(db, branch, account).await?.ok_or(RecordError::nothing())?;
    let booked = bookings::of_account(db, branch, account).await?;
    Ok(charges_behind(db, (branch, account), &booked, after, limit).await?)
}

/// Up to `limit` bookings of an account before `before`, the last one first.
pub async fn bookings(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    before: Option<(Timestamp, BookingId)>,
    limit: usize,
) -> Result<Bookings, BillingError> {
    let grant = house.guard.authorize_account::<ReadBilling>(session, account, payment(ACCOUNT)).await?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    accounts::by_id(db, branch, account).await?.ok_or(RecordError::nothing())?;
    let booked = bookings::of_account(db, branch, account).await?;
    let end = before.map_or(booked.len(), |(at, id)| {
        booked.partition_point(|one| (one.row.booked_at, one.row.booking_id) < (at, id))
    });
    let shown = &booked[end.saturating_sub(limit)..end];
    let next = shown.first().filter(|_| shown.len() < end).map(|one| (one.row.booked_at, one.row.booking_id));
    let mut items = books::views(house, session, &booked, shown).await?;
    items.reverse();
    Ok(Bookings { items, next })
}

/// Says who pays first, where the version still is `seen`.
pub async fn set_payer(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    payer: Option<PayerId>,
    seen: u64,
) -> Result<(), BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    keep(house, session, account).await?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    if let Some(payer) = payer
        && !payers::all(db, branch).await?.iter().any(|row| row.payer_id == payer)
    {
        return Err(BillingError::invalid("payer_id", "must be one of the practice's payers"));
    }
    let seen = i64::try_from(seen).unwrap_or(i64::MAX);
    Ok(db.commit(accounts::set_payer(Batch::new(), branch, account, payer, seen)).await?)
}
