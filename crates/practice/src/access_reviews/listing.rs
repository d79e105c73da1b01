//! What is looked at in a review: who has what, when they last used it, and what is unusual about it.

use super::{ReviewError, settings::OverseeSettings};
use crate::{
    House, staff,
    trail::{Position, TrailFilter, TrailPage},
    watch::{is_password_alone, opens_record},
};
use domain::{
    AccessItemId, AccessKind, AccountId, AlertId, CareLinkId, EmergencyFinding, EmergencyId, LoginSessionId,
    PracticeId, Timestamp, TokenId, Unusual,
};
use jiff::SignedDuration;
use ledger::{Entry, Outcome, Word};
use std::collections::{HashMap, HashSet};
use store::{
    Batch, CommitError,
    rows::{
        access_reviews::{self as rows, ItemRow, ReviewRow},
        accounts::{AccountRow, AccountState},
        alerts, api_tokens, care_links, emergencies,
    },
};

/// Rows in one write.
const AT_ONCE: usize = 200;
/// Pages of the trail that are looked through for one answer; what is older is not found.
pub(super) const PAGES: usize = 40;
/// Entries of such a page.
pub(super) const ENTRIES: usize = 500;
/// Entries of the first one, among which the last use nearly always is.
const NEWEST: usize = 16;
/// Where there was no review before, roles are compared with so many days ago.
const FIRST_LOOK_DAYS: i64 = 92;

/// Lists everything that is to be looked at. May be done again: what is listed stays as it is.
pub(super) async fn list(house: &House, review: &ReviewRow) -> Result<(), ReviewError> {
    let (db, practice) = (&house.stores.identity, review.practice_id);
    let listing = Listing::new(house, review).await?;
    let mut items = Vec::new();
    for account in &listing.staff {
        // What was given after the review began is looked at in the next: nobody was asked about it in time.
        if account.state == AccountState::Disabled || account.created_at > review.started_at {
            continue;
        }
        let id = account.account_id;
        let tokens = api_tokens::of_account(db, practice, id).await?;
        let by_tokens = issued(house, practice, id, &tokens).await?;
        let by_hand = |entry: &Entry| {
            let by_token = entry.login_session.is_some_and(|session| by_tokens.contains(session.as_bytes()));
            !by_token && !is_password_alone(entry)
        };
        let last = last_use(house, practice, of_actor(id), by_hand).await?;
        items.push(listing.item(AccessKind::Account, *id.as_bytes(), account, last));
        let there = |token: &api_tokens::ApiTokenRow| {
            token.expires_at > review.started_at && token.created_at <= review.started_at
        };
        let tokens: Vec<_> = tokens.into_iter().filter(there).collect();
        let used = token_uses(house, practice, id, &tokens).await?;
        for token in tokens {
            let last = used.get(&token.token_id).copied();
            items.push(listing.item(AccessKind::Token, *token.token_id.as_bytes(), account, last));
        }
    }
    store_all(house, review, &items).await?;
    list_places(house, review, &listing).await?;
    list_emergencies(house, review, &listing).await
}

async fn list_places(house: &House, review: &ReviewRow, listing: &Listing<'_>) -> Result<(), ReviewError> {
    let (db, practice) = (&house.stores.identity, review.practice_id);
    let mut after = CareLinkId::from_bytes([0; 16]);
    loop {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let links = care_links::not_ended(db, practice, review.started_at, after, limit).await?;
        let Some(last) = links.last() else { return Ok(()) };
        after = last.care_link_id;
        let mut items = Vec::with_capacity(links.len());
        for link in links.into_iter().filter(|link| link.created_at <= review.started_at) {
            let Some(account) = listing.staff.iter().find(|row| row.account_id == link.account_id) else { continue };
            let filter = TrailFilter { patient: Some(link.patient_id), ..of_actor(link.account_id) };
            // A list on which the patient stands is no use of the place.
            let last = last_use(house, practice, filter, opens_record).await?;
            items.push(listing.item(AccessKind::CareLink, *link.care_link_id.as_bytes(), account, last));
        }
        store_all(house, review, &items).await?;
    }
}

