//! `patella dispose`

use super::{retention::commands_keys, target::Target};
use crate::opening::AuditKeys;
use anyhow::Result;
use clap::Subcommand;
use domain::Date;
use practice::retention::{Disposal, Signing, disposals, dispose};

/// Record devices and media that leave the practice.
#[derive(Debug, clap::Args)]
pub(crate) struct Dispose {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Record the disposal of a device or medium, and print the signed record.
    Record {
        #[command(flatten)]
        target: Target,
        /// What it was: "SSD of the server".
        #[arg(long)]
        device: String,
        /// Its serial number.
        #[arg(long)]
        serial: String,
        /// clear, purge or destroy, as NIST SP 800-88 Rev. 1 means them.
        #[arg(long)]
        method: String,
        /// Who did it.
        #[arg(long)]
        by: String,
        /// Who saw it; somebody else.
        #[arg(long)]
        witness: String,
        /// The day, like 2026-05-14; today when not said.
        #[arg(long)]
        on: Option<String>,
    },
    /// Print all records, newest first.
    List {
        #[command(flatten)]
        target: Target,
    },
}

impl Dispose {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            match self.verb {
                Verb::Record { target, device, serial, method, by, witness, on } => {
                    let method = method.parse().map_err(|why| anyhow::anyhow!("--method {why}"))?;
                    let on = on.map(|text| text.parse::<Date>()).transpose();
                    let on = on.map_err(|_| anyhow::anyhow!("--on is not a day like 2026-05-14"))?;
                    let (opened, config) = target.open().await?;
                    let practice = target.practice(&opened.house).await?;
                    let recorded_at = opened.house.clock.now();
                    let zone = practice::record::timezone(&opened.house, practice).await?;
                    let on = on.unwrap_or_else(|| zone.day_of(recorded_at));
                    let disposal = Disposal { device, serial, method, by, witness, on, recorded_at };
                    disposal.check().map_err(|(field, why)| anyhow::anyhow!("--{field} {why}"))?;
                    let AuditKeys { log, signer, .. } = commands_keys(&config, &opened.house).await?;
                    let note = dispose(&opened.house, practice, &disposal, &Signing { log, signer }).await?;
                    opened.ledger.close();
                    super::print(&note)
                }
                Verb::List { target } => {
                    let (opened, _) = target.open().await?;
                    let practice = target.practice(&opened.house).await?;
                    let notes = disposals(&opened.house, practice).await?;
                    opened.ledger.close();
                    super::print(&notes.join("\n"))
                }
            }
        })
    }
}
