//! The patients of somebody, by name.

use super::{PATIENT, read::open};
use crate::{House, page, record::RecordError};
use domain::{Date, PatientId, Role};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Contact, Covers, Grant, Identifying, Permission, Purpose, ReadExercise, ReadIdentity};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{care_links, patients};

/// Which patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those whom the caller treats, or the caller themself; for the front desk, all of the practice.
    Own,
    /// All of the practice, for who may read who they are.
    Everybody,
}

impl Whose {
    /// Whether these are all patients of the practice: opened by `read_identity`, for who registers them.
    pub(super) fn by_identity(self, session: &Session<Full>) -> bool {
        session.role() == Role::FrontDesk || (session.role() == Role::Admin && self == Self::Everybody)
    }
}

/// One line of a list of patients.
#[derive(Serialize, JsonSchema)]
pub struct PatientLine {
    /// The patient.
    pub patient_id: PatientId,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// The day they were born.
    pub birth_date: Date,
}

impl PatientLine {
    /// Given and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

/// A page of patients, in the order of their ids.
pub struct Listed {
    /// Those shown.
    pub items: Vec<PatientLine>,
    /// The last id looked at, when there are more behind it.
    pub next: Option<PatientId>,
}

/// Up to `limit` patients after `after`; each look is recorded. Who was denied is left out.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    whose: Whose,
    after: Option<PatientId>,
    limit: usize,
) -> Result<Listed, RecordError> {
    let by_identity = whose.by_identity(session);
    let mut ids = ids(house, session, by_identity, after, limit).await?;
    let next = page::cut(&mut ids, limit, |id| *id);
    let what = Resource::whole(PATIENT);
    let items = if by_identity {
        let purpose = Purpose::operations(what);
        lines(house, house.guard.authorize_each::<ReadIdentity>(session, &ids, purpose).await?).await?
    } else {
        let own = session.patient().is_some();
        let purpose = if own { Purpose::own_record(what) } else { Purpose::treatment(what) };
        lines(house, house.guard.authorize_each::<ReadExercise>(session, &ids, purpose).await?).await?
    };
    Ok(Listed { items, next })
}

/// One id more than the limit says that there is a next page.
async fn ids(
    house: &House,
    session: &Session<Full>,
    everybody: bool,
    after: Option<PatientId>,
    limit: usize,
) -> Result<Vec<PatientId>, RecordError> {
    let practice = session.practice();
    let first = after.unwrap_or(PatientId::from_bytes([0; 16]));
    let surplus = page::surplus(limit);
    if let Some(own) = session.patient() {
        return Ok(if own > first { vec![own] } else { Vec::new() });
    }
    if everybody {
        return Ok(patients::ids(&house.stores.clinical, practice, first, surplus).await?);
    }
    let now = house.clock.now();
    Ok(care_links::patients_of(&house.stores.identity, practice, session.account(), now, first, surplus).await?)
}

pub(super) async fn lines<P>(house: &House, grants: Vec<Grant<'_, P>>) -> Result<Vec<PatientLine>, RecordError>
where
    P: Permission + Covers<Identifying> + Covers<Contact>,
{
    let mut lines = Vec::with_capacity(grants.len());
    for grant in &grants {
        let row = patients::by_id(&house.stores.clinical, grant.practice(), grant.subject()).await?;
        // A key without a row is a registration that was not finished.
        if let Some(row) = row {
            let view = open(grant, &row)?;
            let (patient_id, birth_date) = (view.patient_id, view.birth_date);
            lines.push(PatientLine {
                patient_id,
                given_name: view.given_name,
                family_name: view.family_name,
                birth_date,
            });
        }
    }
    Ok(lines)
}
