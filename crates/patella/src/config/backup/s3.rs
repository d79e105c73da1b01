//! The storage of backups that speaks S3. Keys of access come from files or from the environment, never from the settings.

use anyhow::{Context, Result, bail};
use domain::SystemClock;
use figment::value::magic::RelativePathBuf;
use practice::backup::target::{Credentials, LockMode, S3Settings};
use serde::Deserialize;
use std::{fs, sync::Arc};

/// What most services call their only region.
const USUAL_REGION: &str = "us-east-1";

/// Where the storage is, who we are there, and how it holds files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Storage {
    /// `https://…`
    endpoint: String,
    #[serde(default)]
    region: Option<String>,
    /// Whether the bucket stands in the path, as most services but Amazon's want it.
    #[serde(default)]
    path_style: bool,
    #[serde(default)]
    ca_file: Option<RelativePathBuf>,
    /// The access key and the secret; where they are not set, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if there is
    /// one, `AWS_SESSION_TOKEN`.
    #[serde(default)]
    access_key_file: Option<RelativePathBuf>,
    #[serde(default)]
    secret_key_file: Option<RelativePathBuf>,
    #[serde(default)]
    lock: Option<Mode>,
    #[serde(default)]
    lock_days: Option<u16>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Governance,
    Compliance,
}

impl Storage {
    /// All of it, with the keys of access read.
    pub(super) fn settings(&self, bucket: String, prefix: String) -> Result<S3Settings> {
        let credentials = match (&self.access_key_file, &self.secret_key_file) {
            (Some(access), Some(secret)) => Credentials::new(line(access)?, line(secret)?),
            (None, None) => Credentials::from_env().context(
                "no access to the backup storage: set backup.s3.access_key_file and secret_key_file, or \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
            )?,
            _ => bail!("backup.s3: access_key_file and secret_key_file go together"),
        };
        let lock = match (self.lock, self.lock_days) {
            (Some(mode), Some(days)) if days > 0 => Some((mode.into(), days)),
            (None, None) => None,
            _ => bail!("backup.s3: lock and lock_days (at least 1) go together"),
        };
        Ok(S3Settings {
            endpoint: self.endpoint.clone(),
            region: self.region.clone().unwrap_or_else(|| USUAL_REGION.to_owned()),
            bucket,
            prefix,
            path_style: self.path_style,
            ca_file: self.ca_file.as_ref().map(RelativePathBuf::relative),
            credentials,
            lock,
            clock: Arc::new(SystemClock),
        })
    }
}

impl From<Mode> for LockMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Governance => Self::Governance,
            Mode::Compliance => Self::Compliance,
        }
    }
}

fn line(file: &RelativePathBuf) -> Result<String> {
    let path = file.relative();
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let text = text.trim();
    if text.is_empty() || text.contains('\n') {
        bail!("{} does not hold one line", path.display());
    }
    Ok(text.to_owned())
}
