//! Finding patients by the API. By POST, so that no name is in an address.

use super::STAFF;
use crate::{App, AuditClass, Json, Problem, Route, SignedIn, Verb};
use axum::extract::State;
use domain::PermissionName;
use practice::patients::{self, PatientLine, Whose};
use serde::{Deserialize, Serialize};

pub(super) const API: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/find",
    "Finds patients by how their names begin, or by a whole e-mail address, telephone or record number: among those whom \
     one treats; for the front desk, all of the practice.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::PatientList)
.roles(STAFF)
.body::<Wanted>()
.answer::<Found>(200);

/// Whom to find.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// What was typed, 1 to 100 characters.
    q: String,
    /// Among all of the practice, for who may read who they are (administrators), instead of those whom one treats.
    #[serde(default)]
    everybody: bool,
}

/// Whom it found.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Found {
    /// At most 50.
    items: Vec<PatientLine>,
    /// Whether more fit: then say more of the name.
    more: bool,
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Found>, Problem> {
    let whose = if wanted.everybody { Whose::Everybody } else { Whose::Own };
    let found = patients::search(app.house(), &session, whose, &wanted.q).await?;
    Ok(Json(Found { items: found.items, more: found.more }))
}
