//! What comes in, under whose name, and that once is enough.

use crate::scene::{FOLDERS, PRACTICE, People, Scene, imported, observed, password, program, who};
use domain::{PatientId, Role, TaskObserver};
use ledger::{Outcome, Resource, Word};
use phi::{AccessError, Purpose, ReadExercise};
use practice::{
    import::{ImportError, Imported, SignedIn},
    log, notes, patients, programs,
    trail::TrailFilter,
};
use serde_json::json;
use std::{collections::BTreeMap, fs, thread};
use store::{
    Batch,
    rows::{
        destroyed, erasure,
        imports::{self, ImportRow},
        login_sessions, patients as rows,
    },
};
use tempfile::TempDir;

fn purpose() -> Purpose {
    Purpose::treatment(Resource::whole(Word::new("program")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_come_in_whole_and_open_to_who_treats_the_patient_and_not_to_who_brought_them_in() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    scene.put_patient("p2", "Bo");
    let code = people.admin.code(people.test.now());
    let by = SignedIn::new(&scene.house, &people.admin.email, password(), &code).await.expect("signed in");
    let done = imported(&scene, &by).await.expect("imported");
    assert!(done.finished);
    let counts = (done.patients, done.brought_in, done.compared, done.programs, done.entries, done.notes, done.refused);
    assert_eq!(counts, (2, 2, 2, 2, 4, 2, 0));

    let (house, patient, session) = (&scene.house, scene.patient("p1"), people.treating().await);
    let identity = patients::read(house, &session, patient).await.expect("their therapist");
    assert_eq!((identity.given_name.as_str(), identity.family_name.as_str()), ("Ana", "Silva"));
    let program = programs::current(house, &session, patient).await.expect("read").expect("in force");
    assert_eq!((program.title.as_str(), program.starts_on.to_string().as_str()), ("Knee after surgery", "2026-01-05"));
    assert_eq!(program.signed_by.account_id, people.admin.account(), "signed by who brought it in");
    let dose = serde_json::to_value(&program.items[0].dose).expect("JSON");
    let expected = json!({
        "sets": 3, "reps": 12, "hold_seconds": 5, "load": {"tenths": 150, "unit": "lb"}, "side": "both", "times_a_day": 1,
        "weekdays": [1, 2, 3, 4, 5],
    });
    assert_eq!((dose, program.items[0].instruction.as_deref()), (expected, Some("slow and steady")));
    assert_eq!((program.items.len(), program.items[1].dose.hold_seconds), (2, None));
    let entries = log::list(house, &session, patient, None, 10).await.expect("read");
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].item_id, entries[0].pain.value()), (program.items[0].item_id, 4));
    assert_eq!(entries[0].comment.as_deref(), Some("went well"));
    let notes = notes::list(house, &session, patient, None, 10).await.expect("read").items;
    assert_eq!(notes[0].body, "From old program, written on 2026-02-03 by R. Okafor:\n\nBetter on stairs.");

    let importing = by.session(house).await.expect("signed in");
    let looked = house.guard.authorize::<ReadExercise>(&importing, patient, purpose()).await;
    assert!(matches!(looked, Err(AccessError::Denied)), "importing is no way to read");
    let again = house.guard.bring_in(&importing, patient, purpose()).await;
    assert!(matches!(again, Err(AccessError::Denied)), "nor is it one to write to who is here already");
    scene.close();
}

/// Everything that the practice has stored, by table.
async fn stored(scene: &Scene) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    let clinical = &scene.house.stores.clinical;
    for patient in rows::ids(clinical, PRACTICE, PatientId::from_bytes([0; 16]), 100).await.expect("read") {
        for (table, rows) in erasure::count(clinical, PRACTICE, patient).await.expect("read") {
            *all.entry(table.to_owned()).or_default() += rows;
        }
        let digest = imports::digest(clinical, PRACTICE, patient).await.expect("read");
        all.insert(format!("{patient} {digest:?}"), 1);
    }
    all
}

async fn is_finished(scene: &Scene) -> bool {
    let newest = imports::newest(&scene.house.stores.clinical, PRACTICE).await.expect("read");
    newest.expect("there").finished_at.is_some()
}

