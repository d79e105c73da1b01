//! Who goes on with the freezing of an incident: somebody who asked for it, or the server by itself.

use super::IncidentError;
use crate::{Actor, Event, House};
use domain::{PracticeId, RequestId};
use identity::{Full, Origin, Session};
use ledger::Receipt;

/// Who it is, from where.
pub(super) struct Hand {
    actor: Actor,
    origin: Origin,
}

impl Hand {
    /// Somebody who asked for it.
    pub(super) const fn of(session: &Session<Full>) -> Self {
        Self { actor: Actor::of_session(session), origin: session.origin() }
    }

    /// The server by itself.
    pub(super) fn nobody(house: &House, practice: PracticeId) -> Self {
        let actor = Actor { practice: Some(practice), ..Actor::default() };
        Self { actor, origin: Origin { address: None, request: RequestId::random(&*house.rng) } }
    }

    pub(super) const fn who(&self) -> (Actor, Origin) {
        (self.actor, self.origin)
    }

    /// Records what is done, in one append and before it is; gives one of the receipts, none where nothing is done.
    pub(super) async fn record(&self, house: &House, events: Vec<Event>) -> Result<Option<Receipt>, IncidentError> {
        if events.is_empty() {
            return Ok(None);
        }
        let entries = events.into_iter().map(|event| house.entry(self.actor, self.origin, event));
        Ok(house.ledger.append(entries.collect()).await?.pop())
    }
}
