//! The audit trail as the command line shows it.

use crate::server::Practice;
use serde_json::Value;
use std::collections::HashSet;

/// What was recorded: the ids of requests, and the ids of log entries that somebody was allowed to write.
pub(crate) struct Trail {
    pub(crate) requests: HashSet<String>,
    pub(crate) entries: HashSet<String>,
}

impl Trail {
    /// Proves the trail whole, then reads it. No server may be running.
    pub(crate) fn of(demo: &Practice) -> Self {
        demo.done(&["audit", "verify"]);
        let mut trail = Self { requests: HashSet::new(), entries: HashSet::new() };
        for line in demo.done(&["audit", "list"]).lines() {
            let line: Value = serde_json::from_str(line).expect("json");
            let entry = &line["entry"];
            if entry["outcome"] != "allowed" {
                continue;
            }
            trail.requests.insert(entry["request"].as_str().expect("an id").to_owned());
            if entry["permission"] == "log_exercise"
                && let Some(id) = entry["resource"]["id"].as_str()
            {
                trail.entries.insert(id.to_owned());
            }
        }
        trail
    }
}
