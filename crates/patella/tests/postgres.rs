//! A practice whose databases all are in PostgreSQL, from outside: owners migrate, the server's roles do the rest.

use std::{fs, path::Path, process::Output};
use testkit::{
    postgres::Server,
    program::{program, succeeded},
};

fn patella(config: &Path, arguments: &[&str]) -> Output {
    program(env!("CARGO_BIN_EXE_patella")).args(arguments).arg("--config").arg(config).output().expect("runs")
}

fn succeed(config: &Path, arguments: &[&str]) -> String {
    succeeded(&patella(config, arguments), arguments)
}

#[test]
fn a_practice_is_founded_and_its_trail_verified_in_postgresql() {
    let Some(server) = Server::start().expect("starts") else { return };
    let folder = tempfile::tempdir().expect("folder");
    let (stores, databases) = server.stores().expect("databases");
    let settings = format!(
        "origin = \"https://localhost:8443\"\ndata = \"data\"\n\
         tls = {{ certificate = \"tls/chain.pem\", key = \"tls/key.pem\" }}\nroot = {{ key_file = \"root.key\" }}\n{stores}"
    );
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
