//! Archives: made before the key goes, readable by their recipients alone, and destroyed on a day of their own.

use crate::{
    fixture::{At, Office, beside},
    on_both,
};
use crypto::{Identities, open_sealed};
use domain::{Date, PatientId, Role, TaskObserver, Unobserved, VisitState, retention::RetentionRule};
use futures::FutureExt;
use practice::{
    notes::{self, NewNote},
    retention::{
        ArchiveError, ArchiveName, ArchiveSettings, NewHold, PurgeError, RetentionError, RetentionSettings,
        end_archives, place, rules, verify_archive_end,
    },
    visits::{self, VisitDetails},
    voiding::{self, NewVoid},
};
use serde_json::Value;
use std::{fs, io::Read, panic::AssertUnwindSafe, path::PathBuf, sync::Arc};
use store::rows::archives;

on_both! {
    a_record_whose_rule_asks_for_it_is_archived_before_its_key_goes
    an_archive_is_destroyed_after_its_last_day_and_not_while_it_is_held
    what_only_the_folder_knows_ends_too
    nothing_is_certified_that_was_not_destroyed
    nothing_but_an_archives_own_file_is_overwritten
    a_hold_on_one_archive_keeps_it
    a_hold_keeps_what_a_run_that_was_cut_off_had_only_marked
    what_was_only_marked_and_is_not_there_is_not_certified
    nothing_is_carried_out_while_no_archive_is_set
}

/// The rule of seven years, with an archive for two more.
pub(crate) fn archiving(folder: PathBuf, recipient: crypto::Recipient) -> RetentionSettings {
    let rule = RetentionRule {
        name: "own".to_owned(),
        source: "A test".to_owned(),
        since: Date::constant(2000, 1, 1),
        years: 7,
        minors: None,
        archive_years: Some(2),
    };
    RetentionSettings {
        audit_years: 6,
        rules: rules(&[], vec![rule]).expect("valid"),
        billing: RetentionSettings::default().billing,
        cooling_hours: 72,
        archive: Some(ArchiveSettings { folder, recipients: vec![recipient] }),
    }
}

pub(crate) struct Archive {
    pub(crate) office: Office,
    pub(crate) folder: PathBuf,
    identities: Identities,
}

pub(crate) fn with_archive(mut office: Office) -> Archive {
    let folder = office.test.folder.path().join("archive");
    fs::create_dir(&folder).expect("a folder");
    let (identities, recipient) = Identities::generate();
    let house = Arc::get_mut(&mut office.test.house).expect("nobody else has it yet");
    house.retention = archiving(folder.clone(), recipient);
    Archive { office, folder, identities }
}

impl Archive {
    /// Somebody who was there long ago, with a visit, a note, and a note that was wrong.
    pub(crate) async fn patient(&self) -> PatientId {
        let office = &self.office;
        let patient = office.patient("1970-01-01").await;
        let therapist = office.test.account(office.practice, Role::Therapist).await;
        office.test.care_link(&therapist, patient).await;
        let session = office.session(&therapist).await;
        let details = VisitDetails {
            therapist_id: therapist.account(),
            starts_at: "2015-01-01T15:00:00Z".parse().expect("a moment"),
            minutes: domain::VisitMinutes::new(30).expect("fits"),
            state: VisitState::Held,
            clinic: None,
            remark: None,
        };
        visits::book(office.house(), &session, patient, &details, None).await.expect("booked");
        let note = |text: &str| NewNote { body: text.parse().expect("fits") };
        notes::write(office.house(), &session, patient, &note("Bends to ninety degrees"), None).await.expect("written");
        let wrong = notes::write(office.house(), &session, patient, &note("Runs again"), None).await.expect("written");
        let why = NewVoid { reason: "Another patient's".parse().expect("fits") };
        // Said by somebody who did nothing else here.
        let other = office.test.account(office.practice, Role::Therapist).await;
        office.test.care_link(&other, patient).await;
        let session = office.session(&other).await;
        voiding::note(office.house(), &session, patient, wrong.note_id, &why).await.expect("said");
        patient
    }

