//! Long tasks (rotation, backup, purge, move) as others see them while they run.

/// Sees each transition of a long task when it is durable: a progress bar, metrics, and in tests the place where the
/// process is killed. A task says a step's name only after everything before it would survive a power cut.
pub trait TaskObserver: Send + Sync {
    /// A transition is durable. The names of a task's transitions are a list of its own, so that a test can stop at each.
    fn reached(&self, step: &'static str);
    /// So many of so many units (patients, rows, files; the task's own) are done.
    fn progress(&self, done: u64, total: u64);
}

/// Nobody looks on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl TaskObserver for Unobserved {
    fn reached(&self, _: &'static str) {}
    fn progress(&self, _: u64, _: u64) {}
}
