//! Plans of billing accounts: made here, approved and taken back like every plan.

use crate::{
    App, AuditClass, Form, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::see_other,
    body::Nothing,
    look::{Column, Tone, table, tag, words},
    paging::{Cursor, Page, Stretch},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{PermissionName, PlanId, Unobserved};
use maud::{Markup, html};
use practice::retention::{self, AccountItemView};
use schemars::JsonSchema;
use serde::Serialize;

const LOOK: Route = Route::page(Verb::Post, "/retention/billing", "Looks which billing accounts are due: a new plan.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const MAKE: Route = Route::api(
    Verb::Post,
    "/api/v1/retention/billing-plans",
    "Looks at every billing account and lists which are due. Destroys nothing.",
)
.permission(PermissionName::Retain)
.audit(AuditClass::Practice)
.answer::<Made>(201);
const ACCOUNTS: Route = Route::api(
    Verb::Get,
    "/api/v1/retention/plans/{plan_id}/accounts",
    "The billing accounts of a plan, by pseudonym.",
)
.permission(PermissionName::Retain)
.audit(AuditClass::Practice)
.query::<Stretch>()
.answer::<Page<AccountItemView>>(200);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LOOK, look).add(MAKE, make).add(ACCOUNTS, accounts)
}

#[derive(Serialize, JsonSchema)]
struct Made {
    /// The plan.
    plan_id: PlanId,
}

async fn look(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    let plan = retention::plan_accounts(app.house(), &session, &Unobserved).await?;
    Ok(see_other(&format!("/retention/plans/{plan}")))
}

async fn make(State(app): State<App>, SignedIn(session): SignedIn) -> Result<(StatusCode, Json<Made>), Problem> {
    let plan_id = retention::plan_accounts(app.house(), &session, &Unobserved).await?;
    Ok((StatusCode::CREATED, Json(Made { plan_id })))
}

async fn accounts(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<AccountItemView>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let limit = asked.limit.entries();
    let (items, next) = retention::plan_account_items(app.house(), &session, plan, after, limit).await?;
    Ok(Json(Page { items, next: next.as_ref().map(Cursor::at) }))
}

/// The accounts of a plan, on its page.
pub(super) fn listed(items: &[AccountItemView]) -> Markup {
    let columns = [
        Column::text("Billing account"),
        Column::text("Why"),
        Column::text("Last activity"),
        Column::text("Kept until"),
        Column::text("Rule"),
        Column::text("What goes"),
        Column::text("Step"),
    ];
    let rows = items.iter().map(|item| {
        let why = match item.verdict {
            "due" => tag("due", Tone::Warn),
            "draft" => tag("a charge waits: decide", Tone::Neutral),
            _ => tag("not balanced: decide", Tone::Neutral),
        };
        vec![
            html! { code { (item.account_id) } },
            why,
            html! { (words::full_date(item.last_activity)) },
            html! { (words::full_date(item.kept_until)) },
            html! { (item.rule) },
            html! { (super::pages::what_goes(&item.goes)) },
            html! { (item.step.replace('_', " ")) },
        ]
    });
    table("Billing accounts of the plan, by pseudonym", &columns, rows)
}
