//! Every write, sync, rename and open of the stores and the ledger fails once, or is the last thing the server does.
//!
//! `strace` puts the faults in: EIO, ENOSPC or SIGKILL at the Nth call. It counts in each thread for itself, so a run
//! may see more than one fault; with a stride of 1 there is no call of the day at which none was. A whole day is a
//! start, a sign-in, a program read, three entries logged, a sign-out and a stop: about 300 places, all of which are
//! tried. `PATELLA_FAULT_STRIDE=3` tries every third, evenly spread over all kinds of calls and faults. The files are
//! those with known names: the databases, their write-ahead logs, and the ledger's journal, tiles and checkpoints; sockets and logs are left alone.

use crate::{
    client::{Answer, Client, Gone},
    day::{Acknowledged, AtHome, Everybody},
    server::{Practice, Server},
    setting, skipped,
    trail::Trail,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many days are lived through at once.
const AT_ONCE: usize = 3;
const CALLS: [&str; 8] = ["write", "pwrite64", "fdatasync", "fsync", "rename", "openat", "mkdir", "ftruncate"];
const EFFECTS: [&str; 3] = ["error=EIO", "error=ENOSPC", "signal=KILL"];
/// The most entries that a day leaves in the ledger, and then some: its tiles are named by how many there are.
const ENTRIES: u32 = 64;

/// Whether `strace` is here and may trace.
pub(crate) fn possible() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Files and folders that the server's ledger writes.
pub(crate) fn ledger_files(demo: &Practice) -> Vec<PathBuf> {
    let audit = demo.path().join("stores/audit");
    let mut files = vec![audit.clone(), demo.path().join("checkpoint-elsewhere"), audit.join("checkpoint")];
    files.extend([demo.path().join(".checkpoint-elsewhere.draft"), audit.join(".checkpoint.draft")]);
    for name in ["journal", "journal/00000001.log", "journal/00000002.log", "lock", "tile"] {
        files.push(audit.join(name));
    }
    for level in ["0", "entries"] {
        let folder = audit.join("tile").join(level);
        files.extend([folder.clone(), folder.join("000.p")]);
        for n in 1..ENTRIES {
            files.extend([folder.join(format!("000.p/{n}")), folder.join(format!("000.p/.{n}.draft"))]);
        }
    }
    files
}

fn store_files(demo: &Practice) -> impl Iterator<Item = PathBuf> {
    let stores = demo.path().join("stores");
    let names = ["identity", "keys", "clinical", "billing"].into_iter();
    names.flat_map(|store| ["", "-wal"].map(|end| format!("{store}.db{end}"))).map(move |name| stores.join(name))
}

/// One place and what happens there.
#[derive(Clone)]
struct Fault {
    call: &'static str,
    effect: &'static str,
    nth: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:when={}", self.call, self.effect, self.nth)
    }
}

