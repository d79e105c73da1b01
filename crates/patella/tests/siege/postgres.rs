//! The same siege with stores and ledger in PostgreSQL: the server killed under load, PostgreSQL itself killed, its
//! calls failing, and an audit database that cannot be written.

use crate::{
    client::{Client, Gone},
    day::{Acknowledged, AtHome, Everybody},
    faults,
    full_disk::Scene,
    kill::{WRITERS, besieged},
    server::{Practice, free},
    setting, skipped,
    trail::Trail,
};
use std::{
    collections::{BTreeMap, HashSet},
    fs,
    os::unix::process::ExitStatusExt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use testkit::postgres::{Database, Server};
use tokio::task::JoinSet;

/// How often it is looked again whether something has come, with [`A_WHILE`] between.
const TRIES: usize = 1200;
const A_WHILE: Duration = Duration::from_millis(50);
/// Calls by which the server talks to others. Most are to PostgreSQL; when one to a caller fails, the caller is gone.
const CALLS: [&str; 2] = ["sendto", "writev"];
const EFFECTS: [&str; 2] = ["error=ECONNRESET", "signal=KILL"];

/// A practice in PostgreSQL with people in it.
struct Setting {
    server: Server,
    databases: Vec<Database>,
    practice: Practice,
    people: Everybody,
}

impl Setting {
    /// None, and a printed word, where PostgreSQL is not installed.
    async fn new(patients: usize) -> Option<Self> {
        let server = Server::start().expect("starts")?;
        let (stores, databases) = server.stores().expect("databases");
        let practice = Practice::founded(&stores, free());
        let mut first = practice.start();
        let people = Everybody::joined(&practice, &first, patients).await;
        first.stop_well();
        Some(Self { server, databases, practice, people })
    }

    fn database(&self, store: &str) -> &Database {
        let found = self.databases.iter().find(|database| database.name.starts_with(store));
        found.expect("one for each store")
    }

    /// What is stored of everybody's logs.
    async fn stored(&self, client: &Client) -> HashSet<String> {
        let mut stored = HashSet::new();
        for patient in &self.people.patients {
            stored.extend(patient.entries(client).await);
        }
        stored
    }

    /// Holds what is there against what was acknowledged. No server may be running.
    async fn holds(&self, done: &Acknowledged) {
        let trail = Trail::of(&self.practice);
        let mut server = self.practice.start();
        let stored = self.stored(&server.client()).await;
        server.stop_well();
        let unheard = done.requests.iter().filter(|id| !trail.requests.contains(*id)).count();
        let lost = done.entries.iter().filter(|id| !stored.contains(*id)).count();
        let unrecorded = stored.iter().filter(|id| !trail.entries.contains(*id)).count();
        assert_eq!(
            (unheard, lost, unrecorded),
            (0, 0, 0),
            "answers without an entry, entries lost, entries unrecorded"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_postgresql_however_often_the_server_is_killed() {
    let Some(all) = Setting::new(WRITERS).await else { return };
    let rounds = setting("PATELLA_KILL_ROUNDS_POSTGRES").unwrap_or(20);
    let done = besieged(&all.practice, &all.people, rounds, 1000).await;
    println!("{rounds} rounds: {} answers, {} of them writes", done.requests.len(), done.entries.len());
}

/// What the writers came to so far.
#[derive(Default)]
struct Counts {
    served: AtomicUsize,
    refused: AtomicUsize,
    enough: AtomicBool,
}

/// Waits until a count has grown by `more`.
async fn grows(count: &AtomicUsize, more: usize, what: &str) {
    let wanted = count.load(SeqCst) + more;
    for _ in 0..TRIES {
        if count.load(SeqCst) >= wanted {
            return;
        }
        tokio::time::sleep(A_WHILE).await;
    }
    panic!("{what}");
}

/// Writes and reads until it is enough, whatever is refused in between.
async fn persist(client: Client, patient: AtHome, counts: Arc<Counts>) -> Acknowledged {
    let mut done = Acknowledged::default();
    let (log, program, entry) = (patient.log(), patient.program(), patient.entry("As it should be.").to_string());
    while !counts.enough.load(SeqCst) {
        for (method, path, body) in [("POST", &log, Some(entry.clone())), ("GET", &program, None)] {
            let answer = client.try_send(method, path, &[], body).await;
            match done.note(answer) {
                Ok(None) => _ = counts.served.fetch_add(1, SeqCst),
                Ok(Some(refused)) if refused.status == 503 => {
                    counts.refused.fetch_add(1, SeqCst);
                    tokio::time::sleep(A_WHILE).await;
                }
                Ok(Some(other)) => panic!("{method}: {} {}", other.status, other.text),
                Err(Gone) => panic!("{method}: the server is gone"),
            }
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_postgresql_is_killed_under_load_it_answers_503_and_goes_on_by_itself() {
    let Some(all) = Setting::new(3).await else { return };
    let mut server = all.practice.start();
    let client = server.client();
    let counts = Arc::new(Counts::default());
    let mut load = JoinSet::new();
    for patient in &all.people.patients {
        load.spawn(persist(client.with(&patient.cookie), patient.clone(), counts.clone()));
    }
    for round in 0..3 {
        grows(&counts.served, 10, "nothing is served").await;
        all.server.crash().expect("stopped at once");
        grows(&counts.refused, 5, "nobody was refused although the databases are gone").await;
        assert_eq!(client.get("/healthz").await.status, 200);
        assert_eq!(client.get("/readyz").await.status, 503);
        all.server.go().expect("started again");
        grows(&counts.served, 10, "it does not recover when PostgreSQL is back").await;

        // A single process of it, by the system: those of the ledger, then those of the stores.
        let store = ["audit", "clinical", "identity"][round];
        let killed = all.server.kill_backends(all.database(store)).expect("killed");
        assert!(killed > 0, "nobody serves {store}");
        grows(&counts.served, 10, "it does not recover when PostgreSQL has recovered").await;
    }
    counts.enough.store(true, SeqCst);
    let mut done = Acknowledged::default();
    for acknowledged in load.join_all().await {
        done.add(acknowledged);
    }
    assert_eq!(client.get("/readyz").await.status, 200);
    server.stop_well();
    println!("{} answers, {} refusals", done.requests.len(), counts.refused.load(SeqCst));
    all.holds(&done).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_database_that_cannot_be_written_closes_every_record_until_it_can() {
    let Some(mut all) = Setting::new(1).await else { return };
    let mut server = all.practice.start();
    let client = server.client();
    let people = std::mem::take(&mut all.people);
    let scene = Scene::among(people, &client).await;
    let mut expected = scene.before.clone();
    let audit = all.database("audit").clone();

    let own = &audit.server.role;
    all.server
        .sql_in(&audit.name, &format!("REVOKE INSERT ON ALL TABLES IN SCHEMA public FROM \"{own}\""))
        .expect("taken");
    scene.is_closed(&client).await;
    all.practice.done(&["migrate"]);
    expected.insert(scene.opens_again(&client).await);

    let closed = format!(
        "ALTER DATABASE \"{0}\" ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{0}'",
        audit.name
    );
    all.server.sql(&closed).expect("closed");
    scene.is_closed(&client).await;
    all.server.sql(&format!("ALTER DATABASE \"{}\" ALLOW_CONNECTIONS true", audit.name)).expect("opened");
    expected.insert(scene.opens_again(&client).await);

    assert_eq!(scene.patient.entries(&client).await, expected, "stored is what was acknowledged, and nothing else");
    server.stop_well();
    let trail = Trail::of(&all.practice);
    assert!(expected.iter().all(|id| trail.entries.contains(id)));
}

/// The server under `strace`, its calls to others failing.
fn traced(practice: &Practice, more: &[&str]) -> crate::server::Server {
    let output = practice.path().join("strace").display().to_string();
    let mut with = vec!["strace", "-D", "-qq", "-f", "-o", &output];
    with.extend(more);
    practice.spawn(&with)
}

/// How many calls of each kind the busiest thread made.
fn counted(practice: &Practice) -> BTreeMap<&'static str, usize> {
    let mut threads = BTreeMap::<(&str, String), usize>::new();
    for line in fs::read_to_string(practice.path().join("strace")).expect("what strace saw").lines() {
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

/// A program read and three entries logged; nothing but 503 may be refused.
async fn day(client: &Client, patient: &AtHome, done: &mut Acknowledged, strange: &mut Vec<String>) {
    let own = client.with(&patient.cookie);
    let entry = patient.entry("One of three.").to_string();
    for (method, path, body) in [
        ("GET", patient.program(), None),
        ("POST", patient.log(), Some(&entry)),
        ("POST", patient.log(), Some(&entry)),
        ("POST", patient.log(), Some(&entry)),
    ] {
        if let Ok(Some(refused)) = done.note(own.try_send(method, &path, &[], body.cloned()).await)
            && refused.status != 503
        {
            strange.push(format!("{method}: {} {}", refused.status, refused.text));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_call_to_postgresql_fails_what_was_acknowledged_is_there_and_nothing_is_unrecorded() {
    if !faults::possible() {
        return skipped("strace is not here or may not trace, so no call to PostgreSQL ever failed");
    }
    let Some(all) = Setting::new(1).await else { return };
    let patient = &all.people.patients[0];
    let (mut done, mut strange) = (Acknowledged::default(), Vec::new());
    let mut server = traced(&all.practice, &["-e", &format!("trace={}", CALLS.join(","))]);
    assert!(server.listens(), "{}", server.log());
    day(&server.client(), patient, &mut done, &mut strange).await;
    server.stop_well();
    assert_eq!(done.entries.len(), 3, "without a fault all goes well: {strange:?}");
    let counts = counted(&all.practice);

    let mut places = Vec::new();
    for (call, most) in &counts {
        for effect in EFFECTS {
            places.extend((1..=*most).map(|nth| format!("{call}:{effect}:when={nth}")));
        }
    }
    let runs = setting("PATELLA_FAULT_RUNS_POSTGRES").unwrap_or(24).max(1) as usize;
    let chosen: Vec<_> = places.iter().step_by(places.len().div_ceil(runs).max(1)).collect();
    println!("{} of {} places: {counts:?}", chosen.len(), places.len());
    let (mut kills, mut cut) = (0, 0);
    for place in chosen {
        let mut server = traced(&all.practice, &["-e", &format!("inject={place}")]);
        let before = done.requests.len();
        if server.listens() {
            day(&server.client(), patient, &mut done, &mut strange).await;
        }
        cut += usize::from(done.requests.len() < before + 4);
        let ended = server.stop();
        kills += usize::from(ended.signal() == Some(9));
        if ended.signal() != Some(9) && !matches!(ended.code(), Some(0 | 1)) {
            strange.push(format!("{place}: it ended with {ended}"));
        }
        if server.log().contains("a panic") || server.log().contains("another writer") {
            strange.push(format!("{place}: {}", server.log()));
        }
    }
    println!("{kills} days ended by a kill, {cut} cut short");
    assert!(strange.is_empty(), "{strange:#?}");
    assert!(kills > 0 && cut > kills, "strace killed nobody, or nobody noticed a fault");
    all.holds(&done).await;
}
