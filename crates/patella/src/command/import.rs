//! `patella import`

mod credentials;
mod records;

use self::records::{Records, SealedBy};
use super::{target::Target, user};
use anyhow::Result;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use practice::library::{self, Shelved, free_exercise_db};
use std::path::PathBuf;

/// Bring things in from elsewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Bring exercises in from a folder laid out like free-exercise-db. Doing it again changes nothing.
    Exercises {
        #[command(flatten)]
        target: Target,
        /// The folder with exercises.json and exercises/.
        path: PathBuf,
    },
    /// Bring in patients whose records PostgreSQL's pgp_sym_encrypt has sealed. Asks an administrator to sign in.
    Pgcrypto(Records),
    /// Bring in patients whose records lie in Fernet tokens, in a database or in files. Asks an administrator to sign in.
    Fernet(Records),
}

impl Import {
    /// Imports, with a progress bar, naming each rejected entry and why.
    pub(crate) fn run(self) -> Result<()> {
        match self.verb {
            Verb::Exercises { target, path } => super::block_on(exercises(&target, path)),
            Verb::Pgcrypto(records) => super::block_on(records.run(SealedBy::Pgcrypto)),
            Verb::Fernet(records) => super::block_on(records.run(SealedBy::Fernet)),
        }
    }
}

async fn exercises(target: &Target, path: PathBuf) -> Result<()> {
    let mut entries = free_exercise_db::open(&path)?;
    let (opened, _) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    user::record_import(&opened.house, practice).await?;
    let bar = ProgressBar::new(entries.progress().1)
        .with_style(ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}")?);
    let mut counts = free_exercise_db::Counts::default();
    let (mut added, mut changed, mut unchanged) = (0, 0, 0);
    while let Some(entry) = entries.next() {
        counts.add(&entry);
        match entry {
            Ok(accepted) => {
                for (picture, why) in &accepted.refused_pictures {
                    bar.suspend(|| super::print(&format!("picture {picture} left out: {why}\n")))?;
                }
                match library::shelve(&opened.house, practice, &accepted.exercise).await?.1 {
                    Shelved::Added => added += 1,
                    Shelved::Changed => changed += 1,
                    Shelved::Unchanged => unchanged += 1,
                }
            }
            Err(rejected) => bar.suspend(|| super::print(&format!("{rejected}\n")))?,
        }
        bar.set_position(entries.progress().0);
        bar.set_message(format!("{} exercises", counts.accepted));
    }
    bar.finish();
    opened.ledger.close();
    super::print(&format!(
        "{added} added, {changed} changed, {unchanged} as they were, {} rejected; {} pictures, {} missing, {} left out\n",
        counts.rejected, counts.pictures, counts.pictures_missing, counts.pictures_refused,
    ))
}
