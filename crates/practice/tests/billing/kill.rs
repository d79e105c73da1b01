//! Whatever is killed while visits are charged and corrected, charges are taken back and all that is carried: each visit yields
//! exactly one live charge, the corrected one where there is one, and none where it was taken back.
//!
//! `PATELLA_TEST_VISITS` and `PATELLA_TEST_KILLS` make it larger: 100000 and 50 take minutes.

use crate::{
    scene::{LONGER, USUAL, longer_charge, new_charge, number_of, therapist, visit_id, visits},
    world::{Kind, found, open, patients_of},
};
use domain::{
    BillingAccountId, PatientId, PracticeId, Role, SeededRng, TaskObserver, Unobserved, VisitId, VisitState,
    billing::{ChargeSheet, ChargeState, Minutes, WithdrawalReason},
};
use phi::{Purpose, ReadBilling, billing_branch};
use practice::{
    House,
    billing::{
        charging::{CHARGING_STEPS, ChargeError, Withdrawal, charge_watched, correct_watched, take_back_watched},
        courier::{COURIER_STEPS, deliver},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};
use store::rows::{
    billing::{accounts, charges},
    billing_outbox,
};

const FOLDER: &str = "PATELLA_TEST_FOLDER";
const PRACTICE: &str = "PATELLA_TEST_PRACTICE";
const KILL_AT: &str = "PATELLA_TEST_KILL_AT";
/// Before the name of a step: only while corrections are sent.
const CORRECTING: &str = "correcting: ";
/// Before the name of a step: only while charges are taken back.
const TAKING_BACK: &str = "taking back: ";
/// How many visits are charged at once.
const ABREAST: usize = 16;

fn setting(name: &str, usual: u32) -> u32 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// Kills its own process, as the power would, when so many transitions were reached, or at the first of one name.
struct Killer {
    left: Mutex<u64>,
    step: Option<String>,
}

impl TaskObserver for Killer {
    fn reached(&self, step: &'static str) {
        let mut left = self.left.lock().expect("unpoisoned");
        *left = left.saturating_sub(1);
        if *left == 0 || self.step.as_deref() == Some(step) {
            let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
            loop {
                std::thread::park();
            }
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

async fn not_charged(house: &House, practice: PracticeId) -> Vec<(PatientId, VisitId)> {
    const SQL: &str = "SELECT patient_id, visit_id FROM visits WHERE practice_id = $1 AND state = 'held' \
                       AND charged_at IS NULL ORDER BY visit_id";
    let rows = house.stores.clinical.rows(SQL, &[practice.into()]).await.expect("read");
    rows.iter().map(|row| (row.id(0).expect("an id"), row.id(1).expect("an id"))).collect()
}

/// Every third visit is charged wrongly at first.
const fn is_corrected(visit: u32) -> bool {
    visit.is_multiple_of(3)
}

/// Every fourth should not have been charged; some of those were corrected before that was seen.
const fn is_taken_back(visit: u32) -> bool {
    visit % 4 == 1
}

/// With how often something was sent for each.
async fn not_taken_back(house: &House, practice: PracticeId) -> Vec<(PatientId, VisitId, u32)> {
    const SQL: &str = "SELECT patient_id, visit_id, corrections FROM visits WHERE practice_id = $1 \
                       AND charged_at IS NOT NULL AND charge_taken_back_at IS NULL ORDER BY visit_id";
    let rows = house.stores.clinical.rows(SQL, &[practice.into()]).await.expect("read");
    let visits = rows.iter().map(|row| {
        let sent = 1 + u32::try_from(row.int(2).expect("a number")).expect("small");
        (row.id(0).expect("an id"), row.id(1).expect("an id"), sent)
    });
    visits.filter(|(_, visit, _)| is_taken_back(number_of(*visit))).collect()
}

async fn not_corrected(house: &House, practice: PracticeId) -> Vec<(PatientId, VisitId)> {
    const SQL: &str = "SELECT patient_id, visit_id FROM visits WHERE practice_id = $1 AND corrections = 0 \
                       AND charged_at IS NOT NULL ORDER BY visit_id";
    let rows = house.stores.clinical.rows(SQL, &[practice.into()]).await.expect("read");
    let ids = rows.iter().map(|row| (row.id(0).expect("an id"), row.id(1).expect("an id")));
    ids.filter(|(_, visit)| is_corrected(number_of(*visit))).collect()
}

/// Charges every visit that is not, many at once, and carries between; corrects every third; then takes every fourth back. Told
/// to an observer of each.
async fn charge_all(
    folder: &Path,
    practice: PracticeId,
    [observer, of_corrections, of_taking_back]: [&dyn TaskObserver; 3],
) {
    let test = open(folder).await;
    let house = &*test.house;
    let patients = patients_of(house, practice).await;
    let session = therapist(&test, practice, &patients).await;
    // What the last one left on its way is carried first, as at the start of a server.
    deliver(house, observer).await.expect("carried");
    for some in not_charged(house, practice).await.chunks(ABREAST) {
        let charging = some.iter().map(async |(patient, visit)| {
            let new = new_charge(number_of(*visit));
            charge_watched(house, &session, *patient, *visit, &new, observer).await.map(drop)
        });
        for charged in futures::future::join_all(charging).await {
            // A database may still finish what somebody who was killed had sent.
            assert!(matches!(charged, Ok(()) | Err(ChargeError::Already)), "{charged:?}");
        }
        deliver(house, observer).await.expect("carried");
    }
    for some in not_corrected(house, practice).await.chunks(ABREAST) {
        let correcting = some.iter().map(async |(patient, visit)| {
            let new = longer_charge(number_of(*visit));
            correct_watched(house, &session, *patient, *visit, 1, &new, of_corrections).await.map(drop)
        });
        for corrected in futures::future::join_all(correcting).await {
            assert!(matches!(corrected, Ok(()) | Err(ChargeError::Stale)), "{corrected:?}");
        }
        deliver(house, of_corrections).await.expect("carried");
    }
    let why = Withdrawal { reason: WithdrawalReason::NotHeld };
    for some in not_taken_back(house, practice).await.chunks(ABREAST) {
        let taking_back = some.iter().map(async |(patient, visit, sent)| {
            take_back_watched(house, &session, *patient, *visit, *sent, why, of_taking_back).await.map(drop)
        });
        for taken in futures::future::join_all(taking_back).await {
            assert!(matches!(taken, Ok(()) | Err(ChargeError::Stale)), "{taken:?}");
        }
        deliver(house, of_taking_back).await.expect("carried");
    }
}

/// Not a test by itself: what the test below runs as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let practice = std::env::var(PRACTICE).expect("said").parse().expect("an id");
    let at = std::env::var(KILL_AT).expect("said");
    let step = at.strip_prefix(CORRECTING).or(at.strip_prefix(TAKING_BACK)).unwrap_or(&at);
    let killer = match at.parse() {
        Ok(left) => Killer { left: Mutex::new(left), step: None },
        Err(_) => Killer { left: Mutex::new(u64::MAX), step: Some(step.to_owned()) },
    };
    let observers: [&dyn TaskObserver; 3] = if at.parse::<u64>().is_ok() {
        [&killer; 3]
    } else if at.starts_with(CORRECTING) {
        [&Unobserved, &killer, &Unobserved]
    } else if at.starts_with(TAKING_BACK) {
        [&Unobserved, &Unobserved, &killer]
    } else {
        [&killer, &Unobserved, &Unobserved]
    };
    charge_all(&folder, practice, observers).await;
}

/// Whether it was killed; otherwise it came to its end.
fn killed_at(at: &str, folder: &Path, practice: PracticeId) -> bool {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "kill::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(PRACTICE, practice.to_string())
        .env(KILL_AT, at)
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.signal() == Some(9) || output.status.success(), "{:?} {said}", output.status);
    output.status.signal() == Some(9)
}

/// How many charges there are, after holding each against its visit.
async fn all_are_there_once(folder: &Path, practice: PracticeId, number: u32) {
    let test = open(folder).await;
    let house = &*test.house;
    assert!(not_charged(house, practice).await.is_empty());
    assert_eq!(billing_outbox::count(&house.stores.clinical, practice).await, Ok(0));
    let biller = test.account(practice, Role::Billing).await;
    let session = test.session(&biller).await;
    let (db, branch) = (&house.stores.billing, billing_branch(practice));
    let first = BillingAccountId::from_bytes([0; 16]);
    let mut found: BTreeMap<String, PatientId> = BTreeMap::new();
    let (mut live, mut superseded, mut taken_back) = (0, 0, 0);
    for account in accounts::page(db, branch, first, 10_000).await.expect("read") {
        let account = account.account_id;
        let why = || Purpose::payment(ledger::Resource::whole(ledger::Word::new("charge")));
        let grant = house.guard.authorize_account::<ReadBilling>(&session, account, why()).await.expect("no orphan");
        let patient = house.guard.follow_link(&session, account, why()).await.expect("no orphan").subject();
        for charge in charges::of_account(db, branch, account, None, 3 * i64::from(number)).await.expect("read") {
            if let Some(taken) = charge.taken_back {
                assert_eq!((charge.state, taken.because), (ChargeState::Void, WithdrawalReason::NotHeld));
                taken_back += 1;
                continue;
            }
            if charge.state == ChargeState::Void {
                superseded += 1;
                continue;
            }
            live += 1;
            for service in grant.open(&charge.sheet).expect("opens").expose().iter().flat_map(ChargeSheet::iter) {
                let visit = service.code.to_string().parse().expect("a number");
                assert!(!is_taken_back(visit), "{visit} is not charged");
                let minutes = if is_corrected(visit) { LONGER } else { USUAL };
                assert_eq!(service.minutes.map(Minutes::count), Some(minutes), "{}", service.code);
                assert!(found.insert(service.code.to_string(), patient).is_none(), "{} twice", service.code);
            }
        }
    }
    let count = |wanted: fn(u32) -> bool| u32::try_from((0..number).filter(|n| wanted(*n)).count()).expect("small");
    assert_eq!(live, count(|n| !is_taken_back(n)));
    assert_eq!((superseded, taken_back), (count(is_corrected) + count(is_taken_back), count(is_taken_back)));
    let wanted: BTreeSet<String> = (0..number).filter(|n| !is_taken_back(*n)).map(|n| format!("{n:05}")).collect();
    assert!(found.keys().eq(wanted.iter()));
    const SQL: &str = "SELECT patient_id, visit_id FROM visits WHERE practice_id = $1";
    for row in house.stores.clinical.rows(SQL, &[practice.into()]).await.expect("read") {
        let visit = number_of(row.id(1).expect("an id"));
        let of = (!is_taken_back(visit)).then(|| row.id(0).expect("an id"));
        assert_eq!(found.get(&format!("{visit:05}")).copied(), of);
    }
}

async fn visited(folder: &Path, practice: PracticeId, number: u32) {
    let test = open(folder).await;
    let patients = patients_of(&test.house, practice).await;
    let session = therapist(&test, practice, &patients).await;
    visits(&test.house, &session, &patients, 0..number, VisitState::Held).await;
    assert_eq!(number_of(visit_id(number)), number);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_that_are_charged_through_kills_at_random_yield_one_charge_each() {
    let (number, kills) = (setting("PATELLA_TEST_VISITS", 300), setting("PATELLA_TEST_KILLS", 6));
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    visited(folder, practice, number).await;
    let rng = SeededRng::new(u64::from(number));
    // Each has two transitions, charged, corrected or taken back; so the kills come, in the mean, evenly over all of them.
    let between = u64::from(number) * 4 / u64::from(kills.max(1));
    let mut killed = 0;
    for _ in 0..kills {
        killed += u32::from(killed_at(&(1 + rng.below(between)).to_string(), folder, practice));
    }
    println!("{number} visits, {killed} of {kills} runs killed before their end");
    assert!(killed > 0, "the kills came too late");
    charge_all(folder, practice, [&Unobserved; 3]).await;
    all_are_there_once(folder, practice, number).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visits_that_are_charged_through_a_kill_at_every_step_yield_one_charge_each() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let folder = folder.path();
        visited(folder, practice, 240).await;
        for step in CHARGING_STEPS.iter().chain(COURIER_STEPS) {
            assert!(killed_at(step, folder, practice), "not killed at {step:?}");
        }
        for doing in [CORRECTING, TAKING_BACK] {
            for step in CHARGING_STEPS.iter().chain(COURIER_STEPS) {
                let step = format!("{doing}{step}");
                assert!(killed_at(&step, folder, practice), "not killed at {step:?}");
            }
        }
        charge_all(folder, practice, [&Unobserved; 3]).await;
        all_are_there_once(folder, practice, 240).await;
    }
}
