//! The rules in force: shipped ones by name, and the practice's own.

use domain::{
    Date, Invalid,
    retention::{BillingRule, BillingRules, RetentionRule, RetentionRules},
};
use serde::Deserialize;

/// The rules that come with the program, each with its source.
const PRESETS: &str = include_str!("../../retention/presets.toml");

/// Those for billing accounts.
const BILLING: &str = include_str!("../../retention/billing.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BillingPresets {
    rule: Vec<ShippedBilling>,
}

/// As the file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShippedBilling {
    name: String,
    source: String,
    since: toml::value::Datetime,
    years: u8,
}

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
        let since = day(&name, since)?;
        let rule = RetentionRule { name, source, since, years, minors, archive_years: None };
        rule.check()?;
        all.push(rule);
    }
    Ok(all)
}

/// The shipped rules with these names, and the practice's own beside them. The longest wins.
pub fn rules(names: &[String], own: Vec<RetentionRule>) -> Result<RetentionRules, RulesError> {
    let mut chosen = chosen(presets()?, |rule| &rule.name, names)?;
    chosen.extend(own);
    Ok(RetentionRules::new(chosen)?)
}

/// Every rule for billing accounts that comes with the program.
pub fn billing_presets() -> Result<Vec<BillingRule>, RulesError> {
    let read: BillingPresets = toml::from_str(BILLING).map_err(|error| RulesError::File(error.message().to_owned()))?;
    let mut all = Vec::new();
    for ShippedBilling { name, source, since, years } in read.rule {
        let rule = BillingRule { since: day(&name, since)?, name, source, years };
        rule.check()?;
        all.push(rule);
    }
    Ok(all)
}

/// The shipped rules for billing accounts with these names, and the practice's own beside them. The longest wins.
pub fn billing_rules(names: &[String], own: Vec<BillingRule>) -> Result<BillingRules, RulesError> {
    let mut chosen = chosen(billing_presets()?, |rule| &rule.name, names)?;
    chosen.extend(own);
    Ok(BillingRules::new(chosen)?)
}

fn day(name: &str, since: toml::value::Datetime) -> Result<Date, RulesError> {
    since.to_string().parse().map_err(|_| RulesError::File(format!("{name} has no day")))
}

/// Those of the shipped rules that are named.
fn chosen<R: Clone>(shipped: Vec<R>, name_of: fn(&R) -> &String, names: &[String]) -> Result<Vec<R>, RulesError> {
    let choose = |name: &String| {
        let found = shipped.iter().find(|rule| name_of(rule) == name).cloned();
        let known = || shipped.iter().map(|rule| name_of(rule).as_str()).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| RulesError::Unknown { name: name.clone(), known: known() })
    };
    names.iter().map(choose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_for_billing_is_valid_and_names_its_source() {
        let all = billing_presets().expect("reads");
        assert!(all.len() >= 3 && all.iter().all(|rule| rule.source.len() > 20), "a source");
        let usual = super::super::RetentionSettings::default().billing;
        assert_eq!(usual.as_slice().iter().map(|rule| rule.years).max(), Some(10));
        let unknown = billing_rules(&["usual".into()], Vec::new()).expect_err("refused");
        assert!(unknown.to_string().contains("us-false-claims"), "{unknown}");
        assert!(billing_rules(&[], Vec::new()).is_err(), "nothing is kept for no time");
    }

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
