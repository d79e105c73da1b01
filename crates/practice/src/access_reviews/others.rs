//! Whether anybody else answers, or could have answered: whoever shuts the others out does not thereby come to attest themself.

use super::{
    ReviewError,
    listing::{ENTRIES, PAGES, page},
    overseer, oversees,
};
use crate::{
    House, staff,
    trail::{Position, TrailFilter},
};
use domain::AccountId;
use ledger::{Outcome, Word};
use std::collections::HashSet;
use store::rows::{
    access_reviews::{self as rows, ReviewRow},
    accounts::AccountRow,
};

/// Whether anybody but this account could answer a review at any time since it began.
pub(super) async fn could_another(house: &House, review: &ReviewRow, account: AccountId) -> Result<bool, ReviewError> {
    let practice = review.practice_id;
    let staff = staff::everybody(house, practice).await?;
    let others: Vec<&AccountRow> = staff.iter().filter(|row| row.account_id != account).collect();
    if others.iter().any(|row| oversees(row)) {
        return Ok(true);
    }
    // Whoever never had a password never signed in.
    let opened = |id: AccountId| others.iter().any(|row| row.account_id == id && row.password.is_some());
    let listed = rows::overseers(&house.stores.identity, practice, review.review_id).await?;
    if listed.into_iter().any(opened) {
        return Ok(true);
    }
    let since = |row: &&&AccountRow| overseer(row.role) && row.created_at >= review.started_at;
    if others.iter().filter(since).any(|row| row.password.is_some()) {
        return Ok(true);
    }
    Ok(changed(house, review, &others).await?.into_iter().any(opened))
}

/// Which of them the trail says were changed since the review began, and had a role that answers it before or after.
async fn changed(house: &House, review: &ReviewRow, others: &[&AccountRow]) -> Result<HashSet<AccountId>, ReviewError> {
    let (action, since) = (Some(Word::new("change_account")), Some(review.started_at));
    let filter = TrailFilter { action, since, outcome: Some(Outcome::Allowed), ..TrailFilter::default() };
    let (mut whom, mut before) = (HashSet::new(), Position::END);
    for _ in 0..PAGES {
        let page = page(house, review.practice_id, &filter, before, ENTRIES).await?;
        for found in &page.entries {
            let Ok(id) = found.entry.resource.id().parse::<AccountId>() else { continue };
            let became = matches!(found.entry.reason.as_str(), "role-admin" | "role-privacy_officer");
            if became || others.iter().any(|row| row.account_id == id && overseer(row.role)) {
                whom.insert(id);
            }
        }
        match page.next {
            Some(next) => before = next,
            None => break,
        }
    }
    Ok(whom)
}
