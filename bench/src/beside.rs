//! `patella-bench beside`: what rotations, a backup and a purge cost the requests of a running server.
//!
//! The served binary, on embedded databases, is asked over TLS at a steady pace: programs that therapists read and entries that
//! patients write. The tasks are the commands, each in a process of its own beside the server, at the pace at which they run by
//! themselves. Nobody is kept to a core: all share what the machine has.

use crate::{
    load::{Length, Shot},
    long::load,
    people::{self, Person},
    process::{Server, free_port, on_cores},
    reference::ready,
    wire::{Place, Wire, request},
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::sleep,
};

/// What to measure, and where.
#[derive(Debug, Args)]
pub(crate) struct Beside {
    /// The binary to measure.
    #[arg(long, value_name = "FILE")]
    patella: PathBuf,
    /// Where everything goes, on the disk that is to be measured. Emptied first.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// How many patients the practice has.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    patients: u32,
    /// How many of them beside those are destroyed.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    due: usize,
    /// How many connections ask at once.
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    connections: usize,
    /// Milliseconds between two requests of a connection.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 20)]
    pause: u64,
    /// How long requests are measured alone, before each task.
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    seconds: f64,
    /// Seconds for which a rotation waits for requests that are under way.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    grace: u32,
}

/// What is asked, and of whom.
struct Asked {
    place: Place,
    reads: Arc<[Shot]>,
    writes: Arc<[Shot]>,
    connections: usize,
    pause: Duration,
}

/// Requests that go on until they are told to stop.
struct Asking {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Result<Vec<Duration>>>,
}

/// How long requests took, sorted.
struct Took(Vec<Duration>);

impl Beside {
    /// Measures, and removes what it made.
    pub(crate) fn run(&self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
        runtime.block_on(self.measure())?;
        fs::remove_dir_all(&self.data).context("the folder")
    }

