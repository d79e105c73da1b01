//! What the commands print, how they end, and what is there afterwards.

use super::practice::{PATIENCE, Practice, Serving, refused, succeed};
use data_encoding::BASE64;
use std::{fs, time::Instant};
use testkit::{disk::Disk, postgres::Server};

#[test]
fn a_backup_is_made_listed_verified_and_brought_back_with_what_was_lost_said() {
    let practice = Practice::demo();
    let config = &practice.config;
    let data = practice.folder.path().join("demo/stores");
    let created = succeed(&["backup", "create"], config);
    let name = practice.newest();
    assert!(created.contains(&name) && created.contains("read back and signed"), "{created}");
    assert!(succeed(&["backup", "list"], config).contains(&name));
    assert!(succeed(&["backup", "verify"], config).contains("are right"));
    let verified = succeed(&["backup", "verify", "--identity", &practice.identity], config);
    assert!(verified.contains("hashes that were signed"), "{verified}");
    let people = succeed(&["user", "list"], config);

    // It does not go where something is.
    let restore = ["backup", "restore", "--identity", &practice.identity];
    assert!(refused(&restore, config).contains("is there already"), "it would have overwritten");

    // The disk is gone; the heads off the box know of what was recorded after the backup.
    fs::remove_dir_all(&data).expect("removed");
    let restored = succeed(&restore, config);
    assert!(restored.contains(&name) && restored.contains("is back as of"), "{restored}");
    assert!(restored.contains("LOST: ") && restored.contains("/commands"), "{restored}");
    assert!(succeed(&["audit", "verify"], config).contains("whole"));
    assert_eq!(succeed(&["user", "list"], config), people);
    assert!(refused(&restore, config).contains("is there already"));

    // The next backup is as good.
    succeed(&["backup", "create"], config);
    assert_ne!(practice.newest(), name);
    succeed(&["backup", "verify", "--identity", &practice.identity], config);
}

#[test]
fn a_key_part_whose_epoch_key_is_destroyed_opens_no_more() {
    let practice = Practice::demo();
    let config = &practice.config;
    succeed(&["backup", "create"], config);
    let epochs = practice.folder.path().join("epochs");
    let key = fs::read_dir(&epochs).expect("listed").next().expect("one").expect("listed").path();
    fs::rename(&key, key.with_extension("away")).expect("renamed");
    fs::remove_dir_all(practice.folder.path().join("demo/stores")).expect("removed");
    let restore = ["backup", "restore", "--identity", &practice.identity];
    let said = refused(&restore, config);
    assert!(said.contains("epoch 1"), "{said}");
    fs::rename(key.with_extension("away"), &key).expect("renamed");
    succeed(&restore, config);
}

#[test]
fn a_drill_leaves_everything_alone_and_its_record_verifies_with_the_public_key_alone() {
    let practice = Practice::founded();
    let config = &practice.config;
    succeed(&["backup", "create"], config);
    let said = succeed(&["backup", "drill", "--identity", &practice.identity], config);
    for word in ["\"whole\": true", "every wrapped key unwraps", "identity.practices", "the record is kept as drills/"]
    {
        assert!(said.contains(word), "{word} in {said}");
    }
    succeed(&["audit", "verify"], config);

    // With what `init` told to keep offline, and nothing of the practice's: a signed note, Ed25519.
    let file = fs::read_dir(practice.backups().join("drills")).expect("listed").next().expect("one").expect("listed");
    let note = fs::read_to_string(file.path()).expect("text");
    let key = practice.said.split_whitespace().find(|word| word.starts_with("practice.example+")).expect("a key");
    assert!(verifies(&note, key), "{note}");
    assert!(!verifies(&note.replace("\"whole\": true", "\"whole\": false"), key));
    assert!(!verifies(&note.replace("\"rows\": ", "\"rows\": 1"), key));
}

/// C2SP signed-note, in a few lines: name+id+key, and behind the text a line with id and signature.
fn verifies(note: &str, key: &str) -> bool {
    let (name, key) = (key.split('+').next().expect("a name"), key.splitn(3, '+').nth(2).expect("a key"));
    let public: [u8; 32] = BASE64.decode(key.as_bytes()).expect("base64")[1..].try_into().expect("32 bytes");
    let (text, signatures) = note.rsplit_once("\n\n").expect("an empty line");
    let line =
        signatures.lines().find_map(|line| line.strip_prefix(&format!("\u{2014} {name} "))).expect("a signature");
    let signature = BASE64.decode(line.as_bytes()).expect("base64");
    crypto::verify_signature(&public, format!("{text}\n").as_bytes(), &signature[4..])
}

