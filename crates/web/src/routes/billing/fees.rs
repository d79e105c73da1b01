//! What a unit of a code costs, from a day on.

use crate::{
    App, AuditClass, Form, Json, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Column, Field, FieldErrors, Head, RECORDED_ONLY, Tone, card, date_field, empty_state, recorded_line, submit,
        table, tag, text_field, words,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    Date, Invalid, PermissionName,
    billing::{Cents, CptCode, FeeWords},
};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::billing::{
    BillingError,
    schedule::{self, Fee},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HERE: &str = "/billing/fees";
const PAGE: Route = Route::page(Verb::Get, HERE, "What a unit of each code costs, and from when on.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const SET: Route = Route::page(Verb::Post, HERE, "Sets a fee from a day on.")
    .permission(PermissionName::WriteBilling)
    .audit(AuditClass::Billing);
const LIST: Route = Route::api(Verb::Get, "/api/v1/billing/fees", "All fees, by code, the latest first.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing)
    .answer::<Fees>(200);
const MAKE: Route = Route::api(
    Verb::Post,
    "/api/v1/billing/fees",
    "Sets a fee from a day on. What was set for a day is replaced only while no charge can have been billed with it; the \
     same once more is nothing new.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.body::<Fee>()
.answer::<Fee>(201);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(SET, set).add(LIST, list).add(MAKE, make)
}

#[derive(Serialize, JsonSchema)]
struct Fees {
    /// By code, the latest first.
    items: Vec<Fee>,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Fees>, Problem> {
    Ok(Json(Fees { items: schedule::fees(app.house(), &session).await? }))
}

async fn make(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<Fee>,
) -> Result<(StatusCode, Json<Fee>), Problem> {
    schedule::set_fee(app.house(), &session, &new).await?;
    Ok((StatusCode::CREATED, Json(new)))
}

/// A fee as typed.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    fee: String,
}

/// What a field is called, above it and where it is wrong.
fn label(field: &str) -> &'static str {
    match field {
        "code" => "Code",
        "words" => "What you call it",
        "valid_from" => "First day",
        _ => "Fee for one unit",
    }
}

impl Typed {
    fn read(&self) -> Result<Fee, FieldErrors> {
        let mut errors = FieldErrors::none();
        let code = errors.keep("code", label("code"), CptCode::new(self.code.trim()));
        let words = errors.keep("words", label("words"), FeeWords::new(&self.words));
        let day = self.valid_from.trim().parse::<Date>().map_err(|_| Invalid::new("must be a date"));
        let day = errors.keep("valid_from", label("valid_from"), day);
        let fee = errors.keep("fee", label("fee"), Cents::from_dollars(&self.fee));
        match (code, words, day, fee) {
            (Some(code), Some(words), Some(valid_from), Some(fee)) => Ok(Fee { code, valid_from, fee, words }),
            _ => Err(errors),
        }
    }
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    show(&app, &session, &Typed::default(), &FieldErrors::none()).await
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let errors = match typed.read() {
        Ok(new) => match schedule::set_fee(app.house(), &session, &new).await {
            Ok(()) => return Ok(see_other(HERE)),
            Err(BillingError::Invalid { field, why }) => {
                let mut errors = FieldErrors::none();
                errors.add(field, format!("{} {why}", label(field)));
                errors
            }
            Err(error) => return Err(error.into()),
        },
        Err(errors) => errors,
    };
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &typed, &errors).await?))
}

async fn show(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let fees = schedule::fees(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let field = |name| Field::new(name, label(name)).required().error(errors.of(name)).autocomplete("off");
    let content = html! {
        (errors.summary())
        (card("Fees", None, listed(&fees, surround.day(app.clock.now()))))
        form method="post" action=(HERE) class="card stack"
            data-ask="Charges are billed with it from its first day on. Is every figure right? Set it?" {
            h2 { "Set a fee" }
            (text_field(&field("code").value(&typed.code).hint("Five digits, like 97110").max_length(5)
                .inputmode("numeric")))
            (text_field(&field("words").value(&typed.words).max_length(80)
                .hint("Your own short words for the code")))
            (date_field(&field("valid_from").value(&typed.valid_from)))
            (text_field(&field("fee").value(&typed.fee).hint("In dollars, like 40.00").max_length(12)
                .inputmode("decimal").unit("dollars")))
            (submit("Set it", None))
        }
        (recorded_line(RECORDED_ONLY))
    };
    let below = html! { "A charge costs what was in force on the day of its visit. A fee that is wrong is replaced by another for its day until charges were billed with it; from then on, set a later one." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Fees", HERE).head(head), content))
}

fn listed(fees: &[Fee], today: Date) -> Markup {
    if fees.is_empty() {
        return empty_state("No fees yet", "Without a fee for its codes no charge can be billed.", None);
    }
    let columns = [
        Column::text("Code"),
        Column::text("What it is"),
        Column::text("From"),
        Column::money("One unit"),
        Column::text("State"),
    ];
    let rows = fees.iter().enumerate().map(|(n, fee)| {
        // They come by code, the latest first: whatever stands before it and has begun took its place.
        let replaced = fees[..n].iter().any(|later| later.code == fee.code && later.valid_from <= today);
        let state = match (fee.valid_from > today, replaced) {
            (true, _) => tag("to come", Tone::Info),
            (false, true) => tag("earlier", Tone::Neutral),
            (false, false) => tag("in force", Tone::Success),
        };
        vec![
            html! { span class="num" { (fee.code) } },
            html! { (fee.words.as_str()) },
            html! { (words::full_date(fee.valid_from)) },
            html! { (fee.fee) },
            state,
        ]
    });
    table("Fees, by code, the latest first", &columns, rows)
}
