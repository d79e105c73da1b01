//! What we write, others can read: the distribution's `age` and `zstd`.

use super::scene::Scene;
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// Whether the distribution's tools are here. If not, a word about it is printed.
#[expect(clippy::print_stderr, reason = "whoever reads the test run must know what it did not test")]
fn tools_are_here() -> bool {
    let here = |tool: &str| Command::new(tool).arg("--version").stdout(Stdio::null()).status().is_ok();
    let all = here("age") && here("zstd");
    if !all {
        eprintln!("SKIPPED: age or zstd is not installed (scripts/setup.sh), so no outside tool reads a backup");
    }
    all
}

fn decrypt(identity: &Path, file: &Path) -> Option<Vec<u8>> {
    let mut age = Command::new("age")
        .args(["--decrypt", "--identity"])
        .args([identity, file])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("age runs");
    let zstd = Command::new("zstd")
        .args(["-d", "-c", "-q"])
        .stdin(age.stdout.take().expect("a pipe"))
        .stderr(Stdio::null())
        .output()
        .expect("zstd runs");
    (age.wait().expect("ended").success() && zstd.status.success()).then_some(zstd.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_distributions_own_age_and_zstd_read_a_part() {
    if !tools_are_here() {
        return;
    }
    let scene = Scene::new(3).await;
    let made = scene.backup().await.manifest;
    let file = scene.backups().join(&made.name).join("clinical.age");
    let clear = decrypt(&scene.folder.join("identity.txt"), &file).expect("it opens");
    let line = clear.split(|byte| *byte == b'\n').next().expect("a first line");
    let header: serde_json::Value = serde_json::from_slice(line).expect("JSON");
    assert_eq!(header["part"], "clinical");
    assert_eq!(header["backup"], made.name.as_str());
    let patients = header["tables"].as_array().expect("a list").iter().find(|table| table["name"] == "patients");
    assert_eq!(patients.expect("the table")["rows"], 3);
    // What is sealed stays sealed: no name of a patient stands there.
    let text = String::from_utf8_lossy(&clear);
    assert!(text.contains("heel") || text.contains("knee"), "the library is in the open");
    assert!(!text.contains("Given1") && !text.contains("Family"), "a patient's name is in the open");

    // Without the identity it does not open: nothing on the server does it.
    assert!(decrypt(&scene.folder.join("recipient"), &file).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_with_recipients_of_its_own_opens_for_them_alone() {
    if !tools_are_here() {
        return;
    }
    let scene = Scene::new(1).await;
    let (secret, recipient) = crypto::Identities::generate_text();
    std::fs::write(scene.folder.join("billing.txt"), secret).expect("written");
    let mut setup = scene.setup().await;
    setup.recipients.billing = vec![recipient.parse().expect("a recipient")];
    let contents = scene.contents();
    let made = super::scene::blocking(move || {
        practice::backup::create::create(&contents, &setup, &domain::SystemClock, &domain::Unobserved)
    })
    .await
    .expect("a backup");
    let folder = scene.backups().join(&made.manifest.name);
    let (general, billing) = (scene.folder.join("identity.txt"), scene.folder.join("billing.txt"));
    assert!(decrypt(&billing, &folder.join("billing.age")).is_some());
    assert!(decrypt(&general, &folder.join("billing.age")).is_none());
    assert!(decrypt(&billing, &folder.join("clinical.age")).is_none());
    assert!(decrypt(&general, &folder.join("clinical.age")).is_some());
}
