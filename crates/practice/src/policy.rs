//! The policy, shown to those who watch over the practice, and the questions that they may ask it. Every question goes to
//! the guard's own policy, with facts found out as the guard finds them; each is recorded; none opens anything of a
//! patient.

mod account;
mod overview;
mod patient;

pub use account::{AccountAccess, PatientLineOfAccess, what_can_see};
pub use overview::{Cell, PolicyView, RuleView, StaffMember, overview, staff};
pub use patient::{PatientAccess, Seer, who_can_see};

use crate::{House, record::RecordError};
use domain::{AccountId, CareLinkId, PermissionName, Timestamp};
use identity::{Full, Session};
use ledger::Word;
use phi::Standing;
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{accounts::AccountRow, care_links::CareLinkRow};

const POLICY: Word = Word::new("policy");

/// A permission that somebody has, and the policy that gives it.
#[derive(Serialize, JsonSchema)]
pub struct Permitted {
    /// Which permission.
    pub permission: PermissionName,
    /// The `@id` of the policy.
    pub policy_id: String,
}

/// A place in a care team through which somebody has a permission.
#[derive(Serialize, JsonSchema)]
pub struct Place {
    /// The place.
    pub care_link_id: CareLinkId,
    /// `assigned` or `covering`.
    pub kind: String,
    /// From when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub starts_at: Timestamp,
    /// Until when; none while open.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ends_at: Option<Timestamp>,
}

fn permitted(standing: &Standing) -> Vec<Permitted> {
    let each = |(permission, rule): &(PermissionName, Word)| Permitted {
        permission: *permission,
        policy_id: rule.as_str().to_owned(),
    };
    standing.allowed.iter().map(each).collect()
}

/// The places of an account among these that are in force at a moment.
fn places(links: &[CareLinkRow], account: AccountId, at: Timestamp) -> Vec<Place> {
    let in_force = |link: &&CareLinkRow| {
        link.account_id == account && link.starts_at <= at && link.ends_at.is_none_or(|end| at < end)
    };
    links.iter().filter(in_force).map(place).collect()
}

fn place(link: &CareLinkRow) -> Place {
    let (care_link_id, kind) = (link.care_link_id, link.kind.word().to_owned());
    Place { care_link_id, kind, starts_at: link.starts_at, ends_at: link.ends_at }
}

/// The name of somebody who works here; none for a patient, whose account's name is theirs.
async fn staff_name(house: &House, session: &Session<Full>, row: &AccountRow) -> Result<Option<String>, RecordError> {
    if row.patient_id.is_some() {
        return Ok(None);
    }
    let name = house.vault.open_directory(session, row.account_id, &row.display_name).await?;
    Ok(Some(name.expose().as_str().to_owned()))
}
