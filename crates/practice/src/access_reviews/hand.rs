//! Who does something in a review, and how it is done: recorded, then done, and recorded again where somebody was quicker.

use super::ReviewError;
use crate::{Actor, Event, House};
use domain::{AccessDecision, PracticeId, RequestId};
use identity::{Full, Origin, Session};
use ledger::{Outcome, Receipt, Word};
use store::{Batch, CommitError, rows::login_sessions};

/// Who it is, from where: somebody who decides it, or the server by itself.
pub(super) struct Hand {
    actor: Actor,
    origin: Origin,
}

impl Hand {
    /// Somebody who answers.
    pub(super) const fn of(session: &Session<Full>) -> Self {
        Self { actor: Actor::of_session(session), origin: session.origin() }
    }

    /// The server by itself.
    pub(super) fn nobody(house: &House, practice: PracticeId) -> Self {
        let actor = Actor { practice: Some(practice), ..Actor::default() };
        Self { actor, origin: Origin { address: None, request: RequestId::random(&*house.rng) } }
    }

    pub(super) const fn account(&self) -> Option<domain::AccountId> {
        self.actor.account
    }

    /// What becomes of what it ends.
    pub(super) const fn ends(&self) -> AccessDecision {
        if self.actor.account.is_some() { AccessDecision::Ended } else { AccessDecision::Lapsed }
    }

    /// Why it ends.
    pub(super) const fn reason(&self) -> Word {
        let reason = if self.actor.account.is_some() { "access-review" } else { "review-not-answered" };
        Word::new(reason)
    }

    /// Records something, allowed, before it is done.
    pub(super) async fn record(&self, house: &House, event: Event) -> Result<Receipt, ReviewError> {
        Ok(house.record_as(self.actor, self.origin, event).await?)
    }

    /// Records several things in one append.
    pub(super) async fn record_all(&self, house: &House, events: Vec<Event>) -> Result<(), ReviewError> {
        let entries = events.into_iter().map(|event| house.entry(self.actor, self.origin, event));
        house.ledger.append(entries.collect()).await?;
        Ok(())
    }

    /// Does what was recorded, unless whoever does it was shut out meanwhile. Where that, or anything else in it, changed, each of
    /// it is recorded again, as not done: [`ReviewError::Decided`].
    pub(super) async fn carry_out(
        &self,
        house: &House,
        recorded: impl IntoIterator<Item = Event>,
        batch: Batch,
    ) -> Result<(), ReviewError> {
        let batch = match (self.actor.practice, self.actor.account, self.actor.login_session) {
            (Some(practice), Some(account), Some(session)) => login_sessions::hold(batch, practice, account, session),
            _ => batch,
        };
        match house.stores.identity.commit(batch).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => {
                let failed =
                    |event| Event { outcome: Outcome::Failed, reason: Word::new("decided-meanwhile"), ..event };
                let failed: Vec<Event> = recorded.into_iter().map(failed).collect();
                if !failed.is_empty() {
                    self.record_all(house, failed).await?;
                }
                Err(ReviewError::Decided)
            }
            Err(other) => Err(other.into()),
        }
    }
}
