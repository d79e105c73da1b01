//! What has no place here is refused, named by row and field, and never by value.

use crate::scene::{FERNET, FOLDERS, PRACTICE, Scene, done, imported, program, who};
use domain::Unobserved;
use practice::import::{Imported, Importing, Mapping, import};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use store::rows::patients;
use tempfile::TempDir;

/// In every value that does not fit.
const CANARY: &str = "heron-4471";

fn with(mut document: Value, field: &str, value: Value) -> Value {
    document[field] = value;
    document
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_does_not_fit_is_named_by_row_and_field_and_nothing_is_brought_in() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("good", "Ana");
    let cases: [(&str, &str, Value, &str); 17] = [
        ("a", "patients", with(who("a", "A"), "diagnosis", json!(CANARY)), "diagnosis has no place here"),
        ("b", "patients", with(who("b", "B"), "dob", json!(CANARY)), "dob is no date or time like"),
        ("c", "patients", with(who("c", "C"), "dob", Value::Null), "dob is missing"),
        ("d", "patients", with(who("d", "D"), "mail", json!(CANARY)), "mail is not an e-mail address"),
        ("gp", "patients", with(who("gp", "E"), "mrn", json!("77-good")), "record_number is another patient's"),
        ("f", "programs", with(program(), "goal", json!({"words": CANARY})), "goal.words has no place here"),
        ("g", "programs", in_item("sets", json!(0)), "items[0].dose.sets must be 1 to 20"),
        ("h", "programs", in_item("reps", json!(format!("10-12 {CANARY}"))), "items[0].reps is no whole number"),
        ("i", "programs", in_item("weight", json!(CANARY)), "items[0].weight is no weight"),
        (
            "j",
            "programs",
            in_item("exercise", json!(CANARY)),
            "items[0].exercise is an exercise that the mapping does not",
        ),
        ("k", "programs", in_item("per_week", json!(4)), "for which the mapping names no days"),
        ("l", "programs", in_item("tempo", json!(CANARY)), "items[0].tempo has no place here"),
        ("m", "log", with(done("2026-02-02"), "pain", json!(11)), "(pain) must be 0 to 10"),
        ("n", "log", done("2025-12-31T15:00:00Z"), "(exercise) is not in the program of that day"),
        ("o", "log", done("2027-01-01"), "(performed at) is in the future"),
        ("p", "log", with(done("2026-02-02"), "2026-02-02", json!(CANARY)), "(a field whose name is no plain word)"),
        ("q", "care", json!({"therapist": CANARY}), "therapist is a therapist whom the mapping does not name"),
    ];
    for (key, section, document, _) in &cases {
        if *section != "patients" {
            scene.put("patients", key, &who(key, "Bo"));
        }
        if !["patients", "programs"].contains(section) {
            scene.put("programs", key, &program());
        }
        scene.put(section, key, document);
    }
    scene.put("programs", "nobody", &program());
    let other = testkit::fernet::FernetMaker::new([1; 32]);
    fs::write(folder.path().join("source/patients/z"), other.token(CANARY)).expect("written");
    fs::write(folder.path().join("source/patients/y"), FERNET.token(CANARY)).expect("written");

    let by = people.signed_in().await;
    let found = imported(&scene, &by).await.expect("looked");
    assert!(found.stopped);
    let lines: Vec<String> = found.refusals.iter().map(ToString::to_string).collect();
    for (key, section, _, expected) in &cases {
        let named = |line: &&String| line.starts_with(section) && line.contains(expected);
        let line = lines.iter().find(named).unwrap_or_else(|| panic!("{key}: {expected} is not in {lines:#?}"));
        assert!(line.contains(&format!("row {key}")), "{line}");
    }
    for expected in [
        "programs, row nobody.fernet line 1: belongs to a patient whom the source does not have",
        "patients, row z line 1: does not open with any of the keys",
        "patients, row y line 1: is no JSON",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected} is not in {lines:#?}");
    }
    assert!(lines.iter().all(|line| !line.contains(CANARY)), "{lines:#?}");
    let here = async || patients::count(&scene.house.stores.clinical, PRACTICE).await.expect("read");
    assert_eq!((found.patients, found.refused, here().await), (21, 20, 0));

    let source = scene.source();
    let importing = |only_check, without_refused| Importing {
        house: &scene.house,
        by: &by,
        source: &source,
        only_check,
        without_refused,
        observer: &Unobserved,
    };
    let checked: Imported = import(&importing(true, false)).await.expect("looked");
    assert_eq!((checked.stopped, checked.refusals.len(), here().await), (true, found.refusals.len(), 0));
    let done = import(&importing(false, true)).await.expect("imported");
    assert_eq!((done.stopped, done.brought_in, done.refused, here().await), (false, 1, 20, 1));
    let said: BTreeSet<_> = done.refusals.into_iter().collect();
    assert_eq!(said, found.refusals.into_iter().collect());
    scene.close();
}

fn in_item(field: &str, value: Value) -> Value {
    let mut document = program();
    document["items"][0][field] = value;
    document
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_number_of_somebody_who_is_here_already_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    scene.put_patient("p1", "Ana");
    let session = people.test.session(&people.admin).await;
    let details =
        json!({"given_name": "Ana", "family_name": "Silva", "birth_date": "1984-03-02", "record_number": "77-p1"});
    let details = serde_json::from_value(details).expect("details");
    practice::patients::register(&scene.house, &session, &details, None).await.expect("registered");
    let found = imported(&scene, &people.signed_in().await).await.expect("looked");
    assert_eq!((found.stopped, found.refused), (true, 1));
    assert_eq!(found.refusals[0].to_string(), "patients, row p1: record_number is another patient's");
    scene.close();
}

#[test]
fn a_mapping_that_contradicts_itself_is_refused_and_says_where() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mapping.toml");
    let patients = r#"
        name = "x"
        patients = { from = { folder = "p" }, given_name = "a", family_name = "b", birth_date = "c" }
    "#;
    let programs = r#"programs = { from = { folder = "q" }, title = "t", starts_on = "s", item = { exercise = "e", sets = "n" } }"#;
    for (text, expected) in [
        ("".to_owned(), "source has an url or a folder"),
        (r#"source = { folder = "s", url = "postgres://a@b/c" }"#.to_owned(), "source has an url or a folder"),
        (r#"source = { url = "postgres://a@b/c" }"#.to_owned(), "patients.from names a table"),
        (r#"source = { folder = "s", key = "hunter2" }"#.to_owned(), "unknown field"),
        (
            format!(
                "source = {{ folder = \"s\" }}\n{programs}\nlog = {{ from = {{ folder = \"l\" }}, exercise = \"e\", \
                 performed_at = \"a\", sets = \"n\", pain = {{ value = \"3\" }}, effort = \"f\" }}"
            ),
            "log gives pain or effort a value that nobody has felt",
        ),
    ] {
        let text = match text.is_empty() {
            true => format!("{patients}\nsource = {{ }}"),
            false => format!("{patients}\n{text}"),
        };
        fs::write(&path, text).expect("written");
        let error = Mapping::read(&path).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn keys_that_others_may_read_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("keys");
    fs::write(&path, FERNET.text()).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    assert!(practice::import::Keys::fernet(&path).is_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    assert!(practice::import::Keys::fernet(&path).is_ok());
    fs::write(&path, "no key\n").expect("written");
    let error = practice::import::Keys::fernet(&path).err().expect("refused").to_string();
    assert!(error.starts_with("line 1 of ") && !error.contains("no key "), "{error}");
}
