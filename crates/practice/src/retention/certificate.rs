//! Destruction certificates: signed, with the proof that the audit trail records the destruction, and no health data.

use super::{
    PLAN, RetentionError,
    accounts::{self, ACCOUNT_CERTIFICATE},
    proof::{CertificateError, Proof, Proofs, read, sign, verified},
    purge::Signing,
};
use crate::{Event, House, record::resource, sheet, trail::TrailError};
use data_encoding::HEXLOWER;
use domain::{AccountId, Date, PatientId, PlanId, PracticeId, Timestamp};
use identity::{Full, Session};
use ledger::{VerifierKey, Word, unverified_text};
use phi::{Purpose, Retain};
use serde::{Deserialize, Serialize};
use store::rows::{
    archives::ArchiveRow,
    destroyed::{self, CertificateRow},
    retention::{ItemRow, PlanRow},
};

/// The first line of a certificate's note: what kind of text it is.
pub const CERTIFICATE: &str = "patella destruction certificate 1";

/// How records are destroyed, in the words of the standard.
const METHOD: &str = "Cryptographic erase (NIST SP 800-88 Rev. 1): the only key of this record was destroyed in the key \
                      store. Its rows were then deleted and, where the database does so, overwritten.";

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The practice.
    pub practice: PracticeId,
    /// The patient, by the random id under which the record was kept.
    pub patient: PatientId,
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
    /// The archive in which it is kept on; none where there is none.
    #[serde(default)]
    pub archive: Option<KeptIn>,
    /// Whether billing kept name, e-mail and telephone when it was issued, sealed under the key of the billing account: they are
    /// destroyed with that, when billing's own retention is over.
    #[serde(default)]
    pub kept_for_billing: bool,
    /// The proof that the audit trail records it; none where the entry was lost with an old log.
    pub audit: Option<Proof>,
}

/// The sealed file that holds a record which was destroyed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptIn {
    /// SHA-256 of the sealed file, hexadecimal.
    pub digest: String,
    /// The last day of its keeping.
    pub kept_until: Date,
}

/// What is certified of one patient.
pub(super) struct Facts<'f> {
    pub(super) item: &'f ItemRow,
    pub(super) destroyed_at: Timestamp,
    pub(super) entry: Option<u64>,
    pub(super) archive: Option<ArchiveRow>,
    pub(super) kept_for_billing: bool,
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
        let (practice_id, patient_id) = (one.item.practice_id, one.item.patient_id);
        let certificate = Certificate {
            practice: practice_id,
            patient: patient_id,
            destroyed_at: one.destroyed_at,
            issued_at,
            rule: one.item.executed_rule.as_ref().unwrap_or(&one.item.rule).clone(),
            plan: plan.plan_id,
            approved_by: approved_by(plan),
            method: METHOD.to_owned(),
            archive: one
                .archive
                .as_ref()
                .map(|row| KeptIn { digest: HEXLOWER.encode(&row.digest), kept_until: row.ends_on }),
            kept_for_billing: one.kept_for_billing,
            audit: proofs.proof(one.entry),
        };
        CertificateRow { practice_id, patient_id, issued_at, certificate: sign(CERTIFICATE, &certificate, signing) }
    };
    Ok(facts.iter().map(row).collect())
}

/// Who approved a plan.
pub(super) fn approved_by(plan: &PlanRow) -> Vec<AccountId> {
    [plan.first, plan.second].into_iter().flatten().map(|(account, _)| account).collect()
}

/// What a certificate says, after the public key has vouched for it and for its place in the audit trail. Needs nothing else.
pub fn verify_certificate(note: &str, key: &VerifierKey) -> Result<Certificate, CertificateError> {
    verified(CERTIFICATE, note, key, |said: &Certificate| said.audit.as_ref())
}

/// The certificate of a patient, as the signed note.
pub async fn certificate(house: &House, session: &Session<Full>, patient: PatientId) -> Result<String, RetentionError> {
    let purpose = Purpose::operations(resource(PLAN, patient));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let found = destroyed::certificate(&house.stores.keys, grant.practice(), patient).await?;
    let event = Event::done(Word::new("read_certificate"), resource(Word::new("certificate"), patient));
    house.record(session, Event { patient: Some(patient), ..event }).await?;
    Ok(found.ok_or(RetentionError::Unknown)?.certificate)
}

/// A certificate, of a record or of a billing account, as a sheet of paper: what it says in words, and the signed note to the
/// letter.
pub fn certificate_pdf(note: &str) -> Result<Vec<u8>, CertificateError> {
    let mut lines = if note.starts_with(ACCOUNT_CERTIFICATE) {
        accounts::words(unverified_text(ACCOUNT_CERTIFICATE, note)?)?
    } else {
        words(unverified_text(CERTIFICATE, note)?)?
    };
    lines.extend(note.lines().map(str::to_owned));
    Ok(sheet::document("Certificate of destruction", &lines))
}

fn words(text: &str) -> Result<Vec<String>, CertificateError> {
    let said: Certificate = read(text)?;
    let approved: Vec<String> = said.approved_by.iter().map(ToString::to_string).collect();
    let words = vec![
        format!("Record      {}", said.patient),
        format!("Practice    {}", said.practice),
        format!("Destroyed   {}", said.destroyed_at),
        format!("Issued      {}", said.issued_at),
        format!("Rule        {}", said.rule),
        format!("Plan        {}", said.plan),
        format!("Approved by {}", approved.join(", ")),
        match &said.archive {
            Some(kept) => format!("Archived    until {}, as a sealed file", kept.kept_until),
            None => "Archived    no".to_owned(),
        },
        match said.kept_for_billing {
            true => "Billing     keeps name, e-mail and telephone until its own retention is over".to_owned(),
            false => "Billing     keeps no name".to_owned(),
        },
    ];
    Ok(sheet_of(words, &said.method))
}

/// Lines of a sheet: what is certified, how it was destroyed, and what counts.
pub(super) fn sheet_of(mut lines: Vec<String>, method: &str) -> Vec<String> {
    lines.push(String::new());
    lines.extend(sheet::wrapped(method.split(' ').map(str::to_owned), 88));
    lines.extend([
        String::new(),
        "This sheet holds no health data. What counts is the signed text below: save it as a file".to_owned(),
        "and check it with `patella retention verify` or any tool that verifies signed notes.".to_owned(),
        String::new(),
    ]);
    lines
}