/// What was opened in an emergency since the review before: an hour that is over, attested or not.
async fn list_emergencies(house: &House, review: &ReviewRow, listing: &Listing<'_>) -> Result<(), ReviewError> {
    let (db, practice, since) = (&house.stores.identity, review.practice_id, (listing.since, review.started_at));
    let mut after = EmergencyId::from_bytes([0; 16]);
    loop {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let opened = emergencies::opened_between(db, practice, since, after, limit).await?;
        let Some(last) = opened.last() else { return Ok(()) };
        after = last.emergency_id;
        let mut items = Vec::with_capacity(opened.len());
        for row in &opened {
            let Some(account) = listing.staff.iter().find(|staff| staff.account_id == row.account_id) else { continue };
            let subject = *row.emergency_id.as_bytes();
            let mut item = listing.item(AccessKind::Emergency, subject, account, Some(row.opened_at));
            let justified = row.signed.as_ref().is_some_and(|signed| signed.finding == EmergencyFinding::Justified);
            if !justified {
                item.unusual.push(Unusual::NotJustified);
            }
            items.push(item);
        }
        store_all(house, review, &items).await?;
    }
}

/// Stores them, unless another server has listed everything and opened the review meanwhile: [`ReviewError::Decided`].
async fn store_all(house: &House, review: &ReviewRow, items: &[ItemRow]) -> Result<(), ReviewError> {
    for some in items.chunks(AT_ONCE) {
        let listing = rows::is_listing(Batch::new(), review.practice_id, review.review_id);
        house.stores.identity.commit(some.iter().fold(listing, rows::add)).await.map_err(|error| match error {
            CommitError::Conflict { .. } => ReviewError::Decided,
            other => other.into(),
        })?;
    }
    Ok(())
}

struct Listing<'r> {
    review: &'r ReviewRow,
    staff: Vec<AccountRow>,
    /// When the review before began.
    since: Timestamp,
    lately: Timestamp,
    alerted: HashSet<AccountId>,
    other_role: HashSet<AccountId>,
}

impl<'r> Listing<'r> {
    async fn new(house: &House, review: &'r ReviewRow) -> Result<Self, ReviewError> {
        let practice = review.practice_id;
        let settings = OverseeSettings::of(house, practice).await?;
        let before = rows::of_practice(&house.stores.identity, practice).await?;
        let since = before.iter().find(|row| row.started_at < review.started_at).map(|row| row.started_at);
        let since = since.unwrap_or_else(|| days_before(review.started_at, FIRST_LOOK_DAYS));
        Ok(Self {
            review,
            since,
            staff: staff::everybody(house, practice).await?,
            lately: days_before(review.started_at, i64::from(settings.unused_days)),
            alerted: alerted(house, practice).await?,
            other_role: other_roles(house, practice, since).await?,
        })
    }

    fn item(&self, kind: AccessKind, subject: [u8; 16], account: &AccountRow, last: Option<Timestamp>) -> ItemRow {
        let whose = account.account_id;
        let mut unusual = Vec::new();
        // An hour that is over is not used any more, whenever it was.
        if kind != AccessKind::Emergency && last.is_none_or(|last| last < self.lately) {
            unusual.push(Unusual::Unused);
        }
        if self.alerted.contains(&whose) {
            unusual.push(Unusual::Alert);
        }
        if self.other_role.contains(&whose) {
            unusual.push(Unusual::RoleChanged);
        }
        ItemRow {
            practice_id: self.review.practice_id,
            review_id: self.review.review_id,
            item_id: item_id(self.review, kind, &subject),
            kind,
            subject,
            whose,
            role: account.role,
            last_used_at: last,
            unusual,
            decided: None,
        }
    }
}

/// The same for the same thing in the same review, so that it is listed once however often it is listed.
fn item_id(review: &ReviewRow, kind: AccessKind, subject: &[u8; 16]) -> AccessItemId {
    let parts = [b"patella access item v1".as_slice(), review.review_id.as_bytes(), kind.word().as_bytes(), subject];
    let hash = crypto::sha256(&parts.concat());
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    AccessItemId::from_random(id)
}

fn days_before(at: Timestamp, days: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MIN)
}

fn of_actor(actor: AccountId) -> TrailFilter {
    TrailFilter { actor: Some(actor), outcome: Some(Outcome::Allowed), ..TrailFilter::default() }
}

/// A page of the trail. Where its index does not hold everything nobody can tell when anything was used: then the review waits.
/// Entries that cannot be opened do not hold it up for ever: what they tell counts as not used, and is looked at by itself.
pub(super) async fn page(
    house: &House,
    practice: PracticeId,
    filter: &TrailFilter,
    before: Position,
    most: usize,
) -> Result<TrailPage, ReviewError> {
    let page = house.trail.search(practice, filter, before, most).await?;
    if page.health.failing || page.health.behind > 0 { Err(ReviewError::Lagging) } else { Ok(page) }
}

