//! Billing accounts: kept by rules of their own, and destroyed by plans of their own.
//!
//! ```text
//! billing rules + activity ──plan──▶ accounts ──two approvals, cooling-off──▶ purge ──▶ certificates
//!            holds of the patients behind them stop it, and whoever writes on an account takes it out of its plans
//! ```
//!
//! Approval, cooling-off and withdrawal are those of every plan. No row and no entry of the trail puts an account beside a
//! patient: an account that is held has no row in a plan, entries about accounts name the plan alone, and from a hold one comes to
//! the account, never from the account to whoever is behind it.

mod certificate;
mod judge;
mod plan;
mod purge;
mod views;

pub use certificate::{ACCOUNT_CERTIFICATE, AccountCertificate, verify_account_certificate};
pub use plan::{plan_accounts, plan_accounts_unattended};
pub use purge::BILLING_PURGE_STEPS;
pub use views::{AccountItemView, plan_account_items};

pub(super) use certificate::words;
pub(super) use judge::accounts_of_person;
pub(super) use purge::{progress, purge};
