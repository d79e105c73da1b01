//! Killed at every transition, a purge of billing accounts comes to the same end.

use crate::{
    fixture::{copy, registered},
    killed::{Kept, PRACTICE, approved, log, on_postgres, open, places, run, signer},
    till::Till,
};
use domain::{BillingAccountId, PlanId, Role, Unobserved, billing::Cents};
use ledger::{DestructionLedger, VerifierKey, memory::MemoryLedger};
use phi::{as_subject, billing_branch};
use practice::retention::{BILLING_PURGE_STEPS, plan_accounts_unattended, verify_account_certificate};
use std::{fs, path::Path};
use store::rows::{
    destroyed,
    retention::{self, accounts},
};
use tempfile::TempDir;
use testkit::{house::TestHouse, postgres::Server};

/// People of a house in a folder, to charge and be paid; their own ledger and folder are not used.
fn people(kept: &Kept) -> TestHouse {
    TestHouse {
        house: kept.house.clone(),
        clock: kept.clock.clone(),
        ledger: MemoryLedger::open(),
        lag: std::sync::Arc::default(),
        folder: TempDir::new().expect("a folder"),
    }
}

/// Three accounts that are due and one that is not, and a plan that two people approved long enough ago.
async fn prepare(folder: &Path) -> (PlanId, Vec<BillingAccountId>) {
    let kept = open(folder, "2026-05-14T13:00:00Z").await;
    let desk = people(&kept);
    let clerk = desk.account(PRACTICE, Role::FrontDesk).await;
    let session = desk.session(&clerk).await;
    let till = Till::open(&desk, PRACTICE).await;
    let mut due = Vec::new();
    for at in ["2012-01-01T15:00:00Z", "2013-01-01T15:00:00Z", "2014-01-01T15:00:00Z", "2025-01-01T15:00:00Z"] {
        let patient = registered(&kept.house, &session, "1970-01-01").await;
        due.push(till.settled(patient, at).await);
    }
    // The last was paid a year ago.
    due.pop();
    let plan = plan_accounts_unattended(&kept.house, PRACTICE, &Unobserved).await.expect("planned");
    approved(&kept, &desk, plan).await;
    drop(session);
    drop(desk);
    kept.ledger.close();
    (plan, due)
}

/// What is the same after every run: what is left of the accounts, in the books, of the plan and in the destruction ledger.
async fn end(folder: &Path, plan: PlanId, due: &[BillingAccountId]) -> Vec<String> {
    let kept = open(folder, "2026-06-02T12:00:00Z").await;
    let desk = people(&kept);
    let till = Till::open(&desk, PRACTICE).await;
    let stores = &kept.house.stores;
    let key = VerifierKey::new(log(), signer().public());
    let there = till.there().await;
    let mut lines = vec![format!("{} there, of them due: {}", there.len(), due.iter().any(|one| there.contains(one)))];
    for account in due {
        let (owner, subject) = (billing_branch(PRACTICE), as_subject(*account));
        let note = destroyed::certificate(&stores.keys, owner, subject).await.expect("read").expect("issued");
        let said = verify_account_certificate(&note.certificate, &key).expect("genuine");
        assert!(said.audit.is_some());
        lines.push(format!("{:?}, certified {}", till.traces(*account).await, said.billing_account == *account));
    }
    assert_eq!(till.sum().await, Cents(0));
    let row = retention::plan(&stores.identity, PRACTICE, plan).await.expect("read").expect("there");
    let counts = accounts::counts(&stores.identity, PRACTICE, plan).await.expect("read");
    lines.push(format!("{} {counts:?}", row.state.word()));
    let ledger = DestructionLedger::open(places(folder), &log(), signer(), &[]).expect("opens");
    lines.push(format!("{} in the destruction ledger", ledger.entries().len()));
    drop(desk);
    kept.ledger.close();
    lines
}

fn is_whole(lines: &[String]) -> bool {
    lines.iter().any(|line| line.contains("done [(Due, Certified, 3)]"))
        && lines.iter().filter(|line| *line == "(0, false, false), certified true").count() == 3
        && lines.iter().any(|line| line == "1 there, of them due: false")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_of_accounts_killed_at_any_transition_comes_to_the_same_end() {
    let folder = TempDir::new().expect("a folder");
    let before = folder.path().join("before");
    fs::create_dir(&before).expect("a folder");
    let (plan, due) = prepare(&before).await;
    for step in ["never"].iter().chain(BILLING_PURGE_STEPS) {
        let cut = folder.path().join(step);
        copy(&before, &cut);
        assert_eq!(run(&cut, step).success(), *step == "never", "{step}");
        assert!(run(&cut, "never").success(), "{step}: the second run failed");
        let found = end(&cut, plan, &due).await;
        assert!(is_whole(&found), "{step}: {found:#?}");
        assert!(found.contains(&"3 in the destruction ledger".to_owned()), "{step}: {found:#?}");
        fs::remove_dir_all(&cut).expect("gone");
    }
}

/// A database is not copied as quickly as made, so each kill has a practice of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_of_accounts_killed_at_any_transition_comes_to_the_same_end_in_postgresql() {
    // Where PostgreSQL is not installed a word about it is printed.
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    for step in ["never"].iter().chain(BILLING_PURGE_STEPS) {
        let folder = TempDir::new().expect("a folder");
        on_postgres(server, folder.path()).await;
        let (plan, due) = prepare(folder.path()).await;
        assert_eq!(run(folder.path(), step).success(), *step == "never", "{step}");
        assert!(run(folder.path(), "never").success(), "{step}: the second run failed");
        let found = end(folder.path(), plan, &due).await;
        assert!(is_whole(&found), "{step}: {found:#?}");
    }
}
