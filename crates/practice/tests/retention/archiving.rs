//! An archive is made before there is no way back, of the whole record, and nothing else is taken for it.

use crate::{
    archived::{Archive, with_archive},
    fixture::{At, Office, beside},
    on_both,
};
use domain::{Date, Items, PatientId, ProgramId, ProgramTitle, Role, retention::RetentionRule};
use futures::FutureExt;
use ledger::{Resource, Word};
use phi::{AccessError, Purpose, WriteExercise, fields::program_versions};
use practice::{
    notes::{self, NewNote, WriteNoteError},
    record::RecordError,
    retention::{
        ArchiveError, ArchiveName, PurgeError, Purged, approve, certificate, reapply, rules, verify_certificate,
    },
};
use std::{fs, panic::AssertUnwindSafe, sync::Arc};
use store::{
    Batch,
    rows::{
        archives,
        programs::{self, ProgramVersionRow},
    },
};
use testkit::{disk::Disk, house::Person};

on_both! {
    an_archive_lies_there_before_there_is_no_way_back_and_its_certificate_says_so
    what_was_restored_without_its_archive_is_not_certified
    a_record_that_does_not_open_is_spared_and_the_others_go_on
    what_lies_under_the_name_is_not_taken_for_the_archive
    nobody_writes_in_a_record_whose_destruction_has_begun
    a_run_that_was_cut_off_archives_anew
    the_rules_of_today_and_those_of_the_plan_count
    an_archive_holds_every_version
    an_archive_for_which_there_is_no_room_stops_the_run_and_destroys_nobody
}

/// Two years from the day on which the purge of these tests takes place.
const LAST_DAY: Date = Date::constant(2028, 5, 17);

async fn therapist(archive: &Archive, patient: PatientId) -> Person {
    let therapist = archive.office.test.account(archive.office.practice, Role::Therapist).await;
    archive.office.test.care_link(&therapist, patient).await;
    therapist
}

async fn writes(archive: &Archive, therapist: &Person, patient: PatientId) -> Result<(), WriteNoteError> {
    let note = NewNote { body: "Came back and fell".parse().expect("fits") };
    let session = archive.office.session(therapist).await;
    notes::write(archive.office.house(), &session, patient, &note, None).await.map(drop)
}

fn is_denied(result: &Result<(), WriteNoteError>) -> bool {
    matches!(result, Err(WriteNoteError::Record(RecordError::Access(AccessError::Denied))))
}

/// Ends a run at a step, as when the power fails.
async fn cut_off(archive: &Archive, plan: domain::PlanId, step: &'static str) {
    let dies = At::new(step, || panic!("the power fails"));
    let died = AssertUnwindSafe(archive.office.purge_seen_by(plan, &dies)).catch_unwind().await;
    assert!(died.is_err(), "{step}");
}

async fn an_archive_lies_there_before_there_is_no_way_back_and_its_certificate_says_so(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    let looks = At::new("recorded", || {
        assert!(archive.office.destroyed().entries().is_empty());
        assert_eq!(archive.files().len(), 1, "whole, before the destruction ledger knows");
    });
    archive.office.purge_seen_by(plan, &looks).await.expect("carried out");
    let (office, (_, key)) = (&archive.office, archive.office.signing());
    let note = certificate(office.house(), &office.session(&office.officer).await, patient).await.expect("there");
    let said = verify_certificate(&note, &key).expect("genuine");
    let row =
        archives::of_patient(&office.house().stores.keys, office.practice, patient).await.expect("read").remove(0);
    let kept = said.archive.expect("it says where the record is kept on");
    assert_eq!((kept.kept_until, kept.digest), (LAST_DAY, data_encoding::HEXLOWER.encode(&row.digest)));
}

async fn what_was_restored_without_its_archive_is_not_certified(office: Office) {
    let archive = with_archive(office);
    archive.patient().await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    cut_off(&archive, plan, "listed").await;
    let name = archive.files().remove(0);
    let sealed = fs::read(archive.folder.join(&name)).expect("there");
    fs::remove_file(archive.folder.join(&name)).expect("gone, with the machine");
    // As a restore does it before anything is served.
    let office = &archive.office;
    reapply(&office.house().stores, &office.house().keyring, office.destroyed().entries()).await.expect("applied");
    approve(office.house(), &office.session(&office.officer).await, plan).await.expect("the first");
    approve(office.house(), &office.session(&office.admin).await, plan).await.expect("the second");
    office.cool();
    let stopped = office.purge(plan).await.expect_err("the record is nowhere");
    assert!(matches!(stopped, PurgeError::Archive(ArchiveError::Lost(_))), "{stopped}");
    fs::write(archive.folder.join(&name), &sealed).expect("brought back");
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
}

