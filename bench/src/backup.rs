//! `patella-bench backup`: how fast a backup is made and brought back, beside `zstd` and `age` on the same bytes.
//!
//! The commands are timed as a whole, with their start, all checks and every `fsync`; the tools compress and encrypt, or open and
//! unpack, the rows of all parts one after the other, and nothing else. They take turns.

use crate::{
    long::load,
    process::{free_port, on_cores},
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// What to measure, and where.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The binary to measure.
    #[arg(long, value_name = "FILE")]
    patella: PathBuf,
    /// Where everything goes, on the disk that is to be measured. Emptied first, unless it is reused.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Keep the practice that an earlier run made there.
    #[arg(long)]
    reuse: bool,
    /// How many patients the practice has.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    patients: u32,
    /// How often each is measured.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    rounds: usize,
}

/// Seconds of a command that must succeed.
fn timed(command: &mut Command) -> Result<f64> {
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{:?}", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?}: {}", command.get_program(), said.trim());
    Ok(began.elapsed().as_secs_f64())
}

/// A line of the shell that must succeed, with these paths as `$1`, `$2` and on.
fn shell(line: &str, paths: &[&Path]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-ec", line, "sh"]).args(paths);
    command
}

impl Backup {
    /// Measures.
    pub(crate) fn run(&self) -> Result<()> {
        let practice = self.practice()?;
        let (identity, config) = (self.data.join("identity.txt"), practice.join("patella.toml"));
        let recipient = self.settings(&identity, &config)?;
        let target = self.data.join("backups");
        let (mut made, mut brought, mut sealed, mut opened) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut bytes = 0;
        for round in 1..=self.rounds {
            made.push(timed(Command::new(&self.patella).args(["backup", "create", "--config"]).arg(&config))?);
            let newest = newest(&target)?;
            let (mut sealing, mut opening) = (0.0, 0.0);
            bytes = 0;
            for part in parts(&newest)? {
                let (rows, again) = (self.data.join("rows"), self.data.join("rows.age"));
                timed(&mut shell("age -d -i \"$1\" \"$2\" | zstd -dq > \"$3\"", &[&identity, &part, &rows]))?;
                bytes += fs::metadata(&rows)?.len();
                let line = format!("zstd -3 -q < \"$1\" | age -r {recipient} > \"$2\"; sync \"$2\"");
                sealing += timed(&mut shell(&line, &[&rows, &again]))?;
                opening += timed(&mut shell(
                    "age -d -i \"$1\" \"$2\" | zstd -dq > \"$3\"; sync \"$3\"",
                    &[&identity, &again, &rows],
                ))?;
                fs::remove_file(rows)?;
                fs::remove_file(again)?;
            }
            sealed.push(sealing);
            opened.push(opening);
            fs::rename(practice.join("stores"), self.data.join("stores-before"))?;
            let mut restore = Command::new(&self.patella);
            restore.args(["backup", "restore", "--nobody-was-destroyed", "--identity"]).arg(&identity);
            brought.push(timed(restore.arg("--config").arg(&config))?);
            fs::remove_dir_all(self.data.join("stores-before"))?;
            println!("round {round}: load {}", load());
        }
        let megabytes = bytes as f64 / 1e6;
        println!("{} patients, {megabytes:.0} MB of rows; medians of {} rounds", self.patients, self.rounds);
        let rate = |seconds: f64| megabytes / seconds;
        for (what, ours, theirs) in [("backup", &mut made, &mut sealed), ("restore", &mut brought, &mut opened)] {
            let (ours, theirs) = (median(ours), median(theirs));
            println!(
                "{what}: {ours:.1} s, {:.1} MB/s; zstd and age: {theirs:.1} s, {:.1} MB/s; ratio {:.2} (aim: at least 0.7)",
                rate(ours),
                rate(theirs),
                theirs / ours,
            );
        }
        let aim = if self.patients == 10_000 { " (aim: under 300 s)" } else { "" };
        println!("{} patients are back after {:.1} s{aim}", self.patients, median(&mut brought));
        Ok(())
    }

    fn practice(&self) -> Result<PathBuf> {
        let practice = self.data.join("practice");
        if self.reuse && practice.join("demo.json").is_file() {
            println!("The practice of an earlier run is used again");
            return Ok(practice.canonicalize()?);
        }
        match fs::remove_dir_all(&self.data) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context("the folder"),
            _ => fs::create_dir_all(&self.data)?,
        }
        println!("patella demo --patients {}", self.patients);
        let mut make = on_cores("0,1", &self.patella);
        make.arg("demo").arg("--data").arg(&practice).args(["--listen", &format!("127.0.0.1:{}", free_port()?)]);
        timed(make.args(["--patients", &self.patients.to_string(), "--prepare"]))?;
        Ok(practice.canonicalize()?)
    }

    /// Sets the backup up, once; gives the recipient.
    fn settings(&self, identity: &Path, config: &Path) -> Result<String> {
        if !identity.is_file() {
            timed(Command::new("age-keygen").arg("-o").arg(identity))?;
        }
        let printed = Command::new("age-keygen").arg("-y").arg(identity).output().context("age-keygen")?;
        let recipient = String::from_utf8(printed.stdout)?.trim().to_owned();
        let text = fs::read_to_string(config)?;
        if !text.contains("[backup]") {
            let target = self.data.canonicalize()?.join("backups");
            fs::create_dir_all(&target)?;
            fs::write(config, format!("{text}\n[backup]\ntarget = {target:?}\nrecipients = [{recipient:?}]\n"))?;
        }
        Ok(recipient)
    }
}

/// The newest backup: their names are their times.
fn newest(target: &Path) -> Result<PathBuf> {
    let folders = fs::read_dir(target)?.filter_map(|entry| Some(entry.ok()?.path()));
    folders.filter(|path| path.join("manifest").is_file()).max().context("no backup was made")
}

/// Its parts, without media.
fn parts(backup: &Path) -> Result<Vec<PathBuf>> {
    let names = ["identity", "keys", "clinical", "billing", "audit"].map(|name| backup.join(format!("{name}.age")));
    ensure!(names.iter().all(|part| part.is_file()), "{} is not laid out as this expects", backup.display());
    Ok(names.to_vec())
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}
