//! What a practice sets for reviews.

use super::{REVIEW, ReviewError, allowed};
use crate::{Event, House, accounts::in_person};
use domain::PracticeId;
use identity::{Full, Session};
use ledger::{Resource, Word};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Batch, StoreError, rows::access_reviews as rows};

/// A setting, with what it can be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Its name.
    pub name: &'static str,
    /// When nobody set it.
    pub default: u32,
    /// The least.
    pub least: u32,
    /// The most.
    pub most: u32,
}

/// Days until what nobody attested ends, and days without use after which an access is unusual.
pub const SETTINGS: [Bounds; 2] = [
    Bounds { name: "due_days", default: 14, least: 3, most: 60 },
    Bounds { name: "unused_days", default: 60, least: 7, most: 180 },
];

/// What a practice set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OverseeSettings {
    /// Days from the moment when everything is listed until what nobody attested ends. Holds for reviews that are listed later.
    pub due_days: u32,
    /// Days without use after which an access is unusual, and is kept one by one only.
    pub unused_days: u32,
}

impl OverseeSettings {
    pub(super) async fn of(house: &House, practice: PracticeId) -> Result<Self, StoreError> {
        let stored = rows::settings(&house.stores.identity, practice).await?;
        let number = |bounds: &Bounds| {
            let set = stored.iter().find(|(name, _)| name == bounds.name).and_then(|(_, value)| value.parse().ok());
            set.filter(|value| (bounds.least..=bounds.most).contains(value)).unwrap_or(bounds.default)
        };
        Ok(Self { due_days: number(&SETTINGS[0]), unused_days: number(&SETTINGS[1]) })
    }
}

/// What the practice set.
pub async fn settings(house: &House, session: &Session<Full>) -> Result<OverseeSettings, ReviewError> {
    let practice = allowed(house, session, Resource::whole(REVIEW)).await?;
    Ok(OverseeSettings::of(house, practice).await?)
}

/// Changes it, in person. Holds from the next review on.
pub async fn change_settings(
    house: &House,
    session: &Session<Full>,
    due_days: u32,
    unused_days: u32,
) -> Result<(), ReviewError> {
    let practice = allowed(house, session, Resource::whole(REVIEW)).await?;
    in_person(house, session)?;
    let mut batch = Batch::new();
    for (Bounds { name, least, most, .. }, value) in SETTINGS.into_iter().zip([due_days, unused_days]) {
        if !(least..=most).contains(&value) {
            return Err(ReviewError::Bounds { name, least, most });
        }
        batch = rows::set(batch, practice, (name, &value.to_string()), session.account(), house.clock.now());
    }
    let event = Event::done(Word::new("change_review_settings"), Resource::whole(REVIEW));
    house.record(session, Event { reason: Word::new("oversight-task"), ..event }).await?;
    Ok(house.stores.identity.commit(batch).await?)
}
