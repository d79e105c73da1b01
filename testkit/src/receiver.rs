//! A receiver of webhooks on the loopback: a few lines of Python, which know nothing of our own code. It can go away and come
//! back at the same address.

use rcgen::generate_simple_self_signed;
use serde::Deserialize;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

const PROGRAM: &str = include_str!("receiver.py");

/// A receiver; gone when it is dropped.
pub struct Receiver {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

/// A message that came.
#[derive(Debug, Clone, Deserialize)]
pub struct Came {
    /// Its id.
    pub id: String,
    /// Whether its signature was that of its id, its time and its body, and its time within five minutes of the receiver's.
    pub fits: bool,
    /// Its time, in seconds since 1970.
    pub at: String,
    /// Its body.
    pub body: String,
}

impl Receiver {
    /// A receiver that is away. Its certificate is its own, for `localhost` and `127.0.0.1`.
    pub fn away() -> Self {
        let folder = TempDir::new().expect("a folder");
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = generate_simple_self_signed(names).expect("a certificate");
        fs::write(folder.path().join("cert.pem"), own.cert.pem()).expect("written");
        fs::write(folder.path().join("key.pem"), own.signing_key.serialize_pem()).expect("written");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        Self { folder, port, running: None }
    }

    /// The file with its certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// The port at which it is when it is there.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// It comes, with what signatures are to be made with.
    pub fn comes(&mut self, secret: &str) {
        fs::write(self.folder.path().join("secret"), secret).expect("written");
        let mut child = Command::new("python3")
            .args(["-c", PROGRAM])
            .arg(self.folder.path())
            .arg(self.port.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let mut said = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut said).expect("read");
        assert_eq!(said.trim(), "ready", "the receiver listens");
        self.running = Some(child);
    }

    /// Its clock says so, in seconds since 1970; before, it takes messages of any time.
    pub fn clock_says(&self, seconds: i64) {
        // Renamed, so that it never reads half of it.
        let (new, now) = (self.folder.path().join("now.new"), self.folder.path().join("now"));
        fs::write(&new, seconds.to_string()).and_then(|()| fs::rename(new, now)).expect("written");
    }

    /// It goes away, at once.
    pub fn goes(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What came so far, in its order.
    pub fn came(&self) -> Vec<Came> {
        let text = fs::read_to_string(self.folder.path().join("came")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of its own")).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.goes();
    }
}
