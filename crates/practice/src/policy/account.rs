//! What this user can see.

use super::{
    POLICY, Permitted, Place,
    overview::{account, ask},
    permitted, place, staff_name,
};
use crate::{
    House, page,
    patients::names_of,
    record::{RecordError, resource},
};
use domain::{AccountId, PatientId, PermissionName, Role, Timestamp};
use identity::{Full, Session};
use phi::{Relation, Ruling};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use store::rows::{accounts::AccountState, care_links, emergencies, patients};

/// What somebody can see at this moment.
#[derive(Serialize, JsonSchema)]
pub struct AccountAccess {
    /// The account.
    pub account_id: AccountId,
    /// The name that others see; none for a patient's account.
    pub name: Option<String>,
    /// Its role.
    pub role: Role,
    /// Whether it may sign in. One that may not is allowed nothing.
    pub active: bool,
    /// What it is allowed on the practice as a whole: no patient's record.
    pub practice: Vec<Permitted>,
    /// Whether its role is enough to be allowed something on every patient of the practice.
    pub everybody: bool,
    /// What it is allowed on every patient who is billed, by way of their billing account; none of them is listed.
    pub billed: Vec<Permitted>,
    /// How many patients it can see something of, besides those.
    pub patients_in_all: u64,
    /// Some of these patients, in the order of their ids.
    pub patients: Vec<PatientLineOfAccess>,
    /// The last id listed, when there are more behind it.
    #[serde(skip)]
    pub next: Option<PatientId>,
    /// Whether the one who asks may read who these patients are.
    #[serde(skip)]
    pub may_name: bool,
}

/// A patient of whom somebody can see something.
#[derive(Serialize, JsonSchema)]
pub struct PatientLineOfAccess {
    /// The patient.
    pub patient_id: PatientId,
    /// Their name: only where it was asked for, and the one who asks may read who patients are.
    pub name: Option<String>,
    /// What is allowed, by which policy.
    pub permissions: Vec<Permitted>,
    /// The places in the care team through which it is allowed.
    pub care_links: Vec<Place>,
    /// Until when the record is open to it in an emergency, in one of its login sessions; null where it is not.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub emergency_until: Option<Timestamp>,
}

/// Everything that the policy allows an account at this moment: on the practice, and on up to `limit` patients after
/// `after`; none when the practice has no such account. With `names` the names of these patients are opened, as far as
/// the caller may read who they are, and each is recorded like any look; without it nothing is opened.
pub async fn what_can_see(
    house: &House,
    session: &Session<Full>,
    account_id: AccountId,
    names: bool,
    after: Option<PatientId>,
    limit: usize,
) -> Result<Option<AccountAccess>, RecordError> {
    let grant = ask(house, session, resource(POLICY, account_id)).await?;
    let Some(row) = account(house, &grant, account_id).await? else { return Ok(None) };
    let (practice, clinical, identity) = (grant.practice(), &house.stores.clinical, &house.stores.identity);
    let (policy, now, active) = (house.guard.policy(), house.clock.now(), row.state == AccountState::Active);
    let registered = Relation { registered: true, ..Relation::default() };
    let on_all = |role, permission| policy.on_patient(role, permission, registered).allowed;
    let everybody = active && PermissionName::ALL.iter().any(|permission| on_all(row.role, *permission));

    let first = after.unwrap_or(PatientId::from_bytes([0; 16]));
    let links = care_links::of_account(identity, practice, account_id, now).await?;
    let mut of_patient: HashMap<PatientId, Vec<Place>> = HashMap::new();
    for link in &links {
        of_patient.entry(link.patient_id).or_default().push(place(link));
    }
    let mut near: Vec<PatientId> = of_patient.keys().copied().chain(row.patient_id).collect();
    let opened: HashMap<PatientId, Timestamp> =
        emergencies::open_to(identity, practice, account_id, now).await?.into_iter().collect();
    near.extend(opened.keys().copied());
    near.sort_unstable();
    near.dedup();
    let mut ids = if everybody {
        patients::ids(clinical, practice, first, page::surplus(limit)).await?
    } else {
        near.iter().copied().filter(|id| *id > first).collect()
    };
    let next = page::cut(&mut ids, limit, |id| *id);

    let claims = row.claims();
    let mut lines = Vec::with_capacity(ids.len());
    for id in ids {
        let standing = house.guard.explain(&claims, id).await?;
        if !standing.allowed.is_empty() {
            let care_links = of_patient.remove(&id).unwrap_or_default();
            lines.push(PatientLineOfAccess {
                patient_id: id,
                name: None,
                permissions: permitted(&standing),
                care_links,
                emergency_until: opened.get(&id).copied(),
            });
        }
    }
    let patients_in_all = if everybody {
        patients::count(clinical, practice).await?.unsigned_abs()
    } else {
        let mut count = 0;
        for id in &near {
            count += u64::from(!house.guard.explain(&claims, *id).await?.allowed.is_empty());
        }
        count
    };
    let may_name = on_all(session.role(), PermissionName::ReadIdentity);
    if names && may_name {
        let ids: Vec<PatientId> = lines.iter().map(|line| line.patient_id).collect();
        let mut names = names_of(house, session, &ids).await?;
        for line in &mut lines {
            line.name = names.remove(&line.patient_id);
        }
    }
    let given = |permission: PermissionName, ruling: Ruling| {
        let policy_id = ruling.rule.as_str().to_owned();
        (active && ruling.allowed).then_some(Permitted { permission, policy_id })
    };
    let on_practice = |one: &PermissionName| given(*one, policy.on_practice(row.role, *one));
    let of_billed = |one: &PermissionName| {
        let ruling = policy.on_patient(row.role, *one, Relation { billed: true, ..registered });
        given(*one, ruling).filter(|_| !on_all(row.role, *one))
    };
    Ok(Some(AccountAccess {
        account_id,
        name: staff_name(house, session, &row).await?,
        role: row.role,
        active,
        practice: PermissionName::ALL.iter().filter_map(on_practice).collect(),
        everybody,
        billed: PermissionName::ALL.iter().filter_map(of_billed).collect(),
        patients_in_all,
        patients: lines,
        next,
        may_name,
    }))
}
