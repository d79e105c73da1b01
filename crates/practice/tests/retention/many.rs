//! Many at once, all of the same moment: none is passed over between two pages.

use crate::fixture::{Office, registered, visit};
use domain::VisitState;
use futures::future::join_all;
use store::{Batch, rows::visits};
use testkit::house::TestHouse;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_and_one_patients_with_the_same_time_stamp_all_go() {
    let many = 10_001;
    let office = Office::over(TestHouse::new().await).await;
    let session = office.session(&office.clerk).await;
    let at = "2015-01-01T15:00:00Z".parse().expect("a moment");
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
    let plan = office.approved().await;
    assert_eq!(office.items(plan).await.len(), many);
    office.cool();
    let begun = std::time::Instant::now();
    let done = office.purge(plan).await.expect("carried out");
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(done.destroyed as usize, many);
    assert_eq!(office.survivors().await, [kept]);
    assert_eq!(office.destroyed().entries().len(), many);
    // To be read with --nocapture; nothing is asserted about time.
    println!("{many} patients in {seconds:.1} s: {:.0} a second", many as f64 / seconds);
}
