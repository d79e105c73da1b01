//! What is sent to whoever is billed: a statement of the account, a receipt for a payment.

use super::{
    BillingError,
    accounts::{self, AccountView},
    books::BookingView,
};
use crate::{
    House,
    record::{RecordError, today},
    sheet,
};
use domain::{
    BillingAccountId, BookingId, Date,
    billing::{BookingKind, Cents},
};
use identity::{Full, Session};
use store::rows::practices;

/// A statement: the account with what stands above it.
pub struct Statement {
    /// The practice.
    pub practice: String,
    /// The day.
    pub day: Date,
    /// The account, all its bookings by the day that they count from.
    pub account: AccountView,
}

/// The statement of an account on this day.
pub async fn statement(
    house: &House,
    session: &Session<Full>,
    account: BillingAccountId,
) -> Result<Statement, BillingError> {
    let mut account = accounts::with_bookings(house, session, account, usize::MAX).await?;
    account.bookings.sort_by_key(|one| one.day);
    let practice = practices::by_id(&house.stores.identity, session.practice()).await?;
    let practice = practice.ok_or(RecordError::nothing())?.name;
    Ok(Statement { practice, day: today(house, session.practice()).await?, account })
}

impl Statement {
    /// Refused where the name of whoever it is for is there and does not open: nobody is to be sent a sheet without it.
    pub const fn may_be_sent(&self) -> Result<(), BillingError> {
        match self.account.contact_is_damaged {
            true => Err(BillingError::NotNow(
                "Name and contact of this account do not open. Have the operator look at its keys first.",
            )),
            false => Ok(()),
        }
    }

    /// What is owed; none when it cannot be counted.
    pub fn balance(&self) -> Option<Cents> {
        self.account.aging.balance()
    }

    /// What counts: neither voided nor a void.
    pub fn lines(&self) -> impl Iterator<Item = &BookingView> {
        self.account.bookings.iter().filter(|one| !one.voided && one.kind != BookingKind::Void)
    }

    /// As a file to print or send.
    pub fn pdf(&self) -> Vec<u8> {
        let mut lines = self.heading();
        lines.extend(self.taken_back());
        lines.extend([String::new(), row("Day", "What", "Amount"), "-".repeat(WIDTH)]);
        lines.extend(self.lines().map(|one| row(&one.day.to_string(), words(one.kind), &one.owed.to_string())));
        let balance = self.balance().map_or_else(String::new, |balance| balance.to_string());
        lines.extend([
            "-".repeat(WIDTH),
            row("", "Balance", &balance),
            String::new(),
            "How long it is owed".to_owned(),
        ]);
        for (span, cents) in self.account.aging.spans() {
            lines.push(row("", span, &cents.to_string()));
        }
        sheet::document("Statement", &lines)
    }

    /// The receipt for a payment of the account; none where it is no payment, or was voided.
    pub fn receipt(&self, payment: BookingId) -> Option<Vec<u8>> {
        let one = self.lines().find(|one| one.booking_id == payment && one.kind == BookingKind::Payment)?;
        let mut lines = self.heading();
        let received = one.owed.opposite()?.to_string();
        lines.extend([
            String::new(),
            row(&one.day.to_string(), "Received with thanks", &received),
            String::new(),
            format!("Booking {}", one.booking_id),
        ]);
        Some(sheet::document("Receipt", &lines))
    }

    /// What whoever treats took back and is in the books still: whoever is asked for money reads that it is not owed.
    fn taken_back(&self) -> Vec<String> {
        let days: Vec<String> = self.account.taken_back.iter().map(|line| line.day.to_string()).collect();
        if days.is_empty() {
            return Vec::new();
        }
        let said = format!(
            "Not owed: what was charged for the visit of {}. It was taken back, and the balance below still counts it.",
            days.join(", of ")
        );
        let lines = sheet::wrapped(said.split(' ').map(str::to_owned), WIDTH);
        std::iter::once(String::new()).chain(lines).collect()
    }

    fn heading(&self) -> Vec<String> {
        let mut lines = vec![self.practice.clone(), format!("Date {}", self.day), String::new()];
        if let Some(contact) = &self.account.contact {
            lines.push(contact.name.clone());
            lines.extend(contact.email.clone());
            lines.extend(contact.phone.clone());
        }
        lines.push(format!("Account {}", self.account.account_id));
        lines
    }
}

/// Characters of a line of amounts.
const WIDTH: usize = 60;

fn row(left: &str, middle: &str, right: &str) -> String {
    format!("{left:<12}{middle:<30}{right:>18}")
}

/// What a booking is called to whoever pays.
pub const fn words(kind: BookingKind) -> &'static str {
    match kind {
        BookingKind::Charge => "Physical therapy",
        BookingKind::Payment => "Payment",
        BookingKind::Adjustment => "Adjustment",
        BookingKind::Refund => "Refund",
        BookingKind::Void => "Void",
    }
}
