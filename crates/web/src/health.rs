//! What load balancers ask.

use crate::{App, Problem, Route, RouteTable, Verb};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;

const ALIVE: Route = Route::api(Verb::Get, "/healthz", "Whether the process lives.").public().answer::<Alive>(200);
const READY: Route = Route::api(Verb::Get, "/readyz", "Whether requests can be served: stores and ledger included.")
    .public()
    .answer::<Ready>(200);

/// The process lives.
#[derive(Serialize, schemars::JsonSchema)]
struct Alive {
    /// Always `alive`.
    status: &'static str,
}

/// What works.
#[derive(Serialize, schemars::JsonSchema)]
struct Ready {
    /// What was asked, all of it in order.
    checks: Vec<&'static str>,
    /// What an operator should know although requests can be served.
    notes: Vec<&'static str>,
}

pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table.add(ALIVE, alive).add(READY, ready)
}

async fn alive() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

async fn ready(State(app): State<App>) -> Response {
    let mut failing = Vec::new();
    for check in &app.readiness {
        if !check.check().await {
            failing.push(check.name());
        }
    }
    if failing.is_empty() {
        let checks = app.readiness.iter().map(|check| check.name()).collect();
        let notes = app.readiness.iter().filter_map(|check| check.note()).collect();
        Json(Ready { checks, notes }).into_response()
    } else {
        Problem::unavailable(5).detail(format!("Not working: {}.", failing.join(", "))).into_response()
    }
}
