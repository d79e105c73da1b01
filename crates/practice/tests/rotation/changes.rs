//! What a rotation changes, and what it must not.

use crate::world::{Kind, found, is_whole, names, open, patients_of, root_files, rotate_root, rotation, versions};
use crypto::{KeyFile, RootId, RootProvider};
use domain::{PersonName, PracticeId, Role, TaskObserver, Unobserved};
use ledger::{Resource, Word};
use phi::{Purpose, WriteIdentity, roots_of};
use practice::keys::{
    PATIENT_STEPS, RotateError,
    root::{self, RootFiles, RotateRootError},
    rotate_patients, rotate_practice, status,
};
use std::{fs, path::Path, sync::Mutex};
use store::{
    Batch, Db,
    rows::{patients, rotations},
};
use testkit::house::TestHouse;

const NAMES: [&str; 3] = ["Pat Number 0", "Pat Number 1", "Pat Number 2"];

async fn actions(test: &TestHouse) -> Vec<String> {
    test.ledger.entries().iter().map(|entry| entry.action.as_str().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_patient_keys_leave_every_value_as_it_was_and_no_old_version() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let test = open(folder.path()).await;
        let done = rotate_patients(&rotation(&test.house, &Unobserved), practice, None).await.expect("rotated");
        assert_eq!(done.made, 3);
        assert!(done.resealed >= 3);
        assert_eq!(versions(&test.house, practice).await, (vec![1], vec![2]));
        assert_eq!(actions(&test).await, ["rotate_patient_key", "finish_patient_key"]);
        assert_eq!(names(&test, practice).await, NAMES);
        is_whole(&test.house, practice).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_patients_new_key_leaves_the_others_alone() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let test = open(folder.path()).await;
        let one = patients_of(&test.house, practice).await[1];
        let done = rotate_patients(&rotation(&test.house, &Unobserved), practice, Some(one)).await.expect("rotated");
        assert_eq!((done.made, done.resealed), (1, 1));
        assert_eq!(versions(&test.house, practice).await.1, [1, 2]);
        assert!(test.ledger.entries().iter().all(|entry| entry.patient == Some(one)));
        assert_eq!(names(&test, practice).await, NAMES);
        is_whole(&test.house, practice).await;
        let stranger = domain::PatientId::from_bytes([9; 16]);
        let refused = rotate_patients(&rotation(&test.house, &Unobserved), practice, Some(stranger)).await;
        assert!(matches!(refused, Err(RotateError::NoPatient)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_practice_key_wraps_every_patient_and_seals_every_account_and_a_program_beside_notices() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let beside = open(folder.path()).await;
        // It knows the practice's key from before.
        assert_eq!(names(&beside, practice).await, NAMES);
        let test = open(folder.path()).await;
        let done = rotate_practice(&rotation(&test.house, &Unobserved), practice).await.expect("rotated");
        assert_eq!((done.made, done.rewrapped), (1, 3));
        assert!(done.resealed >= 4, "{done:?}");
        assert_eq!(versions(&test.house, practice).await, (vec![2], vec![1]));
        assert_eq!(names(&beside, practice).await, NAMES);
        beside.patient(practice, "Pat", "Number 3").await;
        assert_eq!(names(&test, practice).await.len(), 4);
        let wrapped = rotations::wrapped_by(&test.house.stores.keys, practice).await.expect("read");
        assert_eq!(wrapped, [(2, 4)], "what the program beside adds is under the new key");
        is_whole(&beside.house, practice).await;
    }
}

/// Does something once when a step is reached, from outside, as another program would.
struct Meanwhile<F>(&'static str, Mutex<Option<F>>);

impl<F: FnOnce() + Send> TaskObserver for Meanwhile<F> {
    fn reached(&self, step: &'static str) {
        let due = if step == self.0 { self.1.lock().expect("unpoisoned").take() } else { None };
        if let Some(act) = due {
            act();
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

fn commit(db: Db, batch: Batch) {
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
        runtime.block_on(db.commit(batch))
    });
    done.join().expect("ran").expect("stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_slow_request_seals_under_the_old_key_is_found_by_the_last_sweep() {
    // Only for the embedded database: a pool of connections belongs to the run time that made it.
    let (folder, practice) = found(Kind::Embedded).await;
    let test = open(folder.path()).await;
    let clerk = test.account(practice, Role::FrontDesk).await;
    let session = test.session(&clerk).await;
    let patient = patients_of(&test.house, practice).await[0];
    let purpose = Purpose::operations(Resource::whole(Word::new("patient")));
    let grant = test.house.guard.authorize::<WriteIdentity>(&session, patient, purpose).await.expect("allowed");
    let db = test.house.stores.clinical.clone();
    let row = patients::by_id(&db, practice, patient).await.expect("read").expect("there");
    let name = PersonName::new("Renamed").expect("a name");
    let sealed = grant.seal::<phi::fields::patients::FamilyName>(patients::PatientRow::row_id(patient), &name);
    let sealed = sealed.as_bytes().to_vec();
    const SQL: &str = "UPDATE patients SET family_name = $1 WHERE practice_id = $2 AND patient_id = $3";
    let batch = Batch::new().run(SQL, &[sealed.as_slice().into(), practice.into(), row.patient_id.into()]).expect(1);
    let slow = Meanwhile("all rows are sealed anew", Mutex::new(Some(move || commit(db, batch))));
    rotate_patients(&rotation(&test.house, &slow), practice, None).await.expect("rotated");
    assert!(slow.1.lock().expect("unpoisoned").is_none(), "it was stored meanwhile");
    assert!(PATIENT_STEPS.contains(&slow.0));
    assert_eq!(versions(&test.house, practice).await.1, [2]);
    assert!(names(&test, practice).await.iter().any(|name| name.ends_with("Renamed")));
    is_whole(&test.house, practice).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_whose_key_is_destroyed_meanwhile_gets_no_new_one() {
    let (folder, practice) = found(Kind::Embedded).await;
    let test = open(folder.path()).await;
    let patient = patients_of(&test.house, practice).await[0];
    let db = test.house.stores.keys.clone();
    const SQL: &str = "DELETE FROM patient_keys WHERE practice_id = $1 AND patient_id = $2";
    let batch = Batch::new().run(SQL, &[practice.into(), patient.into()]);
    let purge = Meanwhile("the rotation is written down", Mutex::new(Some(move || commit(db, batch))));
    rotate_patients(&rotation(&test.house, &purge), practice, None).await.expect("rotated");
    assert!(!patients_of(&test.house, practice).await.contains(&patient));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_value_keeps_the_old_keys_and_is_named() {
    let (folder, practice) = found(Kind::Embedded).await;
    let test = open(folder.path()).await;
    let patient = patients_of(&test.house, practice).await[0];
    const SQL: &str = "UPDATE patients SET family_name = given_name WHERE practice_id = $1 AND patient_id = $2";
    let batch = Batch::new().run(SQL, &[practice.into(), patient.into()]).expect(1);
    test.house.stores.clinical.commit(batch).await.expect("stored");
    let refused = rotate_patients(&rotation(&test.house, &Unobserved), practice, None).await;
    assert!(matches!(refused, Err(RotateError::Unopened { count: 1 })), "{refused:?}");
    assert_eq!(versions(&test.house, practice).await.1, [1, 2]);
    let task = rotation(&test.house, &Unobserved);
    let found = practice::keys::verify(&task, practice, practice::keys::Depth::Values).await.expect("verified");
    assert_eq!(found.wrong, 1);
    assert!(found.faults[0].what.contains("patients.family_name"), "{:?}", found.faults);
    // Another rotation waits for this one.
    let other = rotate_patients(&rotation(&test.house, &Unobserved), practice, Some(patient)).await;
    assert!(matches!(other, Err(RotateError::Another { .. })));
}

async fn roots(test: &TestHouse) -> (RootId, Vec<Vec<RootId>>) {
    let db = &test.house.stores.keys;
    let keys = rotations::practice_keys(db).await.expect("read");
    let (in_force, _) = rotations::root_in_force(db).await.expect("read").expect("there");
    (in_force, keys.iter().map(|row| roots_of(&row.key)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_root_is_the_only_one_that_opens_and_a_program_beside_takes_it_up() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let file = folder.path().join("root.key");
        let old = KeyFile(file.clone()).load().expect("loads");
        let beside = open(folder.path()).await;
        let test = open(folder.path()).await;
        rotate_root(folder.path(), &test.house, &Unobserved).await;
        let new = RootId::of(&KeyFile(file.clone()).load().expect("loads"));
        assert_ne!(new, RootId::of(&old));
        let (in_force, wrapping) = roots(&test).await;
        assert_eq!(in_force, new);
        assert!(wrapping.iter().all(|roots| *roots == [new]) && wrapping.len() == 3);
        assert!(!folder.path().join("root.key.old").exists() && !folder.path().join("root.key.next").exists());
        // The program beside has the old root in memory: it founds a practice all the same, under the new one.
        let second = beside.practice().await;
        beside.patient(second, "Pat", "Second").await;
        assert_eq!(names(&beside, practice).await, NAMES);
        assert!(roots(&test).await.1.iter().all(|roots| *roots == [new]));
        drop((test, beside));
        let again = open(folder.path()).await;
        assert_eq!(names(&again, practice).await, NAMES);
        is_whole(&again.house, second).await;
        let found = status(&again.house).await.expect("status");
        assert!(found.practices.iter().all(|one| one.versions.iter().all(|(_, _, roots, _)| *roots == 1)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_moves_to_another_provider_in_two_steps_and_both_open_in_between() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let (here, pages) = root_files(folder.path());
        let there = KeyFile(folder.path().join("elsewhere.key"));
        let test = open(folder.path()).await;
        let task = rotation(&test.house, &Unobserved);
        let files = RootFiles { provider: &here, page_keys: pages.as_deref() };
        assert!(matches!(root::stage(&task, &files, &here).await, Err(RotateRootError::Same)));
        let new = root::stage(&task, &files, &there).await.expect("staged");
        is_whole(&open(folder.path()).await.house, practice).await;
        // A practice that is founded now is under the old root alone: the change does not go through without it.
        let second = test.practice().await;
        let moved = RootFiles { provider: &there, page_keys: pages.as_deref() };
        let refused = root::finish(&task, &moved).await;
        assert!(matches!(refused, Err(RotateRootError::NotStaged { count: 1 })), "{refused:?}");
        root::stage(&task, &files, &there).await.expect("staged again");
        root::finish(&task, &moved).await.expect("finished");
        let (in_force, wrapping) = roots(&test).await;
        assert!(in_force == new && wrapping.iter().all(|roots| *roots == [new]));
        fs::rename(folder.path().join("elsewhere.key"), folder.path().join("root.key")).expect("moved");
        let again = open(folder.path()).await;
        is_whole(&again.house, practice).await;
        is_whole_without_patients(&again, second).await;
    }
}

async fn is_whole_without_patients(test: &TestHouse, practice: PracticeId) {
    test.house.keyring.check_practice(practice).await.expect("unwraps");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_is_not_rotated() {
    let (folder, practice) = found(Kind::Embedded).await;
    let test = open(folder.path()).await;
    let before = state(folder.path());
    test.ledger.backend().set_failing(true);
    let task = rotation(&test.house, &Unobserved);
    assert!(matches!(rotate_practice(&task, practice).await, Err(RotateError::Unrecorded(_))));
    assert!(matches!(rotate_patients(&task, practice, None).await, Err(RotateError::Unrecorded(_))));
    let (provider, pages) = root_files(folder.path());
    let files = RootFiles { provider: &provider, page_keys: pages.as_deref() };
    assert!(root::rotate_root(&task, &files).await.is_err());
    assert_eq!(versions(&test.house, practice).await, (vec![1], vec![1]));
    assert_eq!(state(folder.path()), before);
}

fn state(folder: &Path) -> Vec<Vec<u8>> {
    ["root.key", "page-keys"].iter().map(|name| fs::read(folder.join(name)).expect("reads")).collect()
}
