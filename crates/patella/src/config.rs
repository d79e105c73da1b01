//! Typed settings: one TOML file, then the environment. `deploy/patella.toml` shows and explains all of them.
//!
//! A key that is not known is refused by name: a misspelt one would otherwise leave something open in silence. Secrets
//! are never written here, only the files that hold them. Relative paths count from the file that says them.

mod backup;
mod channels;
mod retention;
mod stores;

pub(crate) use backup::Place;
pub(crate) use stores::Stores;

use anyhow::{Context, Result, bail};
use crypto::{KeyFile, PassphraseFile, RootProvider, TokenKey};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
    value::magic::RelativePathBuf,
};
use identity::SessionLimits;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use web::{Network, PublicOrigin, TrustedProxies, server::Limits};

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where TLS connections are taken.
    #[serde(default = "local")]
    pub(crate) listen: SocketAddr,
    /// Where plain HTTP is answered with a redirect; nowhere when not set.
    #[serde(default)]
    pub(crate) plain_listen: Option<SocketAddr>,
    /// Where Prometheus reads metrics, without TLS; nowhere when not set.
    #[serde(default)]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// The address that people type: `https://practice.example`. Passkeys are bound to its host.
    pub(crate) origin: PublicOrigin,
    /// The folder of the databases, the ledger and the media.
    data: RelativePathBuf,
    /// Whether every page says that the people are made up.
    #[serde(default)]
    pub(crate) demo: bool,
    /// Least grave lines that are logged.
    #[serde(default)]
    pub(crate) log: LogLevel,
    /// Proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    trusted_proxies: Vec<Network>,
    /// The certificate and its key.
    pub(crate) tls: Tls,
    /// Where the root of all keys comes from.
    pub(crate) root: Root,
    /// Where data is kept.
    #[serde(default)]
    pub(crate) stores: Stores,
    /// The audit trail.
    #[serde(default)]
    pub(crate) ledger: Ledger,
    /// Backups.
    #[serde(default)]
    pub(crate) backup: backup::Backup,
    /// How receivers of alerts and of the audit trail are reached.
    #[serde(default)]
    pub(crate) channels: channels::Channels,
    /// How long records are kept.
    #[serde(default)]
    pub(crate) retention: retention::Retention,
    /// When people are signed out.
    #[serde(default)]
    pub(crate) sessions: Sessions,
    /// Time-outs and counts of the listeners.
    #[serde(default)]
    limits: ListenerLimits,
}

fn local() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8443).into()
}

/// Least grave lines that are logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

/// The certificate and its key, PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    certificate: RelativePathBuf,
    key: RelativePathBuf,
}

impl Tls {
    /// The file with the certificate chain, the server's own first.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.certificate.relative()
    }
    /// The file with its private key.
    pub(crate) fn key(&self) -> PathBuf {
        self.key.relative()
    }
}

/// Where the root of all keys comes from: a key file; a sealed file and the file of its passphrase; or a sealed file and
/// a PKCS#11 token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Root {
    #[serde(default)]
    key_file: Option<RelativePathBuf>,
    #[serde(default)]
    sealed_file: Option<RelativePathBuf>,
    #[serde(default)]
    passphrase_file: Option<RelativePathBuf>,
    #[serde(default)]
    pkcs11_module: Option<PathBuf>,
    #[serde(default)]
    pkcs11_token: Option<String>,
    #[serde(default)]
    pkcs11_key: Option<String>,
    #[serde(default)]
    pkcs11_pin_file: Option<RelativePathBuf>,
}

impl Root {
    /// The provider that the settings name.
    pub(crate) fn provider(&self) -> Result<Box<dyn RootProvider>> {
        let token = (&self.pkcs11_module, &self.pkcs11_token, &self.pkcs11_key, &self.pkcs11_pin_file);
        match (&self.key_file, &self.sealed_file, &self.passphrase_file, token) {
            (Some(key), None, None, (None, None, None, None)) => Ok(Box::new(KeyFile(key.relative()))),
            (None, Some(sealed), Some(passphrase), (None, None, None, None)) => {
                Ok(Box::new(PassphraseFile { file: sealed.relative(), passphrase_file: passphrase.relative() }))
            }
            (None, Some(sealed), None, (Some(module), Some(token), Some(key), Some(pin))) => Ok(Box::new(TokenKey {
                module: module.clone(),
                token: token.clone(),
                key: key.clone(),
                pin_file: pin.relative(),
                file: sealed.relative(),
            })),
            _ => bail!(
                "set one of: root.key_file; root.sealed_file and root.passphrase_file; root.sealed_file and \
                 root.pkcs11_module, root.pkcs11_token, root.pkcs11_key and root.pkcs11_pin_file"
            ),
        }
    }
}

