//! How many requests are being worked on, so that a shutdown can wait for them.

use tokio::sync::watch;

/// Counts requests that are being worked on.
#[derive(Clone)]
pub struct Running(watch::Sender<usize>);

impl Default for Running {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Running {
    /// Counts one more, until the answer is dropped.
    pub(crate) fn enter(&self) -> Entered {
        self.0.send_modify(|count| *count += 1);
        Entered(self.0.clone())
    }
    /// How many there are.
    pub fn count(&self) -> usize {
        *self.0.borrow()
    }
    /// Waits until there are none.
    pub async fn none(&self) {
        // The sender is in `self`, so the channel cannot close before the wait ends.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One request that is being worked on.
pub(crate) struct Entered(watch::Sender<usize>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
