//! How long records are kept.

use anyhow::{Context, Result, bail};
use domain::retention::{AUDIT_YEARS, BillingRule, RetentionRule};
use figment::value::magic::RelativePathBuf;
use practice::retention::{ArchiveSettings, RetentionSettings, billing_rules, rules};
use serde::Deserialize;
use std::path::PathBuf;

/// The longest cooling-off time, in hours: a year.
const LONGEST_REST: u32 = 8784;

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
    /// How long billing accounts are kept.
    #[serde(default)]
    billing: Billing,
    /// Hours between the second approval of a plan and its execution.
    #[serde(default)]
    cooling_hours: Option<u32>,
    /// Where records are archived, whose rule asks for it.
    #[serde(default)]
    archive: Option<Archive>,
    /// Years for which the entries of the audit trail are kept.
    #[serde(default)]
    audit_years: Option<u8>,
    /// Files that hold whom was destroyed.
    #[serde(default)]
    destruction_ledger: Vec<RelativePathBuf>,
}

/// How long billing accounts are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Billing {
    /// Shipped rules by name; `us-false-claims` when nothing is set.
    #[serde(default)]
    rules: Option<Vec<String>>,
    /// The practice's own rules.
    #[serde(default)]
    own: Vec<BillingRule>,
}

/// Where records are archived.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    /// The folder.
    folder: RelativePathBuf,
    /// Public keys of the archive: `age1…`.
    recipients: Vec<String>,
}

impl Archive {
    fn settings(&self) -> Result<ArchiveSettings> {
        let mut recipients = Vec::new();
        for text in &self.recipients {
            recipients.push(text.parse().map_err(|why| anyhow::anyhow!("retention.archive.recipients: {text} {why}"))?);
        }
        if recipients.is_empty() {
            bail!("retention.archive.recipients: name the archive's public keys (age1…)");
        }
        Ok(ArchiveSettings { folder: self.folder.relative(), recipients })
    }
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
        let archive = self.archive.as_ref().map(Archive::settings).transpose()?;
        if let Some(rule) = rules.as_slice().iter().find(|rule| rule.archive_years.is_some() && archive.is_none()) {
            bail!("retention.own: the rule {} asks for an archive; set retention.archive", rule.name);
        }
        let cooling_hours = self.cooling_hours.unwrap_or(usual.cooling_hours);
        if cooling_hours > LONGEST_REST {
            bail!("retention.cooling_hours: {LONGEST_REST} hours, which is a year, at most");
        }
        let names = self.billing.rules.clone().unwrap_or_else(|| vec!["us-false-claims".to_owned()]);
        let billing = billing_rules(&names, self.billing.own.clone());
        let billing = billing.context("retention.billing.rules and retention.billing.own")?;
        let audit_years = self.audit_years.unwrap_or(usual.audit_years);
        if !(AUDIT_YEARS..=100).contains(&audit_years) {
            bail!(
                "retention.audit_years: {AUDIT_YEARS} to 100. The law asks that what was done with health data be kept on record for \
                 {AUDIT_YEARS} years at least (45 CFR 164.316(b)(2)(i))"
            );
        }
        Ok(RetentionSettings { rules, billing, cooling_hours, archive, audit_years })
    }

    /// The files that are set for the destruction ledger.
    pub(super) fn destruction_ledger(&self) -> Vec<PathBuf> {
        self.destruction_ledger.iter().map(RelativePathBuf::relative).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_trail_is_kept_for_six_years_or_more() {
        let of = |audit_years| Retention { audit_years, ..Retention::default() };
        assert_eq!(of(None).settings().expect("usual").audit_years, 6);
        assert_eq!(of(Some(10)).settings().expect("longer").audit_years, 10);
        for refused in [0, 5, 101] {
            let why = of(Some(refused)).settings().expect_err("refused").to_string();
            assert!(why.contains("retention.audit_years") && why.contains("45 CFR 164.316"), "{why}");
        }
    }

    #[test]
    fn a_cooling_off_time_of_more_than_a_year_is_refused() {
        let of = |cooling_hours| Retention { cooling_hours: Some(cooling_hours), ..Retention::default() };
        assert_eq!(of(LONGEST_REST).settings().expect("a year").cooling_hours, LONGEST_REST);
        assert!(of(LONGEST_REST + 1).settings().expect_err("refused").to_string().contains("retention.cooling_hours"));
    }
}
