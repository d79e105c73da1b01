//! The record of a closed review: signed, with the proof that the audit trail records its closing, by ids alone.

use super::{REVIEW, ReviewError, allowed};
use crate::{
    House,
    record::resource,
    retention::{
        CertificateError, Proof, Signing,
        proof::{Proofs, read, sign, verified},
    },
    sheet,
};
use domain::{
    AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessSubjectId, AccountId, PracticeId, Role, Timestamp,
    Unusual,
};
use identity::{Full, Session};
use ledger::{VerifierKey, unverified_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::rows::access_reviews::{self as rows, ItemRow, Listed, ReviewRow};

/// The first line of a record's note: what kind of text it is.
pub const ACCESS_REVIEW: &str = "patella access review 1";

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRecord {
    /// The practice.
    pub practice: PracticeId,
    /// The review.
    pub review: AccessReviewId,
    /// Of which quarter: `2026-Q4`.
    pub quarter: String,
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When what nobody attested ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub due_at: Timestamp,
    /// When it was closed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub closed_at: Timestamp,
    /// Everything that was looked at.
    pub accesses: Vec<ReviewedAccess>,
    /// The proof that the audit trail records the closing.
    #[schemars(with = "Option<serde_json::Value>")]
    pub audit: Option<Proof>,
}

/// What was looked at, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewedAccess {
    /// What kind.
    pub kind: AccessKind,
    /// The account, the place on a care team, the token or the opening in an emergency.
    pub id: AccessSubjectId,
    /// Whose it is.
    pub account: AccountId,
    /// Their role when the review began.
    pub role: Role,
    /// When it was last used before that.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<Timestamp>,
    /// Why it was looked at by itself.
    pub unusual: Vec<Unusual>,
    /// What became of it.
    pub decision: AccessDecision,
    /// Who decided it; null when it came about by itself.
    pub decided_by: Option<AccountId>,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub decided_at: Timestamp,
    /// Whether whose it is decided it themself: there was nobody else who could.
    pub about_oneself: bool,
}

impl ReviewedAccess {
    fn of(row: &ItemRow) -> Option<Self> {
        let decided = row.decided?;
        Some(Self {
            kind: row.kind,
            id: AccessSubjectId::from_bytes(row.subject),
            account: row.whose,
            role: row.role,
            last_used_at: row.last_used_at,
            unusual: row.unusual.clone(),
            decision: decided.decision,
            decided_by: decided.by,
            decided_at: decided.at,
            about_oneself: decided.by == Some(row.whose),
        })
    }
}

/// Makes and signs the record of a review in which everything is decided. A checkpoint that covers the entry of its closing
/// must have been written.
pub(super) async fn seal(
    house: &House,
    review: &ReviewRow,
    closed_at: Timestamp,
    entry: u64,
    signing: &Signing,
) -> Result<String, ReviewError> {
    let (mut accesses, mut after) = (Vec::new(), AccessItemId::from_bytes([0; 16]));
    loop {
        let place = (review.practice_id, review.review_id);
        let some = rows::items(&house.stores.identity, place, Listed::All, after, 500).await?;
        let Some(last) = some.last() else { break };
        after = last.item_id;
        for item in &some {
            accesses.push(ReviewedAccess::of(item).ok_or(ReviewError::Undecided)?);
        }
    }
    let proofs = Proofs::of(house, std::iter::once(entry), signing).await?;
    // Without it the record would lack it for ever: the next round tries again.
    let audit = Some(proofs.proof(Some(entry)).ok_or(ReviewError::Unproved)?);
    let record = ReviewRecord {
        practice: review.practice_id,
        review: review.review_id,
        quarter: review.quarter.to_string(),
        started_at: review.started_at,
        due_at: review.due_at,
        closed_at,
        accesses,
        audit,
    };
    Ok(sign(ACCESS_REVIEW, &record, signing))
}

/// What a record says, after the public key has vouched for it and for its place in the audit trail. Needs nothing else.
pub fn verify_review(note: &str, key: &VerifierKey) -> Result<ReviewRecord, CertificateError> {
    verified(ACCESS_REVIEW, note, key, |said: &ReviewRecord| said.audit.as_ref())
}

/// The record of a closed review: what it says, and the signed note that says it.
pub async fn record(
    house: &House,
    session: &Session<Full>,
    review: AccessReviewId,
) -> Result<(ReviewRecord, String), ReviewError> {
    let practice = allowed(house, session, resource(REVIEW, review)).await?;
    let note = rows::record(&house.stores.identity, practice, review).await?.ok_or(ReviewError::Unknown)?;
    let text = unverified_text(ACCESS_REVIEW, &note).map_err(CertificateError::from)?;
    Ok((read(text)?, note))
}

/// A record as sheets of paper: what it says in words, and the signed note to the letter.
pub fn record_pdf(record: &ReviewRecord, note: &str) -> Vec<u8> {
    let count = |decision| record.accesses.iter().filter(|access| access.decision == decision).count();
    let mut lines = vec![
        format!("Review      {}", record.review),
        format!("Practice    {}", record.practice),
        format!("Quarter     {}", record.quarter),
        format!("Began       {}", record.started_at),
        format!("Due         {}", record.due_at),
        format!("Closed      {}", record.closed_at),
        format!(
            "Accesses    {}: {} kept, {} ended, {} ended since nobody answered, {} spared, {} gone before",
            record.accesses.len(),
            count(AccessDecision::Kept),
            count(AccessDecision::Ended),
            count(AccessDecision::Lapsed),
            count(AccessDecision::Spared),
            count(AccessDecision::Gone),
        ),
        String::new(),
    ];
    for access in &record.accesses {
        let by = match access.decided_by {
            Some(_) if access.about_oneself => "by themself: there was nobody else".to_owned(),
            Some(account) => format!("by {account}"),
            None => "by itself".to_owned(),
        };
        let used = access.last_used_at.map_or_else(|| "not used".to_owned(), |at| format!("used {at}"));
        lines.push(format!("{} {} of {} ({})", access.kind, access.id, access.account, access.role));
        lines.push(format!("    {used}; {} {by}, {}", access.decision, access.decided_at));
    }
    lines.extend([
        String::new(),
        "This sheet names nobody: accounts and places stand under their ids. What counts is the signed".to_owned(),
        "text below: save it as a file and check it with `patella retention verify` or any tool that".to_owned(),
        "verifies signed notes.".to_owned(),
        String::new(),
    ]);
    lines.extend(note.lines().map(str::to_owned));
    sheet::document("Review of access", &lines)
}
