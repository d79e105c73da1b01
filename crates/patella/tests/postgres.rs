//! A practice whose databases all are in PostgreSQL, from outside: owners migrate, the server's roles do the rest.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use testkit::postgres::Server;

fn patella(config: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patella"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PATELLA")) {
        command.env_remove(name);
    }
    command.args(arguments).arg("--config").arg(config).output().expect("runs")
}

fn succeed(config: &Path, arguments: &[&str]) -> String {
    let output = patella(config, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_practice_is_founded_and_its_trail_verified_in_postgresql() {
    let Some(server) = Server::start().expect("starts") else { return };
    let folder = tempfile::tempdir().expect("folder");
    let mut settings = String::from(
        "origin = \"https://localhost:8443\"\ndata = \"data\"\n\
         tls = { certificate = \"tls/chain.pem\", key = \"tls/key.pem\" }\nroot = { key_file = \"root.key\" }\n\
         [stores]\nbackend = \"postgres\"\n",
    );
    let mut databases = Vec::new();
    for store in ["identity", "keys", "clinical", "billing", "audit"] {
        let database = server.database(store).expect("a database");
        settings.push_str(&format!(
            "[stores.{store}]\nurl = {:?}\npassword_file = {:?}\nmigrator_url = {:?}\nmigrator_password_file = {:?}\n\
             ca_file = {:?}\n",
            database.server.url,
            database.server.password_file,
            database.owner.url,
            database.owner.password_file,
            database.ca_file,
        ));
        databases.push(database);
    }
    let config = folder.path().join("patella.toml");
    fs::write(&config, settings).expect("written");

    succeed(&config, &["init", "--practice", "Knee & Hip", "--timezone", "America/New_York"]);
    let applied = succeed(&config, &["migrate"]);
    assert!(applied.lines().count() == 5 && applied.lines().all(|line| line.ends_with(": 0 applied")), "{applied}");
    succeed(&config, &["user", "list"]);
    succeed(&config, &["audit", "verify"]);

    let before = fs::read(folder.path().join("root.key")).expect("the root key");
    let again = patella(&config, &["init", "--practice", "Another", "--timezone", "UTC"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(fs::read(folder.path().join("root.key")).expect("the root key"), before);

    server
        .sql(&format!("ALTER ROLE \"{}\" NOLOGIN", databases[2].server.role))
        .expect("the clinical store is taken away");
    let refused = patella(&config, &["user", "list"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && said.contains("clinical"), "{said}");
}
