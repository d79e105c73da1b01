//! Requests that are under way while keys are rotated: what they read opens, and what they store is not lost.

use crate::world::{Kind, found, is_whole, names, open, patients_of, versions};
use domain::{Clock, FixedClock, PatientId, PersonName, PracticeId, Role, TaskObserver, Timestamp};
use jiff::SignedDuration;
use ledger::{Resource, Word};
use phi::{Grant, Purpose, ReadIdentity, WriteIdentity, fields::patients::FamilyName};
use practice::keys::{PATIENT_STEPS, PRACTICE_STEPS, Pace, Rotation, rotate_patients, rotate_practice};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{
    Batch,
    rows::patients::{self, PatientRow},
};
use testkit::house::TestHouse;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const GRACE: SignedDuration = SignedDuration::from_millis(300);
/// Time in which a rotation would go on if it did not wait. The clock stands still.
const A_MOMENT: Duration = Duration::from_millis(100);

/// Notes when each step was reached, by the clock of the house, and tells it.
struct Noted {
    clock: Arc<FixedClock>,
    steps: Mutex<Vec<(&'static str, Timestamp)>>,
    say: UnboundedSender<&'static str>,
}

impl Noted {
    fn new(test: &TestHouse) -> (Self, UnboundedReceiver<&'static str>) {
        let (say, told) = unbounded_channel();
        (Self { clock: test.clock.clone(), steps: Mutex::default(), say }, told)
    }
    /// When a step was reached for the last time.
    fn last(&self, step: &str) -> Timestamp {
        let steps = self.steps.lock().expect("unpoisoned");
        steps.iter().rev().find(|(name, _)| *name == step).expect("reached").1
    }
    fn rotation<'a>(&'a self, test: &'a TestHouse) -> Rotation<'a> {
        Rotation { house: &test.house, observer: self, pace: Pace::Full, grace: GRACE }
    }
}

impl TaskObserver for Noted {
    fn reached(&self, step: &'static str) {
        self.steps.lock().expect("unpoisoned").push((step, self.clock.now()));
        let _ = self.say.send(step);
    }
    fn progress(&self, _: u64, _: u64) {}
}

/// Lets the grace pass.
fn pass(clock: &FixedClock) {
    clock.set(clock.now() + GRACE);
}

/// Lets the time go on until the rotation has ended.
async fn go_on(clock: &FixedClock) {
    loop {
        pass(clock);
        tokio::time::sleep(A_MOMENT).await;
    }
}

async fn until(told: &mut UnboundedReceiver<&'static str>, step: &str) {
    assert!(PATIENT_STEPS.contains(&step) || PRACTICE_STEPS.contains(&step));
    while told.recv().await.expect("it goes on") != step {}
    tokio::time::sleep(A_MOMENT).await;
}

fn why() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("patient")))
}

async fn read(test: &TestHouse, practice: PracticeId, patient: PatientId) -> PatientRow {
    patients::by_id(&test.house.stores.clinical, practice, patient).await.expect("read").expect("there")
}

/// Stores a name that was sealed some time ago.
async fn store_name(test: &TestHouse, practice: PracticeId, patient: PatientId, sealed: &[u8]) {
    const SQL: &str = "UPDATE patients SET family_name = $1 WHERE practice_id = $2 AND patient_id = $3";
    let batch = Batch::new().run(SQL, &[sealed.into(), practice.into(), patient.into()]).expect(1);
    test.house.stores.clinical.commit(batch).await.expect("stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_began_before_new_patient_keys_open_what_they_read_and_lose_nothing() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let test = open(folder.path()).await;
        let clerk = test.account(practice, Role::FrontDesk).await;
        let session = test.session(&clerk).await;
        let patient = patients_of(&test.house, practice).await[0];
        let guard = &test.house.guard;
        let reads: Grant<'_, ReadIdentity> = guard.authorize(&session, patient, why()).await.expect("allowed");
        let writes: Grant<'_, WriteIdentity> = guard.authorize(&session, patient, why()).await.expect("allowed");
        let name = PersonName::new("Renamed").expect("a name");
        let sealed = writes.seal::<FamilyName>(PatientRow::row_id(patient), &name).as_bytes().to_vec();
        let (noted, mut told) = Noted::new(&test);
        let requests = async {
            // Had its keys before the new ones were made, reads only now.
            until(&mut told, "all patients' new keys are made").await;
            let row = read(&test, practice, patient).await;
            assert!(reads.open(&row.family_name).is_ok(), "it is still under the key that was handed out");
            pass(&test.clock);
            // Read before rows were sealed anew, asks for keys only now; and one stores what it sealed long ago.
            until(&mut told, "all rows are sealed anew").await;
            let late: Grant<'_, ReadIdentity> = guard.authorize(&session, patient, why()).await.expect("allowed");
            assert!(late.open(&row.family_name).is_ok(), "its key is still there");
            store_name(&test, practice, patient, &sealed).await;
            let row = read(&test, practice, patient).await;
            pass(&test.clock);
            // The sweep found it, so there may be others like this one.
            until(&mut told, "some rows are sealed anew").await;
            let late: Grant<'_, ReadIdentity> = guard.authorize(&session, patient, why()).await.expect("allowed");
            assert!(late.open(&row.family_name).is_ok(), "its key is still there");
            go_on(&test.clock).await;
        };
        let rotation = noted.rotation(&test);
        tokio::select! {
            rotated = rotate_patients(&rotation, practice, None) => drop(rotated.expect("rotated")),
            () = requests => {}
        }
        let made = noted.last("all patients' new keys are made");
        assert!(noted.last("all rows are sealed anew") >= made + GRACE);
        assert!(noted.last("nothing is under an old key") >= noted.last("some rows are sealed anew") + GRACE);
        assert_eq!(versions(&test.house, practice).await.1, [2]);
        assert!(names(&test, practice).await.iter().any(|name| name.ends_with("Renamed")));
        is_whole(&test.house, practice).await;
    }
}

/// Lets the grace after the new key pass while there is still something to do under the old one.
struct Slow(Noted);

impl TaskObserver for Slow {
    fn reached(&self, step: &'static str) {
        if step == "the practice's new key is made" {
            pass(&self.0.clock);
        }
        self.0.reached(step);
    }
    fn progress(&self, _: u64, _: u64) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_practice_key_stays_for_the_grace_after_its_last_use_however_long_the_rotation_took() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let test = open(folder.path()).await;
        let (noted, mut told) = Noted::new(&test);
        let slow = Slow(noted);
        let rotation = Rotation { observer: &slow, ..slow.0.rotation(&test) };
        let waiting = async {
            until(&mut told, "all accounts are sealed anew").await;
            assert_eq!(versions(&test.house, practice).await.0, [1, 2]);
            go_on(&test.clock).await;
        };
        tokio::select! {
            rotated = rotate_practice(&rotation, practice) => drop(rotated.expect("rotated")),
            () = waiting => {}
        }
        let resealed = slow.0.last("all accounts are sealed anew");
        assert!(slow.0.last("nothing uses the practice's old keys") >= resealed + GRACE);
        assert_eq!(versions(&test.house, practice).await.0, [2]);
        is_whole(&test.house, practice).await;
    }
}
