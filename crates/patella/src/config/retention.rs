//! How long records are kept.

use anyhow::{Context, Result};
use domain::retention::RetentionRule;
use figment::value::magic::RelativePathBuf;
use practice::retention::{RetentionSettings, rules};
use serde::Deserialize;
use std::path::PathBuf;

/// How long records are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    /// Shipped rules by name; `usual` when nothing is set.
    #[serde(default)]
    rules: Option<Vec<String>>,
    /// The practice's own rules.
    #[serde(default)]
    own: Vec<RetentionRule>,
    /// Hours between the second approval of a plan and its execution.
    #[serde(default)]
    cooling_hours: Option<u32>,
    /// Files that hold whom was destroyed.
    #[serde(default)]
    destruction_ledger: Vec<RelativePathBuf>,
}

impl Retention {
    /// The settings; refused when a rule is unknown or cannot be meant.
    pub(crate) fn settings(&self) -> Result<RetentionSettings> {
        let usual = RetentionSettings::default();
        let names = match &self.rules {
            Some(names) => names.clone(),
            None => vec!["usual".to_owned()],
        };
        let rules = rules(&names, self.own.clone()).context("retention.rules and retention.own")?;
        Ok(RetentionSettings { rules, cooling_hours: self.cooling_hours.unwrap_or(usual.cooling_hours) })
    }

    /// The files that are set for the destruction ledger.
    pub(super) fn destruction_ledger(&self) -> Vec<PathBuf> {
        self.destruction_ledger.iter().map(RelativePathBuf::relative).collect()
    }
}
