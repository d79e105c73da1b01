//! `patella keys`

mod bar;
mod leak;

use super::target::Target;
use crate::{
    config::{Config, root_of},
    opening::{self, Opened},
};
use anyhow::{Context, Result, bail};
use bar::Bar;
use clap::{Args, Subcommand};
use crypto::RootId;
use data_encoding::HEXLOWER;
use domain::PatientId;
use jiff::SignedDuration;
use practice::keys::{
    Depth, Pace, Rotated, Rotation, Verified, branches,
    root::{self, RootFiles},
    rotate_patients, rotate_practice, status, verify,
};
use std::path::PathBuf;

/// What is said when a rotation stops before its end.
const STOPPED: &str = "the rotation stopped. Nothing is lost: the old keys still open all that it has not reached. When \
    the cause below is mended, the same command goes on where it was";

/// Look at the keys, rotate them, verify them. A server may run beside.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show which keys there are, what they wrap, and what is under way.
    Status {
        #[command(flatten)]
        target: Target,
    },
    /// Put new keys in the place of old ones. Interrupted, the same command goes on.
    Rotate {
        #[command(subcommand)]
        what: What,
    },
    /// Unwrap every key and look whether every sealed value has its key.
    Verify {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        speed: Speed,
        /// Open every value too, and show none.
        #[arg(long)]
        deep: bool,
    },
}

#[derive(Debug, Subcommand)]
enum What {
    /// A new root: rewrites no database, only what it wraps.
    Root {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        speed: Speed,
        /// Settings whose [root] names another provider, which opens everything too from now on. Then put that [root]
        /// into the settings, start every server again, and use --finish.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["finish", "leaked"])]
        to: Option<PathBuf>,
        /// Let every root but that of the settings go, after --to.
        #[arg(long, conflicts_with = "leaked")]
        finish: bool,
        /// The root may be known to others: new practice keys as well, and a word on what is safe from when.
        #[arg(long)]
        leaked: bool,
        /// With --leaked: new keys for all patients as well, because somebody may have copied the key store.
        #[arg(long, requires = "leaked")]
        patients: bool,
    },
    /// A new version of the practice's key: patients' keys are wrapped and accounts sealed anew.
    Practice {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        speed: Speed,
    },
    /// New versions of patients' keys: their records are sealed anew.
    Patient {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        speed: Speed,
        /// The patient's id, or "all".
        #[arg(value_name = "ID|all")]
        patient: String,
    },
}

/// How fast, and how patient.
#[derive(Debug, Args)]
struct Speed {
    /// Take no rest between batches: for a server that is stopped.
    #[arg(long)]
    full_speed: bool,
    /// Seconds for which requests under way are waited for, before records are sealed under new keys and before old keys are
    /// removed. More than a request may take; 0 only where no server runs.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    grace: u32,
}

impl Speed {
    fn rotation<'a>(&self, opened: &'a Opened, bar: &'a Bar) -> Rotation<'a> {
        Rotation {
            house: &opened.house,
            observer: bar,
            pace: if self.full_speed { Pace::Full } else { Pace::Gentle },
            grace: SignedDuration::from_secs(self.grace.into()),
        }
    }
}

impl Keys {
    /// Does it. Each rotation is recorded when it begins and when it ends.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            match self.verb {
                Verb::Status { target } => show(&target).await,
                Verb::Verify { target, speed, deep } => verified(&target, &speed, deep).await,
                Verb::Rotate { what } => rotate(what).await,
            }
        })
    }
}

async fn rotate(what: What) -> Result<()> {
    match what {
        What::Root { target, speed, to, finish, leaked, patients } => {
            let (opened, config) = target.open().await?;
            let said = match (to, finish) {
                (Some(settings), _) => stage(&opened, &config, &speed, &settings).await,
                (None, true) => finish_root(&opened, &config, &speed).await,
                (None, false) if leaked => leak::answer(&opened, &config, &speed, patients).await,
                (None, false) => new_root(&opened, &config, &speed)
                    .await
                    .map(|root| format!("A new root, {}, is in force. The old one is destroyed.\n{COPY}", name(root))),
            };
            opened.ledger.close();
            super::print(&said?)
        }
        What::Practice { target, speed } => {
            let (opened, _) = target.open().await?;
            let practice = target.practice(&opened.house).await?;
            let bar = Bar::new();
            let rotation = speed.rotation(&opened, &bar);
            let mut done = Ok(Rotated::default());
            for branch in branches(&opened.house, practice).await? {
                done = match (done, rotate_practice(&rotation, branch).await) {
                    (Ok(before), Ok(now)) => Ok(before.and(now)),
                    (Err(error), _) | (_, Err(error)) => Err(error),
                };
            }
            opened.ledger.close();
            super::print(&summary(done.context(STOPPED)?))
        }
        What::Patient { target, speed, patient } => {
            let patient = match patient.as_str() {
                "all" => None,
                id => Some(id.parse::<PatientId>().map_err(|why| anyhow::anyhow!("the patient {why}, nor \"all\""))?),
            };
            let (opened, _) = target.open().await?;
            let practice = target.practice(&opened.house).await?;
            let bar = Bar::new();
            let rotation = speed.rotation(&opened, &bar);
            let mut done = rotate_patients(&rotation, practice, patient).await;
            let billing = phi::billing_branch(practice);
            if patient.is_none() && branches(&opened.house, practice).await?.contains(&billing) {
                done = match done {
                    Ok(before) => rotate_patients(&rotation, billing, None).await.map(|now| before.and(now)),
                    stopped => stopped,
                };
            }
            opened.ledger.close();
            super::print(&summary(done.context(STOPPED)?))
        }
    }
}

