//! Processes: on which core they run, what they use, how they end.

use anyhow::{Context, Result, bail, ensure};
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{CpuSet, sched_setaffinity},
};
use std::{
    collections::HashMap,
    fs,
    process::{Child, Command},
    time::Duration,
};

/// Kernel clock ticks in a second, in which `/proc` counts processor time: 100 on every Linux that people run.
const TICKS: u64 = 100;

/// Keeps this process and what it starts from now on to one core.
pub(crate) fn pin_self(core: usize) -> Result<()> {
    ensure!(core < CpuSet::MAX_CPU, "there is no core {core}");
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("core {core} cannot be used"))
}

/// A command that will run on these cores, given as `taskset` takes them.
pub(crate) fn on_cores(cores: &str, program: &std::path::Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", cores]).arg(program);
    command
}

/// A server that is told to stop when this is dropped.
pub(crate) struct Server {
    child: Child,
    what: &'static str,
    stops_on: Signal,
}

impl Server {
    /// Starts it. `stops_on` is the signal that tells it to stop.
    pub(crate) fn start(what: &'static str, mut command: Command, stops_on: Signal) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("{what} cannot be started"))?;
        Ok(Self { child, what, stops_on })
    }

    /// Its process, and whatever that started.
    pub(crate) fn group(&self) -> Group {
        Group { roots: vec![self.child.id()] }
    }

    /// Kibibytes of memory: `VmRSS`, `RssAnon`, `VmHWM`, … as `/proc` has them.
    pub(crate) fn memory(&self, key: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).with_context(|| format!("no {key}"))
    }

    /// Fails when it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended: {status}", self.what),
        }
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&self.child), self.stops_on)?;
            self.child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.stop();
    }
}

/// Processes with their descendants.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    roots: Vec<u32>,
}

impl Group {
    /// Both.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.roots.extend(other.roots);
        self
    }

    /// Processor time of all of them so far. That of descendants which have ended is lost.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let mut all = HashMap::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            // It may end while this looks.
            if let Ok((parent, used)) = stat(&pid.to_string()) {
                all.insert(pid, (parent, used));
            }
        }
        let belongs = |mut pid: u32| loop {
            if self.roots.contains(&pid) {
                return true;
            }
            match all.get(&pid) {
                Some((parent, _)) if *parent != 0 => pid = *parent,
                _ => return false,
            }
        };
        Ok(all.iter().filter(|(pid, _)| belongs(**pid)).map(|(_, (_, used))| *used).sum())
    }
}

/// Processor time of this process so far.
pub(crate) fn own_processor_time() -> Result<Duration> {
    Ok(stat("self")?.1)
}

/// Parent and processor time of a process.
fn stat(pid: &str) -> Result<(u32, Duration)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is a name in parentheses, which may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')').context("no name")?.1.split_whitespace().collect();
    let field = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok()).context("a short line");
    Ok((u32::try_from(field(1)?)?, ticks(field(11)? + field(12)?)))
}

/// How long a core was busy for processes since the start of the machine.
pub(crate) fn core_busy(core: usize) -> Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("cpu{core} "))).context("no such core")?;
    let spent: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    // user, nice, system; what interrupts take belongs to nobody.
    Ok(ticks(spent.iter().take(3).sum()))
}

fn ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// A port on the loopback that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
