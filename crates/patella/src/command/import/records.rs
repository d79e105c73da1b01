//! `patella import pgcrypto` and `patella import fernet`

use super::{super::target::Target, credentials::Credentials};
use crate::opening::Opened;
use anyhow::{Context, Result, bail};
use crypto::{SystemRng, private_file};
use domain::TaskObserver;
use identity::Password;
use indicatif::{ProgressBar, ProgressStyle};
use practice::import::{Imported, Importing, Keys, Mapping, SignedIn, Source, import};
use std::{fmt::Write, path::PathBuf};

/// Refusals that are printed where no report is asked for.
const SHOWN: usize = 20;

/// Which records, from where.
#[derive(Debug, clap::Args)]
pub(super) struct Records {
    #[command(flatten)]
    target: Target,
    /// What of the source goes where; see docs/importing.md.
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The file with the keys of the source, one a line, the newest first. Readable by its owner alone.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Write what has no place here into this file. Names rows and fields, and no values.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Only see what fits, and write nothing.
    #[arg(long)]
    only_check: bool,
    /// Bring in whoever fits although others do not.
    #[arg(long, conflicts_with = "only_check")]
    without_refused: bool,
    /// Sign in with three lines from this file descriptor: e-mail address, password, code. Without it, the terminal asks.
    #[arg(long, value_name = "NUMBER")]
    credentials_fd: Option<u32>,
}

/// What sealed the source.
#[derive(Debug, Clone, Copy)]
pub(super) enum SealedBy {
    Pgcrypto,
    Fernet,
}

/// A bar of patients.
struct Bar(ProgressBar);

impl TaskObserver for Bar {
    fn reached(&self, step: &'static str) {
        tracing::debug!(step, "a transition is durable");
    }
    fn progress(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Records {
    /// Signs in, imports, and says what became of whom.
    pub(super) async fn run(self, by: SealedBy) -> Result<()> {
        let mapping = Mapping::read(&self.mapping)?;
        let keys = match by {
            SealedBy::Pgcrypto => Keys::pgcrypto(&self.key_file)?,
            SealedBy::Fernet => Keys::fernet(&self.key_file)?,
        };
        let source = Source::new(mapping, keys)?;
        let (opened, _) = self.target.open().await?;
        let done = self.signed_in(&opened, &source).await;
        opened.ledger.close();
        let done = done?;
        self.say(&done)?;
        match (&done, self.only_check) {
            (Imported { stopped: true, refused: 1.., .. }, false) => {
                bail!("nothing was brought in; mend the mapping or the source, or go on --without-refused")
            }
            (Imported { refused: 1.., .. }, true) => bail!("not everything has its place"),
            (Imported { differs, .. }, _) if !differs.is_empty() => {
                bail!("of {} patients something else is stored than what was sealed", differs.len())
            }
            _ => Ok(()),
        }
    }

    async fn signed_in(&self, opened: &Opened, source: &Source) -> Result<Imported> {
        let house = &opened.house;
        let asked = Credentials::ask(self.credentials_fd)?;
        let password =
            Password::new(asked.password.to_string()).map_err(|why| anyhow::anyhow!("the password {why}"))?;
        let by = SignedIn::new(house, &asked.email, password, &asked.code).await.context("nobody was signed in")?;
        drop(asked);
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos} of {len} patients, {eta} left")?);
        let bar = Bar(bar);
        let importing = Importing {
            house,
            by: &by,
            source,
            only_check: self.only_check,
            without_refused: self.without_refused,
            observer: &bar,
        };
        let done = import(&importing).await;
        bar.0.finish_and_clear();
        // Also where the import stopped: nobody stays signed in at a terminal that has ended.
        let left = by.leave(house).await;
        let done = done.context("the import has stopped; the same command goes on where it did")?;
        left.context("the session could not be ended; it ends by itself")?;
        Ok(done)
    }

    fn say(&self, done: &Imported) -> Result<()> {
        let Imported { patients, programs, entries, notes, brought_in, before, compared, refused, .. } = done;
        let mut text = String::new();
        if done.stopped {
            writeln!(
                text,
                "{patients} patients at the source: {refused} do not fit; {programs} programs, {entries} log entries, {notes} notes fit"
            )?;
        } else {
            writeln!(
                text,
                "{patients} patients at the source: {brought_in} brought in, {before} here before, {refused} left out\n\
                 {programs} programs, {entries} log entries, {notes} notes\n\
                 {compared} are here with exactly what the source holds",
            )?;
            if !done.finished {
                writeln!(text, "the import is not finished: not all of them are")?;
            }
        }
        for (patients, what) in [
            (&done.changed, "changed at the source since and was left as it is here"),
            (&done.destroyed, "was destroyed here and stays so"),
            (&done.differs, "is stored otherwise than it was sealed"),
        ] {
            for patient in patients {
                writeln!(text, "patient {patient} {what}")?;
            }
        }
        match &self.report {
            Some(path) => {
                let lines: String = done.refusals.iter().map(|refusal| format!("{refusal}\n")).collect();
                let written = private_file::replace(path, lines.as_bytes(), &SystemRng);
                written.with_context(|| format!("{} cannot be written", path.display()))?;
                writeln!(text, "{} fields without a place are in {}", done.refusals.len(), path.display())?;
            }
            None => {
                for refusal in done.refusals.iter().take(SHOWN) {
                    writeln!(text, "{refusal}")?;
                }
                if done.refusals.len() > SHOWN {
                    writeln!(text, "and {} more; ask for a --report", done.refusals.len() - SHOWN)?;
                }
            }
        }
        super::super::print(&text)
    }
}
