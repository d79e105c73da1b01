//! Records from an earlier program, by the command: who signs in how, and that another run does nothing.

use crate::server::{Practice, Said};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use testkit::fernet::FernetMaker;

const MAPPING: &str = r#"
    name = "old program"
    source = { folder = "old" }
    [patients]
    from = { folder = "patients" }
    given_name = "first"
    family_name = "last"
    birth_date = "dob"
    [programs]
    from = { folder = "programs" }
    title = { value = "Home exercises" }
    starts_on = "start"
    items = "items"
    item = { exercise = "exercise", sets = "sets", reps = "reps" }
    [exercises]
    "Heel slides" = "heel-slide"
"#;

/// Runs the import with these three lines on a file descriptor.
fn import(demo: &Practice, folder: &Path, lines: &str, more: &[&str]) -> Said {
    let path = |name: &str| folder.join(name).to_str().expect("a plain path").to_owned();
    fs::write(path("credentials"), lines).expect("written");
    let shell = format!("exec \"$0\" \"$@\" 7<'{}'", path("credentials"));
    let (mapping, keys) = (path("mapping.toml"), path("keys"));
    let usual = ["import", "fernet", "--mapping", &mapping, "--key-file", &keys, "--credentials-fd", "7"];
    demo.command_with(&["sh", "-c", &shell], &[&usual[..], more].concat())
}

#[test]
fn an_administrator_who_signs_in_brings_records_in_once_and_a_report_names_what_has_no_place() {
    let demo = Practice::demo();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let fernet = FernetMaker::new([3; 32]);
    fs::write(folder.join("keys"), fernet.text()).expect("written");
    fs::set_permissions(folder.join("keys"), fs::Permissions::from_mode(0o600)).expect("set");
    fs::write(folder.join("mapping.toml"), MAPPING).expect("written");
    let put = |section: &str, patient: &str, document: &str| {
        let place = folder.join("old").join(section);
        fs::create_dir_all(&place).expect("a folder");
        fs::write(place.join(patient), fernet.token(document)).expect("written");
    };
    put("patients", "p1", r#"{"first": "Heron4471", "last": "Silva", "dob": "1984-03-02"}"#);
    put("patients", "p2", r#"{"first": "Bo", "last": "Silva", "dob": "1984-03-02", "diagnosis": "Osprey7702"}"#);
    put("programs", "p1", r#"{"start": "2026-01-05", "items": [{"exercise": "Heel slides", "sets": 3, "reps": 10}]}"#);

    let admin = demo.first("admin");
    let lines = |password: &str| format!("{}\n{password}\n{}\n", admin.email, admin.code());
    let wrong = import(&demo, folder, &format!("{}\nnot the password\n000000\n", admin.email), &[]);
    assert_eq!(wrong.status, Some(1));
    assert!(wrong.err.contains("nobody was signed in"), "{}", wrong.err);
    let few = import(&demo, folder, "only@one.example\n", &[]);
    assert!(few.err.contains("three lines"), "{}", few.err);

    let report = folder.join("report");
    let asked = ["--without-refused", "--report", report.to_str().expect("plain")];
    let first = import(&demo, folder, &lines(&admin.password), &asked);
    assert_eq!(first.status, Some(0), "{}", first.err);
    assert!(
        first.out.starts_with("2 patients at the source: 1 brought in, 0 here before, 1 left out"),
        "{}",
        first.out
    );
    let said = fs::read_to_string(&report).expect("a report");
    assert_eq!(said, "patients, row p2 line 1: diagnosis has no place here\n");
    let mode = fs::metadata(&report).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let second = import(&demo, folder, &lines(&admin.password), &["--without-refused"]);
    assert_eq!(second.status, Some(0), "{}", second.err);
    assert!(
        second.out.starts_with("2 patients at the source: 0 brought in, 1 here before, 1 left out"),
        "{}",
        second.out
    );
    for said in [wrong, few, first, second] {
        let all = [said.out, said.err].concat();
        assert!(["Heron4471", "Osprey7702", &admin.password].iter().all(|secret| !all.contains(secret)), "{all}");
    }
    demo.done(&["audit", "verify"]);
    demo.done(&["keys", "verify", "--deep"]);
}
