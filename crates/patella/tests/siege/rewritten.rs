//! Whoever has root on the machine puts back an older copy of everything and goes on from there: heads that were kept elsewhere tell.

use crate::{
    day::founder,
    server::{Practice, free, run},
};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Looks at the trail so often, which is so many entries.
async fn looked(practice: &Practice, cookie: &str, times: usize) {
    let mut server = practice.start();
    let admin = server.client().with(cookie);
    for _ in 0..times {
        assert_eq!(admin.get("/api/v1/audit/export?format=csv").await.status, 200);
    }
    server.stop_well();
}

fn entries(said: &str) -> u64 {
    let line = said.lines().next().expect("the server's log");
    line.split(' ').nth(1).and_then(|number| number.parse().ok()).expect("how many entries")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_ledger_databases_and_keys_that_was_put_back_is_found_by_heads_that_were_kept_elsewhere() {
    let practice = Practice::founded("", free());
    let mut server = practice.start();
    let cookie = founder(&practice, &server.client()).await.cookie().to_owned();
    server.stop_well();
    let older = practice.copy();
    looked(&practice, &cookie, 3).await;
    let elsewhere = TempDir::with_prefix("patella-elsewhere-").expect("a folder");
    let heads = elsewhere.path().join("heads");
    let keys = practice.done(&["audit", "key"]);
    let first = practice.done(&["audit", "checkpoint"]);
    looked(&practice, &cookie, 1).await;
    fs::write(&heads, format!("{first}{}", practice.done(&["audit", "checkpoint"]))).expect("written");
    let heads = heads.to_str().expect("a plain path");
    let whole = practice.done(&["audit", "verify", "--head", heads]);
    assert!(whole.contains("and so say the heads elsewhere"), "{whole}");

    // A second path that is out of their reach stops the start.
    let second = older.path().join("checkpoint-elsewhere");
    let theirs = fs::read(&second).expect("read");
    fs::copy(practice.path().join("checkpoint-elsewhere"), &second).expect("copied");
    let mut refused = older.spawn(&[]);
    assert!(!refused.listens() && refused.log().contains("the audit log was cut"), "{}", refused.log());

    // They have root: the second path is theirs too, and so are the keys. They go on until there are more entries than there were,
    // and everything on the machine agrees.
    fs::write(&second, theirs).expect("written");
    looked(&older, &cookie, 9).await;
    let forged = older.done(&["audit", "verify"]);
    assert!(entries(&forged) > entries(&whole), "{forged} {whole}");

    let found = older.command(&["audit", "verify", "--head", heads]);
    assert_eq!(found.status, Some(1), "{} {}", found.out, found.err);
    assert!(found.err.contains("rewritten"), "{}", found.err);

    // On another machine, with the public key and a copy of the folder alone.
    let copied = |of: &Practice| of.path().join("stores/audit");
    let key = keys.lines().next().expect("the server's");
    let elsewhere = |folder: &Path, heads: &str| {
        run(&["audit", "verify-copy", folder.to_str().expect("plain"), "--key", key, "--head", heads])
    };
    let honest = elsewhere(&copied(&practice), heads);
    assert_eq!(honest.status, Some(0), "{}", honest.err);
    let found = elsewhere(&copied(&older), heads);
    assert!(found.status == Some(1) && found.err.contains("rewritten"), "{}", found.err);

    // A file that holds no head of this log tells nothing, and that is said.
    let refused = practice.command(&["audit", "verify", "--head", practice.config().to_str().expect("plain")]);
    assert!(refused.status == Some(1) && refused.err.contains("holds no head of these logs"), "{}", refused.err);
}
