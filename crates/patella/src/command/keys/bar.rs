//! A long task as a bar on the terminal.

use domain::TaskObserver;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Mutex;

/// Shows how far a task is; nothing where standard error is no terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    step: Mutex<&'static str>,
}

impl Bar {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len}  {eta} left");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, step: Mutex::new("") }
    }
}

impl TaskObserver for Bar {
    fn reached(&self, step: &'static str) {
        if let Ok(mut last) = self.step.lock()
            && *last != step
        {
            *last = step;
            self.bar.set_message(step);
        }
    }
    fn progress(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
