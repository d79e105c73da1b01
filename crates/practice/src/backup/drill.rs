//! Trying a backup out: it is brought back into a scratch place, looked at, timed, and thrown away. What was found is signed.

use super::{
    BoxError, Ground, Part, TrailPlace,
    create::Contents,
    manifest::{LogFacts, Manifest},
    name_at,
    restore::{RestoreError, Restoring},
    target::{DRILLS, Target, TargetError, read_small, write_small},
};
use crypto::{Key, Signer, SystemRng};
use domain::Timestamp;
use ledger::{CheckpointError, LogName, VerifierKey, open_text, sign_text, unverified_text};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use store::{
    Db, EmbeddedOptions, Store,
    raw::{Snapshot, raw_tables},
};

/// The first line of a record.
const KIND: &str = "patella drill record 1";
/// A record is shorter than this.
const LONGEST: u64 = 256 * 1024;

/// What a drill found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillRecord {
    /// The backup that was tried.
    pub backup: String,
    /// The moment that it holds.
    pub cut: Timestamp,
    /// When the drill began.
    pub began: Timestamp,
    /// How long checking and bringing back took, in milliseconds.
    pub milliseconds: u64,
    /// Bytes that were brought back, before compression.
    pub bytes: u64,
    /// Rows that were brought back.
    pub rows: u64,
    /// Whether everything was as it should be.
    pub whole: bool,
    /// What was looked at, each with what was found.
    pub checks: Vec<Check>,
    /// Rows by table, brought back and living now. (What lives now has gone on since the backup.)
    pub tables: Vec<Compared>,
    /// The logs that were proven whole.
    pub logs: Vec<LogFacts>,
    /// The version of the program.
    pub program: String,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What.
    pub check: String,
    /// Whether it was as it should be.
    pub passed: bool,
    /// What was found, in words that name no person.
    pub found: String,
}

/// A table's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// `store.table`.
    pub table: String,
    /// Brought back.
    pub restored: u64,
    /// Living now; none where that could not be asked.
    pub live: Option<u64>,
}

impl DrillRecord {
    /// The record as a signed note.
    pub fn sign(&self, name: &LogName, signer: &Signer) -> String {
        let text = serde_json::to_string_pretty(self).expect("it has text keys only");
        sign_text(KIND, &text, name, signer)
    }

    /// A record that must carry the true signature of `key`.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        serde_json::from_str(open_text(KIND, note, key)?).map_err(|_| CheckpointError::Malformed)
    }

    /// Puts a signed record into the target, beside the backups.
    pub fn keep(target: &dyn Target, at: Timestamp, note: &str) -> Result<String, TargetError> {
        let path = format!("{DRILLS}/{}.note", name_at(at));
        write_small(target, &path, note.as_bytes())?;
        Ok(path)
    }

    /// When the newest drill of a target that found everything whole was made. Signatures are not looked at: this is for a
    /// metric.
    pub fn newest(target: &dyn Target) -> Result<Option<Timestamp>, TargetError> {
        for name in target.names(DRILLS)?.iter().rev() {
            let bytes = read_small(target, &format!("{DRILLS}/{name}"), LONGEST)?;
            let text = String::from_utf8_lossy(&bytes);
            let record = unverified_text(KIND, &text).ok().and_then(|text| serde_json::from_str::<Self>(text).ok());
            if let Some(record) = record.filter(|record| record.whole) {
                return Ok(Some(record.began));
            }
        }
        Ok(None)
    }
}

/// Whether every key of a key store unwraps: how many did, or what is wrong.
pub type KeyCheck<'a> = &'a dyn Fn(&Db) -> Result<u64, BoxError>;

