//! A practice in a folder of its own, and the real server on it.

use crate::client::{Client, Person};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// What the settings of most tests say about the root key.
pub(crate) const KEY_FILE: &str = "key_file = \"root.key\"";
/// How a practice is founded.
pub(crate) const FOUND: [&str; 5] = ["init", "--practice", "Northside", "--timezone", "America/New_York"];
/// How long a server may take to listen, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a stopped server is looked for, and after how many looks it is told again: every 10 seconds, for 2 minutes.
const STOP_TRIES: usize = 2400;
const SIGNAL_AGAIN: usize = 200;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// A program as it was built, without settings from the environment of the test.
pub(crate) fn program(with: &[&str]) -> Command {
    let (wrapper, arguments) = match with {
        [] => (env!("CARGO_BIN_EXE_patella"), &[][..]),
        [wrapper, arguments @ ..] => (*wrapper, arguments),
    };
    let mut command = Command::new(wrapper);
    command.args(arguments);
    if !with.is_empty() {
        command.arg(env!("CARGO_BIN_EXE_patella"));
    }
    testkit::program::unsettled(command)
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Said {
    program(&[]).args(arguments).output().expect("runs").into()
}

/// A practice and everything the program keeps about it.
pub(crate) struct Practice {
    folder: TempDir,
    people: Vec<Person>,
}

impl Practice {
    /// Makes one of made-up people, six of them patients. Where it listens is chosen by the system at each start, so that tests never meet.
    pub(crate) fn demo() -> Self {
        let folder = TempDir::with_prefix("patella-siege-").expect("a folder");
        let path = folder.path().canonicalize().expect("a folder");
        let path = path.to_str().expect("a plain path");
        let said = run(&["demo", "--data", path, "--listen", "127.0.0.1:0", "--patients", "6", "--prepare"]);
        assert_eq!(said.status, Some(0), "{}", said.err);
        let card = fs::read_to_string(folder.path().join("demo.json")).expect("the card");
        let card: serde_json::Value = serde_json::from_str(&card).expect("json");
        let people = card["people"].as_array().expect("people").iter().map(Person::of_card).collect();
        Self { folder, people }
    }

    /// Founds one with nobody in it. `stores` is what the settings say about where data is kept, and `metrics` where
    /// Prometheus reads.
    pub(crate) fn founded(stores: &str, metrics: u16) -> Self {
        let practice = Self::settled(&format!("metrics_listen = \"127.0.0.1:{metrics}\""), KEY_FILE, stores);
        practice.done(&FOUND);
        practice
    }

    /// Settings with nothing founded yet: `root` is what they say about the root key.
    pub(crate) fn settled(more: &str, root: &str, stores: &str) -> Self {
        let folder = TempDir::with_prefix("patella-siege-").expect("a folder");
        let tls = folder.path().join("tls");
        fs::create_dir(&tls).expect("made");
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        fs::write(tls.join("ca.pem"), own.cert.pem()).expect("written");
        fs::write(tls.join("localhost.key"), own.signing_key.serialize_pem()).expect("written");
        let settings = format!(
            "listen = \"127.0.0.1:0\"\n{more}\n\
             origin = \"https://localhost:8443\"\ndata = \"stores\"\n\
             tls = {{ certificate = \"tls/ca.pem\", key = \"tls/localhost.key\" }}\n\
             root = {{ {root} }}\nledger = {{ second_paths = [\"checkpoint-elsewhere\"] }}\n{stores}",
        );
        let practice = Self { folder, people: Vec::new() };
        fs::write(practice.config(), settings).expect("written");
        practice
    }

    /// The same practice once more, as it is now. Nothing may be running on this one.
    pub(crate) fn copy(&self) -> Self {
        let folder = TempDir::with_prefix("patella-siege-").expect("a folder");
        copy_into(self.folder.path(), folder.path());
        let copy = Self { folder, people: self.people.iter().map(Person::apart).collect() };
        let (from, to) = (self.path(), copy.path());
        let settings = fs::read_to_string(copy.config()).expect("settings");
        let settings = settings.replace(from.to_str().expect("plain"), to.to_str().expect("plain"));
        fs::write(copy.config(), settings).expect("written");
        copy
    }

    /// Where everything lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("a folder")
    }
    /// The settings.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("patella.toml")
    }
    /// The first person in a role.
    pub(crate) fn first(&self, role: &str) -> &Person {
        self.all(role).next().expect("somebody in that role")
    }
    /// Everybody in a role.
    pub(crate) fn all(&self, role: &str) -> impl Iterator<Item = &Person> {
        let role = role.to_owned();
        self.people.iter().filter(move |person| person.role == role)
    }

    /// Replaces a piece of the settings.
    pub(crate) fn set(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.config()).expect("settings");
        assert!(text.contains(old), "{old} is not in the settings");
        fs::write(self.config(), text.replacen(old, new, 1)).expect("written");
    }

    /// Runs a command that takes the settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Said {
        self.command_with(&[], arguments)
    }

    /// The same behind another program.
    pub(crate) fn command_with(&self, with: &[&str], arguments: &[&str]) -> Said {
        program(with).args(arguments).arg("--config").arg(self.config()).output().expect("runs").into()
    }

    /// Runs a command that must succeed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let said = self.command(arguments);
        assert_eq!(said.status, Some(0), "{arguments:?}: {}", said.err);
        said.out
    }

    /// Starts the server without waiting for it, behind another program where `with` names one.
    pub(crate) fn spawn(&self, with: &[&str]) -> Server {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = program(with);
        command.arg("serve").arg("--config").arg(self.config()).stdin(Stdio::null());
        // What it leaves lying about, it leaves here.
        command.current_dir(self.folder.path()).env("TMPDIR", self.folder.path());
        let child = command.stdout(writer.try_clone().expect("a pipe")).stderr(writer).spawn().expect("starts");
        let (say, told) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = log.clone();
        let reading = thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if let Some(port) = listening(&line) {
                    let _ = say.send(port);
                }
                let mut log = lines.lock().expect("unpoisoned");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Server { child, told, log, reading: Some(reading), ca: self.folder.path().join("tls/ca.pem"), port: None }
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&self) -> Server {
        let mut server = self.spawn(&[]);
        assert!(server.listens(), "the server did not start: {}", server.log());
        server
    }
}

