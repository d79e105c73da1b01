use super::scene::{Scene, log};
use ledger::LogReader;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use store::Store;

/// How many backups are made under load.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cut_under_load_has_a_key_and_a_record_for_whatever_it_holds() {
    let scene = Scene::new(1).await;
    let (house, ledger) = scene.house().await;
    let (house, practice) = (Arc::new(house), scene.practice().await);
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut writers = Vec::new();
    for _ in 0..3 {
        let (house, stop, written) = (house.clone(), stop.clone(), written.clone());
        writers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                house.patient(practice, "Busy", "Patient").await;
                written.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let mut backups = Vec::new();
    for _ in 0..ROUNDS {
        // Some were written since the last backup, so that it is really one under load.
        let before = written.load(Ordering::Relaxed);
        while written.load(Ordering::Relaxed) < before + 3 {
            tokio::task::yield_now().await;
        }
        backups.push((scene.backup().await.manifest, written.load(Ordering::Relaxed)));
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("no write failed");
    }
    ledger.close();
    let seal = scene.branch().await.seal(&log());
    for (number, (manifest, _)) in backups.iter().enumerate() {
        let to = scene.folder.join(format!("again-{number}"));
        scene.bring_back(&manifest.name, &to).await.expect("brought back");
        let patients = scene.patients(&to).await;
        let keys = scene.root.database(&to, Store::Keys).expect("opened");
        let keys = keys.rows("SELECT patient_id FROM patient_keys", &[]).await.expect("readable");
        let keys: BTreeSet<domain::PatientId> = keys.iter().map(|row| row.id(0).expect("an id")).collect();
        let reader = LogReader::open(to.join("audit")).expect("a log");
        let recorded: BTreeSet<_> =
            reader.entries(&seal, &log(), 0).filter_map(|entry| entry.expect("opens").1.patient).collect();
        assert!(patients.len() > number * 3, "{} patients in backup {number}", patients.len());
        for patient in patients {
            assert!(keys.contains(&patient), "a patient without a key in backup {number}");
            assert!(recorded.contains(&patient), "a patient without a record in backup {number}");
        }
    }
}
