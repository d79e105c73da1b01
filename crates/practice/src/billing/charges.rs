//! One charge: looked at, billed, or not asked for.

use super::{ACCOUNT, BillingError, keep, payment};
use crate::{
    House,
    record::{Names, Person, RecordError},
};
use domain::{
    BillingAccountId, BookingId, ChargeId, Date, PracticeId, Timestamp,
    billing::{
        BookingKind, Cents, ChargeSheet, ChargeState, CptCode, Diagnoses, DiagnosisCode, Postings, Price, PriceError,
        Service, UnitRule, WithdrawalReason, price,
    },
};
use identity::{Full, Session};
use phi::{BillingGrant, BillingPermission, Bills, Charge, WriteBilling};
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    Batch, CommitError,
    rows::billing::{
        accounts,
        bookings::{self, BookingRow},
        charges::{self, ChargeRow},
        fees::{self, FeeRow},
        payers::{self, PayerRow},
    },
};

/// The rule for units where no payer has another: that of the code set itself.
const OWN_RULE: UnitRule = UnitRule::Ama;

const CORRECTED: &str =
    "The therapist corrected it: what counts is the correction. Bill that one, or ask nothing for it.";
const TAKEN_BACK: &str = "The therapist took back what was charged, so there is nothing to ask for.";
const STILL_IN_THE_BOOKS: &str =
    "It takes back a charge that is in the books. Void the booking of that one: then nothing is left to do here.";
const CORRECTS_BILLED: &str = "It corrects a charge that is in the books. Void the booking of that one first.";

/// That nothing is asked for a charge, by somebody's decision.
#[derive(Serialize, JsonSchema)]
pub struct NothingAsked {
    /// Who decided it.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// That the therapist took back what was charged, and why.
#[derive(Serialize, JsonSchema)]
pub struct TakesBack {
    /// Who took it back.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Why: `other_patient`, `not_held`, `charged_twice` or `not_to_charge`.
    pub reason: WithdrawalReason,
}

/// A charge as it can be read.
#[derive(Serialize, JsonSchema)]
pub struct ChargeView {
    /// The charge.
    pub charge_id: ChargeId,
    /// The day of the visit.
    pub day: Date,
    /// Who treated.
    pub therapist: Person,
    /// How far it is.
    pub state: ChargeState,
    /// That the therapist took back with it what was charged before. Then it charges nothing itself.
    pub takes_back: Option<TakesBack>,
    /// What was done.
    pub services: Vec<Service>,
    /// The diagnosis codes of the claim.
    pub diagnoses: Vec<DiagnosisCode>,
    /// The price that it was billed with; of a draft, the one that it would have now.
    pub price: Option<Price>,
    /// Codes without a fee on the day of the visit.
    pub no_fee: Vec<CptCode>,
    /// Counts up at each change.
    pub version: u64,
    /// The charge of the same visit that this one corrects.
    pub corrects: Option<ChargeId>,
    /// The charge of the same visit that corrects this one.
    pub corrected_by: Option<ChargeId>,
    /// Whether that one takes it back.
    pub is_taken_back: bool,
    /// The booking by which this charge stands in the books, or the one of the same visit whose place it takes.
    pub in_the_books: Option<BookingId>,
    /// Who decided that nothing is asked for it; none where a correction took its place.
    pub nothing_asked: Option<NothingAsked>,
}

/// What prices are made from.
pub(super) struct Schedule {
    fees: Vec<FeeRow>,
    payers: Vec<PayerRow>,
}

impl Schedule {
    pub(super) async fn of(house: &House, branch: PracticeId) -> Result<Self, RecordError> {
        let db = &house.stores.billing;
        Ok(Self { fees: fees::all(db, branch).await?, payers: payers::all(db, branch).await? })
    }

