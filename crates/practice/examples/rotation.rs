//! How long rotations take, and what they cost the requests beside them.
//!
//! `cargo run --profile demo -p patella-practice --example rotation -- 10000` makes that many patients in an embedded
//! house in a temporary folder, and prints patients a second for the three rotations, and the p50 and p99 of opening a
//! patient's name (decided, recorded, unsealed) before and while each of them runs.

use domain::{PatientId, Role, Unobserved};
use jiff::SignedDuration;
use ledger::{Resource, Word};
use phi::{Purpose, ReadIdentity};
use practice::keys::{Pace, Rotation, rotate_patients, rotate_practice};
use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use store::{Batch, rows::patients};
use testkit::house::TestHouse;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::args().nth(1).as_deref().unwrap_or("10000").parse()?;
    let test = Arc::new(TestHouse::new().await);
    let practice = test.practice().await;
    let clerk = test.account(practice, Role::FrontDesk).await;
    let session = test.session(&clerk).await;
    let model = test.patient(practice, "Pat", "Sample").await;
    let mut all = Vec::new();
    for _ in 0..count {
        let patient = PatientId::random(&*test.house.rng);
        let purpose = Purpose::operations(Resource::whole(Word::new("patient")));
        let grant = test.house.guard.register(&session, patient, purpose).await?;
        let mut row = patients::by_id(&test.house.stores.clinical, practice, model).await?.ok_or("the model")?;
        let id = patients::PatientRow::row_id(patient);
        let name = domain::PersonName::new("Sample")?;
        row.patient_id = patient;
        row.given_name = grant.seal(id, &name);
        row.family_name = grant.seal(id, &name);
        row.birth_date = grant.seal(id, &domain::BirthDate::new("1984-03-02".parse()?, "2026-05-14".parse()?)?);
        test.house.stores.clinical.commit(patients::insert(Batch::new(), &row)).await?;
        all.push(patient);
    }
    test.clock.advance_seconds(1);
    let (stop, alone) = (Arc::new(AtomicBool::new(false)), Duration::from_secs(5));
    let requests = |stop: Arc<AtomicBool>| {
        let (test, all) = (test.clone(), all.clone());
        let clerk = testkit::house::Person { claims: clerk.claims, email: clerk.email.clone(), totp: again(&clerk) };
        tokio::spawn(async move {
            let session = test.session(&clerk).await;
            let mut took = Vec::new();
            for patient in all.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let began = Instant::now();
                let purpose = Purpose::operations(Resource::whole(Word::new("patient")));
                let grant = test.house.guard.authorize::<ReadIdentity>(&session, *patient, purpose).await;
                let row = patients::by_id(&test.house.stores.clinical, session.practice(), *patient).await;
                if let (Ok(grant), Ok(Some(row))) = (grant, row) {
                    let opened = grant.open(&row.family_name).is_ok();
                    took.push((opened, began.elapsed()));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            took
        })
    };
    let task = requests(stop.clone());
    tokio::time::sleep(alone).await;
    stop.store(true, Ordering::Relaxed);
    say(&format!("before: {}", line(task.await?)))?;
    for (what, pace) in [("practice", Pace::Gentle), ("patients", Pace::Gentle), ("patients, full speed", Pace::Full)] {
        let stop = Arc::new(AtomicBool::new(false));
        let task = requests(stop.clone());
        test.clock.advance_seconds(1);
        let rotation = Rotation { house: &test.house, observer: &Unobserved, pace, grace: SignedDuration::ZERO };
        let began = Instant::now();
        let done = match what {
            "practice" => rotate_practice(&rotation, practice).await?,
            _ => rotate_patients(&rotation, practice, None).await?,
        };
        let speed = count as f64 / began.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        say(&format!("{what}: {speed:.0} patients/s, {done:?}; requests beside it: {}", line(task.await?)))?;
    }
    Ok(())
}

fn again(person: &testkit::house::Person) -> identity::TotpSecret {
    identity::TotpSecret::from_stored(person.account(), &person.totp.to_stored()).expect("it was stored")
}

fn line(mut took: Vec<(bool, Duration)>) -> String {
    took.sort_by_key(|(_, took)| *took);
    let at = |part: f64| took.get((took.len() as f64 * part) as usize).map_or(0.0, |(_, t)| t.as_secs_f64() * 1e3);
    let failed = took.iter().filter(|(opened, _)| !opened).count();
    format!("{} opened, {failed} not; p50 {:.2} ms, p99 {:.2} ms", took.len() - failed, at(0.5), at(0.99))
}

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}
