//! A collector of logs on the loopback: the distribution's rsyslog, which takes TLS and writes what it reads to a file. It can go
//! away and come back at the same address.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Where Debian's rsyslog lies, and where its TLS.
const PROGRAM: &str = "/usr/sbin/rsyslogd";
const TLS: &str = "rsyslog/lmnsd_gtls.so";
/// How often it is asked whether it is there (or gone), with [`A_WHILE`] between.
const TRIES: usize = 600;
const A_WHILE: Duration = Duration::from_millis(50);

/// A collector; gone when it is dropped.
pub struct Collector {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Collector {
    /// A collector that is away. None, and a printed word, where rsyslog with TLS is not here.
    pub fn away() -> Option<Self> {
        if !is_here() {
            #[allow(clippy::print_stderr)]
            {
                eprintln!(
                    "SKIPPED: rsyslog and rsyslog-gnutls are not here (scripts/setup.sh test installs them), so no syslog is tested"
                );
            }
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        let ca_key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::new(Vec::new()).expect("no names");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("written");
        write("ca.pem", ca.self_signed(&ca_key).expect("signed").pem());
        let key = KeyPair::generate().expect("a key");
        let own = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        write("cert.pem", own.signed_by(&key, &Issuer::new(ca, ca_key)).expect("signed").pem());
        write("key.pem", key.serialize_pem());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let at = folder.path().display();
        write(
            "rsyslog.conf",
            format!(
                "global(workDirectory=\"{at}\" defaultNetstreamDriver=\"gtls\"\n\
                 defaultNetstreamDriverCAFile=\"{at}/ca.pem\" defaultNetstreamDriverCertFile=\"{at}/cert.pem\"\n\
                 defaultNetstreamDriverKeyFile=\"{at}/key.pem\")\n\
                 module(load=\"imtcp\" streamDriver.name=\"gtls\" streamDriver.mode=\"1\" streamDriver.authMode=\"anon\"\n\
                 gnutlsPriorityString=\"NORMAL\")\n\
                 main_queue(queue.timeoutShutdown=\"10000\" queue.timeoutActionCompletion=\"10000\")\n\
                 template(name=\"said\" type=\"string\" string=\"%hostname% %app-name% %msgid% %msg%\\n\")\n\
                 ruleset(name=\"came\") {{ action(type=\"omfile\" file=\"{at}/came\" template=\"said\") }}\n\
                 input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"came\")\n"
            ),
        );
        Some(Self { folder, port, running: None })
    }

    /// The file with the certificate from which its own comes.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Where it is when it is there.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// It comes, and listens.
    pub fn comes(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).expect("a file");
        let child = Command::new(PROGRAM)
            .arg("-n")
            .arg("-f")
            .arg(self.folder.path().join("rsyslog.conf"))
            .arg("-i")
            .arg(self.folder.path().join("pid"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("rsyslog");
        self.running = Some(child);
        let there = (0..TRIES).any(|_| {
            let there = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if !there {
                thread::sleep(A_WHILE);
            }
            there
        });
        let said = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(there, "rsyslog listens: {said}");
    }

    /// It is told to stop, as a planned stop does, and stops.
    pub fn goes(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let gone = (0..TRIES).any(|_| {
                let gone = matches!(child.try_wait(), Ok(Some(_)));
                if !gone {
                    thread::sleep(A_WHILE);
                }
                gone
            });
            if !gone {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }

    /// The lines that it wrote, in their order.
    pub fn came(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("came")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.goes();
    }
}

fn is_here() -> bool {
    let library = |folder: &Path| folder.join(TLS).exists();
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    Path::new(PROGRAM).exists() && folders.chain([PathBuf::from("/usr/lib")]).any(|folder| library(&folder))
}
