//! Billing: what is to be charged, what is owed and paid. Billing staff see a name and how to reach it, and nothing else of
//! any patient.

mod account;
mod accounts;
mod bookings;
mod charge;
mod drafts;
mod export;
mod fees;
mod listed;
mod money;
mod overview;
mod payers;
mod statement;

use crate::{
    Problem, RouteTable,
    answer::key_used,
    look::{Tone, notice},
};
use maud::{Markup, html};
use practice::billing::{BillingError, accounts::AccountView};

/// In place of a name that nobody has any more, or that the patient keeps from whoever asks: which of the two is not told.
const NOT_OPEN: &str = "A record that is not open to you";

/// In place of a name that is there and does not open.
const DAMAGED: &str = "A name that is damaged";

/// What stands in the place of a name.
const fn no_name(is_damaged: bool) -> &'static str {
    if is_damaged { DAMAGED } else { NOT_OPEN }
}

/// That name and contact do not open, where they do not, and what to do.
fn damaged(account: &AccountView) -> Markup {
    if !account.contact_is_damaged {
        return html! {};
    }
    let below = "The account is whole, and can be worked on. Tell whoever runs Patella: the log says which field it is, and a backup has \
                 it. Send no statement before that.";
    notice(Tone::Error, "Name and contact of this account do not open", Some(html! { (below) }))
}

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .with(overview::add)
        .with(drafts::add)
        .with(accounts::add)
        .with(account::add)
        .with(listed::add)
        .with(statement::add)
        .with(charge::add)
        .with(bookings::add)
        .with(fees::add)
        .with(payers::add)
        .with(export::add)
}

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::Invalid { field, why } => Self::invalid(field, &why),
            BillingError::Stale => Self::changed_since(),
            BillingError::NotNow(why) => Self::conflict().detail(why),
            BillingError::KeyUsed => key_used(),
            // Which codes those are, the charge itself shows: an error says no value.
            BillingError::NoFee(_) => Self::conflict()
                .detail("A code of the charge had no fee on the day of the visit. Set one, then bill it."),
            BillingError::Record(error) => error.into(),
        }
    }
}
