//! The same commands with storage that speaks S3.

use super::practice::{PATIENCE, Practice, Serving, refused, succeed};
use std::{fs, time::Instant};
use testkit::s3::{REGION, Storage};

/// Points a practice's backups at a new bucket; no where there is no storage.
fn to_a_bucket(practice: &Practice, lock: &str) -> bool {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let Some(storage) = runtime.block_on(Storage::shared()).expect("starts") else { return false };
    let bucket = runtime.block_on(storage.bucket(!lock.is_empty())).expect("a bucket");
    let credentials = storage.credentials();
    for (name, text) in [("access", credentials.key()), ("secret", credentials.secret())] {
        fs::write(practice.folder.path().join(name), format!("{text}\n")).expect("written");
    }
    let text = fs::read_to_string(&practice.config).expect("text");
    let text =
        text.replace(&format!("target = {:?}", practice.backups()), &format!("target = \"s3://{bucket}/north/\""));
    fs::write(&practice.config, text).expect("written");
    practice.append(&format!(
        "[backup.s3]\nendpoint = {:?}\nregion = {REGION:?}\npath_style = true\nca_file = {:?}\n\
         access_key_file = {:?}\nsecret_key_file = {:?}\n{lock}",
        storage.endpoint(),
        storage.ca_file(),
        practice.folder.path().join("access"),
        practice.folder.path().join("secret"),
    ));
    true
}

#[test]
fn a_backup_in_a_bucket_is_made_listed_verified_drilled_and_brought_back() {
    let practice = Practice::demo();
    if !to_a_bucket(&practice, "lock = \"governance\"\nlock_days = 2\n") {
        return;
    }
    let config = &practice.config;
    let created = succeed(&["backup", "create"], config);
    assert!(created.contains("read back and signed"), "{created}");
    let name = created.split(':').next().expect("a name");
    assert!(succeed(&["backup", "list"], config).contains(name));
    let verified = succeed(&["backup", "verify", "--identity", &practice.identity], config);
    assert!(verified.contains("hashes that were signed"), "{verified}");
    let drilled = succeed(&["backup", "drill", "--identity", &practice.identity], config);
    assert!(drilled.contains("\"whole\": true") && drilled.contains("the record is kept as drills/"), "{drilled}");

    let people = succeed(&["user", "list"], config);
    fs::remove_dir_all(practice.folder.path().join("demo/stores")).expect("the disk is gone");
    let restored = succeed(&["backup", "restore", "--identity", &practice.identity], config);
    assert!(restored.contains(name) && restored.contains("is back as of"), "{restored}");
    assert_eq!(succeed(&["user", "list"], config), people);

    // The next one, of which the rules keep one only, says what the lock holds.
    let text = fs::read_to_string(config).expect("text");
    let text = text.replace("[backup]\n", "[backup]\nkeep = { last = 1, daily = 0, weekly = 0, monthly = 0 }\n");
    fs::write(config, text).expect("written");
    let again = succeed(&["backup", "create"], config);
    assert!(again.contains(&format!("{name} is under lock until ")), "{again}");
}

#[test]
fn a_server_makes_backups_in_a_bucket_by_itself() {
    let practice = Practice::demo();
    if !to_a_bucket(&practice, "") {
        return;
    }
    let text = fs::read_to_string(&practice.config).expect("text");
    fs::write(&practice.config, text.replace("[backup]\n", "[backup]\nevery_hours = 1\n")).expect("written");
    let _serving = Serving::start(&practice);
    let began = Instant::now();
    while !succeed(&["backup", "list"], &practice.config).contains("rows") {
        assert!(began.elapsed() < PATIENCE, "no backup was made");
    }
    succeed(&["backup", "verify", "--identity", &practice.identity], &practice.config);
}

#[test]
fn a_bucket_without_its_storage_or_keys_is_refused_and_the_way_out_is_said() {
    let practice = Practice::demo();
    if !to_a_bucket(&practice, "lock = \"compliance\"\n") {
        return;
    }
    assert!(refused(&["backup", "list"], &practice.config).contains("lock_days"));
    let text = fs::read_to_string(&practice.config).expect("text").replace("lock = \"compliance\"\n", "");
    fs::write(&practice.config, text.replace("secret_key_file", "#")).expect("written");
    assert!(refused(&["backup", "list"], &practice.config).contains("go together"));
    let none = text.lines().filter(|line| !line.contains("_key_file")).collect::<Vec<_>>().join("\n");
    fs::write(&practice.config, none).expect("written");
    let said = refused(&["backup", "list"], &practice.config);
    assert!(said.contains("AWS_ACCESS_KEY_ID") && said.contains("access_key_file"), "{said}");
    let nowhere = text.split("[backup.s3]").next().expect("settings");
    fs::write(&practice.config, nowhere).expect("written");
    assert!(refused(&["backup", "list"], &practice.config).contains("[backup.s3] is missing"));
}

#[test]
fn rented_storage_about_which_a_practice_has_no_agreement_on_file_gets_no_backup() {
    let practice = Practice::founded();
    if !to_a_bucket(&practice, "") {
        return;
    }
    let said = refused(&["backup", "create"], &practice.config);
    assert!(said.contains("no agreement about it on file") && said.contains("under Alerts, Agreements"), "{said}");
    assert!(succeed(&["backup", "list"], &practice.config).contains("There is no backup"));
    let trail = succeed(&["audit", "list"], &practice.config);
    let line = trail.lines().find(|line| line.contains("no-agreement")).expect("recorded");
    assert!(line.contains("create_backup") && line.contains("denied"), "{line}");
    // A folder is the operator's own.
    let text = fs::read_to_string(&practice.config).expect("text");
    let bucket = text.lines().find(|line| line.starts_with("target = \"s3")).expect("a target").to_owned();
    let folder = text.replace(&bucket, &format!("target = {:?}", practice.backups()));
    fs::write(&practice.config, folder.split("[backup.s3]").next().expect("settings")).expect("written");
    assert!(succeed(&["backup", "create"], &practice.config).contains("read back and signed"));
}