/// The day under `strace`, with a fault or without.
fn spawn(demo: &Practice, fault: Option<&Fault>) -> Server {
    let mut with = vec!["strace".to_owned(), "-D".into(), "-qq".into(), "-f".into(), "-o".into()];
    with.push(demo.path().join("strace").display().to_string());
    for file in ledger_files(demo).into_iter().chain(store_files(demo)) {
        with.extend(["-P".to_owned(), file.display().to_string()]);
    }
    with.push("-e".into());
    match fault {
        None => with.push(format!("trace={}", CALLS.join(","))),
        Some(fault) => with.extend([format!("trace={}", fault.call), "-e".into(), format!("inject={fault}")]),
    }
    demo.spawn(&with.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What a day led to.
#[derive(Default)]
struct Day {
    acknowledged: Acknowledged,
    /// Whether anything was refused.
    refused: bool,
    /// Answers that nobody should have got.
    strange: Vec<String>,
}

/// What came of a fault.
struct Outcome {
    killed: bool,
    /// Whether anybody noticed.
    refused: bool,
    /// What should not be so.
    wrong: Vec<String>,
}

impl Day {
    /// Served, or refused because it could not be done or recorded; anything else is strange.
    fn note(&mut self, what: &str, answer: Result<Answer, Gone>) -> Option<Answer> {
        let answer = answer.ok()?;
        match answer.status {
            200..=299 => {
                self.acknowledged.requests.push(answer.request.clone());
                return Some(answer);
            }
            503 => self.refused = true,
            other => self.strange.push(format!("{what}: {other} {}", answer.text)),
        }
        None
    }

    async fn live(client: Client, demo: &Practice, patient: &AtHome) -> Self {
        let mut day = Self::default();
        let person = demo.first("patient");
        let credentials = json!({"email": person.email, "password": person.password}).to_string();
        let half = client.try_send("POST", "/api/v1/session", &[], Some(credentials)).await;
        if let Some(half) = day.note("password", half) {
            let half = client.with(&half.cookie.expect("a cookie"));
            let code = json!({"code": person.code()}).to_string();
            let full = half.try_send("POST", "/api/v1/session/totp", &[], Some(code)).await;
            if let Some(full) = day.note("code", full) {
                let full = client.with(&full.cookie.expect("a cookie"));
                day.note("sign-out", full.try_send("DELETE", "/api/v1/session", &[], None).await);
            }
        }
        let own = client.with(&patient.cookie);
        day.note("program", own.try_send("GET", &patient.program(), &[], None).await);
        for _ in 0..3 {
            let entry = patient.entry("One of three.").to_string();
            let written = own.try_send("POST", &patient.log(), &[], Some(entry)).await;
            if let Some(written) = day.note("entry", written) {
                day.acknowledged.entries.push(crate::day::id(&written.json(), "entry_id"));
            }
        }
        day
    }
}

/// How many calls of each kind the busiest thread makes in a day.
async fn counted(template: &Practice, patient: &AtHome) -> BTreeMap<&'static str, usize> {
    let demo = template.copy();
    let mut server = spawn(&demo, None);
    assert!(server.listens(), "{}", server.log());
    let day = Day::live(server.client(), &demo, patient).await;
    assert_eq!(day.acknowledged.entries.len(), 3, "without a fault all goes well: {:?}", day.strange);
    server.stop_well();
    let mut threads = BTreeMap::<(&str, String), usize>::new();
    for line in fs::read_to_string(demo.path().join("strace")).expect("what strace saw").lines() {
        let mut words = line.split_whitespace();
        let thread = words.next().unwrap_or_default().to_owned();
        let called = words.next().and_then(|call| call.split_once('(')).map(|(name, _)| name);
        if let Some(call) = CALLS.into_iter().find(|call| called == Some(call)) {
            *threads.entry((call, thread)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in threads {
        let known = most.entry(call).or_default();
        *known = count.max(*known);
    }
    most
}

/// Every `stride`th call of each kind with each effect, at least one of each; with another one first for each effect.
fn places(counts: &BTreeMap<&'static str, usize>, stride: usize) -> Vec<Fault> {
    let mut places = Vec::new();
    for (call, most) in counts {
        for (at, effect) in EFFECTS.into_iter().enumerate() {
            let first = 1 + (at * stride / EFFECTS.len()).min(most - 1);
            places.extend((first..=*most).step_by(stride).map(|nth| Fault { call, effect, nth }));
        }
    }
    places
}

/// Lives through a day with a fault, starts again and looks at what is there.
async fn tried(template: &Practice, patient: &AtHome, before: &HashSet<String>, fault: &Fault) -> Outcome {
    let demo = template.copy();
    let mut server = spawn(&demo, Some(fault));
    let day = if server.listens() {
        Day::live(server.client(), &demo, patient).await
    } else {
        Day { refused: true, ..Day::default() }
    };
    let refused = day.refused;
    let ended = server.stop();
    let mut wrong = day.strange;
    let killed = ended.signal() == Some(9);
    if !killed && !matches!(ended.code(), Some(0 | 1)) {
        wrong.push(format!("it ended with {ended}"));
    }
    if server.log().contains("a panic") {
        wrong.push(format!("it panicked: {}", server.log()));
    }
    let mut server = demo.spawn(&[]);
    if !server.listens() {
        wrong.push(format!("it does not start again: {}", server.log()));
        return Outcome { killed, refused, wrong };
    }
    let stored = patient.entries(&server.client()).await;
    server.stop_well();
    let trail = Trail::of(&demo);
    let done = day.acknowledged;
    let lost = done.entries.iter().filter(|id| !stored.contains(*id)).count();
    let unrecorded = stored.difference(before).filter(|id| !trail.entries.contains(*id)).count();
    let unheard = done.requests.iter().filter(|id| !trail.requests.contains(*id)).count();
    for (count, what) in [
        (lost, "acknowledged entries are lost"),
        (unrecorded, "entries are stored that the trail does not know"),
        (unheard, "answers have no entry in the trail"),
        (before.difference(&stored).count(), "entries of before are gone"),
    ] {
        if count > 0 {
            wrong.push(format!("{count} {what}"));
        }
    }
    Outcome { killed, refused, wrong }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn whatever_call_fails_the_next_start_finds_what_was_acknowledged_and_nothing_unrecorded() {
    if !possible() {
        return skipped("strace is not here or may not trace, so no call ever failed");
    }
    let template = Practice::demo();
    let mut server = template.start();
    let patient = Everybody::signed_in(&template, &server, 1).await.patients.remove(0);
    let before = patient.entries(&server.client()).await;
    server.stop_well();

    let counts = counted(&template, &patient).await;
    for call in ["write", "fdatasync", "rename", "openat"] {
        assert!(counts.contains_key(call), "a day has no {call}: {counts:?}");
    }
    let all = places(&counts, 1).len();
    let stride = setting("PATELLA_FAULT_STRIDE").map_or(1, |n| n.max(1) as usize);
    let chosen = places(&counts, stride);
    println!("{} of {all} places, every {stride}: {counts:?}", chosen.len());

    let (template, patient, before) = (Arc::new(template), Arc::new(patient), Arc::new(before));
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut days = JoinSet::new();
    for fault in chosen {
        let (template, patient, before) = (template.clone(), patient.clone(), before.clone());
        let turns = turns.clone();
        days.spawn(async move {
            let _turn = turns.acquire().await.expect("never closed");
            let outcome = tried(&template, &patient, &before, &fault).await;
            (fault, outcome)
        });
    }
    let (mut kills, mut refusals, mut failures) = (0, 0, Vec::new());
    for (fault, outcome) in days.join_all().await {
        kills += usize::from(outcome.killed);
        refusals += usize::from(!outcome.killed && outcome.refused);
        failures.extend(outcome.wrong.into_iter().map(|what| format!("{fault}: {what}")));
    }
    println!("{kills} days ended by a kill, {refusals} with something refused");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(kills > 0 && refusals > 0, "strace killed nobody, or nobody noticed a fault");
}