/// Copies a folder's files. Pictures never change, so theirs are the same ones.
pub(crate) fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir(&target).expect("made");
            copy_into(&entry.path(), &target);
        } else if entry.path().components().any(|part| part.as_os_str() == "media") {
            fs::hard_link(entry.path(), target).expect("linked");
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// The port of the line that says where the server listens.
fn listening(line: &str) -> Option<u16> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    if line["message"] != "listening" {
        return None;
    }
    line["address"].as_str()?.rsplit(':').next()?.parse().ok()
}

/// A port that is free now.
pub(crate) fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// A running server. It dies with this.
pub(crate) struct Server {
    child: Child,
    told: mpsc::Receiver<u16>,
    log: Arc<Mutex<String>>,
    /// Reads what it prints.
    reading: Option<thread::JoinHandle<()>>,
    ca: PathBuf,
    port: Option<u16>,
}

impl Server {
    /// Waits until it listens. No when it has ended before.
    pub(crate) fn listens(&mut self) -> bool {
        if self.port.is_none() {
            self.port = self.told.recv_timeout(PATIENCE).ok();
        }
        self.port.is_some()
    }

    /// Somebody who talks to it, as nobody yet.
    pub(crate) fn client(&self) -> Client {
        let ca = fs::read(&self.ca).expect("the demo's authority");
        Client::new(self.port.expect("it listens"), &ca)
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("unpoisoned").clone()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself, and until its last words are in the log.
    pub(crate) fn ends(&mut self) -> ExitStatus {
        let ended = self.child.wait().expect("it was ours");
        if let Some(reading) = self.reading.take() {
            reading.join().expect("the log is read");
        }
        ended
    }

    /// SIGKILL: no time for anything.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().expect("it was ours");
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        // An injected fault can hit the very call by which the signal handler wakes the program; then nobody heard it.
        for tried in 0..STOP_TRIES {
            if tried % SIGNAL_AGAIN == 0 {
                let mut kill = Command::new("kill");
                let sent = kill.args(["-TERM", &self.child.id().to_string()]).stderr(Stdio::null()).status();
                sent.expect("kill is installed");
            }
            if let Some(ended) = self.child.try_wait().expect("it was ours") {
                return ended;
            }
            thread::sleep(BETWEEN_TRIES);
        }
        panic!("it does not stop: {}", self.log())
    }

    /// Stops it as its owner would; it must end well.
    pub(crate) fn stop_well(&mut self) {
        let status = self.stop();
        assert!(status.success(), "{:?} {:?}: {}", status.code(), status.signal(), self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
