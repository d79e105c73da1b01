//! A private PostgreSQL, from the distribution's binaries: TLS with a certificate of its own, SCRAM, one owner and one
//! server role for each database. It lives in a temporary folder and dies with the test process, however that ends.

use anyhow::{Context, bail, ensure};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;

/// The superuser of the private server.
const SUPERUSER: &str = "postgres";

/// Stays with PostgreSQL until its own input ends, which the system sees to when the test process dies; then stops the
/// server at once and removes the folder.
const KEEPER: &str = r#""$1/postgres" -D "$2/data" >>"$2/log" 2>&1 & server=$!
cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$2""#;

/// A running server.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    keeper: Mutex<Option<(Child, ChildStdin)>>,
}

/// A role of a database and how it gets in.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub role: String,
    /// `postgres://role@localhost:port/database`
    pub url: String,
    /// The same through the Unix socket.
    pub socket_url: String,
    /// The file that holds its password.
    pub password_file: PathBuf,
}

/// A database of its own.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Who owns it and migrates it.
    pub owner: Login,
    /// Who the server is: without any right until it is granted one.
    pub server: Login,
    /// The certificate that signed the server's.
    pub ca_file: PathBuf,
}

impl Server {
    /// The server of this test process, started when it is first asked for. None, and a printed word, where PostgreSQL
    /// is not installed.
    pub fn shared() -> anyhow::Result<Option<&'static Self>> {
        static SHARED: OnceLock<Result<Option<Server>, String>> = OnceLock::new();
        match SHARED.get_or_init(|| Server::start().map_err(|error| format!("{error:#}"))) {
            Ok(server) => Ok(server.as_ref()),
            Err(error) => bail!("{error}"),
        }
    }

    /// A server for one test that wants to break it.
    pub fn start() -> anyhow::Result<Option<Self>> {
        let Some(programs) = programs() else {
            #[allow(clippy::print_stderr)]
            {
                eprintln!(
                    "SKIPPED: PostgreSQL is not installed (/usr/lib/postgresql/*/bin), so nothing is tested on it"
                );
            }
            return Ok(None);
        };
        let folder = TempDir::with_prefix("patella-postgres-")?.keep();
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Self { programs, folder, port, keeper: Mutex::new(None) };
        if let Err(error) = server.prepare().and_then(|()| server.go()) {
            // Nobody keeps it yet who would tidy up.
            let _ = fs::remove_dir_all(&server.folder);
            return Err(error);
        }
        Ok(Some(server))
    }

    fn prepare(&self) -> anyhow::Result<()> {
        let folder = &self.folder;
        fs::write(folder.join("password"), secret()?)?;
        fs::write(folder.join("log"), "")?;
        for file in ["", "password", "log"] {
            self.give(&folder.join(file), 0o700)?;
        }
        let mut initdb = self.unprivileged("initdb");
        initdb.args(["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256", "--username", SUPERUSER]);
        initdb.arg("--pwfile").arg(folder.join("password")).arg("--pgdata").arg(folder.join("data"));
        succeed(initdb.stdin(Stdio::null()))?;
        self.certificates()?;
        // Without fsync: what is tested here survives the death of the server, not of the machine.
        let settings = format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\nssl = on\n\
             ssl_cert_file = '{1}/server.pem'\nssl_key_file = '{1}/server.key'\nssl_min_protocol_version = 'TLSv1.3'\n\
             password_encryption = 'scram-sha-256'\nmax_connections = 200\nshared_buffers = 16MB\n\
             log_statement = 'none'\n",
            self.port,
            folder.display(),
        );
        fs::OpenOptions::new()
            .append(true)
            .open(folder.join("data/postgresql.conf"))?
            .write_all(settings.as_bytes())?;
        fs::write(
            folder.join("data/pg_hba.conf"),
            "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
        )?;
        Ok(())
    }

    fn certificates(&self) -> anyhow::Result<()> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        fs::write(self.folder.join("ca.pem"), ca.self_signed(&ca_key)?.pem())?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])?;
        let certificate = certificate.signed_by(&key, &Issuer::new(ca, ca_key))?;
        fs::write(self.folder.join("server.pem"), certificate.pem())?;
        fs::write(self.folder.join("server.key"), key.serialize_pem())?;
        self.give(&self.folder.join("server.key"), 0o600)?;
        self.give(&self.folder.join("server.pem"), 0o644)
    }

    /// Starts it (again).
    pub fn go(&self) -> anyhow::Result<()> {
        if let Some((mut before, _input)) = self.lock().take() {
            // The keeper of a server that has crashed: it must not tidy up under the next one.
            before.kill()?;
            before.wait()?;
        }
        let mut keeper = self.as_user("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&self.programs).arg(&self.folder);
        // Out of the terminal's process group: Ctrl-C is for the test; the keeper then tidies up.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = keeper.spawn().context("sh")?;
        let input = child.stdin.take().context("no pipe")?;
        *self.lock() = Some((child, input));
        for _ in 0..600 {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.arg("-q").arg("-h").arg(&self.folder).args(["-p", &self.port.to_string()]);
            if ready.status()?.success() {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        bail!("PostgreSQL does not start: {}", fs::read_to_string(self.folder.join("log")).unwrap_or_default())
    }

    /// Stops it at once, as a crash would; [`Server::go`] starts it again with what was committed.
    pub fn crash(&self) -> anyhow::Result<()> {
        let mut stop = self.unprivileged("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--wait", "--silent", "--pgdata"]).arg(self.folder.join("data"));
        succeed(&mut stop)
    }

    /// Kills the processes that serve a database, as the system does when memory runs out. PostgreSQL then ends all the
    /// others too, and recovers. Says how many there were.
    pub fn kill_backends(&self, database: &Database) -> anyhow::Result<usize> {
        let postmaster = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        let postmaster = postmaster.lines().next().context("no process")?.trim().to_owned();
        let mut killed = 0;
        for process in fs::read_dir("/proc")? {
            let process = process?.path();
            // One that ends in the meantime is none.
            let (Ok(status), Ok(title)) =
                (fs::read_to_string(process.join("status")), fs::read(process.join("cmdline")))
            else {
                continue;
            };
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
            let serves = String::from_utf8_lossy(&title).split([' ', '\0']).any(|word| word == database.name);
            if parent.is_some_and(|parent| parent.trim() == postmaster)
                && serves
                && let Some(id) = process.file_name()
            {
                killed += usize::from(Command::new("kill").arg("-KILL").arg(id).status()?.success());
            }
        }
        Ok(killed)
    }

    /// A new, empty database with two roles of its own. Nobody but its owner may enter it yet.
    pub fn database(&self, name: &str) -> anyhow::Result<Database> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("{name}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let owner = self.login(&name, "owner")?;
        let server = self.login(&name, "server")?;
        self.sql(&format!(
            "CREATE DATABASE \"{name}\" OWNER \"{owner}\" TEMPLATE template0; \
             REVOKE ALL ON DATABASE \"{name}\" FROM PUBLIC;",
            owner = owner.role
        ))?;
        Ok(Database { name, owner, server, ca_file: self.folder.join("ca.pem") })
    }

    /// Settings that put everything of a practice into new databases of this server, and these databases.
    pub fn stores(&self) -> anyhow::Result<(String, Vec<Database>)> {
        let (mut settings, mut databases) = ("[stores]\nbackend = \"postgres\"\n".to_owned(), Vec::new());
        for store in ["identity", "keys", "clinical", "billing", "audit"] {
            let database = self.database(store)?;
            let (own, owner) = (&database.server, &database.owner);
            settings.push_str(&format!(
                "[stores.{store}]\nurl = {:?}\npassword_file = {:?}\nmigrator_url = {:?}\n\
                 migrator_password_file = {:?}\nca_file = {:?}\n",
                own.url, own.password_file, owner.url, owner.password_file, database.ca_file,
            ));
            databases.push(database);
        }
        Ok((settings, databases))
    }

    fn login(&self, database: &str, what: &str) -> anyhow::Result<Login> {
        let role = format!("{database}_{what}");
        let password = secret()?;
        let password_file = self.folder.join(format!("{role}.password"));
        fs::write(&password_file, format!("{password}\n"))?;
        self.sql(&format!("CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'"))?;
        let socket = self.folder.display().to_string().replace('/', "%2F");
        Ok(Login {
            url: format!("postgres://{role}@localhost:{}/{database}", self.port),
            socket_url: format!("postgres://{role}@{socket}:{}/{database}", self.port),
            role,
            password_file,
        })
    }

    /// Runs statements as the superuser, one by one.
    pub fn sql(&self, statements: &str) -> anyhow::Result<()> {
        self.sql_in("postgres", statements)
    }

    /// Runs statements as the superuser in one of the databases, one by one.
    pub fn sql_in(&self, database: &str, statements: &str) -> anyhow::Result<()> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env("PGPASSWORD", fs::read_to_string(self.folder.join("password"))?);
        psql.args(["-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER, "-d", database, "-p"]);
        psql.arg(self.port.to_string()).arg("-h").arg(&self.folder);
        for statement in statements.split(';').filter(|statement| !statement.trim().is_empty()) {
            psql.arg("-c").arg(statement);
        }
        succeed(&mut psql)
    }

    /// The folder with everything that the server has written: data, log, sockets.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Child, ChildStdin)>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, path: &Path, mode: u32) -> anyhow::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        if is_root()? {
            succeed(Command::new("chown").arg(SUPERUSER).arg(path))?;
        }
        Ok(())
    }

    fn unprivileged(&self, program: &str) -> Command {
        self.as_user(&self.programs.join(program).display().to_string())
    }

    /// PostgreSQL does not run as root: then it runs as the user that the distribution made for it.
    fn as_user(&self, program: &str) -> Command {
        let mut command = if is_root().unwrap_or(false) {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", SUPERUSER, "--regid", SUPERUSER, "--init-groups", program]);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((mut keeper, input)) = self.lock().take() {
            drop(input);
            // There is nobody to tell; the folder is a temporary one.
            let _ = keeper.wait();
        }
    }
}

/// The newest installed PostgreSQL.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(number)?.join("bin");
    newest.join("initdb").exists().then_some(newest)
}

fn is_root() -> anyhow::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// A password from the system's randomness.
fn secret() -> anyhow::Result<String> {
    use std::io::Read;
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{:?}", command.get_program()))?;
    ensure!(output.status.success(), "{:?}: {}", command.get_program(), String::from_utf8_lossy(&output.stderr));
    Ok(())
}
