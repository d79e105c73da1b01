//! One run: make a practice, start the servers, let them take turns, say what came out.

use crate::{
    Options,
    load::{Length, Measured, Shot, Target, load},
    people::{self, Person, Program},
    plain,
    process::{Server, free_port, on_cores},
    reference::{self, Reference, Settings, ready},
    report::{self, Column},
    wire::{Place, Wire, request},
};
use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a server is asked before it is measured: caches, branch predictors, the connections' own buffers.
const WARM_UP: Duration = Duration::from_millis(300);
/// The same before the first round of each number of connections.
const FIRST_WARM_UP: Duration = Duration::from_secs(1);
/// After this long without a request the trail's checkpoint covers all of it: one is written every second.
const CHECKPOINT: Duration = Duration::from_secs(2);
/// How many bodies of the other servers are held against ours byte by byte. The rest by their lengths, all the time.
const COMPARED: usize = 100;

/// The folder of a run.
struct Folder(PathBuf);

impl Folder {
    fn practice(&self) -> PathBuf {
        self.0.join("practice")
    }
    fn tls(&self, file: &str) -> PathBuf {
        self.practice().join("tls").join(file)
    }
    /// How many entries the audit trail has, by its last checkpoint.
    fn entries(&self) -> Result<u64> {
        let checkpoint = fs::read_to_string(self.practice().join("stores/audit/checkpoint"))?;
        checkpoint.lines().nth(1).and_then(|size| size.parse().ok()).context("no checkpoint")
    }
}

/// Everything, in order.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = Folder(options.data.clone());
    let port = free_port()?;
    make_practice(options, &folder, port)?;
    let place = Place::new(port, &folder.tls("ca.pem"))?;
    let mut patella = start_patella(options, &folder, port)?;
    ready(&place, &mut patella).await?;
    println!("Memory of the server at its start: {}", memory(&patella)?);
    let card = people::card(&folder.practice())?;
    let of_role = |role: &str| card.iter().filter(|person| person.role == role).collect::<Vec<&Person>>();
    let programs = people::programs(&place, &of_role("therapist")).await?;
    let writes = people::log_writes(&place, &of_role("patient")).await?;
    let bytes = programs.iter().map(|program| program.body.len()).sum::<usize>() / programs.len();
    println!("{} programs of {bytes} bytes of JSON each, {} patients who write", programs.len(), writes.len());

    let (mut bare, bare_place) = start_plain(options, &folder, &programs)?;
    ready(&bare_place, &mut bare).await?;
    let mut columns = vec![
        Contestant::new('a', "audited, authorized, decrypted read", &place, shots_a(&programs), patella.group()),
        Contestant::new('b', "the same bytes from a bare server", &bare_place, shots_b(&programs), bare.group()),
        Contestant::new('c', "the logged write", &place, writes, patella.group()),
    ];
    let stack = match &options.reference {
        Some(source) => start_reference(options, &folder, source, &programs).await,
        None => Err(anyhow::anyhow!("no folder was named")),
    };
    match &stack {
        Ok(stack) => {
            let group = stack.app.group().and(stack.postgres.group());
            columns.push(Contestant::new('d', "the reference stack", &stack.place, shots_d(&programs), group));
        }
        Err(why) => println!("(d) the reference stack is left out: {why:#}"),
    }
    compare(&columns, &programs).await?;
    let cores = (options.server_core, options.load_core);
    println!(
        "Servers on core {}, load on core {}; {} rounds of {} s each, taking turns; every status and length is checked",
        cores.0, cores.1, options.rounds, options.seconds
    );

    tokio::time::sleep(CHECKPOINT).await;
    let before = folder.entries()?;
    let (mut reads, mut written) = (0, 0);
    for &connections in &options.connections {
        let measured = rounds(options, &columns, connections).await?;
        for column in &measured {
            let answered = column.rounds.iter().map(|round| round.answered).sum::<u64>();
            match column.letter {
                'a' => reads += answered,
                'c' => written += answered,
                _ => {}
            }
        }
        report::print(connections, &measured);
    }
    println!("\nMemory of the server with {} patients after the run: {}", options.patients, memory(&patella)?);
    patella.stop()?;
    let entries = folder.entries()? - before;
    println!("{reads} reads and {written} writes were answered; the audit trail grew by {entries} entries");
    ensure!(entries >= reads + written, "answers without an entry in the audit trail");
    Ok(())
}

/// A server under its letter.
struct Contestant {
    letter: char,
    what: &'static str,
    target: Target,
}

impl Contestant {
    fn new(letter: char, what: &'static str, place: &Place, shots: Vec<Shot>, group: crate::process::Group) -> Self {
        Self { letter, what, target: Target { place: place.clone(), shots: Arc::from(shots), group } }
    }
}

/// Makes the practice, with its progress on the screen, and says how long that took.
fn make_practice(options: &Options, folder: &Folder, port: u16) -> Result<()> {
    if options.reuse && folder.practice().join("demo.json").is_file() {
        println!("The practice of an earlier run is used again");
        return Ok(());
    }
    match fs::remove_dir_all(&folder.0) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context("the folder"),
        _ => fs::create_dir_all(&folder.0)?,
    }
    println!("patella demo --patients {}", options.patients);
    let cores = format!("{},{}", options.load_core, options.server_core);
    let mut make = on_cores(&cores, &options.patella);
    make.arg("demo").arg("--data").arg(folder.practice()).args(["--listen", &format!("127.0.0.1:{port}")]);
    make.args(["--patients", &options.patients.to_string(), "--prepare"]).stdout(Stdio::null());
    let began = Instant::now();
    ensure!(make.status().context("the binary cannot be started")?.success(), "the practice was not made");
    println!("… took {:.0} s on both cores and {} MB of disk", began.elapsed().as_secs_f64(), megabytes(&folder.0)?);
    Ok(())
}

