//! The billing store. Its `practice_id` is the practice's billing branch, a pseudonym too (see `billing_branch`).

use super::{Column, table};
use domain::billing::{ChargeSheet, Diagnoses as Codes, Price};

table! {
    /// What one patient owes and has paid, under a pseudonym.
    Billing.billing_accounts {
        (practice_id: Id, Drop, "the practice's billing branch")
        (account_id: Id, Drop, "the account")
        (payer_id: Id, Drop, "who pays first, if it is not the patient")
        (opened_at: Time, Drop, "when the first charge came")
        (version: Structure, Drop, "counts up at each change")
    }
}

table! {
    /// What is asked for visits.
    Billing.charges {
        (practice_id: Id, Drop, "the practice's billing branch")
        (account_id: Id, Drop, "the account")
        (charge_id: Id, Drop, "the charge")
        (therapist_id: Id, Drop, "the account of the therapist")
        (day: Time, Drop, "the day of the visit, in days since 1970-01-01")
        (state: Structure, Drop, "draft, billed or void")
        (sheet: sealed Charge as Sheet = Option<ChargeSheet>, Drop, "Codes, minutes and modifiers; none where the charge was taken back.")
        (diagnoses: sealed Diagnosis as Diagnoses = Option<Codes>, Drop, "The diagnosis codes of the claim; none where it was taken back.")
        (price: sealed Charge as Priced = Price, Drop, "The way from minutes to units and the amount.")
        (received_at: Time, Drop, "when it came from the therapist")
        (version: Structure, Drop, "counts up at each change")
        (occasion_id: Id, Drop, "what the charge is for, the same as that of what it corrects; leads nowhere by itself")
        (number: Structure, Drop, "0 for the first charge of the occasion, then each correction")
        (voided_by: Id, Drop, "the account that asks nothing for it; empty where a correction took its place")
        (voided_at: Time, Drop, "when nothing was asked for it any more; empty where a correction took its place")
        (taken_back_by: Id, Drop, "the account that takes back with it what was charged before; empty where it charges something")
        (taken_back_at: Time, Drop, "when that was; empty where it charges something")
        (taken_back_because: Structure, Drop, "other_patient, not_held, charged_twice or not_to_charge; empty where it charges something")
    }
}

table! {
    /// What a unit of a code costs, from a day on.
    Billing.fees {
        (practice_id: Id, Drop, "the practice's billing branch")
        (code: Public, Drop, "the procedure code")
        (valid_from: Time, Drop, "the first day, in days since 1970-01-01")
        (cents: Public, Drop, "the fee for one unit, in cents")
        (words: Public, Drop, "the practice's own short words for the code")
        (set_by: Id, Drop, "the account that set it")
        (set_at: Time, Drop, "when it was set")
    }
}

table! {
    /// Who pays for patients, and how they count units.
    Billing.payers {
        (practice_id: Id, Drop, "the practice's billing branch")
        (payer_id: Id, Drop, "the payer")
        (name: Public, Drop, "what it is called")
        (unit_rule: Structure, Drop, "cms or ama")
        (created_at: Time, Drop, "when it was added")
    }
}

table! {
    /// What was booked. Nothing is ever changed, or removed but with its whole account: what was wrong is voided by another booking.
    Billing.bookings {
        (practice_id: Id, Drop, "the practice's billing branch")
        (booking_id: Id, Drop, "the booking")
        (account_id: Id, Drop, "the account")
        (kind: Structure, Drop, "charge, payment, adjustment, refund or void")
        (day: Time, Drop, "the day that it counts from, in days since 1970-01-01")
        (charge_id: Id, Drop, "the charge, where it is one")
        (voids: Id, Drop, "the booking that it voids, which stays")
        (payer_id: Id, Drop, "who paid, where it was not the patient")
        (booked_by: Id, Drop, "the account that booked it")
        (booked_at: Time, Drop, "when it was booked")
    }
}

table! {
    /// The amounts of a booking; they sum to zero.
    Billing.postings {
        (practice_id: Id, Drop, "the practice's billing branch")
        (booking_id: Id, Drop, "the booking")
        (line: Structure, Drop, "0, 1 and on")
        (account_id: Id, Drop, "the account")
        (book: Structure, Drop, "receivable, income, cash or write_off")
        (cents: Structure, Drop, "the amount, in cents")
    }
}

pub(super) const TABLES: &[&[Column]] = &[
    billing_accounts::COLUMNS,
    charges::COLUMNS,
    fees::COLUMNS,
    payers::COLUMNS,
    bookings::COLUMNS,
    postings::COLUMNS,
];
