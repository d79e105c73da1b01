//! The rules in force: shipped ones by name, and the practice's own.

use domain::{
    Invalid,
    retention::{RetentionRule, RetentionRules},
};
use serde::Deserialize;

/// The rules that come with the program, each with its source.
const PRESETS: &str = include_str!("../../retention/presets.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presets {
    rule: Vec<Shipped>,
}

/// As the file writes it: TOML has dates of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    name: String,
    source: String,
    since: toml::value::Datetime,
    years: u8,
    #[serde(default)]
    minors: Option<domain::retention::MinorRule>,
}

/// Why rules were not put in force.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The shipped file is damaged.
    #[error("the file of rules cannot be read: {0}")]
    File(String),
    /// No shipped rule has this name.
    #[error("there is no rule {name}; there are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A rule cannot be meant.
    #[error("a rule {0}")]
    Invalid(#[from] Invalid),
}

/// Every rule that comes with the program.
pub fn presets() -> Result<Vec<RetentionRule>, RulesError> {
    let read: Presets = toml::from_str(PRESETS).map_err(|error| RulesError::File(error.message().to_owned()))?;
    let mut all = Vec::new();
    for shipped in read.rule {
        let Shipped { name, source, since, years, minors } = shipped;
        let since = since.to_string().parse().map_err(|_| RulesError::File(format!("{name} has no day")))?;
        let rule = RetentionRule { name, source, since, years, minors, archive_years: None };
        rule.check()?;
        all.push(rule);
    }
    Ok(all)
}

/// The shipped rules with these names, and the practice's own beside them. The longest wins.
pub fn rules(names: &[String], own: Vec<RetentionRule>) -> Result<RetentionRules, RulesError> {
    let shipped = presets()?;
    let mut chosen = Vec::new();
    for name in names {
        let found = shipped.iter().find(|rule| rule.name == *name).cloned();
        let known = || shipped.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>().join(", ");
        chosen.push(found.ok_or_else(|| RulesError::Unknown { name: name.clone(), known: known() })?);
    }
    chosen.extend(own);
    Ok(RetentionRules::new(chosen)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_is_valid_and_names_its_source() {
        let all = presets().expect("reads");
        assert!(all.len() >= 5);
        assert!(all.iter().all(|rule| rule.source.len() > 20), "a source");
        assert!(rules(&["us-ca".into(), "de".into()], Vec::new()).is_ok());
        let unknown = rules(&["atlantis".into()], Vec::new()).expect_err("refused");
        assert!(unknown.to_string().contains("us-ca"), "{unknown}");
        assert!(rules(&[], Vec::new()).is_err(), "nothing is kept for no time");
    }
}
