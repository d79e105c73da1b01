//! What the made practice charges: the first patients have visits, therapists charged most of them, and billing priced
//! them, said who pays and booked what came. Everything goes through the use cases, and follows from the patient's number.

use super::{DemoPatient, DemoPlan, seed::SeedError};
use crate::{
    House,
    billing::{
        accounts, books,
        books::NewBooking,
        charges,
        charging::{self, NewCharge},
        courier,
        schedule::{self, Fee, NewPayer},
    },
    visits::{self, VisitDetails},
};
use domain::{
    BillingAccountId, Date, PatientId, PayerId, Unobserved, VisitMinutes, VisitState,
    billing::{
        BookingKind, Cents, ChargeSheet, CptCode, Diagnoses, DiagnosisCode, FeeWords, Minutes, Modifier, PayerName,
        Service, UnitRule,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use identity::{Full, Session};
use jiff::ToSpan;
use phi::billing_branch;
use std::collections::HashMap;
use store::rows::billing::accounts as rows;

/// How many patients have visits: enough to see something in every picture, and no more, since each is work at the start.
const BILLED: u32 = 16;
/// The last visit of each: not charged, or charged and not billed.
const NEWEST: usize = 4;
/// How many accounts are worked on at once, so that their entries share a sync.
const AT_ONCE: usize = 8;

/// Code, the practice's own words, cents for a unit, and cents from half-way through the log on.
const FEES: [(&str, &str, i64, Option<i64>); 5] = [
    ("97110", "Exercise", 4_200, Some(4_450)),
    ("97112", "Balance and coordination", 4_125, None),
    ("97140", "Manual therapy", 3_900, None),
    ("97161", "First examination", 12_800, None),
    ("97530", "Activities of daily life", 4_300, None),
];
/// A code that the practice has set no fee for.
const WITHOUT_FEE: &str = "97750";
const DIAGNOSES: [&str; 4] = ["M25.561", "M54.50", "M75.41", "M17.11"];

/// The days of somebody's visits, oldest first: the day after they were registered, then some of the following weeks.
fn days(plan: &DemoPlan, made: &DemoPatient) -> Vec<Date> {
    let (today, zone) = (plan.options.today, plan.timezone());
    let back = |days: u32| today.checked_sub(i64::from(days).days()).unwrap_or(today);
    let registered = zone.day_of(made.registered_at);
    let first = registered.checked_add(1.day()).unwrap_or(registered);
    let n = made.number;
    let later = [74 + n % 7, 50 + n % 9, 24 + n % 11, 3 + n % 6].map(back);
    std::iter::once(first).chain(later.into_iter().filter(|day| *day > first)).collect()
}

/// Whether the newest visit waits for its therapist to charge it.
const fn newest_is_not_charged(number: u32) -> bool {
    number.is_multiple_of(4)
}

/// What is charged for the visit at this place of somebody's visits.
fn charge(number: u32, place: usize) -> Result<NewCharge, SeedError> {
    let k = u16::try_from(place).unwrap_or_default();
    let n = u16::try_from(number).unwrap_or_default();
    let (exercise, manual) = (15 + (n * 7 + k * 5) % 24, 7 + (n * 3 + k * 4) % 15);
    let services: Vec<(&str, Option<u16>)> = match (place, number) {
        (0, _) => vec![("97161", None), ("97110", Some(exercise))],
        (NEWEST, 2) => vec![("97110", Some(5))],
        (NEWEST, _) if number % 5 == 3 => vec![("97110", Some(exercise)), (WITHOUT_FEE, Some(15))],
        _ if place.is_multiple_of(2) => vec![("97110", Some(exercise)), ("97112", Some(manual)), ("97530", Some(12))],
        _ => vec![("97110", Some(exercise)), ("97140", Some(manual))],
    };
    let service = |(code, minutes): (&str, Option<u16>)| {
        let minutes = minutes.map(Minutes::new).transpose()?;
        Ok(Service { code: CptCode::new(code)?, minutes, modifiers: vec![Modifier::Gp] })
    };
    let services = services.into_iter().map(service).collect::<Result<_, SeedError>>()?;
    let diagnosis = DiagnosisCode::new(DIAGNOSES[usize::from(n) % DIAGNOSES.len()])?;
    Ok(NewCharge { services: ChargeSheet::new(services)?, diagnoses: Diagnoses::new(vec![diagnosis])? })
}

/// Somebody's visits, each held, and charged by who treats them.
pub(super) async fn visits(
    house: &House,
    therapist: &Session<Full>,
    patient: PatientId,
    plan: &DemoPlan,
    made: &DemoPatient,
) -> Result<(), SeedError> {
    if made.number >= BILLED {
        return Ok(());
    }
    for (place, day) in days(plan, made).into_iter().enumerate() {
        let hour = i8::try_from(8 + made.number % 9).unwrap_or(8);
        let details = VisitDetails {
            therapist_id: therapist.account(),
            starts_at: plan.timezone().moment(day, hour, 30),
            minutes: VisitMinutes::new(45)?,
            state: VisitState::Held,
            clinic: None,
            remark: None,
        };
        let visit = visits::book(house, therapist, patient, &details, None).await?.visit_id;
        if place < NEWEST || !newest_is_not_charged(made.number) {
            let new = charge(made.number, place)?;
            charging::charge_watched(house, therapist, patient, visit, &new, &Unobserved).await?;
        }
    }
    Ok(())
}

/// Who pays for somebody, as billing says it; none where nobody said so yet.
fn pays(number: u32, payers: [PayerId; 2]) -> Option<Option<PayerId>> {
    match number % 6 {
        0 | 3 => Some(Some(payers[0])),
        1 | 4 => Some(Some(payers[1])),
        2 => Some(None),
        _ => None,
    }
}

/// Carries the charges to the billing store, sets fees and payers, bills and books.
pub(super) async fn settle(house: &House, office: &Session<Full>, plan: &DemoPlan) -> Result<(), SeedError> {
    courier::deliver(house, &Unobserved).await?;
    let year = plan.first_day.checked_sub(1.year()).unwrap_or(plan.first_day);
    let middle = plan.first_day.checked_add((i64::from(plan.options.weeks) * 7 / 2).days()).unwrap_or(plan.first_day);
    for (code, words, cents, later) in FEES {
        let (code, words) = (CptCode::new(code)?, FeeWords::new(words)?);
        for (valid_from, cents) in std::iter::once((year, cents)).chain(later.map(|cents| (middle, cents))) {
            schedule::set_fee(house, office, &Fee { code, valid_from, fee: Cents(cents), words: words.clone() })
                .await?;
        }
    }
    let payer = async |name: &str, unit_rule| -> Result<PayerId, SeedError> {
        let new = NewPayer { name: PayerName::new(name)?, unit_rule };
        Ok(schedule::add_payer(house, office, &new, None).await?)
    };
    let payers = [payer("Medicare", UnitRule::Cms).await?, payer("Northwind Health Plan", UnitRule::Ama).await?];
    let mut numbers = HashMap::new();
    for number in 0..plan.patients().min(BILLED) {
        numbers.insert(plan.patient(number)?.email.as_str().to_owned(), number);
    }
    let numbers = &numbers;
    let accounts = rows::all(&house.stores.billing, billing_branch(office.practice())).await?;
    stream::iter(accounts)
        .map(|row| async move { account(house, office, plan.options.today, row.account_id, numbers, payers).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Bills one account and books what came.
async fn account(
    house: &House,
    office: &Session<Full>,
    today: Date,
    id: BillingAccountId,
    numbers: &HashMap<String, u32>,
    payers: [PayerId; 2],
) -> Result<(), SeedError> {
    let view = accounts::one(house, office, id).await?;
    let email = view.contact.and_then(|contact| contact.email);
    let Some(number) = email.and_then(|email| numbers.get(&email).copied()) else { return Ok(()) };
    let payer = pays(number, payers);
    if let Some(payer) = payer {
        accounts::set_payer(house, office, id, payer, view.version).await?;
    }
    // They come newest first.
    let billable = view.charges.iter().rev().take(NEWEST);
    for line in billable {
        // What just came was not changed yet.
        charges::bill(house, office, id, line.charge_id, 1).await?;
    }
    let billed = accounts::one(house, office, id).await?;
    let mut by_day = billed.bookings;
    by_day.sort_by_key(|one| one.day);
    let book = async |kind, cents: i64, after: Date, days: i64, payer_id| -> Result<_, SeedError> {
        let day = after.checked_add(days.days()).unwrap_or(after).min(today);
        Ok(books::book(house, office, id, &NewBooking { kind, amount: Cents(cents), day, payer_id }, None).await?)
    };
    let payer = payer.flatten();
    for (place, one) in by_day.iter().enumerate() {
        let part = one.owed.0 * 4 / 5;
        match (place, payer) {
            // Most have paid for their first visit: four fifths by the payer, where there is one.
            (0, Some(_)) if number % 4 != 3 => {
                book(BookingKind::Payment, part, one.day, 21, payer).await?;
                book(BookingKind::Payment, one.owed.0 - part, one.day, 34, None).await?;
            }
            (0, None) if number % 4 != 1 => {
                book(BookingKind::Payment, one.owed.0, one.day, 12, None).await?;
            }
            // Of the second, some are paid in part, and the plan asks for less.
            (1, Some(_)) if number % 2 == 0 => {
                book(BookingKind::Payment, part, one.day, 25, payer).await?;
            }
            (1, Some(_)) => {
                book(BookingKind::Adjustment, one.owed.0 / 8, one.day, 25, payer).await?;
            }
            // Booked twice, and taken out again.
            (2, _) if number == 1 => {
                book(BookingKind::Payment, 2_500, one.day, 9, None).await?;
                let twice = book(BookingKind::Payment, 2_500, one.day, 9, None).await?;
                books::void(house, office, id, twice, None).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