    /// The price of a charge for this payer (or the patient), on its day; none where nothing is charged.
    pub(super) fn price<P>(
        &self,
        grant: &BillingGrant<'_, P>,
        row: &ChargeRow,
        payer: Option<domain::PayerId>,
    ) -> Result<Option<Result<Price, PriceError>>, RecordError>
    where
        P: BillingPermission + Bills<Charge>,
    {
        let payer = self.payers.iter().find(|one| Some(one.payer_id) == payer);
        let rule = payer.map_or(OWN_RULE, |payer| payer.unit_rule);
        let sheet = grant.open(&row.sheet)?;
        let fee = |code| fees::on(&self.fees, code, row.day).map(|fee| fee.fee);
        Ok(sheet.expose().as_ref().map(|sheet| price(sheet, rule, fee)))
    }
}

async fn read(
    house: &House,
    grant: &BillingGrant<'_, WriteBilling>,
    charge: ChargeId,
) -> Result<ChargeRow, RecordError> {
    let row = charges::by_id(&house.stores.billing, grant.branch(), grant.account(), charge).await?;
    row.ok_or(RecordError::nothing())
}

/// One charge with its claim.
pub async fn one(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    charge: ChargeId,
) -> Result<ChargeView, BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    let row = read(house, &grant, charge).await?;
    let (price, no_fee) = match grant.open_optional(row.price.as_ref())? {
        Some(price) if row.state == ChargeState::Billed => (Some(price.expose().clone()), Vec::new()),
        _ => {
            let payer = accounts::by_id(&house.stores.billing, grant.branch(), account).await?;
            let payer = payer.and_then(|account| account.payer_id);
            match Schedule::of(house, grant.branch()).await?.price(&grant, &row, payer)? {
                Some(Ok(price)) => (Some(price), Vec::new()),
                Some(Err(PriceError::NoFee(codes))) => (None, codes),
                Some(Err(PriceError::Invalid(_))) | None => (None, Vec::new()),
            }
        }
    };
    let beside = charges::of_occasion(&house.stores.billing, &row).await?;
    let earlier = beside.iter().rev().find(|other| other.number < row.number);
    let later = beside.iter().find(|other| other.number > row.number);
    let mut names = Names::new(house, session);
    let nothing_asked = match (row.voided_by, row.voided_at) {
        (Some(by), Some(at)) => Some(NothingAsked { by: names.person(by).await?, at }),
        _ => None,
    };
    let takes_back = match row.taken_back {
        Some(taken) => Some(TakesBack { by: names.person(taken.by).await?, at: taken.at, reason: taken.because }),
        None => None,
    };
    let in_the_books = match billed(&row, &beside) {
        Some(billed) => bookings::standing(&house.stores.billing, grant.branch(), account, billed).await?,
        None => None,
    };
    Ok(ChargeView {
        corrects: earlier.map(|charge| charge.charge_id),
        corrected_by: later.map(|charge| charge.charge_id),
        is_taken_back: later.is_some_and(|charge| charge.taken_back.is_some()),
        in_the_books,
        charge_id: row.charge_id,
        day: row.day,
        therapist: names.person(row.therapist_id).await?,
        state: row.state,
        takes_back,
        services: grant.open(&row.sheet)?.expose().iter().flat_map(ChargeSheet::iter).cloned().collect(),
        diagnoses: grant.open(&row.diagnoses)?.expose().iter().flat_map(Diagnoses::iter).cloned().collect(),
        price,
        no_fee,
        version: row.version.unsigned_abs(),
        nothing_asked,
    })
}

/// Which of the charges of a visit is in the books: the charge itself, or one beside it.
fn billed(row: &ChargeRow, beside: &[ChargeRow]) -> Option<ChargeId> {
    std::iter::once(row).chain(beside).find(|one| one.state == ChargeState::Billed).map(|one| one.charge_id)
}

