//! A server whose root key cannot be reached starts sealed, answers 503, and opens by itself; a wrong key never opens it.

use crate::{
    client::{Answer, Client},
    server::{FOUND, KEY_FILE, Practice},
    skipped,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// How often it is asked whether it has opened, with [`A_WHILE`] between.
const TRIES: usize = 600;
const A_WHILE: Duration = Duration::from_millis(100);

fn unfounded(root: &str) -> Practice {
    Practice::settled("", root, "")
}

/// Writes a file that only its owner may read. It gets its name whole and private: a sealed server may look at any moment,
/// and what it finds too open or half written it refuses for good.
fn private(path: &Path, text: &str) {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).expect("written");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).expect("private");
    fs::rename(&draft, path).expect("in place");
}

async fn opens(client: &Client) -> Answer {
    for _ in 0..TRIES {
        let ready = client.get("/readyz").await;
        if ready.status == 200 {
            return ready;
        }
        tokio::time::sleep(A_WHILE).await;
    }
    panic!("it did not open");
}

/// Everything but the liveness is answered with 503 and when to try again, and says why.
async fn is_sealed(client: &Client) {
    assert_eq!(client.get("/healthz").await.status, 200);
    let ready = client.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("sealed"), "{}", ready.text);
    for (method, path) in [("GET", "/"), ("GET", "/api/v1/me"), ("POST", "/api/v1/session"), ("GET", "/no/such")] {
        let answer = client.send(method, path, None).await;
        assert_eq!(answer.status, 503, "{method} {path}");
        assert!(answer.retry_after.is_some(), "{method} {path}");
    }
    let html = [("accept", "text/html")];
    let page = client.try_send("GET", "/sign-in", &html, None).await.expect("an answer");
    assert!(page.status == 503 && page.text.contains("<html") && page.text.contains("sealed"), "{}", page.text);
    let sheet = page.text.split('"').find(|part| part.ends_with(".css")).expect("a style sheet");
    assert_eq!(client.get(sheet).await.status, 200, "the page looks as it should");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_key_file_is_away_is_sealed_and_opens_when_it_is_back() {
    let practice = unfounded(KEY_FILE);
    practice.done(&FOUND);
    let (key, away) = (practice.path().join("root.key"), practice.path().join("unmounted.key"));
    fs::rename(&key, &away).expect("moved");
    let mut server = practice.start();
    let client = server.client();
    is_sealed(&client).await;
    fs::rename(&away, &key).expect("moved");
    opens(&client).await;
    assert_eq!(client.get("/api/v1/me").await.status, 401, "it serves");
    server.stop_well();
    practice.done(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_server_can_be_stopped_and_refuses_a_wrong_passphrase() {
    let practice = unfounded("sealed_file = \"root.sealed\", passphrase_file = \"passphrase\"");
    let words = practice.path().join("passphrase");
    private(&words, "correct horse battery staple\n");
    practice.done(&FOUND);
    fs::remove_file(&words).expect("removed");
    let mut server = practice.start();
    is_sealed(&server.client()).await;
    server.stop_well();

    let mut server = practice.start();
    is_sealed(&server.client()).await;
    private(&words, "correct horse battery stable\n");
    assert_eq!(server.ends().code(), Some(1));
    assert!(server.log().contains("the passphrase does not open"), "{}", server.log());

    private(&words, "correct horse battery staple\n");
    let mut server = practice.start();
    opens(&server.client()).await;
    server.stop_well();
}

#[test]
fn another_root_key_does_not_start_and_is_named() {
    let practice = unfounded(KEY_FILE);
    practice.done(&FOUND);
    let other = unfounded(KEY_FILE);
    other.done(&FOUND);
    fs::copy(other.path().join("root.key"), practice.path().join("root.key")).expect("copied");
    let mut server = practice.spawn(&[]);
    assert_eq!(server.ends().code(), Some(1));
    assert!(!server.listens() && server.log().contains("another one"), "{}", server.log());
}

#[test]
fn a_server_that_was_never_founded_is_refused_and_not_sealed() {
    let practice = unfounded(KEY_FILE);
    let said = practice.command(&["serve"]);
    assert_eq!(said.status, Some(1));
    assert!(said.err.contains("root.key"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_in_a_pkcs11_token_founds_serves_and_is_waited_for() {
    let Some(practice) = with_token() else {
        return skipped("SoftHSM2 is not installed (Debian: softhsm2); scripts/setup.sh installs it");
    };
    let (tokens, unplugged) = (practice.path().join("tokens"), practice.path().join("unplugged"));
    let conf = format!("SOFTHSM2_CONF={}", practice.path().join("softhsm2.conf").display());
    let environment = ["env", &*conf];

    fs::rename(&tokens, &unplugged).expect("moved");
    let mut server = practice.spawn(&environment);
    assert!(server.listens(), "{}", server.log());
    is_sealed(&server.client()).await;
    fs::rename(&unplugged, &tokens).expect("moved");
    opens(&server.client()).await;
    // What is open stays so when the token is taken out.
    fs::rename(&tokens, &unplugged).expect("moved");
    assert_eq!(server.client().get("/readyz").await.status, 200);
    server.stop_well();
    fs::rename(&unplugged, &tokens).expect("moved");

    // A wrong PIN is tried once and not again: a few would lock the token.
    private(&practice.path().join("pin"), "4321\n");
    let refused = practice.command_with(&environment, &["serve"]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.err.contains("does not accept the PIN"), "{}", refused.err);
}

/// A practice whose root lies in a token in software; none where SoftHSM2 is not installed.
pub(crate) fn with_token() -> Option<Practice> {
    const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
    if !Path::new(MODULE).exists() {
        return None;
    }
    let practice = unfounded(&format!(
        "sealed_file = \"root.sealed\", pkcs11_module = \"{MODULE}\", pkcs11_token = \"patella\", \
         pkcs11_key = \"root\", pkcs11_pin_file = \"pin\""
    ));
    let conf = softhsm(&practice.path().join("tokens"), &practice.path());
    private(&practice.path().join("pin"), "1234\n");
    let founded = practice.command_with(&["env", &conf], &FOUND);
    assert_eq!(founded.status, Some(0), "{}", founded.err);
    Some(practice)
}

/// A token in software; what the environment must say for it.
fn softhsm(tokens: &PathBuf, folder: &Path) -> String {
    fs::create_dir(tokens).expect("made");
    let conf = folder.join("softhsm2.conf");
    fs::write(&conf, format!("directories.tokendir = {}\n", tokens.display())).expect("written");
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "patella", "--so-pin", "87654321", "--pin", "1234"])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .expect("softhsm2-util runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    format!("SOFTHSM2_CONF={}", conf.display())
}
