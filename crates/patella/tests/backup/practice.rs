//! A practice with a place for backups, and the program run on it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use testkit::program::succeeded;

/// How long a server may take for its first backup, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn program() -> Command {
    testkit::program::program(env!("CARGO_BIN_EXE_patella"))
}

pub(crate) fn run(arguments: &[&str], config: &Path) -> Output {
    program().args(arguments).arg("--config").arg(config).output().expect("runs")
}

pub(crate) fn succeed(arguments: &[&str], config: &Path) -> String {
    succeeded(&run(arguments, config), arguments)
}

pub(crate) fn refused(arguments: &[&str], config: &Path) -> String {
    let output = run(arguments, config);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// A practice with a place for backups and what opens them.
pub(crate) struct Practice {
    pub(crate) folder: TempDir,
    pub(crate) config: PathBuf,
    pub(crate) identity: String,
    /// What `init` printed.
    pub(crate) said: String,
}

impl Practice {
    /// With made-up people.
    pub(crate) fn demo() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let data = folder.path().join("demo");
        let made = program()
            .args(["demo", "--prepare", "--patients", "3", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .output()
            .expect("runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::with_backups(folder, data.join("patella.toml"), String::new())
    }

    /// Just founded.
    pub(crate) fn founded() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let config = folder.path().join("patella.toml");
        let settings = "origin = \"https://practice.example\"\ndata = \"data\"\n\
                        tls = { certificate = \"chain.pem\", key = \"key.pem\" }\nroot = { key_file = \"root.key\" }\n\
                        ledger = { second_paths = [\"elsewhere\"] }\n";
        fs::write(&config, settings).expect("written");
        let said = succeed(&["init", "--practice", "Northside", "--timezone", "America/New_York"], &config);
        Self::with_backups(folder, config, said)
    }

    fn with_backups(folder: TempDir, config: PathBuf, said: String) -> Self {
        let (secret, recipient) = crypto::Identities::generate_text();
        let identity = folder.path().join("identity.txt");
        fs::write(&identity, secret).expect("written");
        let (backups, epochs) = (folder.path().join("backups"), folder.path().join("epochs"));
        fs::create_dir(&backups).expect("made");
        fs::create_dir(&epochs).expect("made");
        let practice = Self { folder, config, identity: identity.to_str().expect("plain").to_owned(), said };
        practice.append(&format!(
            "[backup]\ntarget = {backups:?}\nrecipients = [{recipient:?}]\nepoch_keys = {epochs:?}\n"
        ));
        practice
    }

    pub(crate) fn append(&self, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(&self.config).expect("opened");
        file.write_all(text.as_bytes()).expect("written");
    }
    pub(crate) fn backups(&self) -> PathBuf {
        self.folder.path().join("backups")
    }
    /// The newest backup.
    pub(crate) fn newest(&self) -> String {
        let names = fs::read_dir(self.backups()).expect("listed").map(|item| item.expect("listed").file_name());
        let names = names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with("20"));
        names.max().expect("one")
    }
}

/// A server that dies with the test.
pub(crate) struct Serving(pub(crate) Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    /// Serves a practice.
    pub(crate) fn start(practice: &Practice) -> Self {
        let mut serve = program();
        serve.args(["serve", "--config"]).arg(&practice.config);
        Self(serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs"))
    }
}
