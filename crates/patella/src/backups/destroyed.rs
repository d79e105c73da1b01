//! Whom a restore must not bring back.

use crate::{
    config::Config,
    opening::{self, Log},
};
use ledger::Destroyed;
use practice::{
    backup::{AuditBranch, BoxError},
    retention,
};
use store::Db;

/// How sure whoever restores is that there is nobody.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Sure {
    /// Go on without a destruction ledger, since no record of this practice was ever destroyed. Refused where the backup knows
    /// better.
    #[arg(long)]
    nobody_was_destroyed: bool,
}

impl Sure {
    /// Everybody in the destruction ledger, which is checked with the keys of the backup and held against what the backup
    /// knows. Blocks.
    pub(crate) fn who_was_destroyed(
        self,
        config: &Config,
        branch: &AuditBranch,
        keys: &Db,
    ) -> Result<Vec<Destroyed>, BoxError> {
        let verifier = branch.verifier(&opening::log_name(config, Log::Commands)?);
        let places = config.destruction_ledger();
        let who = retention::who_was_destroyed(&places, &verifier, keys, self.nobody_was_destroyed);
        Ok(tokio::runtime::Handle::current().block_on(who)?)
    }
}