/// The last entry that says how an import ended.
async fn last_word(scene: &Scene, people: &People) -> ledger::Entry {
    let officer = people.test.account(PRACTICE, Role::PrivacyOfficer).await;
    let officer = people.test.session(&officer).await;
    let asked = TrailFilter { action: Some(Word::new("finish_import")), ..TrailFilter::default() };
    let page = practice::audit::entries(&scene.house, &officer, &asked, None, 10).await.expect("read");
    page.entries.into_iter().next().expect("recorded").found.entry
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_otherwise_in_any_column_is_found_and_the_import_is_not_finished() {
    for change in [
        "UPDATE log_entries SET performed_on = performed_on + 1 WHERE practice_id = $1",
        "UPDATE log_entries SET performed_at = performed_at + 60000 WHERE practice_id = $1",
        "UPDATE log_entries SET item_id = entry_id WHERE practice_id = $1",
        "UPDATE program_versions SET starts_on = starts_on - 1 WHERE practice_id = $1",
        "UPDATE program_versions SET ends_on = starts_on WHERE practice_id = $1",
        "UPDATE progress_notes SET version = 2 WHERE practice_id = $1",
    ] {
        let folder = TempDir::new().expect("a folder");
        let scene = Scene::open(folder.path()).await;
        let people = scene.people(FOLDERS).await;
        scene.put_patient("p1", "Ana");
        let by = people.signed_in().await;
        let meddle = || {
            let batch = Batch::new().run(change, &[PRACTICE.into()]);
            wait(|| scene.house.stores.clinical.commit(batch)).expect("changed");
        };
        let observer = At("a patient is stored", std::sync::Mutex::new(Some(meddle)));
        let done = observed(&scene, &by, &scene.source(), &observer).await.expect("imported");
        assert_eq!(done.differs, [scene.patient("p1")], "{change}");
        assert!(!done.finished && !is_finished(&scene).await, "{change}");
        assert_eq!(last_word(&scene, &people).await.outcome, Outcome::Failed, "{change}");
        scene.close();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_overtaken_removes_no_key_under_which_somebody_is_stored() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    let by = people.signed_in().await;
    // Another run begins when the key is made: it is left over.
    let begin = || {
        let now = people.test.now();
        let row = ImportRow {
            practice_id: PRACTICE,
            run: [3; 16],
            account_id: people.admin.account(),
            begun_at: now,
            finished_at: None,
        };
        wait(|| scene.house.stores.clinical.commit(imports::begin(Batch::new(), &row))).expect("begun");
    };
    let observer = At("a patient's key is made", std::sync::Mutex::new(Some(begin)));
    let cut = observed(&scene, &by, &scene.source(), &observer).await;
    assert!(matches!(cut, Err(ImportError::Superseded)), "{:?}", cut.err());
    // This one is about to remove it, and stalls there while a later one brings the patient in.
    let later = || {
        let done = wait(|| imported(&scene, &by)).expect("the later one");
        assert_eq!((done.brought_in, done.compared), (1, 1));
    };
    let step = "the key of somebody who was not stored may be removed";
    let observer = At(step, std::sync::Mutex::new(Some(later)));
    let stalled = observed(&scene, &by, &scene.source(), &observer).await;
    assert!(matches!(stalled, Err(ImportError::Superseded)), "{:?}", stalled.err());
    let (patient, session) = (scene.patient("p1"), people.treating().await);
    assert!(destroyed::has_key(&scene.house.stores.keys, PRACTICE, patient).await.expect("read"));
    assert_eq!(patients::read(&scene.house, &session, patient).await.expect("opens").given_name, "Ana");
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_does_nothing_and_says_what_the_source_has_changed_since() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    scene.put_patient("p2", "Bo");
    let by = people.signed_in().await;
    imported(&scene, &by).await.expect("imported");
    let before = stored(&scene).await;
    let again = imported(&scene, &by).await.expect("imported again");
    assert_eq!((again.brought_in, again.before, again.compared), (0, 2, 2));
    assert_eq!(stored(&scene).await, before);

    fs::remove_file(folder.path().join("source/patients/p2.fernet")).expect("there");
    scene.put("patients", "p2", &who("p2", "Robert"));
    scene.put_patient("p3", "Cy");
    let third = imported(&scene, &by).await.expect("imported again");
    let patients = (third.brought_in, third.before, third.compared, third.changed.as_slice());
    assert_eq!(patients, (1, 2, 2, &[scene.patient("p2")][..]));
    assert!(!third.finished && !is_finished(&scene).await, "one of them is not as the source has them");
    let word = last_word(&scene, &people).await;
    assert_eq!((word.outcome, word.reason.as_str()), (Outcome::Failed, "not-all-compared"));
    let name = patients::read(&scene.house, &people.treating().await, scene.patient("p2")).await.expect("read");
    assert_eq!(name.given_name, "Bo", "what is here is the practice's by now");
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_patient_who_comes_in_is_an_entry_under_who_brought_them() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    for n in 0..70 {
        scene.put_patient(&format!("p{n}"), "Ana");
    }
    imported(&scene, &people.signed_in().await).await.expect("imported");
    let officer = people.test.account(PRACTICE, Role::PrivacyOfficer).await;
    let officer = people.test.session(&officer).await;
    for n in [0, 69] {
        let asked = TrailFilter { patient: Some(scene.patient(&format!("p{n}"))), ..TrailFilter::default() };
        let page = practice::audit::entries(&scene.house, &officer, &asked, None, 10).await.expect("read");
        let entries = page.entries.iter().map(|entry| &entry.found.entry);
        let said: Vec<_> =
            entries.clone().map(|entry| (entry.action.as_str(), entry.outcome, entry.reason.as_str())).collect();
        let expected =
            [("assign_care_team", Outcome::Allowed, "admin-governs"), ("import_record", Outcome::Allowed, "import")];
        assert_eq!(said, expected);
        assert!(entries.clone().all(|entry| entry.actor == Some(people.admin.account())));
    }
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_administrator_with_a_factor_imports() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Admin | Role::Patient)) {
        let person = people.test.account(PRACTICE, *role).await;
        let refused = imported(&scene, &people.sign_in(&person).await).await;
        assert!(matches!(refused, Err(ImportError::Access(AccessError::Denied))), "{role}");
        let session = people.test.session(&person).await;
        let refused = scene.house.guard.bring_in(&session, scene.patient("p1"), purpose()).await;
        assert!(matches!(refused, Err(AccessError::Denied)), "{role}");
    }
    let wrong = SignedIn::new(&scene.house, &people.admin.email, password(), "000000").await;
    assert!(matches!(wrong, Err(ImportError::SignIn(_))), "a password is not enough");
    assert!(stored(&scene).await.is_empty());
    scene.close();
}

