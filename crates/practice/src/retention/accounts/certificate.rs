//! The certificate of an account's destruction: of the same form as that of a record, and with no health data either.

use super::super::{
    certificate::{approved_by, sheet_of},
    proof::{CertificateError, Proof, Proofs, read, sign, verified},
    purge::Signing,
};
use crate::{House, trail::TrailError};
use domain::{AccountId, BillingAccountId, PlanId, PracticeId, Timestamp};
use ledger::VerifierKey;
use phi::{as_subject, billing_branch};
use serde::{Deserialize, Serialize};
use store::rows::{
    destroyed::CertificateRow,
    retention::{PlanRow, accounts::AccountItemRow},
};

/// The first line of the note: what kind of text it is.
pub const ACCOUNT_CERTIFICATE: &str = "patella billing account destruction certificate 1";

/// How accounts are destroyed, in the words of the standard.
const METHOD: &str = "Cryptographic erase (NIST SP 800-88 Rev. 1): the only key of this billing account was destroyed in the key \
                      store. Its charges, bookings and postings, and the link to whoever it was of, were then deleted and, where \
                      the database does so, overwritten.";

/// What a certificate of a billing account says. Whose it was is not known to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountCertificate {
    /// The practice.
    pub practice: PracticeId,
    /// The billing account, by its pseudonym.
    pub billing_account: BillingAccountId,
    /// When it was decided for good.
    pub destroyed_at: Timestamp,
    /// When the certificate was issued, after everything was gone.
    pub issued_at: Timestamp,
    /// The rule by which its time was over.
    pub rule: String,
    /// The plan.
    pub plan: PlanId,
    /// The two people who approved it, by their accounts.
    pub approved_by: Vec<AccountId>,
    /// How it was destroyed.
    pub method: String,
    /// The proof that the audit trail records it; none where the entry was lost with an old log.
    pub audit: Option<Proof>,
}

/// What is certified of one account.
pub(super) struct Facts<'f> {
    pub(super) item: &'f AccountItemRow,
    pub(super) destroyed_at: Timestamp,
    pub(super) entry: Option<u64>,
}

/// Makes and signs certificates. A checkpoint that covers their entries must have been written.
pub(super) async fn issue(
    house: &House,
    plan: &PlanRow,
    facts: &[Facts<'_>],
    signing: &Signing,
) -> Result<Vec<CertificateRow>, TrailError> {
    let proofs = Proofs::of(house, facts.iter().filter_map(|one| one.entry), signing).await?;
    let issued_at = house.clock.now();
    let row = |one: &Facts<'_>| {
        let certificate = AccountCertificate {
            practice: one.item.practice_id,
            billing_account: one.item.account_id,
            destroyed_at: one.destroyed_at,
            issued_at,
            rule: one.item.executed_rule.as_ref().unwrap_or(&one.item.rule).clone(),
            plan: plan.plan_id,
            approved_by: approved_by(plan),
            method: METHOD.to_owned(),
            audit: proofs.proof(one.entry),
        };
        CertificateRow {
            practice_id: billing_branch(one.item.practice_id),
            patient_id: as_subject(one.item.account_id),
            issued_at,
            certificate: sign(ACCOUNT_CERTIFICATE, &certificate, signing),
        }
    };
    Ok(facts.iter().map(row).collect())
}

/// Checks a certificate of a billing account with the public key alone: that the key signed it, and that the audit trail
/// records the destruction.
pub fn verify_account_certificate(note: &str, key: &VerifierKey) -> Result<AccountCertificate, CertificateError> {
    verified(ACCOUNT_CERTIFICATE, note, key, |said: &AccountCertificate| said.audit.as_ref())
}

/// What it says, as lines of a sheet of paper.
pub(in crate::retention) fn words(text: &str) -> Result<Vec<String>, CertificateError> {
    let said: AccountCertificate = read(text)?;
    let approved: Vec<String> = said.approved_by.iter().map(ToString::to_string).collect();
    let words = vec![
        format!("Billing account {}", said.billing_account),
        format!("Practice        {}", said.practice),
        format!("Destroyed       {}", said.destroyed_at),
        format!("Issued          {}", said.issued_at),
        format!("Rule            {}", said.rule),
        format!("Plan            {}", said.plan),
        format!("Approved by     {}", approved.join(", ")),
    ];
    Ok(sheet_of(words, &said.method))
}
