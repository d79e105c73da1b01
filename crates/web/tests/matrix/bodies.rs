//! What the API's own description says a body is made of: every field of every body gets what does not belong there.

use crate::{
    bad_input::{Door, MARKER, body_doors},
    fail_closed::rows,
    request::name,
    world::World,
};
use axum::http::Method;
use crypto::SystemRng;
use domain::AccountId;
use serde_json::{Value, json};

/// A value in a body: `items[0].dose.sets`, and what the description says about it.
struct Leaf {
    place: Vec<Step>,
    schema: Value,
}

#[derive(Clone)]
enum Step {
    Field(String),
    First,
}

impl Leaf {
    /// The field of the body that it is, or is in.
    fn field(&self) -> &str {
        match self.place.first() {
            Some(Step::Field(name)) => name,
            _ => "",
        }
    }
    fn says(&self, key: &str, wanted: &str) -> bool {
        variants(&self.schema).any(|one| match &one[key] {
            Value::String(word) => word == wanted,
            Value::Array(words) => words.iter().any(|word| word == wanted),
            _ => false,
        })
    }
    /// The body with this value in its place; what is around it is made where it is missing.
    fn within(&self, body: &Value, value: Value) -> Value {
        let mut body = body.clone();
        let mut at = &mut body;
        for step in &self.place {
            at = match step {
                Step::Field(name) => {
                    if !at.is_object() {
                        *at = json!({});
                    }
                    &mut at[name.as_str()]
                }
                Step::First => {
                    if at.as_array().is_none_or(Vec::is_empty) {
                        *at = json!([null]);
                    }
                    &mut at[0]
                }
            };
        }
        *at = value;
        body
    }
}

/// The schema itself, or those that it chooses from.
fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    std::iter::once(schema).chain(choices)
}

/// Every value that a body can hold, however deep.
fn leaves(description: &Value, schema: &Value, place: &[Step], found: &mut Vec<Leaf>) {
    let mut inner = false;
    for one in variants(schema) {
        let target = one["$ref"].as_str().and_then(|path| description.pointer(path.strip_prefix('#')?));
        if let Some(target) = target {
            inner = true;
            leaves(description, target, place, found);
        }
        for (name, field) in one["properties"].as_object().into_iter().flatten() {
            inner = true;
            leaves(description, field, &[place, &[Step::Field(name.clone())]].concat(), found);
        }
        if one["items"].is_object() {
            inner = true;
            leaves(description, &one["items"], &[place, &[Step::First]].concat(), found);
        }
    }
    if !inner && !place.is_empty() && schema.is_object() {
        found.push(Leaf { place: place.to_vec(), schema: schema.clone() });
    }
}

/// What is of the wrong kind, and so refused by name.
fn of_another_kind(leaf: &Leaf) -> Vec<Value> {
    let mut wrong = vec![json!([[[MARKER]]]), json!({ MARKER: 1 })];
    if leaf.says("format", "date") {
        wrong.extend([json!("2026-02-31"), json!("2026-13-01"), json!(MARKER), json!(20_260_214)]);
    } else if leaf.says("format", "date-time") {
        wrong.extend([json!("2026-02-31T10:00:00Z"), json!("2026-05-14T25:00:00Z"), json!(MARKER), json!(1)]);
    } else if leaf.says("format", "uuid") {
        wrong.extend([json!(MARKER), json!("2026-02-31"), json!(7)]);
    } else if variants(&leaf.schema).any(|one| one["enum"].is_array() || one["const"].is_string()) {
        wrong.extend([json!(MARKER), json!(7)]);
    } else if leaf.says("type", "integer") {
        wrong.extend([json!(2.5), json!(-1), json!(1e30), json!(MARKER), json!(u64::MAX)]);
    } else if leaf.says("type", "boolean") {
        wrong.extend([json!(MARKER), json!(7)]);
    } else if leaf.says("type", "string") {
        wrong.extend([json!(7), json!(true)]);
    }
    wrong
}

/// What is of the right kind and fits nowhere.
fn out_of_place(leaf: &Leaf) -> Vec<Value> {
    if leaf.says("format", "uuid") {
        return vec![json!(AccountId::random(&SystemRng))];
    }
    if leaf.says("format", "date") || leaf.says("format", "date-time") || !leaf.says("type", "string") {
        return Vec::new();
    }
    vec![json!("x".repeat(60_000)), json!(format!("{MARKER}\u{0}")), json!(format!("{MARKER}\u{202e}\n\u{7f}"))]
}

async fn leaves_of(world: &World) -> Vec<(Door, Vec<Leaf>)> {
    let description = world.site.api(Method::GET, "/api/v1/openapi.json", "", None).await.json();
    let mut all = Vec::new();
    for door in body_doors(world).await {
        let operation = &description["paths"][door.route.path][door.route.method.word().to_lowercase()];
        let mut found = Vec::new();
        leaves(&description, &operation["requestBody"]["content"]["application/json"]["schema"], &[], &mut found);
        // A credential is any JSON; what is in it, WebAuthn judges.
        found.retain(|leaf| leaf.field() != "credential");
        all.push((door, found));
    }
    let count =
        |format: &str| all.iter().flat_map(|(_, leaves)| leaves).filter(|leaf| leaf.says("format", format)).count();
    assert!(count("date") >= 4 && count("date-time") >= 4 && count("uuid") >= 4, "the description names formats");
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_every_body_refuses_another_kind_of_value_by_name_and_nothing_is_stored() {
    let world = World::new().await;
    let all = leaves_of(&world).await;
    let (before, mut wrong, mut asked) = (rows(&world).await, Vec::new(), 0);
    for (door, leaves) in &all {
        for leaf in leaves {
            for value in of_another_kind(leaf) {
                asked += 1;
                let answer = door.json(&world, &leaf.within(&door.fitting, value.clone())).await;
                let text = answer.text();
                let body: Value = serde_json::from_str(&text).unwrap_or_default();
                let named = body["errors"].as_array().into_iter().flatten();
                let named =
                    named.filter_map(|error| error["field"].as_str()).any(|named| named.starts_with(leaf.field()));
                if answer.status != 422 || !named || text.contains(MARKER) {
                    wrong.push(format!("{} {} = {value}: {} {text}", name(&door.route), leaf.field(), answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert!(asked > 200, "{asked} values");
    assert_eq!(rows(&world).await, before, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_field_of_a_body_takes_what_fits_nowhere_or_an_id_of_nothing() {
    let world = World::new().await;
    let all = leaves_of(&world).await;
    let (mut before, mut wrong, mut asked) = (rows(&world).await, Vec::new(), 0);
    for (door, leaves) in &all {
        for leaf in leaves {
            for value in out_of_place(leaf) {
                asked += 1;
                let answer = door.json(&world, &leaf.within(&door.fitting, value.clone())).await;
                let after = rows(&world).await;
                let refused = answer.status.is_client_error() && !answer.text().contains(MARKER);
                if !refused || after != before {
                    let value: String = value.to_string().chars().take(40).collect();
                    wrong.push(format!("{} {} = {value}: {}", name(&door.route), leaf.field(), answer.status));
                    before = after;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}: {wrong:#?}", wrong.len());
    assert!(asked > 50, "{asked} values");
}
