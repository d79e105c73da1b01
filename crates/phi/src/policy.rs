//! The policy: Cedar text and schema in files, asked with facts and nothing else.

use crate::relation::Relation;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use domain::{PermissionName, Role};
use ledger::Word;
use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::{PoisonError, RwLock},
};

/// What was decided, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it may be done.
    pub allowed: bool,
    /// The `@id` of the policy that allowed it, or that forbade what another would have allowed; `no-policy` when none did.
    pub rule: Word,
}

#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct Facts {
    role: Role,
    permission: PermissionName,
    about: About,
}

/// What a permission is asked on.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
enum About {
    Patient(Relation),
    Practice,
    /// A billing account that the practice has, or none such.
    BillingAccount {
        known: bool,
    },
}

/// One policy, to be read by people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its `@id`: what stands in the ledger as the reason.
    pub id: String,
    /// Its `@plain`: what it says, in plain words.
    pub plain: String,
    /// Its text.
    pub cedar: String,
}

/// The policies in force. Deciding is pure, and the facts have few values, so each ruling is worked out by Cedar once
/// and then remembered.
pub struct Policy {
    policies: PolicySet,
    schema: Schema,
    rules: Vec<Rule>,
    schema_text: String,
    rulings: RwLock<HashMap<Facts, Ruling>>,
}

/// The policy files do not hold together.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file does not parse.
    #[error("the {0} does not parse: {1}")]
    Parse(&'static str, String),
    /// A policy does not fit the schema.
    #[error("a policy does not fit the schema: {0}")]
    Validation(String),
    /// A policy without an `@id`, or without `@plain` words: nobody could read what it decided.
    #[error("a policy lacks its @{0}")]
    Unexplained(&'static str),
}

const SCHEMA: &str = include_str!("../policy/patella.cedarschema");
const POLICIES: &str = include_str!("../policy/patella.cedar");

impl Policy {
    /// The policies that this build came with, validated strictly against their schema.
    pub fn built_in() -> Result<Self, PolicyError> {
        Self::parse(SCHEMA, POLICIES)
    }

    fn parse(schema: &str, policies: &str) -> Result<Self, PolicyError> {
        let (schema_text, text) = (schema.to_owned(), policies);
        let schema = Schema::from_str(schema).map_err(|e| PolicyError::Parse("schema", e.to_string()))?;
        let policies = PolicySet::from_str(policies).map_err(|e| PolicyError::Parse("policy file", e.to_string()))?;
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if !result.validation_passed() {
            return Err(PolicyError::Validation(result.to_string()));
        }
        let mut rules = policies.policies().map(rule).collect::<Result<Vec<_>, _>>()?;
        // In the order of the file.
        rules.sort_by_key(|rule| text.find(&format!("@id(\"{}\")", rule.id)));
        Ok(Self { policies, schema, rules, schema_text, rulings: RwLock::default() })
    }

    /// Each policy, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the policies may speak of, in Cedar's schema language.
    pub fn schema_text(&self) -> &str {
        &self.schema_text
    }

    /// Decides on a permission on one patient.
    pub fn on_patient(&self, role: Role, permission: PermissionName, relation: Relation) -> Ruling {
        self.ruling(Facts { role, permission, about: About::Patient(relation) })
    }

    /// Decides on a permission on the practice as a whole.
    pub fn on_practice(&self, role: Role, permission: PermissionName) -> Ruling {
        self.ruling(Facts { role, permission, about: About::Practice })
    }

    /// Decides on a permission on one billing account.
    pub fn on_billing_account(&self, role: Role, permission: PermissionName, known: bool) -> Ruling {
        self.ruling(Facts { role, permission, about: About::BillingAccount { known } })
    }

    fn ruling(&self, facts: Facts) -> Ruling {
        if let Some(known) = self.rulings.read().unwrap_or_else(PoisonError::into_inner).get(&facts) {
            return known.clone();
        }
        // A question that the schema does not allow (a patient's permission asked of a practice) is denied like any other.
        let ruling = self.ask(facts).unwrap_or_else(|| Ruling { allowed: false, rule: Word::new("not-a-question") });
        self.rulings.write().unwrap_or_else(PoisonError::into_inner).insert(facts, ruling.clone());
        ruling
    }

    fn ask(&self, facts: Facts) -> Option<Ruling> {
        let principal = uid("Account", "asking")?;
        let role = RestrictedExpression::new_entity_uid(uid("Role", facts.role.word())?);
        let account =
            Entity::new(principal.clone(), HashMap::from([("role".to_owned(), role)]), HashSet::new()).ok()?;
        let entities = Entities::from_entities([account], Some(&self.schema)).ok()?;
        let (resource, context, action) = match facts.about {
            About::Patient(relation) => ("Patient", context(relation)?, facts.permission.word()),
            About::Practice => ("Practice", Context::empty(), facts.permission.word()),
            About::BillingAccount { known } => {
                ("BillingAccount", flags([("known", known)])?, on_account(facts.permission)?)
            }
        };
        let (resource, action) = (uid(resource, "asked")?, uid("Action", action)?);
        let request = Request::new(principal, action, resource, context, Some(&self.schema)).ok()?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let rule = response
            .diagnostics()
            .reason()
            .next()
            .and_then(|id| self.policies.policy(id))
            .and_then(|policy| policy.annotation("id"))
            .unwrap_or("no-policy");
        let rule = Word::try_from(rule.to_owned()).ok()?;
        Some(Ruling { allowed: response.decision() == Decision::Allow, rule })
    }
}

fn rule(policy: &cedar_policy::Policy) -> Result<Rule, PolicyError> {
    let said = |name| policy.annotation(name).map(str::to_owned).ok_or(PolicyError::Unexplained(name));
    Ok(Rule { id: said("id")?, plain: said("plain")?, cedar: policy.to_string() })
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind).ok()?, EntityId::new(id)))
}

