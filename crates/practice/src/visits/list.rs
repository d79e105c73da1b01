//! Reading visits.

use super::{VisitView, view, why};
use crate::{
    House, page,
    record::{Names, RecordError},
};
use domain::{PatientId, Timestamp, VisitId};
use identity::{Full, Session};
use phi::ReadVisits;
use store::rows::{billing_outbox, visits};

/// A page of visits, those furthest ahead first.
pub struct Visits {
    /// Those shown.
    pub items: Vec<VisitView>,
    /// The last one shown, when there are earlier ones.
    pub next: Option<(Timestamp, VisitId)>,
}

/// Up to `limit` visits before `before`, those furthest ahead first.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    before: Option<(Timestamp, VisitId)>,
    limit: usize,
) -> Result<Visits, RecordError> {
    let grant = house.guard.authorize::<ReadVisits>(session, patient, why(session, patient, None)).await?;
    let (at, id) = before.unwrap_or((Timestamp::MAX, VisitId::from_bytes([0xff; 16])));
    let mut rows =
        visits::page(&house.stores.clinical, grant.practice(), patient, at, id, page::surplus(limit)).await?;
    let next = page::cut(&mut rows, limit, |row| (row.starts_at, row.visit_id));
    let charged = billing_outbox::charged(&house.stores.clinical, grant.practice(), patient).await?;
    let (now, mut names) = (house.clock.now(), Names::new(house, session));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(view(&grant, &row, charged.contains(&row.visit_id), now, &mut names).await?);
    }
    Ok(Visits { items, next })
}

/// One visit.
pub async fn one(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
) -> Result<VisitView, RecordError> {
    let grant = house.guard.authorize::<ReadVisits>(session, patient, why(session, patient, Some(visit))).await?;
    let row = visits::by_id(&house.stores.clinical, grant.practice(), patient, visit).await?;
    let given = billing_outbox::given(&house.stores.clinical, grant.practice(), patient, visit).await?;
    let (row, now) = (row.ok_or(RecordError::nothing())?, house.clock.now());
    view(&grant, &row, given.is_some_and(|given| given.stands()), now, &mut Names::new(house, session)).await
}
