//! Many at once, all of the same moment: none is passed over between two pages, and others are served meanwhile.

use crate::fixture::{Office, registered, visit};
use domain::{PatientId, VisitState};
use futures::future::join_all;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use store::{Batch, rows::visits};
use testkit::house::TestHouse;

/// Books visits for somebody so often, or until told to stop; how long each took to be durable, sorted.
async fn booked(office: &Office, patient: PatientId, times: usize, stop: &AtomicBool) -> Vec<Duration> {
    let mut took = Vec::new();
    while took.len() < times && !stop.load(Ordering::Relaxed) {
        let row = visit(office.practice, patient, "2025-03-01T15:00:00Z".parse().expect("a moment"), VisitState::Held);
        let begun = Instant::now();
        office.house().stores.clinical.commit(visits::insert(Batch::new(), &row)).await.expect("stored");
        took.push(begun.elapsed());
    }
    took.sort();
    took
}

fn p99(took: &[Duration]) -> Duration {
    took.get(took.len() * 99 / 100).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_and_one_patients_with_the_same_time_stamp_all_go() {
    let many = 10_001;
    let office = Arc::new(Office::over(TestHouse::new().await).await);
    let session = office.session(&office.clerk).await;
    let at = "2015-01-01T15:00:00Z".parse().expect("a moment");
    let begun = Instant::now();
    let mut made = 0;
    while made < many {
        let now = (many - made).min(250);
        let patients = join_all((0..now).map(|_| registered(office.house(), &session, "1970-01-01"))).await;
        let batch = patients.iter().fold(Batch::new(), |batch, patient| {
            visits::insert(batch, &visit(office.practice, *patient, at, VisitState::Held))
        });
        office.house().stores.clinical.commit(batch).await.expect("stored");
        made += now;
    }
    let kept = office.seen_at("1970-01-01", "2025-01-01T15:00:00Z").await;
    // To be read with --nocapture; nothing is asserted about time.
    println!("{many} patients registered in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let plan = office.approved().await;
    println!("planned in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(office.items(plan).await.len(), many);
    office.cool();

    let quiet = booked(&office, kept, 1000, &AtomicBool::new(false)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (purging, end) = (office.clone(), stop.clone());
    let purge = tokio::spawn(async move {
        let begun = Instant::now();
        let done = purging.purge(plan).await;
        end.store(true, Ordering::Relaxed);
        (done, begun.elapsed().as_secs_f64())
    });
    let busy = booked(&office, kept, usize::MAX, &stop).await;
    let (done, seconds) = purge.await.expect("ran");
    assert_eq!(done.expect("carried out").destroyed as usize, many);
    assert_eq!(office.survivors().await, [kept]);
    assert_eq!(office.destroyed().entries().len(), many);
    println!("{many} patients purged in {seconds:.1} s: {:.0} a second", many as f64 / seconds);
    for (when, took) in [("before", &quiet), ("meanwhile", &busy)] {
        let longest = took.last().copied().unwrap_or_default();
        println!("{when}: {} visits booked, p99 {:?}, longest {longest:?}", took.len(), p99(took));
    }
}
