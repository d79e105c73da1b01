//! A visit that was entered in error.

use super::{NewVoid, VoidError, say, seal};
use crate::{
    House,
    record::{RecordError, resource},
    visits::{VISIT, why},
};
use domain::{PatientId, VisitId};
use identity::{Full, Session};
use phi::WriteVisits;
use store::{
    Batch,
    rows::{
        billing_outbox,
        visits::{self, VisitRow},
    },
};

/// Says of a visit that it was entered in error: it did not take place, or was somebody else's. Refused while it is charged:
/// what was charged took place, until the charge is taken back.
pub async fn visit(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    new: &NewVoid,
) -> Result<(), VoidError> {
    let grant = house.guard.authorize::<WriteVisits>(session, patient, why(session, patient, Some(visit))).await?;
    let db = &house.stores.clinical;
    let row = visits::by_id(db, grant.practice(), patient, visit).await?.ok_or_else(RecordError::nothing)?;
    if row.voided.is_some() {
        return Err(VoidError::NotStanding);
    }
    if billing_outbox::given(db, grant.practice(), patient, visit).await?.is_some_and(|given| given.stands()) {
        return Err(VoidError::Charged);
    }
    let void = seal(&grant, VisitRow::row_id(visit), house.clock.now(), new);
    say(house, session, patient, resource(VISIT, visit), visits::void(Batch::new(), &row, &void)).await
}
