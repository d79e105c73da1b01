//! Who pays for patients, and how they count units.

use crate::{
    App, AuditClass, Form, FormKey, IdempotencyKey, Json, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Column, Field, FieldErrors, Head, RECORDED_ONLY, card, empty_state, hidden, radio_group, recorded_line, submit,
        table, text_field, words,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    PayerId, PermissionName,
    billing::{PayerName, UnitRule},
};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::billing::{
    BillingError,
    schedule::{self, NewPayer, PayerView},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HERE: &str = "/billing/payers";
/// What the fields are called, above them and where they are wrong.
const NAME: &str = "Name";
const RULE: &str = "How it counts units of timed codes";
const PAGE: Route = Route::page(Verb::Get, HERE, "Who pays for patients.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const ADD: Route =
    Route::page(Verb::Post, HERE, "Adds a payer.").permission(PermissionName::WriteBilling).audit(AuditClass::Billing);
const LIST: Route = Route::api(Verb::Get, "/api/v1/billing/payers", "Who pays for patients, by name.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing)
    .answer::<Payers>(200);
const MAKE: Route = Route::api(Verb::Post, "/api/v1/billing/payers", "Adds a payer.")
    .permission(PermissionName::WriteBilling)
    .audit(AuditClass::Billing)
    .idempotency_key()
    .body::<NewPayer>()
    .answer::<Made>(201);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(ADD, submit_one).add(LIST, list).add(MAKE, make)
}

#[derive(Serialize, JsonSchema)]
struct Payers {
    /// By name.
    items: Vec<PayerView>,
}

#[derive(Serialize, JsonSchema)]
struct Made {
    /// The payer.
    payer_id: PayerId,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Payers>, Problem> {
    Ok(Json(Payers { items: schedule::payers(app.house(), &session).await? }))
}

async fn make(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewPayer>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let payer_id = schedule::add_payer(app.house(), &session, &new, key).await?;
    Ok((StatusCode::CREATED, Json(Made { payer_id })))
}

/// A payer as typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// Makes a form that is sent twice add once.
    key: FormKey,
    #[serde(default)]
    name: String,
    #[serde(default)]
    unit_rule: String,
}

impl Typed {
    fn read(&self) -> Result<NewPayer, FieldErrors> {
        let mut errors = FieldErrors::none();
        let name = PayerName::new(&self.name).map_err(|why| errors.add("name", format!("{NAME} {why}")));
        let rule = self.unit_rule.parse::<UnitRule>();
        let rule = rule.map_err(|_| errors.add("unit_rule", format!("{RULE} must be chosen")));
        match (name, rule) {
            (Ok(name), Ok(unit_rule)) => Ok(NewPayer { name, unit_rule }),
            _ => Err(errors),
        }
    }
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let typed = Typed { key: FormKey::new(&*app.rng), name: String::new(), unit_rule: String::new() };
    show(&app, &session, &typed, &FieldErrors::none()).await
}

async fn submit_one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let errors = match typed.read() {
        Ok(new) => match schedule::add_payer(app.house(), &session, &new, Some(typed.key.as_str())).await {
            Ok(_) => return Ok(see_other(HERE)),
            Err(BillingError::Invalid { field, why }) => {
                let mut errors = FieldErrors::none();
                errors.add(field, format!("{NAME} {why}"));
                errors
            }
            Err(error) => return Err(error.into()),
        },
        Err(errors) => errors,
    };
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &typed, &errors).await?))
}

async fn show(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let payers = schedule::payers(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let rules = [
        (
            "cms",
            words::unit_rule(UnitRule::Cms),
            Some("All timed minutes of a visit together: Medicare, and who follows it"),
        ),
        ("ama", words::unit_rule(UnitRule::Ama), Some("Each code by itself: most private payers")),
    ];
    let content = html! {
        (errors.summary())
        (card("Who pays", None, listed(&payers)))
        form method="post" action=(HERE) class="card stack"
            data-ask="A payer stays as it is from then on. Are its name and its rule right? Add it?" {
            h2 { "Add a payer" }
            (hidden("key", &typed.key))
            (text_field(&Field::new("name", NAME).required().value(&typed.name).max_length(80)
                .error(errors.of("name")).autocomplete("off")))
            (radio_group(&Field::new("unit_rule", RULE).required()
                .value(&typed.unit_rule).error(errors.of("unit_rule")), &rules))
            (submit("Add it", None))
        }
        (recorded_line(RECORDED_ONLY))
    };
    let below = html! { "Who pays first for an account is said on the account." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Payers", HERE).head(head), content))
}

fn listed(payers: &[PayerView]) -> Markup {
    if payers.is_empty() {
        return empty_state("No payers yet", "Until there is one, patients pay themselves.", None);
    }
    let rows =
        payers.iter().map(|payer| vec![html! { (payer.name.as_str()) }, html! { (words::unit_rule(payer.unit_rule)) }]);
    table("Payers, by name", &[Column::text(NAME), Column::text(RULE)], rows)
}
