//! Founding a practice.

use crate::House;
use domain::{PracticeId, Timezone};
use phi::KeyError;
use store::{
    Batch, CommitError,
    rows::practices::{self, PracticeRow},
};

/// A practice to found.
#[derive(Debug, Clone)]
pub struct NewPractice {
    /// What it is called.
    pub name: String,
    /// Where its days begin.
    pub timezone: Timezone,
    /// Whether its people are made up.
    pub demo: bool,
}

/// Why a practice was not founded.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// Its key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Founds a practice: a key of its own, then its row. Until an administrator registers a passkey its bootstrap is open.
pub async fn found(house: &House, new: &NewPractice) -> Result<PracticeId, FoundError> {
    let practice_id = PracticeId::random(&*house.rng);
    let now = house.clock.now();
    house.keyring.create_practice_key(practice_id, now).await?;
    let row = PracticeRow {
        practice_id,
        name: new.name.clone(),
        timezone: new.timezone.name().to_owned(),
        created_at: now,
        bootstrap_open: true,
        demo: new.demo,
    };
    house.stores.identity.commit(practices::insert(Batch::new(), &row)).await?;
    Ok(practice_id)
}