/// The audit trail.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    /// The name of this node's log; the public host when not set. Every node needs its own.
    #[serde(default)]
    pub(crate) log: Option<String>,
    #[serde(default)]
    directory: Option<RelativePathBuf>,
    #[serde(default)]
    second_paths: Vec<RelativePathBuf>,
    /// Seconds between checkpoints while there are new entries; 1 when not set.
    #[serde(default)]
    pub(crate) checkpoint_seconds: Option<u64>,
}

impl Ledger {
    /// Files on other volumes or machines that receive each checkpoint too.
    pub(crate) fn second_paths(&self) -> Vec<PathBuf> {
        self.second_paths.iter().map(RelativePathBuf::relative).collect()
    }
}

/// When people are signed out, in minutes; what is not set stays as [`SessionLimits`] has it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sessions {
    #[serde(default)]
    idle_staff_minutes: Option<u16>,
    #[serde(default)]
    idle_patient_minutes: Option<u16>,
    #[serde(default)]
    absolute_minutes: Option<u16>,
}

impl Sessions {
    /// The limits; refused when one is zero, for nobody could stay signed in.
    pub(crate) fn limits(&self) -> Result<SessionLimits> {
        let usual = SessionLimits::default();
        let minutes = |set: Option<u16>, usual: Duration, key: &str| match set {
            None => Ok(usual),
            Some(0) => bail!("sessions.{key} must be at least 1"),
            Some(minutes) => Ok(Duration::from_secs(u64::from(minutes) * 60)),
        };
        Ok(SessionLimits {
            idle_staff: minutes(self.idle_staff_minutes, usual.idle_staff, "idle_staff_minutes")?,
            idle_patient: minutes(self.idle_patient_minutes, usual.idle_patient, "idle_patient_minutes")?,
            absolute: minutes(self.absolute_minutes, usual.absolute, "absolute_minutes")?,
            ..usual
        })
    }
}

/// Time-outs and counts of the listeners; what is not set stays as [`Limits`] has it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListenerLimits {
    #[serde(default)]
    connections: Option<usize>,
    #[serde(default)]
    idle_seconds: Option<u64>,
    #[serde(default)]
    request_seconds: Option<u64>,
    #[serde(default)]
    shutdown_seconds: Option<u64>,
}

impl Config {
    /// Reads the file, then the environment: `PATELLA_LISTEN`, `PATELLA_TLS__KEY`.
    pub(crate) fn load(file: &Path) -> Result<Self> {
        // Figment takes a file that is not there for an empty one.
        let there = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
        if !there.is_file() {
            bail!("{} is not a file", file.display());
        }
        Self::from_sources(Figment::from(Toml::file_exact(file)).merge(Env::prefixed("PATELLA_").split("__")))
    }

    #[cfg(test)]
    pub(crate) fn from_toml(text: &str) -> Result<Self> {
        Self::from_sources(Figment::from(Toml::string(text)))
    }

    fn from_sources(sources: Figment) -> Result<Self> {
        let config: Self = sources.extract().map_err(|error| anyhow::anyhow!("{}", first_line(&error)))?;
        config.root.provider()?;
        config.stores.check()?;
        config.backup.check()?;
        config.sessions.limits()?;
        config.retention.settings()?;
        Ok(config)
    }

