//! OpenAPI 3.1, assembled from the route table.

use crate::{Kind, Level, Route, Verb, problem};
use axum::{
    body::Bytes,
    http::{HeaderName, header},
};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The description itself.
pub(crate) const ROUTE: Route =
    Route::api(Verb::Get, "/api/v1/openapi.json", "This description, as OpenAPI 3.1.").public().answer::<Value>(200);

const SCHEMAS: &str = "/components/schemas";

type Answer = std::future::Ready<([(HeaderName, &'static str); 1], Bytes)>;

/// The handler that answers with the description of these routes.
pub(crate) fn handler(routes: &[Route]) -> impl Fn() -> Answer + Clone + Send + Sync + 'static {
    let text = Bytes::from(document(routes).to_string());
    move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], text.clone()))
}

/// The document: every route of the API, none of the pages.
pub fn document(routes: &[Route]) -> Value {
    let mut schemas = SchemaSettings::draft2020_12().with(|s| s.definitions_path = SCHEMAS.into()).into_generator();
    let problem = schemas.subschema_for::<problem::Details<'static>>();
    let mut paths = Map::new();
    for route in routes.iter().filter(|route| route.kind == Kind::Api) {
        let operation = operation(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.word().to_ascii_lowercase()] = operation;
    }
    let cookie = crate::cookie::SESSION_COOKIE;
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Patella",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Home exercise programs for physical-therapy practices, sealed per patient.",
            "license": { "name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "responses": {
                "Problem": {
                    "description": "What went wrong (RFC 9457).",
                    "content": { problem::PROBLEM_JSON: { "schema": problem } },
                },
            },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": cookie, "description": "A signed-in session." },
                "token": { "type": "http", "scheme": "bearer", "description": "An API token." },
            },
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters = Vec::new();
    for name in route.path_parameters() {
        let schema =
            if name.ends_with("_id") { json!({"type": "string", "format": "uuid"}) } else { json!({"type": "string"}) };
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    parameters.extend(query_parameters(route, schemas));
    if route.schemas.if_match {
        let schema = json!({ "type": "string", "description": "The ETag of the version that is being changed." });
        parameters.push(json!({ "name": "If-Match", "in": "header", "required": true, "schema": schema }));
    }
    if route.schemas.idempotency_key {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 100 });
        parameters.push(json!({ "name": "Idempotency-Key", "in": "header", "required": false, "schema": schema }));
    }
    let mut success = json!({ "description": "Done." });
    if let Some(answer) = route.schemas.answer {
        success["content"] = json!({ route.schemas.media: { "schema": answer(schemas) } });
    } else if route.schemas.media != "application/json" {
        success["content"] = json!({ route.schemas.media: {} });
    }
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [tag(route)],
        "responses": {
            route.schemas.status.to_string(): success,
            "default": { "$ref": "#/components/responses/Problem" },
        },
        "security": match route.level {
            Level::Public => json!([]),
            Level::Half => json!([{ "session": [] }]),
            Level::Full => json!([{ "session": [] }, { "token": [] }]),
        },
        "x-level": route.level,
        "x-permission": route.permission,
        "x-audit": route.audit,
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = route.schemas.body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body(schemas) } } });
    }
    operation
}

/// The fields of the query's type, one parameter each.
fn query_parameters(route: &Route, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let Some(query) = route.schemas.query else { return Vec::new() };
    let mut schema = query(schemas).to_value();
    // The type itself is only a list of parameters: what it refers to is looked up, and it stays no schema of its own.
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next())
        && let Some(found) = schemas.definitions_mut().remove(name)
    {
        schema = found;
    }
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, schema)| {
            json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": schema })
        })
        .collect()
}

/// `get_patients_patient_id_program`: unique, since method and path are.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/v1");
    let words = path.split(['/', '{', '}', '-', '.', '*']).filter(|word| !word.is_empty());
    [route.method.word().to_ascii_lowercase()].into_iter().chain(words.map(str::to_owned)).collect::<Vec<_>>().join("_")
}

/// The noun that the path begins with.
fn tag(route: &Route) -> &'static str {
    route.path.trim_start_matches("/api/v1").trim_start_matches('/').split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditClass, RouteTable, paging};
    use domain::{Dose, PermissionName};
    use serde::Deserialize;

    #[derive(Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Asked {
        #[serde(default)]
        limit: paging::Limit,
        since: domain::Date,
    }

    const LIST: Route = Route::api(Verb::Get, "/api/v1/patients/{patient_id}/doses", "Doses.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .query::<Asked>()
        .answer::<paging::Page<Dose>>(200);
    const CHANGE: Route = Route::api(Verb::Put, "/api/v1/patients/{patient_id}/doses", "Changes one.")
        .permission(PermissionName::WriteExercise)
        .audit(AuditClass::Patient)
        .body::<Dose>()
        .no_content()
        .if_match();

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_api_route_appears_with_its_path_parameters_and_no_reference_dangles() {
        let page = Route::page(Verb::Get, "/today", "A page.");
        let table = RouteTable::new().add(LIST, || async {}).add(CHANGE, || async {}).add(page, || async {});
        let document = document(&table.routes());
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = Vec::new();
        for route in table.routes() {
            let operation = &document["paths"][route.path][route.method.word().to_ascii_lowercase()];
            assert_eq!(operation.is_object(), route.kind == Kind::Api, "{}", route.path);
            if operation.is_object() {
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let named: Vec<_> =
                    parameters.iter().filter(|p| p["in"] == "path").map(|p| p["name"].clone()).collect();
                assert_eq!(named, route.path_parameters().collect::<Vec<_>>());
                assert!(operation["responses"]["default"].is_object());
                ids.push(operation["operationId"].to_string());
            }
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), table.routes().iter().filter(|route| route.kind == Kind::Api).count());
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }

    #[test]
    fn a_query_becomes_parameters() {
        let document = document(&[LIST, CHANGE]);
        let parameters = &document["paths"][LIST.path]["get"]["parameters"];
        let said: Vec<_> = parameters
            .as_array()
            .expect("list")
            .iter()
            .map(|p| (p["name"].as_str(), p["required"].as_bool()))
            .collect();
        assert_eq!(said, [(Some("patient_id"), Some(true)), (Some("limit"), Some(false)), (Some("since"), Some(true))]);
        let change = &document["paths"][CHANGE.path]["put"];
        assert_eq!(change["requestBody"]["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/Dose");
        assert_eq!(change["parameters"][1]["name"], "If-Match");
    }
}
