//! Reviews of access, which the server begins, carries on and closes by itself.

use crate::{
    config::Config,
    opening::{Log, branch_of_house, log_name},
};
use anyhow::Result;
use domain::Unobserved;
use practice::{House, access_reviews, retention::Signing};
use std::{sync::Weak, time::Duration};

/// Looks after them until the house closes: so often that what nobody attested ends on the minute.
pub(super) async fn look_after(house: Weak<House>, config: Config) {
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    loop {
        tick.tick().await;
        let Some(house) = house.upgrade() else { return };
        if let Err(error) = look(&house, &config).await {
            tracing::warn!(error = format!("{error:#}"), "reviews of access wait");
        }
    }
}

async fn look(house: &House, config: &Config) -> Result<()> {
    let log = log_name(config, Log::Server)?;
    let signer = branch_of_house(house).await?.signer(&log);
    Ok(access_reviews::round(house, &Signing { log, signer }, &Unobserved).await?)
}
