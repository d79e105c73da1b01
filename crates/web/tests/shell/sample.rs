//! A sample table with every kind of route, and what its handlers tell the test.

use axum::{Extension, extract::Request, http::HeaderMap};
use domain::{Comment, Dose, PatientId, PermissionName};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{Notify, Semaphore};
use web::{
    AuditClass, Caller, HalfSignedIn, IdempotencyKey, IfMatch, Json, PathId, Problem, Route, RouteTable, SignedIn, Tag,
    Verb, Visitor,
};

/// What the handlers tell, and wait for.
#[derive(Default)]
pub(crate) struct Signals {
    /// How often a handler behind a full session ran.
    pub(crate) ran: AtomicUsize,
    /// A handler waits for `release`.
    pub(crate) started: Notify,
    pub(crate) finished: Notify,
    release: Released,
}

struct Released(Semaphore);
impl Default for Released {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Signals {
    pub(crate) fn release(&self) {
        self.release.0.add_permits(1);
    }
    async fn wait(&self) {
        self.started.notify_one();
        self.release.0.acquire().await.expect("open").forget();
        self.finished.notify_one();
    }
}

#[derive(Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewItem {
    dose: Dose,
    comment: Comment,
}

const READ: PermissionName = PermissionName::ReadExercise;
const OPEN: Route = Route::api(Verb::Get, "/api/v1/open", "Open.").public();
const PANIC: Route = Route::api(Verb::Get, "/api/v1/panic", "Falls over.").public();
const PANIC_WRITING: Route = Route::api(Verb::Post, "/api/v1/panic", "Falls over while writing.").public();
const SLOW: Route = Route::api(Verb::Get, "/api/v1/slow", "Waits.").public();
const SLOW_WRITE: Route = Route::api(Verb::Post, "/api/v1/slow", "Waits and writes.").public();
const NEVER: Route = Route::api(Verb::Get, "/api/v1/never", "Never answers.").public();
const ITEM: Route = Route::api(Verb::Post, "/api/v1/items", "Takes an item.").public().body::<NewItem>();
const UPLOAD: Route = Route::api(Verb::Put, "/api/v1/upload", "Takes more.").public().body_limit(1024 * 1024);
const FACTOR: Route = Route::api(Verb::Post, "/api/v1/session/factor", "Promotes.").half().audit(AuditClass::Session);
const WHO: Route = Route::api(Verb::Get, "/api/v1/who", "Who asks, if anybody.").public();
const START: Route = Route::page(Verb::Get, "/", "The start.").public();
pub(crate) const ME: Route = Route::api(Verb::Get, "/api/v1/me", "Oneself.");
const RAW: Route = Route::api(Verb::Get, "/api/v1/raw-error", "An error that is no problem.").public();

const FULL: [Route; 8] = [
    ME,
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}", "One.").permission(READ).audit(AuditClass::Patient),
    Route::api(Verb::Post, "/api/v1/patients", "New.").permission(PermissionName::WriteIdentity),
    Route::api(Verb::Put, "/api/v1/patients/{patient_id}", "Change.")
        .permission(PermissionName::WriteIdentity)
        .audit(AuditClass::Patient)
        .if_match(),
    Route::api(Verb::Patch, "/api/v1/patients/{patient_id}", "Change a little."),
    Route::api(Verb::Delete, "/api/v1/patients/{patient_id}", "End."),
    Route::page(Verb::Get, "/today", "Today."),
    Route::page(Verb::Post, "/today", "Log."),
];

pub(crate) fn table() -> RouteTable {
    let mut table = RouteTable::new()
        .add(OPEN, async || "open")
        .add(START, async || axum::response::Html("<!doctype html><title>start</title>"))
        .add(PANIC, async || -> &'static str { panic!("a value that nobody may see") })
        .add(PANIC_WRITING, async || -> &'static str { panic!("a value that nobody may see") })
        .add(SLOW, async |Extension(signals): Extension<Arc<Signals>>| signals.wait().await)
        .add(SLOW_WRITE, async |Extension(signals): Extension<Arc<Signals>>| signals.wait().await)
        .add(NEVER, std::future::pending::<()>)
        .add(RAW, async || (axum::http::StatusCode::BAD_REQUEST, "quotes a value"))
        .add(ITEM, async |key: Option<IdempotencyKey>, Json(item): Json<NewItem>| {
            let _ = key;
            Json(item)
        })
        .add(UPLOAD, async |request: Request| {
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            body.map(|body| body.len().to_string()).map_err(|_| Problem::too_large())
        })
        .add(FACTOR, async |HalfSignedIn(session): HalfSignedIn| session.account().to_string())
        .add(WHO, async |visitor: Visitor, Caller(origin): Caller| {
            let level = match &visitor {
                Visitor::Nobody => "nobody",
                Visitor::Half(_) => "half",
                Visitor::Full(_) => "full",
            };
            let address = origin.address.map(|address| address.to_string()).unwrap_or_default();
            Json(serde_json::json!({ "level": level, "address": address, "request": origin.request }))
        });
    for route in FULL {
        table = match (route.method, route.path) {
            (Verb::Get, "/api/v1/patients/{patient_id}") => table.add(route, read_patient),
            (Verb::Put, _) => table.add(route, change_patient),
            _ => table.add(route, ran),
        };
    }
    table
}

async fn ran(Extension(signals): Extension<Arc<Signals>>, SignedIn(session): SignedIn) -> String {
    signals.ran.fetch_add(1, Ordering::SeqCst);
    session.account().to_string()
}

async fn read_patient(
    signals: Extension<Arc<Signals>>,
    signed_in: SignedIn,
    PathId(patient): PathId<PatientId>,
    headers: HeaderMap,
) -> axum::response::Response {
    use axum::response::IntoResponse;
    ran(signals, signed_in).await;
    let tag = Tag(7);
    if tag.is_held(&headers) { tag.not_modified() } else { ([tag.pair()], patient.to_string()).into_response() }
}

async fn change_patient(
    signals: Extension<Arc<Signals>>,
    signed_in: SignedIn,
    version: IfMatch,
) -> Result<String, Problem> {
    version.check(7)?;
    Ok(ran(signals, signed_in).await)
}
