//! Charges that were on their way when a backup was made, and are carried after it was brought back.

use super::scene::Scene;
use crate::visited::{new_charge, therapist, visit_id, visits};
use domain::{Unobserved, VisitState};
use phi::billing_branch;
use practice::{
    House,
    billing::{
        charging::{ChargeError, charge, charge_watched},
        courier::deliver,
    },
};
use std::fs;
use store::{Store, rows::billing::charges};

/// How many drafts there are.
async fn drafts(house: &House, practice: domain::PracticeId) -> usize {
    charges::drafts(&house.stores.billing, billing_branch(practice), None, 100).await.expect("read").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_was_on_its_way_arrives_once_whatever_of_a_backup_is_brought_back() {
    let scene = Scene::new(1).await;
    let (office, ledger) = scene.house().await;
    let house = &office.house;
    let practice = scene.practice().await;
    let ana = office.patient(practice, "Ana", "Ro").await;
    let session = therapist(&office, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..2, VisitState::Held).await;
    charge(house, &session, ana, visit_id(0), &new_charge(0), None).await.expect("charged");
    charge_watched(house, &session, ana, visit_id(1), &new_charge(1), &Unobserved).await.expect("on its way");
    assert_eq!(drafts(house, practice).await, 1);
    let made = scene.backup().await;
    assert_eq!(deliver(house, &Unobserved).await.expect("carried"), 1);
    ledger.close();
    drop(office);

    let to = scene.folder.join("again");
    scene.bring_back(&made.manifest.name, &to).await.expect("brought back");
    let (today, older) = (scene.folder.join("today"), scene.folder.join("older"));
    fs::rename(scene.data(), &today).expect("moved");
    // All stores as they were before it arrived; then the clinical one alone, beside the billing store of today.
    for (kept, before) in [(&to, 1), (&today, 2)] {
        if kept == &today {
            for end in ["db", "db-wal", "db-shm"] {
                let (from, place) = (older.join(format!("clinical.{end}")), today.join(format!("clinical.{end}")));
                let _ = fs::remove_file(&place);
                let _ = fs::copy(from, place);
            }
        } else {
            fs::create_dir(&older).expect("made");
            for end in ["db", "db-wal", "db-shm"] {
                let _ = fs::copy(to.join(format!("clinical.{end}")), older.join(format!("clinical.{end}")));
            }
        }
        fs::rename(kept, scene.data()).expect("put there");
        assert!(scene.data().join(format!("{}.db", Store::Clinical)).exists());
        let (office, ledger) = scene.house().await;
        let house = &office.house;
        assert_eq!(drafts(house, practice).await, before);
        assert_eq!(deliver(house, &Unobserved).await.expect("carried"), 1, "it is on its way");
        assert_eq!(deliver(house, &Unobserved).await.expect("carried"), 0);
        assert_eq!(drafts(house, practice).await, 2, "once");
        let session = therapist(&office, practice, &[ana]).await;
        let again = charge(house, &session, ana, visit_id(1), &new_charge(1), None).await;
        assert!(matches!(again, Err(ChargeError::Already)));
        ledger.close();
        drop(office);
        fs::rename(scene.data(), scene.folder.join(format!("done-{before}"))).expect("moved");
    }
}