async fn a_record_that_does_not_open_is_spared_and_the_others_go_on(office: Office) {
    let archive = with_archive(office);
    // Its visit is sealed under no key at all.
    let unreadable = archive.office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await;
    let (one, two) = (archive.patient().await, archive.patient().await);
    let plan = archive.office.approved().await;
    archive.office.cool();
    let done = archive.office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 2, spared: 1, did_something: true });
    assert_eq!(archive.office.survivors().await, [unreadable]);
    assert!(archive.office.traces(unreadable).await.1, "the key is there");
    for gone in [one, two] {
        assert_eq!(archive.office.traces(gone).await, (0, false));
    }
    let entries = archive.office.test.ledger.entries();
    let spared: Vec<_> = entries.iter().filter(|entry| entry.action.as_str() == "spare_record").collect();
    assert_eq!((spared.len(), spared[0].patient, spared[0].reason.as_str()), (1, Some(unreadable), "does-not-open"));
    let destroyed = entries.iter().filter(|entry| entry.action.as_str() == "destroy_record");
    assert!(destroyed.count() == 2, "nor does the trail say that it was destroyed");
}

async fn what_lies_under_the_name_is_not_taken_for_the_archive(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let name = ArchiveName { practice: archive.office.practice, patient, ends_on: LAST_DAY }.to_string();
    fs::write(archive.folder.join(&name), b"nothing of the sort").expect("planted");
    // Nor is what leads elsewhere written through.
    let elsewhere = archive.office.test.folder.path().join("keys.copy");
    fs::write(&elsewhere, b"keys").expect("written");
    std::os::unix::fs::symlink(&elsewhere, archive.folder.join(format!(".{name}.partial"))).expect("planted");
    archive.purged().await;
    assert_eq!(fs::read(&elsewhere).expect("there"), b"keys");
    assert_eq!(archive.files(), [name]);
    assert_eq!(archive.opened()["patient"]["given_name"], "Ada");
}

async fn nobody_writes_in_a_record_whose_destruction_has_begun(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let therapist = therapist(&archive, patient).await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    writes(&archive, &therapist, patient).await.expect("it only waits");
    cut_off(&archive, plan, "listed").await;
    let late = writes(&archive, &therapist, patient).await;
    assert!(is_denied(&late), "it would be lost");
    assert_eq!(archive.office.test.ledger.entries().last().expect("one").reason.as_str(), "record-is-ending");
    assert_eq!(archive.office.purge(plan).await.expect("carried out").destroyed, 1);
    let notes = archive.opened()["notes"].as_array().expect("a list").len();
    assert_eq!(notes, 3, "whatever was acknowledged is in the archive");
}

async fn a_run_that_was_cut_off_archives_anew(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let therapist = therapist(&archive, patient).await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    cut_off(&archive, plan, "archive_written").await;
    assert!(archive.files()[0].ends_with(".partial"), "half of one");
    archive.office.test.clock.advance_seconds(24 * 3600);
    cut_off(&archive, plan, "archived").await;
    let first = fs::read(archive.folder.join(archive.files().remove(0))).expect("there");
    let comes = At::new("begun", || {
        let late = beside(writes(&archive, &therapist, patient));
        assert!(is_denied(&late));
    });
    // The day has changed meanwhile, so the archive ends on another.
    archive.office.test.clock.advance_seconds(24 * 3600);
    archive.office.purge_seen_by(plan, &comes).await.expect("carried out");
    let name = ArchiveName { practice: archive.office.practice, patient, ends_on: Date::constant(2028, 5, 19) };
    assert_eq!(archive.files(), [name.to_string()], "and no other is left");
    assert_ne!(fs::read(archive.folder.join(name.to_string())).expect("there"), first);
    let rows = archives::of_patient(&archive.office.house().stores.keys, archive.office.practice, patient).await;
    let rows: Vec<_> =
        rows.expect("read").iter().map(|row| (row.ended_at.is_some(), row.certificate.is_some())).collect();
    assert_eq!(rows, [(false, false), (true, false)], "what was taken back is certified of nobody");
}

