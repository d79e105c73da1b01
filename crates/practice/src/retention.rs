//! How long records and billing accounts are kept, what stops their destruction, and their destruction.
//!
//! ```text
//! rules + care dates ──plan──▶ items ──two approvals, cooling-off──▶ purge ──▶ certificates
//!                                          legal holds stop it at any moment before a patient is listed
//! ```
//!
//! The one point of no return is the line in the destruction ledger: before it a patient is judged again and may be spared,
//! after it every later step is done, whatever is killed in between.

mod accounts;
mod approve;
mod archive;
mod carrying_out;
mod certificate;
mod disposal;
mod holds;
mod incident_holds;
mod plan;
pub(crate) mod proof;
mod purge;
mod reapply;
mod rules;
mod same_person;
mod segments;
mod stages;
mod views;

pub use accounts::{
    ACCOUNT_CERTIFICATE, AccountCertificate, AccountItemView, BILLING_PURGE_STEPS, plan_account_items, plan_accounts,
    plan_accounts_unattended, verify_account_certificate,
};
pub use approve::{approve, withdraw};
pub use archive::{
    ARCHIVE_END_STEPS, ARCHIVE_ENDED, ArchiveEnd, ArchiveError, ArchiveName, ArchiveSettings, EndArchivesError, Ended,
    archives, end_archives, verify_archive_end,
};
pub use carrying_out::purge;
pub use certificate::{CERTIFICATE, Certificate, KeptIn, certificate, certificate_pdf, verify_certificate};
pub use disposal::{DISPOSAL, Disposal, DisposalMethod, disposals, dispose};
pub use holds::{HoldView, NewHold, holds, lift, place};
pub(crate) use incident_holds::{ForIncident, HoldPlaced, came_in_time, hold_of_incident, place_for_incident};
pub use plan::{plan, plan_unattended};
pub use proof::{CertificateError, Proof};
pub use purge::{PURGE_STEPS, PurgeError, Purged, Signing};
pub use reapply::{ReapplyError, WhoError, reapply, who_was_destroyed};
pub use rules::{RulesError, billing_presets, billing_rules, presets, rules};
pub use segments::{DROP_STEPS, DropSegmentsError, DroppedSegments, OldLog, drop_segments};
pub use views::{ItemView, PlanDetails, PlanView, plan_details, plan_items, plans};

use crate::{incidents::IncidentError, record::RecordError};
use domain::{
    Timestamp,
    retention::{AUDIT_YEARS, BillingRules, RetentionRules},
};
use identity::EnrollmentError;
use jiff::SignedDuration;
use ledger::{LedgerError, Word};
use phi::{AccessError, KeyError, VaultError};
use store::{CommitError, StoreError};

const PLAN: Word = Word::new("retention_plan");
const HOLD: Word = Word::new("legal_hold");

/// How long records are kept here.
#[derive(Debug, Clone)]
pub struct RetentionSettings {
    /// The rules in force, for records.
    pub rules: RetentionRules,
    /// The rules in force, for billing accounts.
    pub billing: BillingRules,
    /// Hours between the second approval of a plan and the moment from which on it is carried out.
    pub cooling_hours: u32,
    /// Where records are archived whose rule asks for it; none where no rule does.
    pub archive: Option<ArchiveSettings>,
    /// For how many years the entries of the audit trail are kept, at least [`domain::retention::AUDIT_YEARS`].
    pub audit_years: u8,
}

impl Default for RetentionSettings {
    /// Seven years, minors until 25; ten years for billing accounts, six for the audit trail; three days of cooling-off.
    fn default() -> Self {
        let usual = rules(&["usual".to_owned()], Vec::new()).expect("the shipped rule `usual` is valid");
        let billing = billing_rules(&["us-false-claims".to_owned()], Vec::new());
        let billing = billing.expect("the shipped rule `us-false-claims` is valid");
        Self { rules: usual, billing, cooling_hours: 72, archive: None, audit_years: AUDIT_YEARS }
    }
}

/// Until when a plan rests that was approved at a moment; never, where the hours lead past the end of the calendar.
fn rests_until(approved_at: Timestamp, cooling_hours: u32) -> Timestamp {
    let rest = SignedDuration::from_hours(i64::from(cooling_hours));
    approved_at.checked_add(rest).unwrap_or(Timestamp::MAX)
}

/// Why something about retention was not done.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It could not be recorded.
    #[error("it could not be recorded")]
    Unrecorded(#[from] LedgerError),
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// There is no such plan, hold, patient or certificate.
    #[error("there is no such thing")]
    Unknown,
    /// Two different people approve a plan.
    #[error("somebody else gives the second approval")]
    SamePerson,
    /// The plan does not wait for approval, or was changed meanwhile.
    #[error("the plan does not wait for this")]
    NotOpen,
    /// Who asks for destruction lifts no hold, and who lifted a hold does not have what it covered destroyed.
    #[error("who asks for destruction and who lifts a hold must be different people")]
    BothHands,
    /// Whoever an incident may be about lifts no hold that was placed for it.
    #[error("somebody else lifts this hold")]
    Oneself,
    /// Whether it is about oneself could not be told.
    #[error(transparent)]
    Incident(#[from] Box<IncidentError>),
    /// The destruction of whom the hold should cover has begun.
    #[error("the destruction of this record has begun")]
    TooLate,
    /// A charge that is on its way does not open, so it is not known to which account.
    #[error("charges are on their way that do not open: nobody can tell to which account")]
    OnTheirWay,
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(CommitError),
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A sealed field did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<CommitError> for RetentionError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => Self::NotOpen,
            other => Self::Commit(other),
        }
    }
}
