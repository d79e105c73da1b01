//! Exports that are held because of an alert: whether they are, and giving them free again.

use super::alerts::{ALERT, AlertError, allowed, others};
use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, resource},
};
use domain::AlertId;
use identity::{Full, Session};
use ledger::{Outcome, Word};
use store::{
    Batch, CommitError, StoreError,
    rows::{export_holds, login_sessions},
};

const LIFT: Word = Word::new("lift_export_hold");

/// Whether the account may take nothing out of the practice now, whichever session or token it uses.
pub async fn exports_held(house: &House, session: &Session<Full>) -> Result<bool, StoreError> {
    let db = &house.stores.identity;
    Ok(export_holds::in_force(db, session.practice(), session.account()).await?.is_some())
}

/// Lets the account that an alert is about take things out again: in person, and by somebody else where there is somebody else
/// who watches over the practice. Otherwise it is marked so.
pub async fn lift_export_hold(house: &House, session: &Session<Full>, alert: AlertId) -> Result<(), AlertError> {
    let practice = allowed(house, session, resource(ALERT, alert)).await?;
    in_person(house, session)?;
    let (db, me) = (&house.stores.identity, session.account());
    let found = export_holds::of_alert(db, practice, alert).await?;
    let Some(hold) = found.filter(|hold| hold.lifted.is_none()) else { return Err(AlertError::NotHeld) };
    let own = hold.account_id == me;
    if own && !others(house, session, &mut Names::new(house, session)).await?.is_empty() {
        house.record(session, Event::refused(LIFT, resource(ALERT, alert), Word::new("about-oneself"))).await?;
        return Err(AlertError::OwnExports);
    }
    let reason = if own { Word::new("about-oneself") } else { Word::new("read-audit") };
    let event = |outcome, reason| Event { outcome, reason, ..Event::done(LIFT, resource(ALERT, alert)) };
    house.record(session, event(Outcome::Allowed, reason)).await?;
    let batch = login_sessions::hold(Batch::new(), practice, me, session.id());
    match db.commit(export_holds::lift(batch, practice, alert, me, house.clock.now())).await {
        Ok(()) => Ok(()),
        Err(error) => {
            house.record(session, event(Outcome::Failed, Word::new("not-stored"))).await?;
            match error {
                // Somebody else lifted it, or the session ended, in the same moment.
                CommitError::Conflict { .. } => Err(AlertError::NotHeld),
                other => Err(other.into()),
            }
        }
    }
}
