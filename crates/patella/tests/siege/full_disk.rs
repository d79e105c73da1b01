//! What cannot be recorded is not done: the ledger's disk full, read-only at the start, and read-only from one moment
//! to the next.

use crate::{
    client::Client,
    day::{AtHome, Everybody},
    faults,
    server::{Practice, copy_into},
    skipped,
    trail::Trail,
};
use serde_json::Value;
use std::{collections::HashSet, fs, process::Command, time::Duration};
use testkit::disk::Disk;

/// How many requests may still find room in what the file system had set aside already.
const STILL_ROOM: usize = 300;
/// How often it is asked again whether it works again, with [`A_WHILE`] between.
const TRIES: usize = 200;
const A_WHILE: Duration = Duration::from_millis(50);

/// Moves the demo's ledger to a small disk of its own. None where mounting is not permitted.
fn small_disk_under(demo: &Practice) -> Option<Disk> {
    let disk = Disk::at(&demo.path().join("disk"), "512k").expect("made")?;
    // The server's own log is not there before it first starts.
    let commands = disk.path().join("audit-commands");
    fs::create_dir(&commands).expect("made");
    copy_into(&demo.path().join("stores/audit-commands"), &commands);
    demo.set("ledger = {", &format!("ledger = {{ directory = {:?},", disk.path().join("audit")));
    Some(disk)
}

/// Every text in an answer that came from somebody's record.
fn values(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::String(text) if text.len() > 5 => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| values(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| values(value, found)),
        _ => {}
    }
}

/// A demo with a patient and a therapist signed in, who see that patient's data.
pub(crate) struct Scene {
    pub(crate) patient: AtHome,
    therapist: String,
    shown: Vec<String>,
    pub(crate) before: HashSet<String>,
}

impl Scene {
    async fn set(demo: &Practice, server: &crate::server::Server) -> Self {
        Self::among(Everybody::signed_in(demo, server, 1).await, &server.client()).await
    }

    /// The first patient, and who treats them.
    pub(crate) async fn among(mut people: Everybody, client: &Client) -> Self {
        let patient = people.patients.remove(0);
        let therapist = people.therapists.into_iter().find(|one| one.patients.contains(&patient.patient_id));
        let therapist = therapist.expect("every patient has a therapist").cookie;
        let mut shown = Vec::new();
        let own = client.with(&therapist);
        for path in ["/api/v1/patients", &patient.program(), &format!("/api/v1/patients/{}", patient.patient_id)] {
            values(&own.read(path).await, &mut shown);
        }
        let before = patient.entries(client).await;
        Self { patient, therapist, shown, before }
    }

    /// Everything that touches a patient's data is refused, and says nothing of it.
    pub(crate) async fn is_closed(&self, client: &Client) {
        let (staff, own) = (client.with(&self.therapist), client.with(&self.patient.cookie));
        let chart = format!("/api/v1/patients/{}", self.patient.patient_id);
        let answers = [
            staff.get("/api/v1/patients").await,
            staff.get(&chart).await,
            staff.get(&self.patient.program()).await,
            staff.get(&self.patient.log()).await,
            own.get(&self.patient.program()).await,
            own.get(&self.patient.log()).await,
            own.post(&self.patient.log(), self.patient.entry("Nobody should read this.")).await,
            staff.get(&format!("/patients/{}", self.patient.patient_id)).await,
            own.get("/today").await,
        ];
        for answer in answers {
            assert_eq!(answer.status, 503, "{}", answer.text);
            let told = self.shown.iter().find(|value| answer.text.contains(*value));
            assert!(told.is_none(), "{told:?} in {}", answer.text);
        }
        assert_eq!(client.get("/healthz").await.status, 200);
        assert_eq!(client.get("/readyz").await.status, 503);
    }

