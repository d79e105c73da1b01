//! Refuses to build when a policy does not fit its schema.

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};

fn main() {
    println!("cargo:rerun-if-changed=policy");
    let schema = std::fs::read_to_string("policy/patella.cedarschema").expect("the schema file is there");
    let policies = std::fs::read_to_string("policy/patella.cedar").expect("the policy file is there");
    let (schema, warnings) = Schema::from_cedarschema_str(&schema).expect("the schema parses");
    assert_eq!(warnings.count(), 0, "the schema has no warnings");
    let policies: PolicySet = policies.parse().expect("the policies parse");
    let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
    assert!(result.validation_passed(), "a policy does not fit the schema:\n{result}");
}
