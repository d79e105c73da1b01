//! `patella-bench trail`: how long the index of the audit trail takes to make, how large it gets, how fast it answers.
//!
//! The entries are those of one practice over one year, made from a seed, sealed by a real ledger and opened again by the
//! index; the ledger keeps only those that are not indexed yet, so that the disk need not hold both.

mod breach;
mod entries;

pub(crate) use breach::Breach;

use anyhow::{Context, Result};
use crypto::{Key, Signer, SystemRng};
use domain::{SeededRng, SystemClock, Timestamp};
use entries::{Year, account, address, patient, practice};
use ledger::{
    Backend, BackendError, Hash, Leaf, Ledger, LogName, Outcome, ProofError, Publication, Settings, Tile, VerifierKey,
    Word,
};
use practice::{
    backup::AuditBranch,
    trail::{AuditIndex, IndexPlace, LogSizes, Logs, Position, Trail as _, TrailFilter},
};
use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Entries that a page shows.
const PAGE: usize = 50;
/// The page that is measured beside the first.
const LATER: usize = 5;
/// Entries that are sealed before they are indexed.
const AT_ONCE: u64 = 65_536;
/// Entries that are sealed in one append.
const SEALED: u64 = 4096;

/// What to measure, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Trail {
    /// Where the index goes. Must be empty or missing; removed at the end.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// How many entries.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000_000)]
    entries: u64,
    /// How often each question is asked, each time about somebody else.
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    questions: u64,
}

/// The entries that are not indexed yet.
#[derive(Clone, Default)]
struct Window(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    first: u64,
    sealed: VecDeque<Vec<u8>>,
    checkpoint: Option<String>,
}

impl Window {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Window {
    fn size(&mut self) -> Result<u64, BackendError> {
        let held = self.held();
        Ok(held.first + held.sealed.len() as u64)
    }
    fn append(&mut self, _: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        self.held().sealed.extend(leaves.iter().map(|leaf| leaf.sealed.clone()));
        Ok(())
    }
    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        let mut held = self.held();
        let gone = usize::try_from(from.saturating_sub(held.first)).unwrap_or(usize::MAX).min(held.sealed.len());
        held.sealed.drain(..gone);
        held.first += gone as u64;
        Ok(held.sealed.iter().take(most).cloned().collect())
    }
    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        Ok(self.held().checkpoint.clone())
    }
    fn tile(&mut self, _: Tile, _: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        Ok(None)
    }
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError> {
        self.held().checkpoint = Some(publication.checkpoint.to_owned());
        Ok(())
    }
}

/// The one log there is.
struct OneLog {
    window: Window,
    log: LogName,
    keys: AuditBranch,
}

impl Logs for OneLog {
    fn sizes(&mut self) -> Result<LogSizes, BackendError> {
        Ok(vec![(self.log.clone(), self.window.size())])
    }
    fn read(&mut self, _: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        self.window.read(from, most)
    }
    fn checkpoint(&mut self, _: &LogName) -> Result<Option<String>, BackendError> {
        self.window.checkpoint()
    }
    fn proof(&mut self, _: &LogName, _: u64, _: u64) -> Result<Vec<Hash>, ProofError<BackendError>> {
        Ok(Vec::new())
    }
    fn seal(&self, log: &LogName) -> Key {
        self.keys.seal(log)
    }
    fn verifier(&self, log: &LogName) -> VerifierKey {
        self.keys.verifier(log)
    }
}

/// A ledger of which the index keeps nothing but what it has not read yet.
fn opened(path: PathBuf) -> Result<(Ledger, AuditIndex)> {
    let branch = || AuditBranch::new(Key::from_bytes([7; 32]));
    let log = LogName::new("bench.example")?;
    let signer: Signer = branch().signer(&log);
    let settings = Settings::new(log.clone(), branch().seal(&log), signer, Arc::new(SystemClock), Arc::new(SystemRng));
    let window = Window::default();
    let ledger = Ledger::open(window.clone(), settings)?;
    let logs = OneLog { window, log, keys: branch() };
    let place = IndexPlace::new(path, Key::from_bytes([3; 32])).in_haste();
    Ok((ledger, AuditIndex::new(place, logs, Arc::new(SystemClock))))
}

/// Makes the folder, and says where in it the index goes.
fn place(data: &Path) -> Result<PathBuf> {
    fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let path = data.join("audit-index.db");
    anyhow::ensure!(!path.exists(), "{} is there already", path.display());
    Ok(path)
}

fn remove(path: &Path) {
    for end in ["db", "db-wal", "db-shm", "lock"] {
        // What is not there need not be removed.
        let _ = fs::remove_file(path.with_extension(end));
    }
}

impl Trail {
    /// Measures, and prints what came of it.
    pub(crate) fn run(&self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let path = place(&self.data)?;
        let done = runtime.block_on(self.measure(path.clone()));
        remove(&path);
        done
    }