    /// Sooner or later the same requests are served again; an entry can be written, and nothing else was.
    pub(crate) async fn opens_again(&self, client: &Client) -> String {
        let (staff, own) = (client.with(&self.therapist), client.with(&self.patient.cookie));
        let mut last = 0;
        for _ in 0..TRIES {
            last = staff.get(&self.patient.program()).await.status;
            if last == 200 {
                break;
            }
            tokio::time::sleep(A_WHILE).await;
        }
        assert_eq!(last, 200, "it does not recover");
        let written = own.post(&self.patient.log(), self.patient.entry("Better.")).await;
        assert_eq!(written.status, 201, "{}", written.text);
        assert_eq!(client.get("/readyz").await.status, 200);
        crate::day::id(&written.json(), "entry_id")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_ledger_closes_every_record_and_opens_them_when_there_is_space() {
    let demo = Practice::demo();
    let Some(disk) = small_disk_under(&demo) else { return };
    let mut server = demo.start();
    let scene = Scene::set(&demo, &server).await;
    let client = server.client();
    let mut expected = scene.before.clone();
    for _ in 0..2 {
        disk.fill().expect("filled");
        let own = client.with(&scene.patient.cookie);
        let mut closed = false;
        for _ in 0..STILL_ROOM {
            let answer = own.post(&scene.patient.log(), scene.patient.entry("Room for one more?")).await;
            match answer.status {
                201 => {
                    expected.insert(crate::day::id(&answer.json(), "entry_id"));
                }
                // A shorter entry may still fit, and the probe of readiness writes the shortest that there is.
                503 if client.get("/readyz").await.status == 503 => {
                    closed = true;
                    break;
                }
                other => assert_eq!(other, 503, "{}", answer.text),
            }
        }
        assert!(closed, "it writes on, with no byte left");
        scene.is_closed(&client).await;
        disk.free().expect("freed");
        expected.insert(scene.opens_again(&client).await);
    }
    assert_eq!(scene.patient.entries(&client).await, expected, "stored is what was acknowledged, and nothing else");
    server.stop_well();
    let trail = Trail::of(&demo);
    assert!(expected.difference(&scene.before).all(|id| trail.entries.contains(id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_is_read_only_at_the_start_opens_nothing() {
    let demo = Practice::demo();
    let Some(disk) = small_disk_under(&demo) else { return };
    let mut server = demo.start();
    let scene = Scene::set(&demo, &server).await;
    server.stop_well();
    assert!(disk.remount("ro"), "nothing is open any more");
    let mut server = demo.spawn(&[]);
    if server.listens() {
        scene.is_closed(&server.client()).await;
        server.stop();
    } else {
        assert_eq!(server.stop().code(), Some(1));
        assert!(server.log().contains("disk/audit"), "it says where: {}", server.log());
    }
    assert!(disk.remount("rw"));
    let mut server = demo.start();
    scene.opens_again(&server.client()).await;
    server.stop_well();
    Trail::of(&demo);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_becomes_read_only_closes_every_record_until_it_is_not() {
    if !faults::possible() {
        return skipped("strace is not here or may not trace, so the ledger never became read-only");
    }
    let demo = Practice::demo();
    let mut server = demo.start();
    let scene = Scene::set(&demo, &server).await;
    let client = server.client();
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-f", "-o"]).arg(demo.path().join("strace")).args(["-p", &server.id().to_string()]);
    for path in faults::ledger_files(&demo) {
        strace.arg("-P").arg(path);
    }
    let calls = "write,pwrite64,fdatasync,fsync,rename,openat,mkdir,ftruncate";
    strace.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:error=EROFS")]);
    let mut strace = strace.spawn().expect("strace");
    // It attaches in its own time: until then requests are served.
    let mut expected = scene.before.clone();
    let own = client.with(&scene.patient.cookie);
    let mut closed = false;
    for _ in 0..TRIES {
        let answer = own.post(&scene.patient.log(), scene.patient.entry("Still?")).await;
        if answer.status == 503 {
            closed = true;
            break;
        }
        expected.insert(crate::day::id(&answer.json(), "entry_id"));
        tokio::time::sleep(A_WHILE).await;
    }
    if !closed && strace.try_wait().expect("it was ours").is_some() {
        return skipped("strace may not attach, so the ledger never became read-only");
    }
    assert!(closed, "it writes on, though nothing can be recorded");
    scene.is_closed(&client).await;
    let told = Command::new("kill").args(["-INT", &strace.id().to_string()]).status().expect("kill");
    assert!(told.success());
    strace.wait().expect("it was ours");
    expected.insert(scene.opens_again(&client).await);
    assert_eq!(scene.patient.entries(&client).await, expected, "stored is what was acknowledged, and nothing else");
    server.stop_well();
    Trail::of(&demo);
}