    async fn measure(&self) -> Result<()> {
        match fs::remove_dir_all(&self.data) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context("the folder"),
            _ => fs::create_dir_all(&self.data)?,
        }
        let (practice, port) = (self.data.canonicalize()?.join("practice"), free_port()?);
        println!("patella demo --patients {}", self.patients);
        let mut make = self.demo(&practice, port);
        ensure!(make.arg("--prepare").status()?.success(), "the practice was not made");
        let mut serve = self.demo(&practice, port);
        serve.stderr(fs::File::create(self.data.join("patella.log"))?);
        let mut server = Server::start("patella", serve, Signal::TERM)?;
        let place = Place::new(port, &practice.join("tls/ca.pem"))?;
        ready(&place, &mut server).await?;
        let card = people::card(&practice)?;
        let of_role = |role: &str| card.iter().filter(|person| person.role == role).collect::<Vec<&Person>>();
        let programs = people::programs(&place, &of_role("therapist")).await?;
        let asked = Asked {
            reads: programs.iter().map(people::Program::shot).collect(),
            writes: people::log_writes(&place, &of_role("patient")).await?.into(),
            connections: self.connections,
            pause: Duration::from_millis(self.pause),
            place,
        };
        let (settings, patients) = (self.settings(&practice)?, self.patients as usize);
        let grace = self.grace.to_string();
        for (what, command) in [
            ("patella keys rotate practice", vec!["keys", "rotate", "practice", "--grace", &grace]),
            ("patella keys rotate patient all", vec!["keys", "rotate", "patient", "all", "--grace", &grace]),
            ("patella backup create", vec!["backup", "create"]),
        ] {
            self.compare(&asked, what, patients, &settings, &command).await?;
        }
        let desk = of_role("front_desk");
        let program: Value = serde_json::from_str(&programs[0].body)?;
        let therapist = program["signed_by"]["account_id"].as_str().context("a program that nobody signed")?;
        make_due(&asked.place, desk.first().context("no front desk")?, self.due, therapist).await?;
        let planned = self.output(&settings, &["retention", "plan"]).await?;
        let plan = planned.strip_prefix("plan ").and_then(|rest| rest.split(',').next()).context("no plan")?.to_owned();
        for role in ["privacy_officer", "admin"] {
            let mut wire = asked.place.connect().await?;
            let found = of_role(role);
            let cookie = people::sign_in(&mut wire, found.first().with_context(|| format!("no {role}"))?).await?;
            let path = format!("/api/v1/retention/plans/{plan}/approval");
            let answer = wire.ask(&request("POST", &path, &[("cookie", &cookie)], Some("{}"))).await?;
            ensure!(answer.status == 204, "approving gave {}", answer.status);
        }
        let run = ["retention", "run", "--plan", &plan];
        let said = self.compare(&asked, "patella retention run", self.due, &settings, &run).await?;
        ensure!(said.contains(&format!("{} destroyed", self.due)), "not everybody was destroyed: {said}");
        server.check()?;
        server.stop()
    }

    /// The binary with the practice of this run.
    fn demo(&self, practice: &Path, port: u16) -> Command {
        let mut command = on_cores("0,1", &self.patella);
        command.arg("demo").arg("--data").arg(practice).args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(["--patients", &self.patients.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Settings for the commands, with a place for backups and no time to wait before a destruction. The server has its own, so
    /// that it makes no backup by itself meanwhile.
    fn settings(&self, practice: &Path) -> Result<PathBuf> {
        let (_, recipient) = crypto::Identities::generate_text();
        let backups = self.data.canonicalize()?.join("backups");
        fs::create_dir_all(&backups)?;
        let text = fs::read_to_string(practice.join("patella.toml"))?;
        let more =
            format!("\n[retention]\ncooling_hours = 0\n[backup]\ntarget = {backups:?}\nrecipients = [{recipient:?}]\n");
        let settings = practice.join("commands.toml");
        fs::write(&settings, text + &more)?;
        Ok(settings)
    }

    /// What a command that succeeds prints.
    async fn output(&self, settings: &Path, command: &[&str]) -> Result<String> {
        let mut child = Command::new(&self.patella);
        child.args(command).arg("--config").arg(settings).stdin(Stdio::null());
        let output = spawn_blocking(move || child.output()).await?.context("the binary cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?}: {}", said.trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Requests alone, and beside a command; what the command printed.
    async fn compare(
        &self,
        asked: &Asked,
        what: &str,
        patients: usize,
        settings: &Path,
        command: &[&str],
    ) -> Result<String> {
        let asking = asked.begin().await?;
        sleep(Duration::from_secs_f64(self.seconds)).await;
        let before = asking.stop().await?;
        let asking = asked.begin().await?;
        let began = Instant::now();
        let printed = self.output(settings, command).await?;
        let took = began.elapsed().as_secs_f64();
        let meanwhile = asking.stop().await?;
        println!(
            "{what}: {took:.1} s for {patients} patients, {:.0} a second (load {})",
            patients as f64 / took,
            load()
        );
        println!("  requests before: {}\n  meanwhile:       {}", before.line(), meanwhile.line());
        println!("  p99 {:.2} of that before (aim: at most 2)", meanwhile.at(99) / before.at(99));
        Ok(printed)
    }
}

impl Asked {
    /// Begins to ask: each connection for one thing after the other, four reads to a write.
    async fn begin(&self) -> Result<Asking> {
        let (stop, mut tasks) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for n in 0..self.connections {
            let mut wire: Wire = self.place.connect().await?;
            let (stopped, pause) = (stop.clone(), self.pause);
            let (reads, writes) = (self.reads.clone(), self.writes.clone());
            // Each begins somewhere else, in the list and in time.
            let first = n * reads.len() / self.connections;
            let later = pause * u32::try_from(n)? / u32::try_from(self.connections)?;
            tasks.spawn(async move {
                sleep(later).await;
                let mut took = Vec::new();
                for turn in first.. {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    let (all, place) = if turn % 5 == 4 { (&writes, turn / 5) } else { (&reads, turn) };
                    let shot = &all[place % all.len()];
                    let began = Instant::now();
                    let answer = wire.ask(&shot.request).await?;
                    let fits = match shot.length {
                        Length::Is(length) => answer.body.len() == length,
                        Length::AtLeast(length) => answer.body.len() >= length,
                    };
                    ensure!(answer.status == shot.status && fits, "an answer with {} came", answer.status);
                    took.push(began.elapsed());
                    sleep(pause).await;
                }
                Ok(took)
            });
        }
        Ok(Asking { stop, tasks })
    }
}

impl Asking {
    async fn stop(mut self) -> Result<Took> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(task) = self.tasks.join_next().await {
            all.append(&mut task.context("a connection's task ended early")??);
        }
        ensure!(!all.is_empty(), "nothing was answered in time");
        all.sort_unstable();
        Ok(Took(all))
    }
}

impl Took {
    /// Milliseconds under which so many of a hundred stayed.
    fn at(&self, percent: usize) -> f64 {
        self.0.get(self.0.len() * percent / 100).map_or(0.0, Duration::as_secs_f64) * 1e3
    }

    fn line(&self) -> String {
        let longest = self.0.last().map_or(0.0, Duration::as_secs_f64) * 1e3;
        format!("{}, p50 {:.2} ms, p99 {:.2} ms, longest {longest:.0} ms", self.0.len(), self.at(50), self.at(99))
    }
}

/// People whom nobody treated for ten years, as the front desk would write them down.
async fn make_due(place: &Place, desk: &Person, count: usize, therapist: &str) -> Result<()> {
    let mut wire = place.connect().await?;
    let cookie = people::sign_in(&mut wire, desk).await?;
    let headers = [("cookie", cookie.as_str())];
    for _ in 0..count {
        let who = json!({ "given_name": "Pat", "family_name": "Sample", "birth_date": "1970-01-01" }).to_string();
        let answer = wire.ask(&request("POST", "/api/v1/patients", &headers, Some(&who))).await?;
        ensure!(answer.status == 201, "registering gave {}", answer.status);
        let made: Value = serde_json::from_slice(answer.body)?;
        let path = format!("/api/v1/patients/{}/visits", made["patient_id"].as_str().context("no id")?);
        let visit = json!({
            "therapist_id": therapist, "starts_at": "2012-03-02T15:00:00Z", "minutes": 30, "state": "held",
        });
        let answer = wire.ask(&request("POST", &path, &headers, Some(&visit.to_string()))).await?;
        ensure!(answer.status == 201, "booking gave {}", answer.status);
    }
    Ok(())
}
