//! `patella-bench long`: how many patients a second rotations and a purge get through, and what they cost requests beside.
//!
//! In one process, on embedded databases and a ledger in files in a folder of the disk that is to be measured, with a clock
//! that a test moves. A request is what stands between the router and the page: a patient's name is decided on,
//! recorded durably, and opened.

mod house;
mod probe;

use anyhow::{Result, ensure};
use clap::Args;
use domain::{Clock, PatientId, PersonName, Unobserved, VisitId, VisitState};
use futures::future::try_join_all;
use house::{Kept, PRACTICE, People};
use identity::{Full, Session};
use jiff::SignedDuration;
use ledger::DestructionLedger;
use phi::Sealed;
use practice::{
    keys::{Pace, Rotation, rotate_patients, rotate_practice},
    patients::{PatientDetails, register},
    retention::{Signing, approve, plan, purge},
};
use probe::{Probe, line};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};
use store::{
    Batch,
    rows::visits::{self, VisitRow},
};

/// Patients who are registered at once, so that their commits share a sync.
const AT_ONCE: usize = 250;
/// Patients whom the requests are about, and whom the purge spares.
const KEPT: usize = 200;

/// What to measure, and where.
#[derive(Debug, Args)]
pub(crate) struct Long {
    /// Where the practice goes, on the disk that is to be measured. Must be empty or missing; removed at the end.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// How many patients.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    patients: usize,
    /// How long requests are measured alone, before each task.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    seconds: f64,
    /// Leave the rotations out.
    #[arg(long)]
    only_purge: bool,
}

impl Long {
    /// Measures, and removes what it made.
    pub(crate) fn run(&self) -> Result<()> {
        let there = fs::read_dir(&self.data).is_ok_and(|mut entries| entries.next().is_some());
        ensure!(!there, "{} is not empty", self.data.display());
        fs::create_dir_all(&self.data)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let measured = runtime.block_on(self.measure());
        fs::remove_dir_all(&self.data)?;
        measured
    }

    async fn measure(&self) -> Result<()> {
        let kept = Kept::make(&self.data).await?;
        let people = kept.people().await;
        let clerk = people.test.session(&people.clerk).await;
        let began = Instant::now();
        let due = register_all(&kept, &clerk, self.patients).await?;
        self.said("registered", began);
        let known = register_all(&kept, &clerk, KEPT).await?;
        if !self.only_purge {
            for pace in [Pace::Gentle, Pace::Full] {
                self.rotate(&kept, &people, &known, pace).await?;
            }
        }
        // Only now: what is sealed in these is not opened by anything that follows.
        for (patients, at) in [(&due, "2015-01-01T15:00:00Z"), (&known, "2026-03-02T15:00:00Z")] {
            for some in patients.chunks(AT_ONCE) {
                let visits = some.iter().fold(Batch::new(), |batch, patient| held(batch, &kept, &clerk, *patient, at));
                kept.house.stores.clinical.commit(visits).await?;
            }
        }
        let began = Instant::now();
        let officer = people.test.session(&people.officer).await;
        let made = plan(&kept.house, &officer, &Unobserved).await?;
        approve(&kept.house, &officer, made).await?;
        approve(&kept.house, &people.test.session(&people.admin).await, made).await?;
        self.said("planned, approved by two", began);
        kept.clock.advance_seconds(72 * 3600);
        let before = self.alone(&kept, &people, &known).await?;
        let places = vec![self.data.join("a.destroyed"), self.data.join("b.destroyed")];
        let mut ledger = DestructionLedger::open(places, &kept.log, kept.signer(), &[])?;
        let signing = Signing { log: kept.log.clone(), signer: kept.signer() };
        let probe = Probe::start(&kept.house, people.test.session(&people.clerk).await, &known);
        let began = Instant::now();
        let done = purge(&kept.house, PRACTICE, made, &signing, &mut ledger, &Unobserved).await?;
        self.said("destroyed, each with a certificate", began);
        ensure!(done.destroyed == self.patients as u64, "{} of {} went", done.destroyed, self.patients);
        println!("  requests before: {before}\n  meanwhile:       {}", line(probe.stop().await?));
        kept.close();
        Ok(())
    }

    /// How long requests take with nothing beside them.
    async fn alone(&self, kept: &Kept, people: &People, known: &[PatientId]) -> Result<String> {
        let probe = Probe::start(&kept.house, people.test.session(&people.clerk).await, known);
        tokio::time::sleep(Duration::from_secs_f64(self.seconds)).await;
        Ok(line(probe.stop().await?))
    }

    fn said(&self, what: &str, began: Instant) {
        let (count, seconds) = (self.patients, began.elapsed().as_secs_f64());
        println!("{count} patients {what}: {seconds:.1} s, {:.0} a second (load {})", count as f64 / seconds, load());
    }

    async fn rotate(&self, kept: &Kept, people: &People, known: &[PatientId], pace: Pace) -> Result<()> {
        for all in [false, true] {
            let before = self.alone(kept, people, known).await?;
            kept.clock.advance_seconds(1);
            let rotation = Rotation { house: &kept.house, observer: &Unobserved, pace, grace: SignedDuration::ZERO };
            let probe = Probe::start(&kept.house, people.test.session(&people.clerk).await, known);
            let began = Instant::now();
            let which = match all {
                false => rotate_practice(&rotation, PRACTICE).await.map(|_| "wrapped anew under a new practice key"),
                true => rotate_patients(&rotation, PRACTICE, None).await.map(|_| "given new keys and sealed anew"),
            };
            self.said(&format!("{} ({pace:?})", which?), began);
            println!("  requests before: {before}\n  meanwhile:       {}", line(probe.stop().await?));
        }
        Ok(())
    }
}

/// Registers so many patients.
async fn register_all(kept: &Kept, clerk: &Session<Full>, count: usize) -> Result<Vec<PatientId>> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let some = (0..(count - all.len()).min(AT_ONCE)).map(async |_| -> Result<PatientId> {
            let details = PatientDetails {
                given_name: PersonName::new("Pat")?,
                family_name: PersonName::new("Sample")?,
                birth_date: "1970-01-01".parse()?,
                email: None,
                phone: None,
                record_number: None,
            };
            Ok(register(&kept.house, clerk, &details, None).await?)
        });
        all.extend(try_join_all(some).await?);
    }
    Ok(all)
}

/// A visit that was held.
fn held(batch: Batch, kept: &Kept, clerk: &Session<Full>, patient: PatientId, at: &str) -> Batch {
    let visit_id = VisitId::random(&crypto::SystemRng);
    let now = kept.clock.now();
    let row = VisitRow {
        practice_id: PRACTICE,
        patient_id: patient,
        visit_id,
        therapist_id: clerk.account(),
        starts_at: at.parse().unwrap_or(now),
        state: VisitState::Held,
        minutes: Sealed::stored(VisitRow::row_id(visit_id), vec![0; 40]),
        clinic: None,
        remark: None,
        recorded_by: clerk.account(),
        recorded_at: now,
        changed_at: now,
        version: 1,
        voided: None,
    };
    visits::insert(batch, &row)
}

/// The machine's load over the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
