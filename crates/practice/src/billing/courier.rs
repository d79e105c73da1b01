//! The courier carries charges from the clinical store to the billing store.
//!
//! A charge lies in the outbox from the moment in which its visit is marked, under an id of its own. The courier stores it
//! in the billing store where it is not there yet, and takes it out of the outbox when that is durable. So whatever is
//! killed, and however many couriers there are, each visit that was charged yields one draft; a correction makes the draft
//! before it void in the transaction in which it arrives.

use crate::House;
use domain::TaskObserver;
use phi::as_subject;
use std::collections::HashSet;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        billing::{accounts, charges},
        billing_outbox, destroyed,
    },
};

const ARRIVED: &str = "some charges are in the billing store";
const LET_GO: &str = "they are no longer in the outbox";

/// The steps, as the observer is told of them.
pub const COURIER_STEPS: &[&str] = &[ARRIVED, LET_GO];

/// How many are carried at once.
const LOAD: u32 = 100;

/// Why charges still wait.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store took nothing.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Some do not open, because their key is away or they are damaged, or correct what does not. All others were carried.
    #[error("{count} charges on their way do not open")]
    Unopened {
        /// How many.
        count: u64,
    },
}

/// Carries everything that waits. Says how many charges that were.
pub async fn deliver(house: &House, observer: &dyn TaskObserver) -> Result<u64, DeliverError> {
    let (mut carried, mut unopened) = (0, 0);
    let mut after = None;
    // What comes later of a visit waits with what does not open: it would be numbered in front of it.
    let mut stuck = HashSet::new();
    loop {
        let mut waiting = billing_outbox::page(&house.stores.clinical, after, LOAD).await?;
        let Some(last) = waiting.last() else { break };
        after = Some(last.place());
        // The clocks of two nodes may differ.
        waiting.sort_by_key(|row| (row.visit_id, row.number));
        let (mut arriving, mut leaving) = (Batch::new(), Batch::new());
        let now = house.clock.now();
        for row in &waiting {
            if stuck.contains(&row.visit_id) {
                unopened += 1;
                continue;
            }
            let Ok(draft) = house.guard.unpack(row.practice_id, row.visit_id, &row.crossing).await else {
                unopened += 1;
                stuck.insert(row.visit_id);
                continue;
            };
            // Only after a restore: what was on its way on that day went with its account since. Its key is gone.
            let gone = destroyed::destroyed_at(&house.stores.keys, draft.branch, as_subject(draft.account)).await?;
            if gone.is_none() {
                arriving = accounts::open(arriving, draft.branch, draft.account, now);
                arriving = charges::receive(arriving, &draft, now);
            }
            leaving = billing_outbox::remove(leaving, row);
        }
        let count = leaving.len() as u64;
        if count > 0 {
            house.stores.billing.commit(arriving).await?;
            observer.reached(ARRIVED);
            house.stores.clinical.commit(leaving).await?;
            observer.reached(LET_GO);
            carried += count;
            observer.progress(carried, carried);
        }
        if waiting.len() < LOAD as usize {
            break;
        }
    }
    if unopened > 0 { Err(DeliverError::Unopened { count: unopened }) } else { Ok(carried) }
}
