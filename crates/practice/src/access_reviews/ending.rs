//! Ending an access for a review: by the mechanism by which it always ends, which records it, in one write with what the review
//! says of it.

use super::{ReviewError, is_last, item_resource};
use crate::{Actor, Event, House, record::resource, staff};
use domain::{AccessDecision, AccessKind, CareLinkId, TokenId};
use identity::Origin;
use ledger::{Outcome, Word};
use store::{
    Batch, CommitError,
    rows::{
        access_reviews::{self as rows, Decided, ItemRow},
        accounts::{self, AccountState},
        api_tokens, care_links, invitations, login_sessions,
    },
};

/// Who ends it, from where: somebody who decided it, or nobody, since nobody attested it.
pub(super) struct Hand {
    pub(super) actor: Actor,
    pub(super) origin: Origin,
}

impl Hand {
    const fn decision(&self) -> AccessDecision {
        if self.actor.account.is_some() { AccessDecision::Ended } else { AccessDecision::Lapsed }
    }

    const fn reason(&self) -> Word {
        let reason = if self.actor.account.is_some() { "access-review" } else { "review-not-answered" };
        Word::new(reason)
    }

    /// Records something, allowed, before it is done.
    pub(super) async fn record(&self, house: &House, event: Event) -> Result<(), ReviewError> {
        let event = Event { reason: self.reason(), ..event };
        Ok(house.record_as(self.actor, self.origin, event).await.map(drop)?)
    }
}

/// Ends what an item is about, if it is still there; says what became of it. [`ReviewError::Decided`] when somebody else was
/// quicker, [`ReviewError::Last`] where nobody could give access any more and somebody asked for it.
pub(super) async fn end(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    match item.kind {
        AccessKind::Account => suspend(house, item, hand).await,
        AccessKind::CareLink => end_place(house, item, hand).await,
        AccessKind::Token => revoke(house, item, hand).await,
    }
}

async fn suspend(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    let (practice, account) = (item.practice_id, item.whose);
    let staff = staff::everybody(house, practice).await?;
    let row = staff.iter().find(|row| row.account_id == account && row.state != AccountState::Disabled);
    let Some(row) = row else { return gone(house, item, hand).await };
    if is_last(&staff, account) {
        if hand.actor.account.is_some() {
            return Err(ReviewError::Last);
        }
        // The watch tells whoever watches over the practice: at least the one whom it is about.
        let event = Event::done(Word::new("spare_access"), resource(Word::new("account"), account));
        hand.record(house, event).await?;
        return decide(house, Batch::new(), item, hand, AccessDecision::Spared, None).await;
    }
    let event = Event::done(Word::new("change_account"), resource(Word::new("account"), account));
    hand.record(house, event).await?;
    let batch =
        accounts::set_role_and_state(Batch::new(), practice, account, row.role, AccountState::Disabled, row.version);
    let batch = login_sessions::end_all(batch, practice, account);
    let batch = api_tokens::revoke_all(batch, practice, account);
    let batch = invitations::withdraw(batch, practice, account);
    decide(house, batch, item, hand, hand.decision(), Some(row.version + 1)).await
}

async fn end_place(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    let (practice, link, now) = (item.practice_id, CareLinkId::from_bytes(item.subject), house.clock.now());
    let row = care_links::by_id(&house.stores.identity, practice, link).await?;
    let row = row.filter(|row| row.ends_at.is_none_or(|end| end > now));
    let Some(row) = row else { return gone(house, item, hand).await };
    let event = Event::done(Word::new("end_care_team"), resource(Word::new("care_link"), link));
    hand.record(house, Event { patient: Some(row.patient_id), ..event }).await?;
    let batch = care_links::end(Batch::new(), practice, row.patient_id, link, now);
    decide(house, batch, item, hand, hand.decision(), None).await
}

async fn revoke(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    let (practice, whose, token) = (item.practice_id, item.whose, TokenId::from_bytes(item.subject));
    let row = api_tokens::by_id(&house.stores.identity, practice, whose, token).await?;
    if row.is_none_or(|row| row.expires_at <= house.clock.now()) {
        return gone(house, item, hand).await;
    }
    hand.record(house, Event::done(Word::new("revoke_token"), crate::account::api_token(token))).await?;
    decide(house, api_tokens::revoke(Batch::new(), practice, whose, token), item, hand, hand.decision(), None).await
}

/// It had ended by then without the review.
async fn gone(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    decide(house, Batch::new(), item, hand, AccessDecision::Gone, None).await
}

async fn decide(
    house: &House,
    batch: Batch,
    item: &ItemRow,
    hand: &Hand,
    decision: AccessDecision,
    version: Option<i64>,
) -> Result<AccessDecision, ReviewError> {
    let decided = Decided { decision, by: hand.actor.account, at: house.clock.now(), version };
    match house.stores.identity.commit(rows::decide(batch, item, &decided)).await {
        Ok(()) => Ok(decision),
        // Somebody else decided or changed it in the same moment: what was recorded did not come about here.
        Err(CommitError::Conflict { .. }) => {
            let event = Event::done(Word::new("attest_access"), item_resource(item.item_id));
            let event = Event { outcome: Outcome::Failed, reason: Word::new("decided-meanwhile"), ..event };
            house.record_as(hand.actor, hand.origin, event).await?;
            Err(ReviewError::Decided)
        }
        Err(other) => Err(other.into()),
    }
}
