//! What a practice sets for training.

use super::{TRAINING, TrainingError, allowed, overseeing};
use crate::{Event, House, accounts::in_person};
use domain::PracticeId;
use identity::{Full, Session};
use ledger::{Resource, Word};
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    Batch, StoreError,
    rows::{access_reviews as rows, login_sessions},
};

/// The most days to warn before.
pub const WARN_DAYS: u16 = 90;
/// Days to warn before when nobody set it.
const USUALLY: u16 = 14;

/// What a practice set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrainingSettings {
    /// Whether nobody of staff is let in whose training is overdue.
    pub enforced: bool,
    /// From so many days before the last one on whoever it is about is warned.
    pub warn_days: u16,
}

impl TrainingSettings {
    pub(super) async fn of(house: &House, practice: PracticeId) -> Result<Self, StoreError> {
        let stored = rows::settings(&house.stores.identity, practice).await?;
        let value = |name: &str| stored.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str());
        let warn_days = value("training_warn_days").and_then(|days| days.parse().ok());
        Ok(Self {
            enforced: value("training_enforced") == Some("yes"),
            warn_days: warn_days.filter(|days| *days <= WARN_DAYS).unwrap_or(USUALLY),
        })
    }
}

/// What the practice set.
pub async fn settings(house: &House, session: &Session<Full>) -> Result<TrainingSettings, TrainingError> {
    let practice = allowed(house, session, Resource::whole(TRAINING)).await?;
    Ok(TrainingSettings::of(house, practice).await?)
}

/// Changes it, in person. Counts at the next request of everybody.
pub async fn change_settings(
    house: &House,
    session: &Session<Full>,
    new: TrainingSettings,
) -> Result<(), TrainingError> {
    let practice = allowed(house, session, Resource::whole(TRAINING)).await?;
    in_person(house, session)?;
    if new.warn_days > WARN_DAYS {
        return Err(TrainingError::WarnDays);
    }
    let (me, now) = (session.account(), house.clock.now());
    let before = TrainingSettings::of(house, practice).await?;
    let days = new.warn_days.to_string();
    let mut batch = rows::set(Batch::new(), practice, ("training_warn_days", &days), me, now);
    // Since when it is enforced stays, where that does not change.
    if before.enforced != new.enforced {
        let value = if new.enforced { "yes" } else { "no" };
        batch = rows::set(batch, practice, ("training_enforced", value), me, now);
    }
    let action = match (before.enforced, new.enforced) {
        (false, true) => Word::new("enforce_training"),
        (true, false) => Word::new("stop_enforcing_training"),
        _ => Word::new("change_training_settings"),
    };
    house.record(session, overseeing(Event::done(action, Resource::whole(TRAINING)))).await?;
    let batch = login_sessions::hold(batch, practice, me, session.id());
    Ok(house.stores.identity.commit(batch).await?)
}