/// Does something when a step is reached for the first time.
struct At<F>(&'static str, std::sync::Mutex<Option<F>>);

impl<F: FnOnce() + Send> TaskObserver for At<F> {
    fn reached(&self, step: &'static str) {
        if step == self.0
            && let Some(act) = self.1.lock().expect("whole").take()
        {
            act();
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

/// Waits on a thread of its own: one that waited here would take the wake-ups of what goes on beside it in the import.
fn wait<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> T {
    let runtime = tokio::runtime::Handle::current();
    thread::scope(|threads| threads.spawn(|| runtime.block_on(work())).join().expect("no panic"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_imports_at_once_the_later_goes_on_and_the_other_writes_no_more() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    for n in 0..20 {
        scene.put_patient(&format!("p{n}"), "Ana");
    }
    let by = people.signed_in().await;
    let second = || {
        let done = wait(|| imported(&scene, &by)).expect("the later one");
        assert_eq!(done.compared, 20);
    };
    let observer = At("a patient's key is made", std::sync::Mutex::new(Some(second)));
    let first = observed(&scene, &by, &scene.source(), &observer).await;
    assert!(matches!(first, Err(ImportError::Superseded)), "{:?}", first.err());
    let last = imported(&scene, &by).await.expect("imported");
    assert_eq!((last.brought_in, last.before, last.compared), (0, 20, 20));
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_out_meanwhile_goes_on_no_longer() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    for n in 0..100 {
        scene.put("patients", &format!("p{n}"), &who(&format!("p{n}"), "Ana"));
    }
    for section in ["programs", "log", "notes", "care"] {
        fs::create_dir_all(folder.path().join("source").join(section)).expect("a folder");
    }
    let by = people.signed_in().await;
    let out = || {
        let end = login_sessions::end_all(Batch::new(), PRACTICE, people.admin.account());
        wait(|| scene.house.stores.identity.commit(end)).expect("signed out");
    };
    let observer = At("a patient is stored", std::sync::Mutex::new(Some(out)));
    let stopped = observed(&scene, &by, &scene.source(), &observer).await;
    assert!(matches!(stopped, Err(ImportError::SignedOut)), "{:?}", stopped.err());
    let here = rows::count(&scene.house.stores.clinical, PRACTICE).await.expect("read");
    assert!((1..100).contains(&here), "{here} came before anybody looked again");
    let done = imported(&scene, &people.signed_in().await).await.expect("goes on");
    assert_eq!((done.compared, done.brought_in + done.before), (100, 100));
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_destroyed_here_does_not_come_back() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    scene.put_patient("p2", "Bo");
    let by = people.signed_in().await;
    imported(&scene, &by).await.expect("imported");
    let (stores, gone) = (&scene.house.stores, scene.patient("p1"));
    let destroy = destroyed::destroy_key(Batch::new(), PRACTICE, gone, people.test.now(), 1);
    stores.keys.commit(destroy).await.expect("destroyed");
    stores.clinical.commit(erasure::clinical(Batch::new(), PRACTICE, gone, None)).await.expect("removed");
    let done: Imported = imported(&scene, &by).await.expect("imported again");
    assert_eq!((done.brought_in, done.before, done.destroyed.as_slice()), (0, 1, &[gone][..]));
    assert!(rows::by_id(&stores.clinical, PRACTICE, gone).await.expect("read").is_none());
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_programs_become_versions_and_the_log_follows_their_items() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    let mut harder = program();
    harder["start"] = json!("2026-02-03");
    harder["items"][0]["sets"] = json!(4);
    scene.put("programs", "p1", &harder);
    imported(&scene, &people.signed_in().await).await.expect("imported");
    let (house, patient, session) = (&scene.house, scene.patient("p1"), people.treating().await);
    let program = programs::current(house, &session, patient).await.expect("read").expect("in force");
    assert_eq!((program.version, program.items[0].dose.sets), (2, 4));
    let entries = log::list(house, &session, patient, None, 10).await.expect("read");
    let versions: Vec<_> = entries.iter().map(|entry| (entry.program_version, entry.item_id)).collect();
    let item = program.items[0].item_id;
    assert_eq!(versions, [(2, item), (1, item)], "the same exercise is the same item");
    scene.close();
}
