//! The reference stack: FastAPI over TLS 1.3 on a PostgreSQL of its own, one durable audit line a read, with the same
//! programs. It is not part of this repository; where its folder, Python or PostgreSQL is missing it is left out, with the
//! reason.

use crate::{
    people::Program,
    process::{Server, free_port, on_cores},
    wire::{Place, request},
};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use std::{
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Whom PostgreSQL runs as when we are root, as which it does not run.
const POSTGRES: &str = "postgres";
const REQUIREMENTS: &str = include_str!("../reference/requirements.txt");
const SAME_BYTES: &str = include_str!("../reference/same_bytes.py");
/// The token of the therapist whom the stack's own seeding signs in.
const TOKEN: &str = "Bearer token-t1";

/// Everything that a stack needs to run.
pub(crate) struct Settings<'s> {
    /// Its folder.
    pub(crate) source: &'s Path,
    /// Where its Python packages are put; kept from run to run.
    pub(crate) packages: &'s Path,
    /// Where it keeps its audit file and its own log: on the disk that is measured.
    pub(crate) data: &'s Path,
    /// Certificate and key of the server, certificate of the authority.
    pub(crate) tls: [&'s Path; 3],
    /// The core of its processes, PostgreSQL's too.
    pub(crate) core: usize,
}

/// A running stack. Stops in this order.
pub(crate) struct Reference {
    pub(crate) app: Server,
    pub(crate) postgres: Server,
    _folder: TempDir,
    pub(crate) place: Place,
}

impl Reference {
    /// Installs what it needs, fills it, starts it.
    pub(crate) async fn start(settings: &Settings<'_>, programs: &[Program]) -> Result<Self> {
        ensure!(settings.source.join("app.py").is_file(), "there is no {}", settings.source.display());
        let python = packages(settings.packages)?;
        let (postgres, folder) = postgres(settings.core)?;
        let dsn = format!("host={} user={POSTGRES} dbname={POSTGRES}", folder.path().display());
        let generate = ["-c", "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"];
        let key = String::from_utf8(succeed(Command::new(&python).args(generate), "")?)?.trim().to_owned();

        let with_environment = |mut command: Command| {
            command.env("GUIDE_DSN", &dsn).env("GUIDE_KEY", &key).env("AUDIT_FSYNC", "1");
            command.env("GUIDE_AUDIT", settings.data.join("reference-audit.log"));
            command
        };
        let mut seed = with_environment(Command::new(&python));
        succeed(seed.arg(settings.source.join("seed.py")).arg(programs.len().to_string()), "")?;
        let lines: String = programs.iter().map(|program| format!("{}\n", program.body)).collect();
        succeed(with_environment(Command::new(&python)).args(["-c", SAME_BYTES]), &lines)?;

        let port = free_port()?;
        let log = fs::File::create(settings.data.join("reference.log"))?;
        let mut app = with_environment(on_cores(&settings.core.to_string(), &python));
        app.args(["-m", "uvicorn", "app:app", "--no-access-log", "--log-level", "warning", "--host", "127.0.0.1"]);
        app.args(["--loop", "uvloop", "--http", "httptools", "--port", &port.to_string()]);
        app.arg("--ssl-certfile").arg(settings.tls[0]).arg("--ssl-keyfile").arg(settings.tls[1]);
        app.current_dir(settings.source).env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
        app.stdout(log.try_clone()?).stderr(log);
        let mut app = Server::start("the reference stack", app, Signal::TERM)?;
        let place = Place::new(port, settings.tls[2])?;
        ready(&place, &mut app).await?;
        Ok(Self { app, postgres, _folder: folder, place })
    }
}

/// The request for the program of the patient with this number.
pub(crate) fn read(number: usize) -> Vec<u8> {
    request("GET", &format!("/patients/p{number}/exercises"), &[("authorization", TOKEN)], None)
}

/// Waits until a server takes connections.
pub(crate) async fn ready(place: &Place, server: &mut Server) -> Result<()> {
    for _ in 0..600 {
        server.check()?;
        if place.connect().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("nothing listens on port {}", place.port)
}

/// Python with the packages, installed when they are not there; the interpreter.
fn packages(folder: &Path) -> Result<PathBuf> {
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(python);
    }
    println!("Installing the reference stack's Python packages into {}", folder.display());
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder), "")?;
    let wanted = folder.join("wanted.txt");
    fs::write(&wanted, REQUIREMENTS)?;
    succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&wanted), "")?;
    fs::rename(wanted, stamp)?;
    Ok(python)
}

/// A PostgreSQL with its usual settings (durable), reached through a socket in its folder.
fn postgres(core: usize) -> Result<(Server, TempDir)> {
    let programs = fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is not installed")?;
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = programs.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(number);
    let programs = newest.context("PostgreSQL is not installed")?.join("bin");
    let folder = TempDir::with_prefix("patella-bench-")?;
    let root = fs::metadata("/proc/self")?.uid() == 0;
    if root {
        succeed(Command::new("chown").arg(POSTGRES).arg(folder.path()), "")?;
    }
    let data = folder.path().join("data");
    let as_user = |program: &Path| {
        let core = core.to_string();
        if !root {
            return on_cores(&core, program);
        }
        let mut command = on_cores(&core, Path::new("setpriv"));
        command.args(["--reuid", POSTGRES, "--regid", POSTGRES, "--init-groups"]).arg(program);
        command
    };
    let mut initdb = as_user(&programs.join("initdb"));
    initdb.args(["--auth=trust", "--no-locale", "--encoding=UTF8", "--username", POSTGRES, "--pgdata"]).arg(&data);
    succeed(initdb.current_dir(folder.path()), "")?;
    let mut server = as_user(&programs.join("postgres"));
    server.arg("-D").arg(&data).args(["-c", "listen_addresses=", "-c", "logging_collector=off", "-k"]);
    server.arg(folder.path()).current_dir(folder.path());
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SIGINT is its fast shutdown.
    let mut server = Server::start("PostgreSQL", server, Signal::INT)?;
    for _ in 0..600 {
        server.check()?;
        let mut asked = Command::new(programs.join("pg_isready"));
        if asked.args(["-q", "-h"]).arg(folder.path()).status()?.success() {
            return Ok((server, folder));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("PostgreSQL does not start")
}

/// Runs a command to its end and gives its output.
fn succeed(command: &mut Command, input: &str) -> Result<Vec<u8>> {
    let what = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{what} cannot be started"))?;
    child.stdin.take().context("no pipe")?.write_all(input.as_bytes()).with_context(|| what.clone())?;
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{what}: {}", said.lines().last().unwrap_or("failed"));
    Ok(output.stdout)
}