#[test]
fn a_server_makes_backups_by_itself() {
    let practice = Practice::demo();
    practice.append("every_hours = 1\n");
    let _serving = Serving::start(&practice);
    let began = Instant::now();
    let named = || {
        let names = fs::read_dir(practice.backups()).expect("listed").map(|item| item.expect("listed").path());
        names
            .into_iter()
            .any(|path| path.join("manifest").exists() && !path.display().to_string().contains("unfinished"))
    };
    while !named() {
        assert!(began.elapsed() < PATIENCE, "no backup was made");
        std::thread::yield_now();
    }
    succeed(&["backup", "verify", "--identity", &practice.identity], &practice.config);
}

#[test]
fn a_target_that_is_away_and_recipients_that_are_none_are_refused() {
    let practice = Practice::founded();
    let text = fs::read_to_string(&practice.config).expect("text");
    fs::remove_dir_all(practice.backups()).expect("removed");
    assert!(refused(&["backup", "create"], &practice.config).contains("backups"));
    let nobody = text.lines().filter(|line| !line.starts_with("recipients")).collect::<Vec<_>>().join("\n");
    fs::write(&practice.config, nobody).expect("written");
    assert!(refused(&["backup", "create"], &practice.config).contains("no recipient"));
    let wrong = text.replace("recipients = [\"age1", "recipients = [\"ssh-ed25519 ");
    fs::write(&practice.config, wrong).expect("written");
    assert!(refused(&["backup", "list"], &practice.config).contains("backup.recipients"));
}

#[test]
fn a_move_for_which_there_is_no_room_says_so_and_comes_to_its_end_when_there_is() {
    let practice = Practice::demo();
    let demo = practice.folder.path().join("demo");
    let Some(disk) = Disk::at(&practice.folder.path().join("disk"), "64m").expect("made") else { return };
    let people = succeed(&["user", "list"], &practice.config);
    let text = fs::read_to_string(&practice.config).expect("text");
    let text = text.replace(&format!("{:?}", demo.join("stores")), &format!("{:?}", disk.path().join("stores")));
    let text = text.replace(&format!("{:?}", demo.join("checkpoint-elsewhere")), &format!("{:?}", demo.join("head")));
    let to = demo.join("to.toml");
    fs::write(&to, text).expect("written");
    let moving = ["move", "--to", to.to_str().expect("plain")];
    // Room for the first database and not for all.
    for left in [0, 1 << 20] {
        disk.fill_but(left).expect("filled");
        let said = refused(&moving, &practice.config);
        assert!(said.contains("full") || said.contains("No space"), "{left} bytes: {said}");
        assert!(refused(&["user", "list"], &to).contains("stores"), "nothing is there under its name");
        assert_eq!(succeed(&["user", "list"], &practice.config), people, "the old place is whole");
        disk.free().expect("freed");
    }
    succeed(&moving, &practice.config);
    assert_eq!(succeed(&["user", "list"], &to), people);
    assert!(succeed(&["audit", "verify"], &to).contains("whole"));
}

#[test]
fn a_practice_moves_to_postgresql_and_back_by_two_commands() {
    let Some(server) = Server::start().expect("starts") else { return };
    let practice = Practice::demo();
    let text = fs::read_to_string(&practice.config).expect("text");
    let people = succeed(&["user", "list"], &practice.config);
    let demo = practice.folder.path().join("demo");
    let place = |name: &str| {
        let data = demo.join("stores");
        let heads = demo.join("checkpoint-elsewhere");
        let text = text.replace(&format!("{data:?}"), &format!("{:?}", demo.join(name)));
        text.replace(&format!("{heads:?}"), &format!("{:?}", demo.join(format!("{name}-head"))))
    };
    let mut there = place("there");
    there.push_str(&server.stores().expect("databases").0);
    let (to_there, back) = (demo.join("there.toml"), demo.join("back.toml"));
    fs::write(&to_there, there).expect("written");
    fs::write(&back, place("back")).expect("written");

    let moved = succeed(&["move", "--to", to_there.to_str().expect("plain")], &practice.config);
    assert!(moved.contains("clinical.patients: 3 rows") && moved.contains("on both sides"), "{moved}");
    assert_eq!(succeed(&["user", "list"], &to_there), people);
    assert!(succeed(&["audit", "verify"], &to_there).contains("whole"));
    // A backup of databases in PostgreSQL is like any other.
    succeed(&["backup", "create"], &to_there);
    succeed(&["backup", "verify", "--identity", &practice.identity], &to_there);

    succeed(&["move", "--to", back.to_str().expect("plain")], &to_there);
    assert_eq!(succeed(&["user", "list"], &back), people);
    assert!(succeed(&["audit", "verify"], &back).contains("whole"));
    // The first place is as it was.
    assert_eq!(succeed(&["user", "list"], &practice.config), people);
    assert!(refused(&["move", "--to", back.to_str().expect("plain")], &practice.config).contains("there already"));
}
