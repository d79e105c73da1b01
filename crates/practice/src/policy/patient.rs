//! Who can see this patient, why, since when.

use super::{POLICY, Permitted, Place, permitted, places, staff_name};
use crate::{
    House,
    record::{RecordError, resource},
    staff,
};
use domain::{AccountId, PatientId, Role, Timestamp};
use identity::{Full, Session};
use phi::{Purpose, ReadAudit};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{accounts, care_links, emergencies, patients};

/// Who can see a patient at this moment.
#[derive(Serialize, JsonSchema)]
pub struct PatientAccess {
    /// The patient. Nothing else of theirs is told here.
    pub patient_id: PatientId,
    /// Every account that is allowed anything, those of the care team first.
    pub accounts: Vec<Seer>,
}

/// An account that is allowed something on a patient.
#[derive(Serialize, JsonSchema)]
pub struct Seer {
    /// The account.
    pub account_id: AccountId,
    /// The name that others see; none for the patient's own account.
    pub name: Option<String>,
    /// Its role.
    pub role: Role,
    /// Whether it is the patient's own account.
    pub own: bool,
    /// What it is allowed, by which policy.
    pub permissions: Vec<Permitted>,
    /// The places in the care team through which it is allowed that; empty where the role or being oneself is enough.
    pub care_links: Vec<Place>,
    /// Until when the record is open to it in an emergency, in the login session in which it opened it; null where it is not.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub emergency_until: Option<Timestamp>,
    /// Since when at the latest: the earliest place in force; without one, since it was opened in an emergency; without that, since
    /// both account and patient have been here.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
}

/// Every account of the practice that the policy allows anything on a patient at this moment. Recorded under the patient.
pub async fn who_can_see(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<PatientAccess, RecordError> {
    let purpose = Purpose::operations(resource(POLICY, patient));
    let grant = house.guard.authorize_about::<ReadAudit>(session, patient, purpose).await?;
    let (practice, identity, now) = (grant.practice(), &house.stores.identity, house.clock.now());
    let registered_at = patients::registered_at(&house.stores.clinical, practice, patient).await?;
    let links = care_links::of_patient(identity, practice, patient).await?;
    let mut rows = staff::everybody(house, practice).await?;
    rows.extend(accounts::by_patient(identity, practice, patient).await?);
    // Another patient's account stands to this one like a stranger; only a place in the care team could change that.
    for link in &links {
        if !rows.iter().any(|row| row.account_id == link.account_id) {
            rows.extend(accounts::by_id(identity, practice, link.account_id).await?);
        }
    }
    let open = emergencies::open_on(identity, practice, patient, now).await?;
    let mut accounts = Vec::new();
    for row in rows {
        let standing = house.guard.explain(&row.claims(), patient).await?;
        if standing.allowed.is_empty() {
            continue;
        }
        let care_links = if standing.relation.on_care_team { places(&links, row.account_id, now) } else { Vec::new() };
        let both = registered_at.map_or(row.created_at, |at| at.max(row.created_at));
        let opened: Vec<_> = open.iter().filter(|(by, ..)| *by == row.account_id && standing.relation.glass).collect();
        let opened_at = opened.iter().map(|(_, from, _)| *from).min();
        let since = care_links.iter().map(|place| place.starts_at).min().or(opened_at).unwrap_or(both);
        accounts.push(Seer {
            account_id: row.account_id,
            name: staff_name(house, session, &row).await?,
            role: row.role,
            own: row.patient_id == Some(patient),
            permissions: permitted(&standing),
            care_links,
            emergency_until: opened.iter().map(|(.., until)| *until).max(),
            since,
        });
    }
    accounts.sort_by_cached_key(|seer| {
        (seer.care_links.is_empty(), !seer.own, seer.name.as_deref().map(str::to_lowercase))
    });
    Ok(PatientAccess { patient_id: patient, accounts })
}