/// When something was done last that is a use; none when it was not, as far back as is looked.
async fn last_use(
    house: &House,
    practice: PracticeId,
    filter: TrailFilter,
    is_use: impl Fn(&Entry) -> bool,
) -> Result<Option<Timestamp>, ReviewError> {
    let mut before = Position::END;
    for nth in 0..PAGES {
        let page = page(house, practice, &filter, before, if nth == 0 { NEWEST } else { ENTRIES }).await?;
        if let Some(found) = page.entries.iter().find(|found| is_use(&found.entry)) {
            return Ok(Some(found.entry.at));
        }
        match page.next {
            Some(next) => before = next,
            None => break,
        }
    }
    Ok(None)
}

/// The names under which an account's tokens stand in the trail: of those that are there, and of those that were issued once.
async fn issued(
    house: &House,
    practice: PracticeId,
    account: AccountId,
    tokens: &[api_tokens::ApiTokenRow],
) -> Result<HashSet<[u8; 16]>, ReviewError> {
    let filter = TrailFilter { action: Some(Word::new("issue_token")), ..of_actor(account) };
    let mut ids: HashSet<[u8; 16]> = tokens.iter().map(|token| *token.token_id.as_bytes()).collect();
    let mut before = Position::END;
    for _ in 0..PAGES {
        let page = page(house, practice, &filter, before, ENTRIES).await?;
        let found = page.entries.iter().filter_map(|found| found.entry.resource.id().parse::<TokenId>().ok());
        ids.extend(found.map(|token| *token.as_bytes()));
        match page.next {
            Some(next) => before = next,
            None => break,
        }
    }
    Ok(ids)
}

/// When each of an account's tokens was used last: a token's name stands in its entries as the login session.
async fn token_uses(
    house: &House,
    practice: PracticeId,
    account: AccountId,
    tokens: &[api_tokens::ApiTokenRow],
) -> Result<HashMap<TokenId, Timestamp>, ReviewError> {
    let mut used = HashMap::new();
    let Some(first) = tokens.iter().map(|token| token.created_at).min() else { return Ok(used) };
    let filter = TrailFilter { since: Some(first), ..of_actor(account) };
    let mut before = Position::END;
    for _ in 0..PAGES {
        let page = page(house, practice, &filter, before, ENTRIES).await?;
        for found in &page.entries {
            let session = found.entry.login_session.as_ref().map(LoginSessionId::as_bytes);
            let token = tokens.iter().find(|token| Some(token.token_id.as_bytes()) == session);
            if let Some(token) = token {
                // Newest first: the first one is the last use.
                used.entry(token.token_id).or_insert(found.entry.at);
            }
        }
        match page.next {
            Some(next) if used.len() < tokens.len() => before = next,
            _ => break,
        }
    }
    Ok(used)
}

/// About whom an alert waits for somebody.
pub(super) async fn alerted(house: &House, practice: PracticeId) -> Result<HashSet<AccountId>, ReviewError> {
    let (mut whom, mut before) = (HashSet::new(), (Timestamp::MAX, AlertId::from_bytes([0xff; 16])));
    loop {
        let found = alerts::list(&house.stores.identity, practice, alerts::Listed::Open, before, 500).await?;
        let Some(last) = found.last() else { return Ok(whom) };
        before = (last.alert.happened_at, last.alert.alert_id);
        whom.extend(found.iter().filter_map(|found| found.alert.who));
    }
}

/// Whose role was changed since a moment.
async fn other_roles(house: &House, practice: PracticeId, since: Timestamp) -> Result<HashSet<AccountId>, ReviewError> {
    let action = Some(Word::new("change_account"));
    let filter = TrailFilter { action, outcome: Some(Outcome::Allowed), since: Some(since), ..TrailFilter::default() };
    let (mut whom, mut before) = (HashSet::new(), Position::END);
    for _ in 0..PAGES {
        let page = page(house, practice, &filter, before, ENTRIES).await?;
        let changed = page.entries.iter().filter(|found| found.entry.reason.as_str().starts_with("role-"));
        whom.extend(changed.filter_map(|found| found.entry.resource.id().parse::<AccountId>().ok()));
        match page.next {
            Some(next) => before = next,
            None => break,
        }
    }
    Ok(whom)
}