/// What must not be forgotten after a new root.
const COPY: &str = "Keep a copy of it offline. Backups from before open with the old root only: keep its offline copy \
    until the last of them\nhas expired, then destroy it.\n";

async fn new_root(opened: &Opened, config: &Config, speed: &Speed) -> Result<RootId> {
    let (provider, pages, bar) = (config.root.provider()?, opening::page_key_file(config), Bar::new());
    let files = RootFiles { provider: &*provider, page_keys: Some(&pages) };
    root::rotate_root(&speed.rotation(opened, &bar), &files).await.context(STOPPED)
}

async fn stage(opened: &Opened, config: &Config, speed: &Speed, settings: &std::path::Path) -> Result<String> {
    let to = root_of(settings)?;
    let (provider, pages, bar) = (config.root.provider()?, opening::page_key_file(config), Bar::new());
    let files = RootFiles { provider: &*provider, page_keys: Some(&pages) };
    let id = root::stage(&speed.rotation(opened, &bar), &files, &*to).await.context(STOPPED)?;
    Ok(format!(
        "Two roots open this server now: the one that is in force, and {} ({}).\n\n\
         Next:\n  1. put the [root] of {} into the settings of every server, and start each again;\n  \
         2. patella keys rotate root --finish, with the new settings;\n  \
         3. destroy what held the old root: {}\n",
        name(id),
        to.words(),
        settings.display(),
        provider.words(),
    ))
}

async fn finish_root(opened: &Opened, config: &Config, speed: &Speed) -> Result<String> {
    let (provider, pages, bar) = (config.root.provider()?, opening::page_key_file(config), Bar::new());
    let files = RootFiles { provider: &*provider, page_keys: Some(&pages) };
    let id = root::finish(&speed.rotation(opened, &bar), &files).await.context(STOPPED)?;
    Ok(format!("The root {} alone is in force. Destroy what held the old one.\n", name(id)))
}

fn name(root: RootId) -> String {
    HEXLOWER.encode(&root.as_bytes()[..4])
}

fn summary(done: Rotated) -> String {
    let Rotated { made, rewrapped, resealed } = done;
    format!("{made} keys made, {rewrapped} wrapped anew, {resealed} rows sealed anew; the old versions are gone\n")
}

async fn show(target: &Target) -> Result<()> {
    let (opened, _) = target.open().await?;
    let found = status(&opened.house).await;
    opened.ledger.close();
    let found = found?;
    let mut text = match found.root {
        Some((root, since)) => format!("root {}, in force since {since}\n", name(root)),
        None => "no root is in force\n".to_owned(),
    };
    for practice in &found.practices {
        let (owner, id) = match phi::practice_of_branch(practice.practice) {
            Some(of) => ("billing of practice", of),
            None if practice.own => ("server", practice.practice),
            None => ("practice", practice.practice),
        };
        text.push_str(&format!("{owner} {id}\n"));
        for (version, made, roots, count) in &practice.versions {
            let roots = if *roots > 1 { ", wrapped by two roots: a new root is on its way" } else { "" };
            let wraps = if practice.own { String::new() } else { format!(", wraps {count} patients' keys") };
            text.push_str(&format!("  version {version}, made {made}{wraps}{roots}\n"));
        }
        for row in &practice.under_way {
            let (kind, state) = (&row.kind, &row.state);
            text.push_str(&format!("  under way: rotate {kind} since {}, {state}\n", row.started_at));
        }
        if let Some((row, at)) = practice.last.as_ref().and_then(|row| Some((row, row.finished_at?))) {
            text.push_str(&format!("  last: rotate {} ended {at}\n", row.kind));
        }
    }
    super::print(&text)
}

async fn verified(target: &Target, speed: &Speed, deep: bool) -> Result<()> {
    let (opened, _) = target.open().await?;
    let practice = target.practice(&opened.house).await?;
    let bar = Bar::new();
    let depth = if deep { Depth::Values } else { Depth::Keys };
    let rotation = speed.rotation(&opened, &bar);
    let mut found = Ok(Verified::default());
    for branch in branches(&opened.house, practice).await? {
        found = match (found, verify(&rotation, branch, depth).await) {
            (Ok(before), Ok(now)) => Ok(Verified::and(before, now)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
    }
    opened.ledger.close();
    let found = found.context("the keys could not be verified")?;
    let mut text = format!("{} keys unwrap\n", found.keys);
    for ((column, version), count) in &found.versions {
        text.push_str(&format!("{column}: {count} under version {version}\n"));
    }
    for fault in &found.faults {
        text.push_str(&format!("WRONG: {}\n", fault.what));
    }
    super::print(&text)?;
    match found.wrong {
        0 => super::print(if deep { "every value opens\n" } else { "every value has its key\n" }),
        wrong => bail!("{wrong} things are wrong"),
    }
}
