//! Log lines: JSON on standard error, ids and our own words only (law 9).

use crate::config::LogLevel;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// The crates whose lines are written: ours, where a test watches what they say. What other crates would like to say may
/// quote what they were given.
const OURS: [&str; 8] = ["patella", "web", "practice", "store", "phi", "identity", "ledger", "crypto"];

/// Starts logging, and has a panic say where it happened and nothing else: its message may hold a value.
pub(crate) fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let ours = Targets::new().with_targets(OURS.map(|target| (target, level)));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // Only a second start in one process could fail, and then the first one is in force.
    let _ = Registry::default().with(lines.with_writer(std::io::stderr)).with(ours).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        tracing::error!(place = place.as_deref().unwrap_or("unknown"), "a panic");
    }));
}