    pub(crate) async fn purged(&self) {
        let plan = self.office.approved().await;
        self.office.cool();
        self.office.purge(plan).await.expect("carried out");
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).expect("listed");
        names.map(|entry| entry.expect("listed").file_name().into_string().expect("plain")).collect()
    }

    /// The only archive that there is, opened with its recipient's key.
    pub(crate) fn opened(&self) -> Value {
        let sealed = fs::read(self.folder.join(self.files().remove(0))).expect("there");
        let mut text = String::new();
        open_sealed(&self.identities, &sealed[..]).expect("opens").read_to_string(&mut text).expect("whole");
        serde_json::from_str(&text).expect("JSON")
    }

    /// How many archives whose time is over are not there as they were written.
    async fn missing(&self) -> u64 {
        let (signing, _) = self.office.signing();
        let done = end_archives(self.office.house(), self.office.practice, &signing, &Unobserved).await;
        done.expect("done").missing
    }

    async fn ended(&self) -> (u64, u64) {
        let office = &self.office;
        let (signing, _) = office.signing();
        let done = end_archives(office.house(), office.practice, &signing, &Unobserved).await.expect("done");
        (done.ended, done.held)
    }

    /// Moves the clock to the noon of a day of 2028.
    fn at(&self, day: &str) {
        let then: domain::Timestamp = format!("{day}T16:00:00Z").parse().expect("a moment");
        self.office.test.clock.advance_seconds(then.as_second() - self.office.test.now().as_second());
    }
}

async fn a_record_whose_rule_asks_for_it_is_archived_before_its_key_goes(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let office = &archive.office;
    archive.purged().await;
    assert_eq!(office.traces(patient).await, (0, false));
    let name = ArchiveName { practice: office.practice, patient, ends_on: Date::constant(2028, 5, 17) };
    assert_eq!(archive.files(), [name.to_string()], "two years from the day of destruction, and nothing half written");
    let sealed = fs::read(archive.folder.join(name.to_string())).expect("there");
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    assert!(open_sealed(&Identities::generate().0, &sealed[..]).is_err(), "somebody else's key");
    let record = archive.opened();
    assert_eq!((&record["patient"]["given_name"], &record["kept_until"]), (&"Ada".into(), &"2028-05-17".into()));
    assert_eq!(record["visits"][0]["minutes"], 30);
    let notes = record["notes"].as_array().expect("a list");
    let bodies: Vec<_> = notes.iter().map(|note| &note["versions"][0]["body"]).collect();
    assert!(bodies.contains(&&Value::from("Bends to ninety degrees")) && bodies.contains(&&Value::from("Runs again")));
    let struck =
        notes.iter().find_map(|note| note["versions"][0]["entered_in_error"]["by"].as_str()).expect("struck out");
    assert!(record["people"].get(struck).is_some(), "whoever struck it out has a name");
    let wrong = notes.iter().find(|note| note["versions"][0]["body"] == "Runs again").expect("there");
    assert_eq!(wrong["versions"][0]["entered_in_error"]["reason"], "Another patient's");
    let therapist = record["visits"][0]["therapist"].as_str().expect("an id");
    assert_eq!(record["people"][therapist], "Sam therapist");
    let entries = office.test.ledger.entries();
    let opened = entries.iter().position(|entry| entry.action.as_str() == "archive_record").expect("recorded");
    assert_eq!(entries[opened].patient, Some(patient));
}

async fn an_archive_is_destroyed_after_its_last_day_and_not_while_it_is_held(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let office = &archive.office;
    archive.purged().await;
    archive.at("2028-05-17");
    assert_eq!(archive.ended().await, (0, 0), "its last day");
    let officer = office.session(&office.officer).await;
    let hold = NewHold { patient_id: None, incident: None, reason: "A claim".parse().expect("fits") };
    let hold = place(office.house(), &officer, &hold).await.expect("held");
    archive.at("2028-05-18");
    assert_eq!((archive.ended().await, archive.files().len()), ((0, 1), 1));
    let admin = office.session(&office.admin).await;
    practice::retention::lift(office.house(), &admin, hold).await.expect("lifted");
    assert_eq!((archive.ended().await, archive.files().len()), ((1, 0), 0));
    assert_eq!(archive.ended().await, (0, 0), "the second run does nothing");
    let keys = &office.house().stores.keys;
    let row = archives::of_patient(keys, office.practice, patient).await.expect("read").pop().expect("known for ever");
    let (note, (_, key)) = (row.certificate.expect("certified"), office.signing());
    let said = verify_archive_end(&note, &key).expect("genuine");
    assert_eq!((said.patient, said.kept_until), (patient, Date::constant(2028, 5, 17)));
    assert!(said.audit.is_some());
    assert!(verify_archive_end(&note.replace("2028-05-17", "2028-05-18"), &key).is_err());
}

