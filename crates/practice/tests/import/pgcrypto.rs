//! Rows that the real extension has sealed, in a real PostgreSQL.

use crate::scene::{FERNET, NAME, PRACTICE, People, Scene, done, imported, program, who};
use practice::{
    import::{ImportError, Imported, Keys, Mapping, Source, SourceError},
    log, patients, programs,
};
use serde_json::{Value, json};
use std::fs;
use store::ElsewhereError;
use tempfile::TempDir;
use testkit::postgres::{Database, Server};

const NEW: &str = "osprey-7702 with 'quotes' and spaces";
const OLD: &str = "bittern-1938";

const TABLES: &str = r#"
    [source]
    url = "URL"
    password_file = "PASSWORD"
    ca_file = "CA"
    [patients]
    from = { table = "clinic.patients", patient = "id", sealed = "record", leave_out = ["insurance"] }
    [programs]
    from = { table = "clinic.patient_exercises", patient = "patient_id", row = "row_id", sealed = "exercise_data", leave_out = ["items.type"] }
    [log]
    from = { table = "exercise_sessions", patient = "patient_id", row = "id", sealed = "session_data" }
    [care_team]
    from = { table = "assignments", patient = "patient_id" }
    [notes]
    from = { table = "notes", patient = "patient_id", row = "id", sealed = "body" }
"#;

/// The database of a practice that followed the usual guides. Wherever a value is sealed, another way of sealing it.
async fn clinic(server: &Server) -> Database {
    let database = server.database("clinic").expect("a database");
    let (name, role) = (&database.name, &database.server.role);
    let sql = |sql: &str| server.sql_in(name, sql).expect("runs");
    sql("CREATE SCHEMA clinic");
    sql("CREATE SCHEMA extensions");
    sql("CREATE EXTENSION pgcrypto WITH SCHEMA extensions");
    sql("CREATE TABLE clinic.patients (id text PRIMARY KEY, record bytea, last_visit timestamptz DEFAULT now())");
    sql("CREATE TABLE clinic.patient_exercises (row_id bigserial PRIMARY KEY, patient_id text, exercise_data text)");
    sql(
        "CREATE TABLE exercise_sessions (id bigserial PRIMARY KEY, patient_id text, session_data bytea, at timestamptz)",
    );
    sql("CREATE TABLE assignments (therapist_id text, patient_id text)");
    sql("CREATE TABLE notes (id bigserial PRIMARY KEY, patient_id text, body bytea)");
    sql(&format!("GRANT CONNECT ON DATABASE \"{name}\" TO \"{role}\""));
    sql(&format!("GRANT USAGE ON SCHEMA clinic, extensions TO \"{role}\""));
    sql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA clinic, public TO \"{role}\""));
    // In the order of another collation these two would change places.
    for key in ["a2", "B1"] {
        let record = sealed(&who(key, "Ana"), NEW, "'cipher-algo=aes256, compress-algo=1'");
        sql(&format!("INSERT INTO clinic.patients (id, record) VALUES ('{key}', {record})"));
        let exercises = sealed(&program(), OLD, "''");
        let armored = format!("extensions.armor({exercises})");
        sql(&format!("INSERT INTO clinic.patient_exercises (patient_id, exercise_data) VALUES ('{key}', {armored})"));
        let session = sealed(&done("2026-02-02T13:30:00Z"), NEW, "'s2k-mode=1, cipher-algo=aes192'");
        sql(&format!(
            "INSERT INTO exercise_sessions (patient_id, session_data, at) VALUES ('{key}', {session}, now())"
        ));
        let note = sealed(&json!({"text": "Größere Beugung."}), NEW, "'unicode-mode=1'");
        sql(&format!("INSERT INTO notes (patient_id, body) VALUES ('{key}', {note})"));
        sql(&format!("INSERT INTO assignments VALUES ('t1', '{key}')"));
    }
    database
}

fn sealed(document: &Value, passphrase: &str, options: &str) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (document, passphrase) = (literal(&document.to_string()), literal(passphrase));
    format!("extensions.pgp_sym_encrypt({document}, {passphrase}, {options})")
}

