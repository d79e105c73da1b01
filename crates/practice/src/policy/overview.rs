//! The policies, and the table of who may do what.

use super::{POLICY, staff_name};
use crate::{House, record::RecordError};
use domain::{AccountId, PermissionName, Role};
use identity::{Full, Session};
use ledger::Resource;
use phi::{PracticeGrant, Purpose, ReadAudit, Relation};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::accounts::{self, AccountState};

/// The policies in force.
#[derive(Serialize, JsonSchema)]
pub struct PolicyView {
    /// Each policy.
    pub policies: Vec<RuleView>,
    /// What the policies may speak of, in Cedar's schema language.
    pub schema: String,
    /// What each role may, and through what. What is not listed is denied.
    pub matrix: Vec<Cell>,
}

/// A policy.
#[derive(Serialize, JsonSchema)]
pub struct RuleView {
    /// Its `@id`, which stands in the audit trail as the reason.
    pub policy_id: String,
    /// What it says, in plain words.
    pub plain: String,
    /// What it says, in Cedar.
    pub cedar: String,
}

/// A role's permission.
#[derive(Serialize, JsonSchema)]
pub struct Cell {
    /// The role.
    pub role: Role,
    /// The permission.
    pub permission: PermissionName,
    /// On whom: `registered` (every patient of the practice), `care_team`, `self`, `billed` (who is
    /// come to from a billing account), `emergency` (whose record the account opened in one), `review` (whose record
    /// was opened in one, to look into that), `newcomer` (who has no record yet), or `practice` (no patient's record).
    pub on: &'static str,
    /// The policy that gives it.
    pub policy_id: String,
}

/// Somebody who works in the practice.
pub struct StaffMember {
    /// Their account.
    pub account_id: AccountId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
}

/// Leave to ask about the policy as a whole.
pub(super) async fn ask<'s>(
    house: &House,
    session: &'s Session<Full>,
    about: Resource,
) -> Result<PracticeGrant<'s, ReadAudit>, RecordError> {
    Ok(house.guard.authorize_practice::<ReadAudit>(session, Purpose::operations(about)).await?)
}

/// The policies in force, and what follows from them for each role.
pub async fn overview(house: &House, session: &Session<Full>) -> Result<PolicyView, RecordError> {
    ask(house, session, Resource::whole(POLICY)).await?;
    let policy = house.guard.policy();
    let rule = |rule: &phi::Rule| RuleView {
        policy_id: rule.id.clone(),
        plain: rule.plain.clone(),
        cedar: rule.cedar.clone(),
    };
    Ok(PolicyView {
        policies: policy.rules().iter().map(rule).collect(),
        schema: policy.schema_text().to_owned(),
        matrix: Role::ALL.iter().flat_map(|role| cells(house, *role)).collect(),
    })
}

/// What a role may: asked with each relation; where being registered is enough, the others are not listed.
fn cells(house: &House, role: Role) -> Vec<Cell> {
    let policy = house.guard.policy();
    let registered = Relation { registered: true, ..Relation::default() };
    let relations = [
        ("registered", registered),
        ("care_team", Relation { on_care_team: true, ..registered }),
        ("self", Relation { is_self: true, ..registered }),
        ("billed", Relation { billed: true, ..registered }),
        ("emergency", Relation { glass: true, ..registered }),
        ("review", Relation { under_review: true, ..registered }),
        ("affected", Relation { affected: true, ..registered }),
        ("newcomer", Relation { newcomer: true, ..Relation::default() }),
    ];
    let mut cells = Vec::new();
    for permission in PermissionName::ALL {
        // To break the glass is asked of a record whose glass is whole, as if it were broken.
        let breaks = *permission == PermissionName::BreakGlass;
        let cell = |on, policy_id: &ledger::Word| Cell {
            role,
            permission: *permission,
            on,
            policy_id: policy_id.as_str().to_owned(),
        };
        let on_practice = policy.on_practice(role, *permission);
        if on_practice.allowed {
            cells.push(cell("practice", &on_practice.rule));
        }
        for (on, relation) in relations {
            let relation = Relation { glass: relation.glass || breaks, ..relation };
            let ruling = policy.on_patient(role, *permission, relation);
            if ruling.allowed {
                cells.push(cell(on, &ruling.rule));
                if on == "registered" {
                    break;
                }
            }
        }
    }
    cells
}

/// Everybody who works in the practice, by name.
pub async fn staff(house: &House, session: &Session<Full>) -> Result<Vec<StaffMember>, RecordError> {
    let grant = ask(house, session, Resource::whole(POLICY)).await?;
    let mut staff = Vec::new();
    for row in crate::staff::everybody(house, grant.practice()).await? {
        let name = staff_name(house, session, &row).await?.unwrap_or_default();
        let active = row.state == AccountState::Active;
        staff.push(StaffMember { account_id: row.account_id, name, role: row.role, active });
    }
    staff.sort_by_cached_key(|member| (!member.active, member.name.to_lowercase()));
    Ok(staff)
}

/// The row of an account of the practice; none when there is no such account.
pub(super) async fn account(
    house: &House,
    grant: &PracticeGrant<'_, ReadAudit>,
    account: AccountId,
) -> Result<Option<accounts::AccountRow>, RecordError> {
    Ok(accounts::by_id(&house.stores.identity, grant.practice(), account).await?)
}
