//! `patella-bench breach`: how long it takes to say whom an incident affects, and whether it is exactly those.

use super::{
    AT_ONCE, SEALED,
    entries::{Year, account, address, patient, practice},
    opened, place, print, remove,
};
use anyhow::{Result, ensure};
use domain::{LoginSessionId, PatientId, PermissionName, PurposeKind, Role, SeededRng, Timestamp};
use ledger::{Entry, Outcome, Resource, Word};
use practice::{
    incidents::{Affected, Facts},
    trail::{AuditIndex, Trail as _, Whose},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Instant,
};

/// One entry in so many is of whoever is asked about.
const EVERY: u64 = 200;
/// The account, the session and the address that are asked about.
const WHO: u64 = 99;
/// The session went on under so many ids, one after the other, as a factor was proven again.
const SESSIONS: u64 = 24;
const FROM: u64 = 9_999;

/// What to measure, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Breach {
    /// Where the index goes. Must be empty or missing; removed at the end.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// How many entries.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    entries: u64,
    /// How many patients.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000)]
    patients: u64,
    /// How many of them are affected.
    #[arg(long, value_name = "COUNT", default_value_t = 300)]
    affected: u64,
    /// How often each question is asked.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    questions: u64,
}

fn session(nth: u64) -> LoginSessionId {
    LoginSessionId::from_bytes([0x80 + nth as u8; 16])
}

/// Of each patient the entries that show it.
type Plain = BTreeMap<PatientId, BTreeSet<u64>>;

impl Breach {
    /// Measures, and prints what came of it.
    pub(crate) fn run(&self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let path = place(&self.data)?;
        let done = runtime.block_on(self.measure(path.clone()));
        remove(&path);
        done
    }

    /// Entries of a year, some of them of whoever is asked about: each opens a chart or notes of one of those affected.
    fn entries(&self, year: &Year, from: u64, count: u64) -> Vec<Entry> {
        let mut entries = year.entries(from, count);
        for (number, entry) in (from..).zip(&mut entries).filter(|(number, _)| number.is_multiple_of(EVERY)) {
            let dice = SeededRng::new(number ^ 0x5eed);
            let (nth, each) = (number / EVERY, (self.entries / EVERY / SESSIONS).max(1));
            let now = (nth / each).min(SESSIONS - 1);
            let went_on = nth > 0 && nth.is_multiple_of(each) && nth / each < SESSIONS;
            let whose = (number / EVERY) % self.affected.max(1);
            let permission = if dice.below(4) == 0 { PermissionName::ReadNotes } else { PermissionName::ReadExercise };
            entry.actor = Some(account(WHO));
            entry.role = Some(Role::Therapist);
            entry.login_session = Some(session(if went_on { now - 1 } else { now }));
            entry.address = Some(address(FROM));
            entry.outcome = Outcome::Allowed;
            if went_on {
                (entry.permission, entry.purpose, entry.patient) = (None, None, None);
                entry.action = Word::new("step_up");
                entry.resource =
                    Resource::new(Word::new("login_session"), session(now)).unwrap_or(entry.resource.clone());
                continue;
            }
            entry.permission = Some(permission);
            entry.action = Word::new(permission.word());
            entry.purpose = Some(PurposeKind::Treatment);
            entry.resource = Resource::whole(Word::new("program"));
            entry.patient = Some(patient(whose * (self.patients / self.affected.max(1)).max(1)));
        }
        entries
    }

    async fn measure(&self, path: PathBuf) -> Result<()> {
        let (ledger, index) = opened(path)?;
        let year = Year::with(self.entries, self.patients);
        let (mut made, mut wanted) = (0, Plain::new());
        while made < self.entries {
            let now = AT_ONCE.min(self.entries - made);
            for _ in 0..now.div_ceil(SEALED) {
                let some = SEALED.min(self.entries - made);
                let entries = self.entries(&year, made, some);
                // Known from all entries, one by one, and not from anything of the index.
                for (number, entry) in (made..).zip(&entries).filter(|(_, entry)| entry.actor == Some(account(WHO))) {
                    if let Some(patient) = entry.patient {
                        wanted.entry(patient).or_default().insert(number);
                    }
                }
                ledger.handle().append(entries).await?;
                made += some;
            }
            while index.round().await?.behind > 0 {}
        }
        println!("{made} entries, {} of {} patients affected", wanted.len(), self.patients);
        println!("{:44} {:>9} {:>9} {:>9} {:>7}", "milliseconds", "p50", "p95", "most", "found");
        let everything = (year.moment(0), Timestamp::MAX);
        let asked = [
            ("an account, the whole year", Whose::Account(account(WHO))),
            ("an address, the whole year", Whose::Address(address(FROM))),
            ("a session of 24 ids, the whole year", Whose::Session(session(SESSIONS / 2))),
        ];
        for (what, whose) in asked {
            self.question(&index, what, whose, everything, &wanted).await?;
        }
        ledger.close();
        Ok(())
    }

    async fn question(
        &self,
        index: &AuditIndex,
        what: &str,
        whose: Whose,
        (from, to): (Timestamp, Timestamp),
        wanted: &Plain,
    ) -> Result<()> {
        let (mut took, mut found) = (Vec::new(), 0);
        for _ in 0..self.questions {
            let began = Instant::now();
            let touches = index.touches(practice(), whose, from, to).await?;
            let affected = Affected::of(&touches, (from, to), to, &Facts::default());
            took.push(began.elapsed());
            ensure!(affected.complete, "the answer is not whole");
            let plain: Plain = affected
                .patients
                .iter()
                .map(|one| (one.patient_id, one.seen.entries.iter().flat_map(|of| of.seqs.iter().copied()).collect()))
                .collect();
            ensure!(plain == *wanted, "the answer is not what all entries say");
            found += affected.patients.len();
        }
        print(what, &mut took, found);
        Ok(())
    }
}