    async fn measure(&self, path: PathBuf) -> Result<()> {
        let (ledger, index) = opened(path.clone())?;

        let year = Year::new(self.entries);
        let (mut made, mut spent) = (0, Duration::ZERO);
        while made < self.entries {
            let now = AT_ONCE.min(self.entries - made);
            for _ in 0..now.div_ceil(SEALED) {
                let some = SEALED.min(self.entries - made);
                ledger.handle().append(year.entries(made, some)).await?;
                made += some;
            }
            let began = Instant::now();
            while index.round().await?.behind > 0 {}
            spent += began.elapsed();
            if made % (AT_ONCE * 16) == 0 {
                eprintln!("{made} entries, {:.0} s", spent.as_secs_f64());
            }
        }
        let size = fs::metadata(&path)?.len();
        println!(
            "{made} entries indexed in {:.0} s, {:.0} a second; {:.2} GB, {:.0} bytes an entry",
            spent.as_secs_f64(),
            made as f64 / spent.as_secs_f64(),
            size as f64 / 1e9,
            size as f64 / made as f64
        );
        println!("{:44} {:>9} {:>9} {:>9} {:>7}", "milliseconds", "p50", "p95", "most", "found");
        self.ask(&index, &year).await?;
        ledger.close();
        Ok(())
    }

    async fn ask(&self, index: &AuditIndex, year: &Year) -> Result<()> {
        let dice = SeededRng::new(11);
        let all = TrailFilter::default;
        let word = |text: &'static str| Some(Word::new(text));
        self.question(index, "everything", |_| all()).await?;
        let staff = |_| TrailFilter { actor: Some(account(dice.below(20))), ..all() };
        self.question(index, "a member of the staff", staff).await?;
        let person = |_| TrailFilter { actor: Some(account(100 + dice.below(10_000))), ..all() };
        self.question(index, "a patient's account", person).await?;
        let about = |_| TrailFilter { patient: Some(patient(dice.below(10_000))), ..all() };
        self.question(index, "about a patient", about).await?;
        let week = |_| {
            let since = year.moment(dice.below(self.entries));
            let until = Timestamp::from_millisecond(since.as_millisecond() + 7 * 86_400_000).ok();
            TrailFilter { since: Some(since), until, ..all() }
        };
        self.question(index, "a week", week).await?;
        let place = |_| TrailFilter { address: Some(address(dice.below(3000))), ..all() };
        self.question(index, "a network address", place).await?;
        let refused = |_| TrailFilter { action: word("read_notes"), outcome: Some(Outcome::Denied), ..all() };
        self.question(index, "an action, refused", refused).await?;
        let seldom = |_| TrailFilter { action: word("export"), outcome: Some(Outcome::Failed), ..all() };
        self.question(index, "a rare action, failed: nothing fits", seldom).await?;
        let allowed = |_| TrailFilter { action: word("sign_in"), outcome: Some(Outcome::Allowed), ..all() };
        self.question(index, "an action, allowed", allowed).await?;
        let hers = |_| TrailFilter { actor: Some(account(dice.below(20))), action: word("export"), ..all() };
        self.question(index, "a member of the staff, a rare action", hers).await?;
        let never = |_| TrailFilter { actor: Some(account(dice.below(20))), address: Some(address(2)), ..all() };
        self.question(index, "a member of the staff, a patient's address", never).await?;

        let mut took = Vec::new();
        for _ in 0..self.questions {
            let began = Instant::now();
            index.actions(practice()).await?;
            took.push(began.elapsed());
        }
        print("the actions to choose from", &mut took, 0);
        let mut took = Vec::new();
        for _ in 0..self.questions {
            let from = year.moment(dice.below(self.entries));
            let to = Timestamp::from_millisecond(from.as_millisecond() + 7 * 86_400_000)?;
            let began = Instant::now();
            index.activity(practice(), from, to).await?;
            took.push(began.elapsed());
        }
        print("the picture of a week", &mut took, 0);
        Ok(())
    }

    /// Asks for the first page and a later one, each time anew.
    async fn question(&self, index: &AuditIndex, what: &str, filter: impl Fn(u64) -> TrailFilter) -> Result<()> {
        let (mut first, mut later, mut found, mut further) = (Vec::new(), Vec::new(), 0, 0);
        for n in 0..self.questions {
            let (filter, mut before) = (filter(n), Position::END);
            for page in 1..=LATER {
                let began = Instant::now();
                let answer = index.search(practice(), &filter, before, PAGE).await?;
                let took = began.elapsed();
                anyhow::ensure!(answer.health.is_whole(), "the index did not keep up");
                if page == 1 {
                    first.push(took);
                    found += answer.entries.len();
                } else if page == LATER {
                    later.push(took);
                    further += answer.entries.len();
                }
                match answer.next {
                    Some(next) => before = next,
                    None => break,
                }
            }
        }
        print(what, &mut first, found);
        if !later.is_empty() {
            print(&format!("{what}, page {LATER}"), &mut later, further);
        }
        Ok(())
    }
}

fn print(what: &str, took: &mut [Duration], found: usize) {
    took.sort();
    let at = |part: usize| took.get((took.len() * part / 100).min(took.len().saturating_sub(1)));
    let at = |part| at(part).map_or(0.0, |took| took.as_secs_f64() * 1000.0);
    let each = found as f64 / took.len().max(1) as f64;
    println!("{what:44} {:>9.2} {:>9.2} {:>9.2} {each:>7.1}", at(50), at(95), at(100));
}
