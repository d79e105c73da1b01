//! What was dropped from a log goes from the index as well.

use crate::trail::TrailError;
use ledger::Dropped;
use store::{Batch, Db, rows::audit_entries};

/// Entries that go in one transaction.
const AT_ONCE: i64 = 5_000;

/// Removes what was dropped of the log with this number. Killed half-way, the next start goes on.
pub(super) async fn dropped(db: &Db, log: i64, gone: &Dropped) -> Result<(), TrailError> {
    for practice in audit_entries::practices(db).await? {
        while audit_entries::any_below(db, practice, log, gone.before, gone.newest).await? {
            let batch = audit_entries::forget(Batch::new(), practice, log, gone.before, gone.newest, AT_ONCE);
            db.commit(batch).await?;
        }
    }
    Ok(())
}