/// The action of a permission when it is asked on an account: the same words on a practice ask for no context.
const fn on_account(permission: PermissionName) -> Option<&'static str> {
    match permission {
        PermissionName::ReadBilling => Some("read_billing_account"),
        PermissionName::WriteBilling => Some("write_billing_account"),
        _ => None,
    }
}

fn context(relation: Relation) -> Option<Context> {
    flags([
        ("on_care_team", relation.on_care_team),
        ("is_self", relation.is_self),
        ("registered", relation.registered),
        ("billed", relation.billed),
        ("newcomer", relation.newcomer),
        ("assigned", relation.assigned),
        ("kept_away", relation.kept_away),
        ("notes_withheld", relation.notes_withheld),
        ("merged", relation.merged),
        ("condemned", relation.condemned),
        ("glass", relation.glass),
        ("under_review", relation.under_review),
        ("affected", relation.affected),
    ])
}

fn flags<const N: usize>(flags: [(&str, bool); N]) -> Option<Context> {
    Context::from_pairs(flags.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_bool(value)))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_role_or_attribute_does_not_validate() {
        for (right, wrong) in [("\"therapist\"", "\"terapist\""), ("context.is_self", "context.is_selv")] {
            let error = Policy::parse(SCHEMA, &POLICIES.replace(right, wrong)).err().expect("refused");
            assert!(matches!(error, PolicyError::Validation(_)), "{error}");
        }
    }

    #[test]
    fn every_policy_says_in_plain_words_what_it_allows() {
        let policy = Policy::built_in().expect("valid");
        assert_eq!(policy.rules().len(), POLICIES.matches("@id(").count());
        assert_eq!(policy.rules().first().map(|rule| rule.id.as_str()), Some("care-team-therapist"));
        assert!(policy.rules().iter().all(|rule| rule.plain.ends_with('.')));
        assert!(policy.rules().iter().all(|rule| rule.cedar.contains("permit") || rule.cedar.contains("forbid")));
        let error = Policy::parse(SCHEMA, &POLICIES.replacen("@plain(", "@words(", 1)).err().expect("refused");
        assert!(matches!(error, PolicyError::Unexplained("plain")), "{error}");
    }

    #[test]
    fn a_role_without_a_relation_may_nothing_on_a_patient() {
        let policy = Policy::built_in().expect("valid");
        for role in Role::ALL {
            for permission in PermissionName::ALL {
                let ruling = policy.on_patient(*role, *permission, Relation::default());
                assert!(!ruling.allowed, "{role} {permission}");
                let ruling = policy.on_billing_account(*role, *permission, false);
                assert!(!ruling.allowed, "{role} {permission}");
            }
        }
    }
}
