//! The schemas of the stores: numbered migrations, who may do what, and whether a database is as the program expects.

mod grants;
mod history;

pub use grants::{grant_server, grants};
pub use history::{MigrateError, Migration, SchemaError, check, migrate, migrations};

use std::{fmt, str::FromStr};

/// The databases of a practice. They share nothing: not a table, not a role, not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// Practices, accounts, factors, login sessions, care teams.
    Identity,
    /// Wrapped practice and patient keys.
    Keys,
    /// Patients, programs, logs, notes.
    Clinical,
    /// Charges and payments, under pseudonyms.
    Billing,
    /// The ledger, where it is kept in PostgreSQL.
    Audit,
}

impl Store {
    /// All of them. The audit store is a directory unless it is on PostgreSQL.
    pub const ALL: [Self; 5] = [Self::Identity, Self::Keys, Self::Clinical, Self::Billing, Self::Audit];

    /// Its name: of the file, of the settings' section, of the branch of keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Keys => "keys",
            Self::Clinical => "clinical",
            Self::Billing => "billing",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Store {
    type Err = domain::Invalid;
    fn from_str(text: &str) -> Result<Self, domain::Invalid> {
        let known = Self::ALL.into_iter().find(|store| store.name() == text);
        known.ok_or_else(|| domain::Invalid::new("is not a store"))
    }
}