async fn what_only_the_folder_knows_ends_too(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    archive.purged().await;
    let name = archive.files().remove(0);
    let sealed = fs::read(archive.folder.join(&name)).expect("there");
    archive.at("2028-06-01");
    assert_eq!(archive.ended().await, (1, 0));
    // Brought back by a copy of the folder from before; and one that no key store knows, of another day.
    fs::write(archive.folder.join(&name), &sealed).expect("written");
    let practice = archive.office.practice;
    let second = ArchiveName { practice, patient, ends_on: Date::constant(2028, 1, 1) };
    let kept = ArchiveName { ends_on: Date::constant(2029, 1, 1), ..second };
    let elsewhere = ArchiveName { practice: domain::PracticeId::random(&crypto::SystemRng), ..second };
    // Nor is anything certified of somebody who was not destroyed.
    let living = ArchiveName { patient: archive.office.patient("1970-01-01").await, ..second };
    let stranger = ArchiveName { patient: PatientId::random(&crypto::SystemRng), ..second };
    for name in [second, kept, elsewhere, living, stranger] {
        fs::write(archive.folder.join(name.to_string()), &sealed).expect("written");
    }
    assert_eq!(archive.ended().await, (2, 0));
    let mut left = archive.files();
    left.sort();
    let mut expected = [kept, elsewhere, living, stranger].map(|name| name.to_string());
    expected.sort();
    assert_eq!(
        left, expected,
        "what is not over, another practice's, and what is no archive of anybody who was destroyed"
    );
    let rows = practice::retention::archives(archive.office.house(), practice).await.expect("read");
    let days: Vec<_> = rows.iter().map(|row| (row.patient_id, row.ends_on, row.certificate.is_some())).collect();
    assert_eq!(days, [(patient, second.ends_on, true), (patient, Date::constant(2028, 5, 17), true)]);
}

/// What is there now of a patient's archive, and whether its end is certified.
async fn certified(archive: &Archive, patient: PatientId) -> bool {
    let keys = &archive.office.house().stores.keys;
    let rows = archives::of_patient(keys, archive.office.practice, patient).await.expect("read");
    rows.iter().any(|row| row.certificate.is_some())
}

async fn nothing_is_certified_that_was_not_destroyed(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    archive.purged().await;
    archive.at("2028-06-01");
    let path = archive.folder.join(archive.files().remove(0));
    let sealed = fs::read(&path).expect("there");
    fs::remove_file(&path).expect("moved, or the volume is not there");
    assert_eq!((archive.missing().await, certified(&archive, patient).await), (1, false));
    fs::write(&path, b"another file").expect("written");
    assert_eq!((archive.missing().await, certified(&archive, patient).await), (1, false));
    assert_eq!(fs::read(&path).expect("there"), b"another file", "nor is it touched");
    fs::write(&path, &sealed).expect("back");
    assert_eq!((archive.missing().await, certified(&archive, patient).await), (0, true));
    assert!(archive.files().is_empty());
}

async fn nothing_but_an_archives_own_file_is_overwritten(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    archive.purged().await;
    archive.at("2028-06-01");
    let (path, aside) =
        (archive.folder.join(archive.files().remove(0)), archive.office.test.folder.path().join("keys.copy"));
    fs::rename(&path, &aside).expect("moved");
    let sealed = fs::read(&aside).expect("there");
    // A link to it, a second name of it, a pipe that nobody writes to; each under the name of the archive, and of an older one.
    let older = ArchiveName { practice: archive.office.practice, patient, ends_on: Date::constant(2028, 1, 1) };
    for path in [path, archive.folder.join(older.to_string())] {
        std::os::unix::fs::symlink(&aside, &path).expect("a link");
        assert_eq!(archive.missing().await, 1);
        fs::remove_file(&path).expect("removed");
        fs::hard_link(&aside, &path).expect("a second name");
        assert_eq!(archive.missing().await, 1);
        fs::remove_file(&path).expect("removed");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600));
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).expect("a pipe");
        assert_eq!(archive.missing().await, 1);
        fs::remove_file(&path).expect("removed");
        assert_eq!(fs::read(&aside).expect("there"), sealed);
    }
    assert!(!certified(&archive, patient).await);
}

