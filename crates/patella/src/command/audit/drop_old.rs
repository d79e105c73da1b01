//! `patella audit drop-old`

use crate::{
    command::retention::commands_keys,
    config::Config,
    opening::{self, AuditKeys, Log},
};
use anyhow::{Context, Result};
use domain::TaskObserver;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{Dropped, FileSegments, Segments};
use practice::retention::{DroppedSegments, OldLog, drop_segments};
use store::{PostgresSegments, Store};

/// A bar of segments.
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

/// Does it, to both logs of this node. The server goes on writing to its own meanwhile: what is dropped it does not touch.
pub(super) async fn run(config: &Config, dry_run: bool) -> Result<()> {
    let opened = opening::open(config, Log::Commands).await?;
    let house = &opened.house;
    let root = opening::root(config)?;
    let mut logs = Vec::new();
    for which in [Log::Server, Log::Commands] {
        let AuditKeys { log, seal, signer } = opening::audit_keys(config, &root, &house.stores.keys, which).await?;
        // The server's own role can only add to the audit database.
        let segments: Box<dyn Segments> = match config.stores.migrator(Store::Audit) {
            Some(owner) => {
                let what = || "the audit store is not opened as its owner (migrator_url)";
                Box::new(PostgresSegments::open(&owner, &log).with_context(what)?)
            }
            None => {
                let folder = opening::log_folder(config, which);
                if !folder.is_dir() {
                    continue;
                }
                Box::new(FileSegments::new(folder))
            }
        };
        logs.push(OldLog { log, seal, signer, segments });
    }
    let recorder = commands_keys(config, house).await?.verifier();
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos} of {len} segments, {eta} left")?);
    let bar = Bar(bar);
    let done = drop_segments(house, logs, &recorder, dry_run, &bar).await;
    bar.0.finish_and_clear();
    opened.ledger.close();
    for log in done.context("not everything old was dropped; run it again when this is mended")? {
        super::super::print(&said(&log, dry_run))?;
    }
    Ok(())
}

fn said(done: &DroppedSegments, dry_run: bool) -> String {
    let DroppedSegments { log, old, entries, held, dropped } = done;
    let gone = dropped.as_ref().map_or(0, |dropped| dropped.before);
    match (old, dropped) {
        (Some(old), _) if *held => {
            let would = old.before - gone;
            format!("{log}: {would} entries, up to {}, are old; a legal hold is in force, so they stay\n", old.newest)
        }
        (Some(old), _) if dry_run => {
            let would = old.before - gone;
            format!("{log}: {would} entries, up to {}, would be dropped; their hashes would stay\n", old.newest)
        }
        (_, Some(Dropped { newest, years, recorded, .. })) if *entries > 0 => format!(
            "{log}: {entries} entries, up to {newest}, were dropped after {years} years; their hashes stay (recorded as entry {} of {})\n",
            recorded.entry, recorded.log
        ),
        _ => format!("{log}: nothing more is old\n"),
    }
}
