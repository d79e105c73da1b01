//! Where backups go, to whom they are sealed, and how often they are made.

mod s3;

use anyhow::{Context, Result, bail};
use crypto::Recipient;
use figment::value::magic::RelativePathBuf;
use practice::backup::{Recipients, keep::KeepRules, target::S3Settings};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// What a target begins with that is not a folder.
const BUCKET: &str = "s3://";

/// Where backups go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, or the part of it whose names begin with the prefix.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix; may be empty.
        prefix: String,
    },
}

/// Backups; none are made where `target` is not set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    #[serde(default)]
    target: Option<RelativePathBuf>,
    #[serde(default)]
    s3: Option<s3::Storage>,
    #[serde(default)]
    recipients: Vec<String>,
    #[serde(default)]
    clinical_recipients: Vec<String>,
    #[serde(default)]
    billing_recipients: Vec<String>,
    #[serde(default)]
    keys_recipients: Vec<String>,
    #[serde(default)]
    audit_recipients: Vec<String>,
    /// Hours between two backups of a running server; it makes none by itself when not set.
    #[serde(default)]
    every_hours: Option<u32>,
    /// How many hours without a backup are an alarm.
    #[serde(default)]
    alarm_after_hours: Option<u32>,
    #[serde(default)]
    keep: Keep,
    #[serde(default)]
    epoch_keys: Option<RelativePathBuf>,
    #[serde(default)]
    epoch_keep_days: Option<u16>,
}

/// How many backups stay.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keep {
    #[serde(default)]
    last: Option<usize>,
    #[serde(default)]
    daily: Option<usize>,
    #[serde(default)]
    weekly: Option<usize>,
    #[serde(default)]
    monthly: Option<usize>,
}

/// The usual alarm: two days.
const ALARM_HOURS: u32 = 48;

impl Backup {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> Result<()> {
        self.recipients()?;
        if self.target.is_none() && (self.every_hours.is_some() || !self.recipients.is_empty()) {
            bail!("backup.target is missing: without it no backup is made");
        }
        match self.target() {
            Some(Place::S3 { .. }) if self.s3.is_none() => bail!("[backup.s3] is missing: it says where {BUCKET}… is"),
            Some(Place::Folder(_)) | None if self.s3.is_some() => bail!("backup.target is not {BUCKET}bucket/prefix"),
            _ => {}
        }
        if self.every_hours == Some(0) {
            bail!("backup.every_hours must be at least 1");
        }
        Ok(())
    }

    /// The place of the backups.
    pub(crate) fn target(&self) -> Option<Place> {
        let target = self.target.as_ref()?;
        let bucket = target.original().to_str().and_then(|text| text.strip_prefix(BUCKET));
        Some(match bucket {
            Some(text) => {
                let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
                Place::S3 { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() }
            }
            None => Place::Folder(target.relative()),
        })
    }

    /// The storage of the bucket, and who we are there; an error where that is not said.
    pub(crate) fn storage(&self, bucket: String, prefix: String) -> Result<S3Settings> {
        self.s3.as_ref().context("[backup.s3] is missing")?.settings(bucket, prefix)
    }

    /// To whom the parts are sealed.
    pub(crate) fn recipients(&self) -> Result<Recipients> {
        let read = |texts: &[String], key: &str| -> Result<Vec<Recipient>> {
            let read = |text: &String| text.parse().with_context(|| format!("backup.{key}: {text:?}"));
            texts.iter().map(read).collect()
        };
        Ok(Recipients {
            all: read(&self.recipients, "recipients")?,
            clinical: read(&self.clinical_recipients, "clinical_recipients")?,
            billing: read(&self.billing_recipients, "billing_recipients")?,
            keys: read(&self.keys_recipients, "keys_recipients")?,
            audit: read(&self.audit_recipients, "audit_recipients")?,
        })
    }

    /// How often the server makes one.
    pub(crate) fn every(&self) -> Option<Duration> {
        self.every_hours.map(|hours| Duration::from_secs(u64::from(hours) * 3600))
    }

    /// After how long without one there is an alarm.
    pub(crate) fn alarm_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.alarm_after_hours.unwrap_or(ALARM_HOURS)) * 3600)
    }

    /// Which backups stay.
    pub(crate) fn keep(&self) -> KeepRules {
        let usual = KeepRules::default();
        KeepRules {
            last: self.keep.last.unwrap_or(usual.last),
            daily: self.keep.daily.unwrap_or(usual.daily),
            weekly: self.keep.weekly.unwrap_or(usual.weekly),
            monthly: self.keep.monthly.unwrap_or(usual.monthly),
        }
    }

    /// The folder of the epoch keys, and how many days a key outlives its epoch, where that is set.
    pub(crate) fn epochs(&self) -> Option<(PathBuf, Option<u16>)> {
        self.epoch_keys.as_ref().map(|folder| (folder.relative(), self.epoch_keep_days))
    }
}
