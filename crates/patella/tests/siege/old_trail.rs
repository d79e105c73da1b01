//! A trail that is older than the law asks for: what is old goes by one command beside the server, and whoever reads the trail or
//! takes it out is told so.

use crate::{
    day::founder,
    server::{Practice, free},
};
use crypto::{KeyFile, RootProvider, SystemRng};
use domain::{FixedClock, Timestamp};
use ledger::{Entry, LogName, Settings};
use phi::{AUDIT, Keyring};
use practice::backup::AuditBranch;
use std::{fs, sync::Arc, time::Instant};
use store::{Db, EmbeddedOptions, PageKeys, Store, rows::keys::Keys};
use testkit::dropping;

/// Whole segments of old entries, and some young ones behind them.
const OLD: u64 = 12 * 256;

fn entries(at: &str, count: u64) -> Vec<Entry> {
    let first: Timestamp = at.parse().expect("a moment");
    let at = |n: u64| first.as_millisecond() + i64::try_from(n).expect("few");
    (0..count).map(|n| dropping::entry(Timestamp::from_millisecond(at(n)).expect("in range"))).collect()
}

/// Writes the server's log as it was written years ago, with the keys of the practice.
async fn written_long_ago(practice: &Practice) {
    let stores = practice.path().join("stores");
    let root = KeyFile(practice.path().join("root.key")).load().expect("the root");
    let pages = PageKeys::open(&stores.join("page-keys"), &root).expect("page keys");
    let page = pages.key(Store::Keys).expect("its page key");
    let keys = Db::open(&stores.join("keys.db"), page.expose(), &EmbeddedOptions::default()).expect("opened");
    let keyring = Keyring::new(&root, Arc::new(Keys::new(keys)), Arc::new(SystemRng));
    let branch = AuditBranch::new(keyring.server_key(AUDIT, "audit branch").await.expect("the branch"));
    let checkpoint = fs::read_to_string(stores.join("audit-commands/checkpoint")).expect("signed when it was founded");
    let name = checkpoint.lines().next().and_then(|name| name.strip_suffix("/commands")).expect("a name");
    let name = LogName::new(name).expect("a name");
    let clock = Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH));
    for (at, count) in [("2018-03-14T12:00:00Z", OLD), ("2026-11-01T12:00:00Z", 300)] {
        let settings =
            Settings::new(name.clone(), branch.seal(&name), branch.signer(&name), clock.clone(), Arc::new(SystemRng));
        dropping::append(&stores.join("audit"), settings, entries(at, count)).await.expect("appended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_eight_years_ago_go_by_one_command_beside_the_server_and_an_export_says_so() {
    let practice = Practice::founded("", free());
    written_long_ago(&practice).await;
    let mut server = practice.start();
    let admin = founder(&practice, &server.client()).await;
    let before = admin.get("/api/v1/audit/export?format=csv").await.text;
    assert!(!before.contains("2018-03-14"), "they are of no practice, and nothing was dropped");

    let would = practice.done(&["audit", "drop-old", "--dry-run"]);
    assert!(
        would.contains(&format!("{OLD} entries, up to 2018-03-14")) && would.contains("would be dropped"),
        "{would}"
    );
    let done = practice.done(&["audit", "drop-old"]);
    assert!(done.contains(&format!("{OLD} entries, up to 2018-03-14")) && done.contains("after 6 years"), "{done}");
    let again = practice.done(&["audit", "drop-old"]);
    assert_eq!(again.lines().filter(|line| line.ends_with("nothing more is old")).count(), 2, "{again}");

    let began = Instant::now();
    let csv = loop {
        let csv = admin.get("/api/v1/audit/export?format=csv").await.text;
        if csv.contains("2018-03-14") {
            break csv;
        }
        assert!(began.elapsed().as_secs() < 60, "the server does not notice");
    };
    let mut lines = csv.lines();
    assert!(lines.next().expect("the names").ends_with(",dropped_until"));
    assert_eq!(csv.matches("2018-03-14").count(), 1, "it stands once, in the first row");
    let json = admin.get("/api/v1/audit/export?format=json").await.text;
    assert!(json.contains("\"dropped_until\":\"2018-03-14T12:00:03"), "{}", &json[json.len() - 200..]);
    server.stop_well();
    practice.done(&["audit", "verify"]);
    practice.start().stop_well();
}