fn megabytes(folder: &Path) -> Result<u64> {
    fn bytes(folder: &Path) -> std::io::Result<u64> {
        fs::read_dir(folder)?.try_fold(0, |sum, entry| {
            let (entry, path) = entry.map(|entry| (entry.metadata(), entry.path()))?;
            let entry = entry?;
            Ok(sum + if entry.is_dir() { bytes(&path)? } else { entry.len() })
        })
    }
    Ok(bytes(folder)? / 1_000_000)
}

fn start_patella(options: &Options, folder: &Folder, port: u16) -> Result<Server> {
    let mut command = on_cores(&options.server_core.to_string(), &options.patella);
    command.arg("demo").arg("--data").arg(folder.practice()).args(["--listen", &format!("127.0.0.1:{port}")]);
    // Its log goes where a service's goes: into a file, a line for each request.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(folder.0.join("patella.log"))?);
    Server::start("patella", command, Signal::TERM)
}

fn start_plain(options: &Options, folder: &Folder, programs: &[Program]) -> Result<(Server, Place)> {
    let (database, port) = (folder.0.join("plain.db"), free_port()?);
    for old in ["plain.db", "plain.db-wal", "plain.db-shm"] {
        let _ = fs::remove_file(folder.0.join(old));
    }
    plain::fill(&database, programs.iter().map(|program| (program.patient(), program.body.as_str())))?;
    let own = std::env::current_exe()?;
    let mut command = on_cores(&options.server_core.to_string(), &own);
    command.arg("plain").arg("--database").arg(database).args(["--port", &port.to_string()]);
    command.arg("--certificate").arg(folder.tls("localhost.pem")).arg("--key").arg(folder.tls("localhost.key"));
    let server = Server::start("the bare server", command, Signal::TERM)?;
    Ok((server, Place::new(port, &folder.tls("ca.pem"))?))
}

async fn start_reference(options: &Options, folder: &Folder, source: &Path, programs: &[Program]) -> Result<Reference> {
    let tls = ["localhost.pem", "localhost.key", "ca.pem"].map(|file| folder.tls(file));
    let data = folder.0.canonicalize()?;
    let settings = Settings {
        source: &source.canonicalize().with_context(|| format!("there is no {}", source.display()))?,
        packages: &data.with_file_name("bench-python"),
        data: &data,
        tls: [&tls[0].canonicalize()?, &tls[1].canonicalize()?, &tls[2].canonicalize()?],
        core: options.server_core,
    };
    Reference::start(&settings, programs).await
}

fn shots_a(programs: &[Program]) -> Vec<Shot> {
    programs.iter().map(Program::shot).collect()
}

fn shots_b(programs: &[Program]) -> Vec<Shot> {
    let shot = |program: &Program| Shot {
        request: request("GET", &program.path, &[], None),
        status: 200,
        length: Length::Is(program.body.len()),
    };
    programs.iter().map(shot).collect()
}

fn shots_d(programs: &[Program]) -> Vec<Shot> {
    let shot = |(n, program): (usize, &Program)| Shot {
        request: reference::read(n),
        status: 200,
        length: Length::Is(program.body.len()),
    };
    programs.iter().enumerate().map(shot).collect()
}

/// Holds what the other servers send against what ours sends.
async fn compare(columns: &[Contestant], programs: &[Program]) -> Result<()> {
    for column in columns.iter().filter(|column| column.letter != 'c') {
        let mut wire: Wire = column.target.place.connect().await?;
        for (shot, program) in column.target.shots.iter().zip(programs).take(COMPARED) {
            let answer = wire.ask(&shot.request).await?;
            ensure!(answer.body == program.body.as_bytes(), "({}) does not send the same bytes", column.letter);
        }
    }
    Ok(())
}

/// All rounds of one number of connections. The order turns around from round to round.
async fn rounds(options: &Options, columns: &[Contestant], connections: usize) -> Result<Vec<Column>> {
    let length = Duration::from_secs_f64(options.seconds);
    let mut measured: Vec<Column> =
        columns.iter().map(|column| Column { letter: column.letter, what: column.what, rounds: Vec::new() }).collect();
    for round in 0..options.rounds {
        let warm_up = if round == 0 { FIRST_WARM_UP } else { WARM_UP };
        let mut order: Vec<usize> = (0..columns.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for place in order {
            let target = &columns[place].target;
            let one: Result<Measured> = load(target, connections, warm_up, length, options.server_core).await;
            measured[place].rounds.push(one.with_context(|| format!("({})", columns[place].letter))?);
        }
    }
    Ok(measured)
}

fn memory(server: &Server) -> Result<String> {
    let megabytes = |key| server.memory(key).map(|kibibytes| kibibytes as f64 * 1024.0 / 1e6);
    Ok(format!(
        "{:.0} MB resident ({:.0} MB of it its own, the rest its files), {:.0} MB at most",
        megabytes("VmRSS")?,
        megabytes("RssAnon")?,
        megabytes("VmHWM")?
    ))
}