async fn a_hold_on_one_archive_keeps_it(office: Office) {
    let archive = with_archive(office);
    let (patient, other) = (archive.patient().await, archive.patient().await);
    let office = &archive.office;
    archive.purged().await;
    archive.at("2028-06-01");
    let officer = office.session(&office.officer).await;
    let claim = NewHold { patient_id: Some(patient), incident: None, reason: "A claim".parse().expect("fits") };
    let hold = place(office.house(), &officer, &claim).await.expect("held");
    assert_eq!((archive.ended().await, archive.files().len()), ((1, 1), 1), "of the other one only");
    assert!(certified(&archive, other).await && !certified(&archive, patient).await);
    let admin = office.session(&office.admin).await;
    practice::retention::lift(office.house(), &admin, hold).await.expect("lifted");
    // One that comes between the last look and the first byte is in time; the run sees it.
    let comes = At::new("archive_end_recorded", || {
        beside(place(office.house(), &officer, &claim)).expect("held");
    });
    let (signing, _) = office.signing();
    let done = end_archives(office.house(), office.practice, &signing, &comes).await.expect("done");
    assert_eq!((done.ended, done.held, archive.files().len()), (0, 1, 1));
    let again = practice::retention::holds(office.house(), &officer).await.expect("read")[0].hold_id;
    practice::retention::lift(office.house(), &admin, again).await.expect("lifted");
    let late = At::new("archive_end_marked", || {
        let late = beside(place(office.house(), &officer, &claim));
        assert!(matches!(late, Err(RetentionError::Unknown | RetentionError::TooLate)));
    });
    let done = end_archives(office.house(), office.practice, &signing, &late).await.expect("done");
    assert_eq!((done.ended, archive.files().len()), (1, 0));
    let gone = place(office.house(), &officer, &claim).await;
    assert!(matches!(gone, Err(RetentionError::Unknown)), "there is nothing left to hold");
}

/// Ends a run at a step, as when the power fails; just before, something happens.
async fn cut_off(archive: &Archive, just_before: impl FnOnce() + Send) {
    struct Dies<'a>(At<'a>);
    impl TaskObserver for Dies<'_> {
        fn reached(&self, step: &'static str) {
            self.0.reached(step);
            assert!(step != "archive_end_marked", "the power fails");
        }
        fn progress(&self, _: u64, _: u64) {}
    }
    let (signing, _) = archive.office.signing();
    let dies = Dies(At::new("archive_end_recorded", just_before));
    let run = end_archives(archive.office.house(), archive.office.practice, &signing, &dies);
    assert!(AssertUnwindSafe(run).catch_unwind().await.is_err());
}

async fn a_hold_keeps_what_a_run_that_was_cut_off_had_only_marked(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    archive.purged().await;
    archive.at("2028-06-01");
    let officer = archive.office.session(&archive.office.officer).await;
    let claim = NewHold { patient_id: Some(patient), incident: None, reason: "A claim".parse().expect("fits") };
    cut_off(&archive, || {
        beside(place(archive.office.house(), &officer, &claim)).expect("held");
    })
    .await;
    assert_eq!((archive.ended().await, archive.files().len()), ((0, 1), 1));
    assert!(!certified(&archive, patient).await);
}

/// The volume of the archive was not mounted when the machine came up again.
async fn what_was_only_marked_and_is_not_there_is_not_certified(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    archive.purged().await;
    archive.at("2028-06-01");
    cut_off(&archive, || {}).await;
    let elsewhere = archive.folder.with_extension("elsewhere");
    fs::rename(&archive.folder, &elsewhere).expect("unmounted");
    fs::create_dir(&archive.folder).expect("an empty mount point");
    assert_eq!(archive.missing().await, 1);
    assert!(!certified(&archive, patient).await);
    fs::remove_dir(&archive.folder).expect("empty");
    fs::rename(&elsewhere, &archive.folder).expect("mounted");
    assert_eq!((archive.ended().await, archive.files().len()), ((1, 0), 0));
    assert!(certified(&archive, patient).await);
}

async fn nothing_is_carried_out_while_no_archive_is_set(office: Office) {
    let mut archive = with_archive(office);
    let patient = archive.patient().await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    let house = Arc::get_mut(&mut archive.office.test.house).expect("nobody else has it");
    house.retention.archive = None;
    let stopped = archive.office.purge(plan).await.expect_err("refused");
    assert!(matches!(stopped, PurgeError::Archive(ArchiveError::NotSet(_))), "{stopped}");
    assert!(archive.office.traces(patient).await.1, "the key is there");
}
