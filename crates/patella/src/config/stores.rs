//! Where data is kept.

use anyhow::{Result, bail};
use figment::value::magic::RelativePathBuf;
use serde::Deserialize;
use std::time::Duration;
use store::{PostgresOptions, Store};

/// Where data is kept: in files under the data folder, or in databases of PostgreSQL servers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stores {
    /// Which of the two.
    #[serde(default)]
    pub(crate) backend: Backend,
    #[serde(default)]
    identity: Option<Postgres>,
    #[serde(default)]
    keys: Option<Postgres>,
    #[serde(default)]
    clinical: Option<Postgres>,
    #[serde(default)]
    billing: Option<Postgres>,
    #[serde(default)]
    audit: Option<Postgres>,
}

/// Files or servers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backend {
    /// SQLCipher files in the data folder.
    #[default]
    Embedded,
    /// A PostgreSQL database for each store, each with a role of its own.
    Postgres,
}

/// How to reach one store's database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Postgres {
    /// For the server's role: `postgres://role@host:port/database`, without a password.
    url: String,
    #[serde(default)]
    password_file: Option<RelativePathBuf>,
    /// For the role that owns the tables and runs migrations; the server does not use it.
    #[serde(default)]
    migrator_url: Option<String>,
    #[serde(default)]
    migrator_password_file: Option<RelativePathBuf>,
    #[serde(default)]
    ca_file: Option<RelativePathBuf>,
    #[serde(default)]
    connections: Option<usize>,
}

impl Stores {
    fn section(&self, store: Store) -> Option<&Postgres> {
        match store {
            Store::Identity => self.identity.as_ref(),
            Store::Keys => self.keys.as_ref(),
            Store::Clinical => self.clinical.as_ref(),
            Store::Billing => self.billing.as_ref(),
            Store::Audit => self.audit.as_ref(),
            // Every server makes its own.
            Store::AuditIndex => None,
        }
    }

    /// Refuses settings that would leave a store somewhere else than meant.
    pub(super) fn check(&self) -> Result<()> {
        let mut urls = Vec::new();
        for store in Store::ALL {
            let name = store.name();
            match (self.backend, self.section(store)) {
                (Backend::Embedded, Some(_)) => bail!("stores.{name} is set, but stores.backend is not \"postgres\""),
                (Backend::Postgres, None) if !matches!(store, Store::Audit | Store::AuditIndex) => {
                    bail!("stores.{name} is missing; every store needs a database of its own")
                }
                (Backend::Postgres, Some(postgres)) if urls.contains(&&postgres.url) => {
                    bail!("stores.{name} has the database and role of another store")
                }
                (_, section) => urls.extend(section.map(|postgres| &postgres.url)),
            }
        }
        Ok(())
    }

    /// How the server reaches a store; none when it is embedded (and for the ledger, when it is a directory).
    pub(crate) fn server(&self, store: Store) -> Option<PostgresOptions> {
        let postgres = self.section(store)?;
        Some(postgres.options(&postgres.url, postgres.password_file.as_ref()))
    }

    /// How `patella migrate` reaches a store: as its owner. The server's own role where no other is named.
    pub(crate) fn migrator(&self, store: Store) -> Option<PostgresOptions> {
        let postgres = self.section(store)?;
        let options = match &postgres.migrator_url {
            Some(url) => postgres.options(url, postgres.migrator_password_file.as_ref()),
            None => self.server(store)?,
        };
        // A migration may rewrite a large table; what is too slow for a request is not for it.
        Some(PostgresOptions { statement_timeout: Duration::from_secs(3600), ..options })
    }

    /// The role to which the owner grants what the server needs, where the server is not the owner itself.
    pub(crate) fn grantee(&self, store: Store) -> Option<String> {
        self.section(store)?.migrator_url.as_ref()?;
        self.server(store)?.role()
    }
}

impl Postgres {
    fn options(&self, url: &str, password_file: Option<&RelativePathBuf>) -> PostgresOptions {
        let usual = PostgresOptions::new(url);
        PostgresOptions {
            password_file: password_file.map(RelativePathBuf::relative),
            ca_file: self.ca_file.as_ref().map(RelativePathBuf::relative),
            connections: self.connections.unwrap_or(usual.connections),
            ..usual
        }
    }
}
