//! Metrics as Prometheus reads them. Names and templates of paths only: a label is never anybody's.

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{sync::Arc, time::Duration};
use web::server::RenderMetrics;

/// Upper bounds in seconds of what requests take.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// How often histograms are folded together; they grow until then.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts counting. Must be called inside the runtime, once.
pub(crate) fn start() -> Result<RenderMetrics> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("the bounds of the histograms")?;
    let handle: PrometheusHandle = builder.install_recorder().context("metrics were started before")?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(Arc::new(move || handle.render()))
}