async fn the_rules_of_today_and_those_of_the_plan_count(office: Office) {
    let mut archive = with_archive(office);
    let patient = archive.patient().await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    let rule = |name: &str, years, archive_years| RetentionRule {
        name: name.to_owned(),
        source: "A test".to_owned(),
        since: Date::constant(2000, 1, 1),
        years,
        minors: None,
        archive_years,
    };
    let house = Arc::get_mut(&mut archive.office.test.house).expect("nobody else has it");
    house.retention.rules = rules(&[], vec![rule("longer", 8, None), rule("short", 5, Some(1))]).expect("valid");
    assert_eq!(archive.office.purge(plan).await.expect("carried out").destroyed, 1);
    let (office, (_, key)) = (&archive.office, archive.office.signing());
    let note = certificate(office.house(), &office.session(&office.officer).await, patient).await.expect("there");
    let said = verify_certificate(&note, &key).expect("genuine");
    assert_eq!(said.rule, "longer", "by which it was judged at last");
    assert_eq!(
        said.archive.map(|kept| kept.kept_until),
        Some(LAST_DAY),
        "as two people approved, which is the longest"
    );
}

async fn an_archive_holds_every_version(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let therapist = therapist(&archive, patient).await;
    let office = &archive.office;
    let session = office.session(&therapist).await;
    let purpose = Purpose::treatment(Resource::whole(Word::new("program")));
    let grant = office.house().guard.authorize::<WriteExercise>(&session, patient, purpose).await.expect("allowed");
    let program_id = ProgramId::random(&crypto::SystemRng);
    let items: Items = serde_json::from_value(serde_json::json!([])).expect("a list");
    let at: domain::Timestamp = "2015-01-01T15:00:00Z".parse().expect("a moment");
    let version = |version: u32| {
        let row = ProgramVersionRow::row_id(program_id, version);
        let title = ProgramTitle::new(format!("Version {version}")).expect("fits");
        ProgramVersionRow {
            practice_id: office.practice,
            program_id,
            version,
            patient_id: patient,
            title: grant.seal::<program_versions::Title>(row, &title),
            items: grant.seal::<program_versions::ProgramItems>(row, &items),
            starts_on: Date::constant(2015, 1, 1),
            ends_on: None,
            signed_by: therapist.account(),
            // All at the same moment: none is passed over between two pages.
            signed_at: at,
            end_reason: None,
            voided: None,
        }
    };
    let last = 502;
    let mut batch = programs::insert(Batch::new(), &version(1));
    for next in 2..=last {
        batch = programs::advance(batch, &version(next), next - 1);
    }
    batch = programs::end(batch, &version(last));
    office.house().stores.clinical.commit(batch).await.expect("stored");
    archive.purged().await;
    let record = archive.opened();
    let versions = record["program_versions"].as_array().expect("a list");
    assert_eq!(versions.len(), last as usize);
    assert_eq!(
        (&versions[0]["title"], &versions[last as usize - 1]["title"]),
        (&"Version 502".into(), &"Version 1".into())
    );
    assert_eq!(record["programs"][0]["ended_at_once_at"], "2015-01-01T15:00:00Z");
    assert!(record["visits"][0].get("charged_at").is_some_and(serde_json::Value::is_null), "nobody charged it");
}

async fn an_archive_for_which_there_is_no_room_stops_the_run_and_destroys_nobody(office: Office) {
    let archive = with_archive(office);
    let patient = archive.patient().await;
    let plan = archive.office.approved().await;
    archive.office.cool();
    let Some(disk) = Disk::at(&archive.folder, "64k").expect("made") else { return };
    disk.fill().expect("filled");
    let stopped = archive.office.purge(plan).await.expect_err("there is no room");
    assert!(matches!(stopped, PurgeError::Archive(_)), "{stopped}");
    let mut said: Option<&dyn std::error::Error> = Some(&stopped);
    let mut chain = String::new();
    while let Some(cause) = said {
        chain.push_str(&format!("{cause}: "));
        said = cause.source();
    }
    assert!(chain.contains("full") || chain.contains("No space"), "{chain}");
    assert!(archive.office.traces(patient).await.1, "the key is there");
    assert!(archive.office.destroyed().entries().is_empty(), "and nobody is said to be destroyed");
    disk.free().expect("freed");
    assert_eq!(archive.office.purge(plan).await.expect("carried out").destroyed, 1);
    assert_eq!(archive.files().len(), 1, "and nothing half written is left");
    assert_eq!(archive.opened()["patient"]["given_name"], "Ada");
}