/// A house in a folder, and the mapping for a database as its server's role.
async fn mapped(folder: &TempDir, database: &Database, url: &str) -> (Scene, People) {
    let scene = Scene::open(folder.path()).await;
    let people = scene.people("[source]\nfolder = \"none\"").await;
    let mapping = TABLES
        .replace("URL", url)
        .replace("PASSWORD", &database.server.password_file.display().to_string())
        .replace("CA", &database.ca_file.display().to_string());
    scene.map(&mapping, &people.therapist.email);
    let path = scene.folder.join("mapping.toml");
    let text = fs::read_to_string(&path).expect("there");
    // Columns that are not sealed, where the folders had fields.
    let text = text.replace("therapist = \"therapist\"", "therapist = { column = \"therapist_id\" }");
    fs::write(path, text).expect("written");
    scene.keys(&format!("{NEW}\n{OLD}\n"));
    (scene, people)
}

async fn run(scene: &Scene, people: &People) -> Result<Imported, ImportError> {
    let keys = Keys::pgcrypto(&scene.folder.join("keys")).expect("keys");
    let source =
        Source::new(Mapping::read(&scene.folder.join("mapping.toml")).expect("a mapping"), keys).expect("a source");
    crate::scene::observed(scene, &people.signed_in().await, &source, &domain::Unobserved).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_the_real_extension_come_in_over_tls_and_through_a_socket() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let database = clinic(server).await;
    for url in [&database.server.url, &database.server.socket_url] {
        let folder = TempDir::new().expect("a folder");
        let (scene, people) = mapped(&folder, &database, url).await;
        let counts = |done: &Imported| (done.patients, done.brought_in, done.before, done.compared);
        assert_eq!(counts(&run(&scene, &people).await.expect("imported")), (2, 2, 0, 2));
        assert_eq!(counts(&run(&scene, &people).await.expect("imported again")), (2, 0, 2, 2));
        let (house, session) = (&scene.house, people.treating().await);
        for key in ["a2", "B1"] {
            let patient = scene.patient(key);
            assert_eq!(patients::read(house, &session, patient).await.expect("read").given_name, "Ana");
            let program = programs::current(house, &session, patient).await.expect("read").expect("in force");
            assert_eq!(program.items[0].dose.load.map(|load| load.tenths), Some(150));
            assert_eq!(log::list(house, &session, patient, None, 10).await.expect("read").len(), 1);
            let notes = practice::notes::list(house, &session, patient, None, 10).await.expect("read");
            assert_eq!(notes.items[0].body, format!("From {NAME}:\n\nGrößere Beugung."));
        }
        scene.close();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_under_another_passphrase_is_refused_by_name_and_the_others_are_read() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let (database, folder) = (clinic(server).await, TempDir::new().expect("a folder"));
    let (scene, people) = mapped(&folder, &database, &database.server.url).await;
    let lost = sealed(&program(), "nobody knows", "''");
    let insert = "INSERT INTO clinic.patient_exercises (row_id, patient_id, exercise_data)";
    server.sql_in(&database.name, &format!("{insert} VALUES (99, 'a2', extensions.armor({lost}))")).expect("runs");
    server.sql_in(&database.name, &format!("{insert} VALUES (98, 'a2', 'no armor')")).expect("runs");
    let found = run(&scene, &people).await.expect("looked");
    let lines: Vec<_> = found.refusals.iter().map(ToString::to_string).collect();
    let refused = |row| format!("clinic.patient_exercises, row {row}: does not open with any of the keys");
    assert_eq!((found.stopped, lines), (true, vec![refused(98), refused(99)]));
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_name_nobody_are_refused_by_table_and_row_and_are_nobodys_record() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let (database, folder) = (clinic(server).await, TempDir::new().expect("a folder"));
    let (scene, people) = mapped(&folder, &database, &database.server.url).await;
    let sql = |sql: &str| server.sql_in(&database.name, sql).expect("runs");
    let (record, note) = (sealed(&who("x", "Nobody"), NEW, "''"), sealed(&json!({"text": "Whose?"}), NEW, "''"));
    // One without a name, and rows with none at all: together they would look like a patient.
    sql(&format!("INSERT INTO clinic.patients (id, record) VALUES ('', {record})"));
    sql(&format!("INSERT INTO notes (id, patient_id, body) VALUES (71, NULL, {note}), (72, '  ', {note})"));
    sql("INSERT INTO assignments VALUES ('t1', NULL), ('t1', NULL)");
    let found = run(&scene, &people).await.expect("looked");
    let mut lines: Vec<_> = found.refusals.iter().map(ToString::to_string).collect();
    lines.sort();
    let wanted = [
        "assignments, row without a patient (1): names no patient",
        "assignments, row without a patient (2): names no patient",
        "clinic.patients, row without a patient (1): names no patient",
        "notes, row 71: names no patient",
        "notes, row 72: names no patient",
    ];
    assert_eq!((found.stopped, lines.iter().map(String::as_str).collect::<Vec<_>>()), (true, wanted.to_vec()));
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_a_name_are_the_same_the_next_time_in_whatever_order_they_come() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let (database, folder) = (clinic(server).await, TempDir::new().expect("a folder"));
    let (scene, people) = mapped(&folder, &database, &database.server.url).await;
    let path = scene.folder.join("mapping.toml");
    let text = fs::read_to_string(&path).expect("there");
    fs::write(&path, text.replace("row = \"id\", ", "")).expect("written");
    let sql = |sql: &str| server.sql_in(&database.name, sql).expect("runs");
    let rows = |words: &[&str]| {
        for words in words {
            let note = sealed(&json!({ "text": words }), NEW, "''");
            sql(&format!("INSERT INTO notes (patient_id, body) VALUES ('a2', {note})"));
        }
    };
    sql("DELETE FROM notes");
    rows(&["Better on stairs.", "Worse on stairs.", "No change."]);
    assert_eq!(run(&scene, &people).await.expect("imported").compared, 2);
    // The same notes, written anew in another order.
    sql("DELETE FROM notes");
    rows(&["No change.", "Better on stairs.", "Worse on stairs."]);
    let again = run(&scene, &people).await.expect("imported again");
    assert_eq!((again.before, again.compared, again.changed.len(), again.finished), (2, 2, 0, true));
    scene.close();
}

/// What the server has written into its log so far.
fn log_of(server: &Server) -> String {
    fs::read_to_string(server.folder().join("log")).expect("a log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_would_log_the_passphrase_is_sent_none() {
    // A server of its own: its log is read.
    let Some(server) = Server::start().expect("PostgreSQL starts") else { return };
    let (database, folder) = (clinic(&server).await, TempDir::new().expect("a folder"));
    let (scene, people) = mapped(&folder, &database, &database.server.url).await;
    let role = &database.server.role;
    let set = |setting: &str| server.sql(&format!("ALTER ROLE \"{role}\" SET {setting}")).expect("set");
    let reset = || server.sql(&format!("ALTER ROLE \"{role}\" RESET ALL")).expect("reset");
    for (setting, name) in [
        ("log_statement = 'all'", "log_statement"),
        ("log_min_duration_statement = 0", "log_min_duration_statement"),
        ("log_transaction_sample_rate = 1", "log_transaction_sample_rate"),
    ] {
        set(setting);
        let error = run(&scene, &people).await.expect_err("refused");
        let logged = |error: &ImportError| match error {
            ImportError::Source(SourceError::Elsewhere(ElsewhereError::Logged { setting, .. })) => Some(*setting),
            _ => None,
        };
        assert_eq!(logged(&error), Some(name), "{error}");
        assert!(!log_of(&server).contains("osprey"), "{setting}");
        reset();
    }
    // What any role may set for itself is set, and with parameters cut to nothing every statement may be logged.
    set("log_statement = 'all'");
    set("log_parameter_max_length = 0");
    set("log_parameter_max_length_on_error = -1");
    set("debug_print_plan = on");
    let done = run(&scene, &people).await.expect("imported");
    assert_eq!(done.compared, 2);
    let written = log_of(&server);
    assert!(written.contains("pgp_sym_decrypt_bytea"), "the statements are there");
    assert!(!written.contains("osprey") && !written.contains("bittern"), "and the passphrases are not");
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_connection_and_a_strangers_certificate_are_refused() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let (database, folder) = (clinic(server).await, TempDir::new().expect("a folder"));
    let (scene, people) = mapped(&folder, &database, &database.server.url).await;
    let path = scene.folder.join("mapping.toml");
    let text = fs::read_to_string(&path).expect("there");
    let ca = format!("ca_file = \"{}\"", database.ca_file.display());
    // Without its certificate the system's are asked, and none of them signed it.
    fs::write(&path, text.replace(&ca, "")).expect("written");
    let refused = run(&scene, &people).await;
    assert!(matches!(refused, Err(ImportError::Source(SourceError::Elsewhere(_)))));
    let url = database.server.url.replace("localhost", "127.0.0.1");
    fs::write(&path, text.replace(&database.server.url, &url)).expect("written");
    let refused = run(&scene, &people).await;
    assert!(matches!(refused, Err(ImportError::Source(SourceError::Elsewhere(_)))), "the name does not fit");
    scene.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fernet_tokens_in_a_table_come_in_as_the_usual_guide_stores_them() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let database = server.database("guide").expect("a database");
    let sql = |sql: &str| server.sql_in(&database.name, sql).expect("runs");
    sql("CREATE TABLE patients (id text PRIMARY KEY, first text, last text, dob date)");
    sql("CREATE TABLE patient_exercises (patient_id text PRIMARY KEY, exercise_data bytea NOT NULL, \
         last_modified timestamptz NOT NULL)");
    sql("INSERT INTO patients VALUES ('p7', 'Ana', 'Silva', '1984-03-02')");
    // As the guide's own program: items, and nothing around them.
    let items = json!({"items": program()["items"]});
    let token = FERNET.token(&items.to_string());
    sql(&format!("INSERT INTO patient_exercises VALUES ('p7', '{token}', '2026-03-01 09:00:00+01')"));
    sql(&format!("GRANT CONNECT ON DATABASE \"{}\" TO \"{}\"", database.name, database.server.role));
    sql(&format!("GRANT SELECT ON patients, patient_exercises TO \"{}\"", database.server.role));
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people("[source]\nfolder = \"none\"").await;
    let mapping = format!(
        r#"
        name = {NAME:?}
        [source]
        url = {:?}
        password_file = {:?}
        ca_file = {:?}
        [patients]
        from = {{ table = "patients", patient = "id" }}
        given_name = {{ column = "first" }}
        family_name = {{ column = "last" }}
        birth_date = {{ column = "dob" }}
        [programs]
        from = {{ table = "patient_exercises", patient = "patient_id", sealed = "exercise_data", leave_out = ["items.type"] }}
        title = {{ value = "Home exercises" }}
        starts_on = {{ column = "last_modified" }}
        items = "items"
        item = {{ exercise = "exercise", sets = "sets", reps = "reps", hold_seconds = "hold_s", load = "weight", days_a_week = "per_week", instruction = "note" }}
        days_a_week = {{ 5 = [1, 2, 3, 4, 5], 7 = [1, 2, 3, 4, 5, 6, 7] }}
        [exercises]
        "Heel slides" = "heel-slide"
        "Quad set" = "quad-set"
        "#,
        database.server.url, database.server.password_file, database.ca_file,
    );
    fs::write(folder.path().join("mapping.toml"), mapping).expect("written");
    let done = imported(&scene, &people.signed_in().await).await.expect("imported");
    assert_eq!((done.brought_in, done.compared, done.programs, done.refused), (1, 1, 1, 0));
    people.test.care_link(&people.therapist, scene.patient("p7")).await;
    let session = people.treating().await;
    let program = programs::current(&scene.house, &session, scene.patient("p7")).await.expect("read").expect("there");
    assert_eq!((program.title.as_str(), program.starts_on.to_string().as_str()), ("Home exercises", "2026-03-01"));
    assert_eq!(session.practice(), PRACTICE);
    scene.close();
}