/// Puts a draft into the books, with its price as it is now; the way there is kept with the charge.
pub async fn bill(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    charge: ChargeId,
    seen: u64,
) -> Result<BookingId, BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    keep(house, session, account).await?;
    let row = read(house, &grant, charge).await?;
    is_draft(&row, seen)?;
    let (db, branch) = (&house.stores.billing, grant.branch());
    let payer = accounts::by_id(db, branch, account).await?.ok_or(RecordError::nothing())?.payer_id;
    let schedule = Schedule::of(house, branch).await?;
    let price = match schedule.price(&grant, &row, payer)? {
        Some(Ok(price)) => price,
        None => return Err(BillingError::NotNow(TAKEN_BACK)),
        Some(Err(PriceError::NoFee(codes))) => return Err(BillingError::NoFee(codes)),
        Some(Err(PriceError::Invalid(why))) => return Err(BillingError::Invalid { field: "services", why }),
    };
    if price.total == Cents(0) {
        return Err(BillingError::NotNow(
            "Its minutes earn no unit, so there is nothing to bill. Ask nothing for it, or tell the therapist, who can correct it at the visit.",
        ));
    }
    let invalid = |why| BillingError::Invalid { field: "price", why };
    let postings = Postings::of(BookingKind::Charge, price.total).map_err(invalid)?;
    let booking = BookingRow {
        branch,
        booking_id: BookingId::random(&*house.rng),
        account_id: account,
        kind: BookingKind::Charge,
        day: row.day,
        charge_id: Some(charge),
        voids: None,
        payer_id: payer,
        booked_by: grant.by(),
        booked_at: house.clock.now(),
    };
    let sealed = grant.seal_price(charge, &price);
    let mut batch = charges::advance(Batch::new(), &row, ChargeState::Billed, Some(&sealed));
    // A fee that is replaced at this moment is not one that somebody was billed with.
    for fee in price.lines.iter().filter_map(|line| fees::on(&schedule.fees, line.code, row.day)) {
        batch = fees::is_in_force(batch, fee, row.day);
    }
    match db.commit(bookings::insert(batch, &booking, &postings)).await {
        Ok(()) => Ok(booking.booking_id),
        // One charge of a visit is in the books at a time: the store sees to it.
        Err(CommitError::Duplicate { .. }) => Err(BillingError::NotNow(CORRECTS_BILLED)),
        Err(error) => Err(error.into()),
    }
}

/// Asks nothing for a draft; it stays, and says who decided that.
pub async fn void(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    charge: ChargeId,
    seen: u64,
) -> Result<(), BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    keep(house, session, account).await?;
    let row = read(house, &grant, charge).await?;
    is_draft(&row, seen)?;
    // What takes back something that is in the books is the word that it has to come out of them.
    let db = &house.stores.billing;
    if row.taken_back.is_some() && billed(&row, &charges::of_occasion(db, &row).await?).is_some() {
        return Err(BillingError::NotNow(STILL_IN_THE_BOOKS));
    }
    Ok(db.commit(charges::void(Batch::new(), &row, grant.by(), house.clock.now())).await?)
}

/// Asks for a charge after all, for which nothing was asked: it is a draft again. Refused where a correction took its place,
/// and where it was taken back.
pub async fn ask(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
    charge: ChargeId,
    seen: u64,
) -> Result<(), BillingError> {
    let grant = house.guard.authorize_account::<WriteBilling>(session, account, payment(ACCOUNT)).await?;
    keep(house, session, account).await?;
    let row = read(house, &grant, charge).await?;
    if row.version.unsigned_abs() != seen {
        return Err(BillingError::Stale);
    }
    if row.state != ChargeState::Void {
        return Err(BillingError::NotNow("It is asked for already."));
    }
    if row.taken_back.is_some() {
        return Err(BillingError::NotNow(TAKEN_BACK));
    }
    let db = &house.stores.billing;
    // What counts is the last word of the therapist.
    let superseded = async || -> Result<Option<&'static str>, BillingError> {
        let beside = charges::of_occasion(db, &row).await?;
        let last = beside.last().filter(|last| last.number > row.number);
        Ok(last.map(|last| if last.taken_back.is_some() { TAKEN_BACK } else { CORRECTED }))
    };
    if let Some(why) = superseded().await? {
        return Err(BillingError::NotNow(why));
    }
    match db.commit(charges::restore(Batch::new(), &row)).await {
        Ok(()) => Ok(()),
        // A correction came at this moment, or somebody else was faster.
        Err(CommitError::Conflict { .. }) => Err(superseded().await?.map_or(BillingError::Stale, BillingError::NotNow)),
        Err(CommitError::Duplicate { .. }) => Err(BillingError::NotNow(
            "Another charge of the same visit is to be billed. Ask nothing for that one first.",
        )),
        Err(error) => Err(error.into()),
    }
}

fn is_draft(row: &ChargeRow, seen: u64) -> Result<(), BillingError> {
    if row.version.unsigned_abs() != seen {
        return Err(BillingError::Stale);
    }
    match row.state {
        ChargeState::Draft => Ok(()),
        ChargeState::Void if row.taken_back.is_some() => Err(BillingError::NotNow(TAKEN_BACK)),
        ChargeState::Billed => Err(BillingError::NotNow("It is in the books. Void its booking first.")),
        ChargeState::Void => Err(BillingError::NotNow("Nothing is asked for it. Ask for it after all first.")),
    }
}
