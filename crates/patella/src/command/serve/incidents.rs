//! Incidents whose freezing nobody goes on with: the server does.

use domain::Unobserved;
use practice::{House, incidents};
use std::{sync::Weak, time::Duration};

/// Looks after them until the house closes.
pub(super) async fn look_after(house: Weak<House>) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        let Some(house) = house.upgrade() else { return };
        if let Err(error) = incidents::round(&house, &Unobserved).await {
            let error = anyhow::Error::from(error);
            tracing::warn!(error = format!("{error:#}"), "the freezing of an incident waits");
        }
    }
}