/// Brings a backup back into `scratch`, an empty folder, and looks at it. A backup that cannot be brought back is an error, not
/// a record. Blocks: call it in `spawn_blocking`.
pub fn drill(
    restoring: &Restoring<'_>,
    name: &str,
    scratch: &Path,
    live: Option<&Contents>,
    keys: Option<KeyCheck<'_>>,
) -> Result<DrillRecord, RestoreError> {
    let began = restoring.clock.now();
    let pages: BTreeMap<&str, Key> = Store::ALL.map(|store| (store.name(), Key::random(&SystemRng))).into();
    let database = |store: Store| {
        let (path, options) = (scratch.join(format!("{store}.db")), EmbeddedOptions::default());
        let page = &pages[store.name()];
        let opened = if path.exists() {
            Db::open(&path, page.expose(), &options)
        } else {
            Db::create(&path, page.expose(), &options)
        };
        opened.map_err(BoxError::from)
    };
    let logs = Manifest::read_unverified(restoring.target, name).map_err(super::check::CheckError::from)?.logs;
    let folders: Vec<(LogName, PathBuf)> = logs
        .iter()
        .zip(1..)
        .filter_map(|(facts, number)| Some((LogName::new(&facts.log).ok()?, scratch.join(format!("log-{number}")))))
        .collect();
    let ground = Ground { database: &database, trail: TrailPlace::Folders(folders), media: scratch.join("media") };
    let (restored, _) = restoring.bring_back(name, &ground)?;
    let milliseconds = u64::try_from(restoring.clock.now().duration_since(began).as_millis()).unwrap_or(0);

    let entries: u64 = restored.manifest.logs.iter().map(|log| log.entries).sum();
    let passed = |check: &str, found: String| Check { check: check.to_owned(), passed: true, found };
    let mut checks = vec![
        passed(
            "the signature, the files, and every table's hash and count",
            format!("{} parts", restored.manifest.parts.len()),
        ),
        passed("no row refers to one that is not there", "all four databases".to_owned()),
        passed("the ledger is whole up to its signed heads", format!("{entries} entries")),
    ];
    if let Some(keys) = keys {
        let open = |source| RestoreError::Open { what: "the keys that were brought back".to_owned(), source };
        let found = keys(&database(Store::Keys).map_err(open)?);
        checks.push(Check {
            check: "every wrapped key unwraps under the root".to_owned(),
            passed: found.is_ok(),
            found: found.map_or_else(|error| error.to_string(), |count| format!("{count} keys")),
        });
    }
    let living = live.map(count).unwrap_or_default();
    let tables: Vec<Compared> = restored
        .tables
        .iter()
        .filter(|(part, ..)| part.store().is_some())
        .map(|(part, table, filled)| {
            let table = format!("{}.{table}", part.name());
            Compared { live: living.get(&table).copied(), restored: filled.rows, table }
        })
        .collect();
    let rows = restored.tables.iter().map(|(_, _, filled)| filled.rows).sum();
    Ok(DrillRecord {
        backup: name.to_owned(),
        cut: restored.manifest.cut,
        began,
        milliseconds,
        bytes: restored.manifest.raw(),
        rows,
        whole: checks.iter().all(|check| check.passed),
        checks,
        tables,
        logs: restored.manifest.logs,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// How many rows each table has now. A store that does not answer is left out.
fn count(live: &Contents) -> BTreeMap<String, u64> {
    let runtime = tokio::runtime::Handle::current();
    let stores = &live.stores;
    let all = [
        (Part::Identity, &stores.identity),
        (Part::Keys, &stores.keys),
        (Part::Clinical, &stores.clinical),
        (Part::Billing, &stores.billing),
    ];
    let mut counts = BTreeMap::new();
    for (part, db) in all {
        let store = part.store().expect("it is that of a store");
        let tables = runtime.block_on(raw_tables(db, store)).and_then(|tables| Ok((tables, Snapshot::of(db)?)));
        let Ok((tables, mut snapshot)) = tables else { continue };
        for table in tables {
            if let Ok(rows) = snapshot.count(&table) {
                counts.insert(format!("{store}.{}", table.name), rows);
            }
        }
    }
    counts
}
