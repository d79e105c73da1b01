//! Reviews of access of a practice, as the server makes them.

use crypto::SystemRng;
use domain::{AccessItemId, AccessKind, AccessReviewId, AccessReviewState, PracticeId, Role};
use jiff::SignedDuration;
use ledger::sign_text;
use practice::access_reviews::{ACCESS_REVIEW, ReviewRecord};
use store::{
    Batch,
    rows::access_reviews::{self as rows, ItemRow, ReviewRow},
};
use testkit::{house::Person, site::Site};

/// A review that waits, with three places of somebody's that are gone by now, and one that is closed; their ids, and those of the
/// places.
pub(crate) async fn two(site: &Site, practice: PracticeId, whose: &Person) -> ([String; 2], [String; 3]) {
    let (waits, closed) = (review(site, practice, "2026-Q2"), review(site, practice, "2026-Q1"));
    let mut batch = Batch::new();
    for row in [&waits, &closed] {
        batch = rows::begin(batch, row);
    }
    let item = |_| ItemRow {
        practice_id: practice,
        review_id: waits.review_id,
        item_id: AccessItemId::random(&SystemRng),
        kind: AccessKind::CareLink,
        subject: *AccessItemId::random(&SystemRng).as_bytes(),
        whose: whose.account(),
        role: Role::Therapist,
        last_used_at: None,
        unusual: vec![domain::Unusual::Unused],
        decided: None,
    };
    let items = [0, 1, 2].map(item);
    batch = items.iter().fold(batch, rows::add);
    let record = ReviewRecord {
        practice,
        review: closed.review_id,
        quarter: closed.quarter.to_string(),
        started_at: closed.started_at,
        due_at: closed.due_at,
        closed_at: site.now(),
        accesses: Vec::new(),
        audit: None,
    };
    let (log, signer) = site.ledger.signing();
    let text = serde_json::to_string_pretty(&record).expect("plain data");
    let note = sign_text(ACCESS_REVIEW, &text, &log, &signer);
    batch = rows::close(batch, practice, closed.review_id, site.now(), &note);
    site.house.stores.identity.commit(batch).await.expect("stored");
    ([waits, closed].map(|row| row.review_id.to_string()), items.map(|item| item.item_id.to_string()))
}

fn review(site: &Site, practice: PracticeId, quarter: &str) -> ReviewRow {
    ReviewRow {
        practice_id: practice,
        review_id: AccessReviewId::random(&SystemRng),
        quarter: quarter.parse().expect("a quarter"),
        started_at: site.now(),
        due_at: site.now() + SignedDuration::from_hours(24 * 365),
        state: AccessReviewState::Open,
        closed_at: None,
        looked_at: Some(site.now()),
    }
}