    /// The folder of the databases, the ledger and the media.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.relative()
    }
    /// The folder of the ledger.
    pub(crate) fn ledger_directory(&self) -> PathBuf {
        self.ledger.directory.as_ref().map_or_else(|| self.data().join("audit"), RelativePathBuf::relative)
    }
    /// The name of this node's log.
    pub(crate) fn log_name(&self) -> &str {
        self.ledger.log.as_deref().unwrap_or_else(|| self.origin.host())
    }

    /// Where the destruction ledger is kept: where it is set, or else beside the audit trail's second paths. Nowhere when
    /// neither is: beside the trail itself it would be lost with what it speaks of.
    pub(crate) fn destruction_ledger(&self) -> Vec<PathBuf> {
        let beside = |path: &Path| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(".destroyed");
            path.with_file_name(name)
        };
        let set = self.retention.destruction_ledger();
        if set.is_empty() { self.ledger.second_paths().iter().map(|path| beside(path)).collect() } else { set }
    }

    /// Settings of the web part.
    pub(crate) fn web(&self) -> web::Settings {
        let usual = web::Settings::new(self.origin.clone());
        web::Settings {
            demo: self.demo,
            trusted_proxies: TrustedProxies::new(self.trusted_proxies.clone()),
            request_timeout: self.limits.request_seconds.map_or(usual.request_timeout, Duration::from_secs),
            ..usual
        }
    }

    /// Time-outs and counts of the listeners.
    pub(crate) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            connections: self.limits.connections.unwrap_or(usual.connections).max(1),
            idle: self.limits.idle_seconds.map_or(usual.idle, Duration::from_secs),
            shutdown: self.limits.shutdown_seconds.map_or(usual.shutdown, Duration::from_secs),
            ..usual
        }
    }
}

/// The provider that the `[root]` of a file names, whatever else is in it.
pub(crate) fn root_of(file: &Path) -> Result<Box<dyn RootProvider>> {
    #[derive(Deserialize)]
    struct Only {
        root: Root,
    }
    if !file.is_file() {
        bail!("there is no file {}", file.display());
    }
    let only: Only = Figment::from(Toml::file_exact(file))
        .extract()
        .map_err(|error| anyhow::anyhow!("{}: {}", file.display(), first_line(&error)))?;
    only.root.provider()
}

/// What is wrong and where, on one line.
fn first_line(error: &figment::Error) -> String {
    let said = error.to_string().replace("``", "`").replace("key \"default.", "key \"");
    said.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"
        origin = "https://practice.example"
        data = "/var/lib/patella"
        tls = { certificate = "/c.pem", key = "/k.pem" }
        root = { key_file = "/root.key" }
    "#;

    fn refused(text: &str) -> String {
        format!("{:#}", Config::from_toml(text).expect_err("refused"))
    }

    #[test]
    fn the_example_is_what_it_says() {
        let example = include_str!("../../../deploy/patella.toml");
        let config = Config::from_toml(example).expect("reads");
        assert_eq!(config.origin.as_str(), "https://practice.example");
        assert_eq!(config.data(), Path::new("/var/lib/patella"));
        // Every setting that the example only mentions must be one: each such line is put in force, one at a time.
        for (n, line) in example.lines().enumerate() {
            let Some(setting) = line.strip_prefix("#: ") else { continue };
            let text: Vec<_> = example.lines().enumerate().map(|(m, l)| if m == n { setting } else { l }).collect();
            let said = Config::from_toml(&text.join("\n")).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(!said.contains("unknown field") && !said.contains("invalid type"), "{setting}: {said}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        assert!(refused(&format!("{LEAST}\nlisten_on = \"x\"")).contains("listen_on"));
        assert!(refused(&format!("{LEAST}\n[sessions]\nidle = 3")).contains("idle"));
        assert!(refused(&format!("{LEAST}\n[stores]\npassword = \"secret\"")).contains("password"));
        assert!(!refused(&format!("{LEAST}\n[stores]\npassword = \"secret\"")).contains("secret"));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        assert!(refused(&LEAST.replace("key_file", "sealed_file")).contains("root.passphrase_file"));
        assert!(refused(&LEAST.replace("https://", "http://")).contains("must be an origin"));
        assert!(refused(&format!("{LEAST}\n[sessions]\nidle_staff_minutes = 0")).contains("at least 1"));
        assert!(refused(&format!("{LEAST}\n[stores]\nbackend = \"postgres\"")).contains("stores.identity"));
        let half = "[stores.keys]\nurl = \"postgres://patella_keys@db/patella_keys\"";
        assert!(refused(&format!("{LEAST}\n{half}")).contains("stores.backend"));
    }

    #[test]
    fn what_is_not_set_is_as_safe_as_it_can_be() {
        let config = Config::from_toml(LEAST).expect("reads");
        assert!(config.listen.ip().is_loopback());
        assert_eq!((config.plain_listen, config.metrics_listen, config.demo), (None, None, false));
        assert_eq!(config.web().trusted_proxies, TrustedProxies::default());
        assert_eq!(config.log_name(), "practice.example");
        assert_eq!(config.ledger_directory(), Path::new("/var/lib/patella/audit"));
        assert_eq!(config.root.provider().expect("a provider").file(), Path::new("/root.key"));
    }
}
