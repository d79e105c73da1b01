//! One billing account: whose it is, what was charged, what was paid, and what can be done about it.

use super::{
    damaged, listed,
    money::{self, by_age},
    no_name,
};
use crate::{
    App, AuditClass, Form, FormKey, IfMatch, Json, PathId, Problem, Route, RouteTable, SignedIn, Tag, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Field, FieldErrors, Head, RECORDED, Tone, button, card, date_field, empty_state, hidden,
        link_button, recorded_line, select, submit, tag, text_field, words,
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    BillingAccountId, Date, Invalid, PayerId, PermissionName,
    billing::{BookingKind, Cents},
};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::billing::{
    BillingError,
    accounts::{self, AccountView},
    books::{self, BookingView, NewBooking},
    schedule::{self, PayerView},
};
use schemars::JsonSchema;
use serde::Deserialize;

const PAGE: Route =
    Route::page(Verb::Get, "/billing/accounts/{billing_account_id}", "One account: what is owed and paid.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing);
const PAYER: Route =
    Route::page(Verb::Post, "/billing/accounts/{billing_account_id}/payer", "Says who pays first for an account.")
        .permission(PermissionName::WriteBilling)
        .audit(AuditClass::Billing);
const BOOK: Route =
    Route::page(Verb::Post, "/billing/accounts/{billing_account_id}/bookings", "Books money that came or goes back.")
        .permission(PermissionName::WriteBilling)
        .audit(AuditClass::Billing);
const ONE: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/accounts/{billing_account_id}",
    "One account: what is owed and paid. The ETag is the version of who pays first.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.answer::<AccountView>(200);
const SAY: Route = Route::api(
    Verb::Put,
    "/api/v1/billing/accounts/{billing_account_id}/payer",
    "Says who pays first for an account: a payer, or null for the patient.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.if_match()
.body::<Payer>()
.no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(PAYER, payer).add(BOOK, book).add(ONE, one).add(SAY, say)
}

/// Who pays first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Payer {
    /// The payer; null for the patient.
    payer_id: Option<PayerId>,
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
) -> Result<Response, Problem> {
    let view = accounts::one(app.house(), &session, account).await?;
    Ok(([Tag(view.version).pair()], Json(view)).into_response())
}

async fn say(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    IfMatch(seen): IfMatch,
    Json(new): Json<Payer>,
) -> Result<Response, Problem> {
    accounts::set_payer(app.house(), &session, account, new.payer_id, seen).await?;
    Ok((StatusCode::NO_CONTENT, [Tag(seen.saturating_add(1)).pair()]).into_response())
}

/// A booking as typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// Makes a form that is sent twice book once.
    key: FormKey,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    paid_by: String,
}

/// What a field is called, above it and where it is wrong.
fn label(field: &str) -> &'static str {
    match field {
        "kind" => "What it is",
        "amount" => "Amount",
        "day" => "Day",
        "payer" => "Who pays first",
        _ => "From or to",
    }
}

/// How the lists of payers write the patient: what is empty, a browser takes for not chosen.
const PATIENT: &str = "patient";

/// A payer that was chosen; none for the patient.
fn chosen(text: &str) -> Result<Option<PayerId>, Invalid> {
    let id = (text != PATIENT).then(|| text.parse()).transpose();
    id.map_err(|_| Invalid::new("must be chosen from the list"))
}

impl Typed {
    /// An empty form for a payment of today.
    fn usual(app: &App, today: Date) -> Self {
        Self {
            key: FormKey::new(&*app.rng),
            kind: BookingKind::Payment.word().to_owned(),
            amount: String::new(),
            day: today.to_string(),
            paid_by: String::new(),
        }
    }

    fn read(&self) -> Result<NewBooking, FieldErrors> {
        let mut errors = FieldErrors::none();
        let bad = Invalid::new;
        let kind =
            errors.keep("kind", label("kind"), self.kind.parse().map_err(|_| bad("must be chosen from the list")));
        let amount = errors.keep("amount", label("amount"), Cents::from_dollars(&self.amount));
        let day = errors.keep("day", label("day"), self.day.trim().parse().map_err(|_| bad("must be a date")));
        let payer_id = errors.keep("paid_by", label("paid_by"), chosen(&self.paid_by));
        match (kind, amount, day, payer_id) {
            (Some(kind), Some(amount), Some(day), Some(payer_id)) => Ok(NewBooking { kind, amount, day, payer_id }),
            _ => Err(errors),
        }
    }
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
) -> Result<Markup, Problem> {
    show(&app, &session, account, None, &FieldErrors::none()).await
}

async fn book(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let errors = match typed.read() {
        Ok(new) => match books::book(app.house(), &session, account, &new, Some(typed.key.as_str())).await {
            Ok(_) => return Ok(see_other(&format!("/billing/accounts/{account}"))),
            Err(BillingError::Invalid { field, why }) => {
                let field = if field == "payer_id" { "paid_by" } else { field };
                let mut errors = FieldErrors::none();
                errors.add(field, format!("{} {why}", label(field)));
                errors
            }
            Err(error) => return Err(error.into()),
        },
        Err(errors) => errors,
    };
    let page = show(&app, &session, account, Some(&typed), &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default)]
    payer: String,
    seen: u64,
}

async fn payer(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    Form(said): Form<Said>,
) -> Result<Response, Problem> {
    let why = match chosen(&said.payer) {
        Ok(payer) => match accounts::set_payer(app.house(), &session, account, payer, said.seen).await {
            Ok(()) => return Ok(see_other(&format!("/billing/accounts/{account}"))),
            Err(BillingError::Invalid { why, .. }) => why,
            Err(error) => return Err(error.into()),
        },
        Err(why) => why,
    };
    let mut errors = FieldErrors::none();
    errors.add("payer", format!("{} {why}", label("payer")));
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, account, None, &errors).await?))
}

async fn show(
    app: &App,
    session: &Session<Full>,
    account: BillingAccountId,
    typed: Option<&Typed>,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let view = accounts::one(app.house(), session, account).await?;
    let payers = schedule::payers(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let usual = Typed::usual(app, surround.day(app.clock.now()));
    let heading = view.contact.as_ref().map_or(no_name(view.contact_is_damaged), |contact| contact.name.as_str());
    let content = html! {
        (errors.summary())
        (damaged(&view))
        (money::taken_back(&view))
        div class="two" {
            (card("What is owed", Some(balance(&view)), by_age("age", &view.aging)))
            (who_pays(&view, &payers, errors))
        }
        (card("Charges", None, newest_charges(&view)))
        (card("Bookings", None, last_bookings(app, &view, &payers)))
        (booking_form(account, &payers, typed.unwrap_or(&usual), errors))
        (recorded_line(RECORDED))
    };
    let statement = link_button(&format!("/billing/accounts/{account}/statement"), "Statement", ButtonKind::Quiet);
    let head = Head {
        above: Some(html! { a href="/billing/accounts" { "Billing accounts" } }),
        heading: Some(heading),
        below: view.contact.as_ref().map(|contact| {
            html! {
                @if let Some(email) = &contact.email { (words::email(email)) }
                @if contact.email.is_some() && contact.phone.is_some() { " · " }
                @if let Some(phone) = &contact.phone { span class="num" { (phone) } }
            }
        }),
        beside: Some(statement),
    };
    Ok(surround.page(Sheet::new("Billing account", "/billing/accounts").head(head), content))
}

fn balance(view: &AccountView) -> Markup {
    html! { span class="num" { "Balance " strong { (money::said(view.aging.balance())) } } }
}

fn options(payers: &[PayerView]) -> Vec<(String, &str)> {
    let patient = (PATIENT.to_owned(), "The patient");
    std::iter::once(patient).chain(payers.iter().map(|one| (one.payer_id.to_string(), one.name.as_str()))).collect()
}

fn who_pays(view: &AccountView, payers: &[PayerView], errors: &FieldErrors) -> Markup {
    let options = options(payers);
    let options: Vec<(&str, &str)> = options.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    let current = view.payer_id.map_or_else(|| PATIENT.to_owned(), |payer| payer.to_string());
    let field = Field::new("payer", label("payer")).required().value(&current).error(errors.of("payer"));
    html! {
        form method="post" action={ "/billing/accounts/" (view.account_id) "/payer" } class="card stack" {
            div class="row between card-head" {
                h2 { "Who pays" }
                @if !view.payer_is_said { (tag("nobody said so yet", Tone::Warn)) }
            }
            (hidden("seen", view.version))
            (select(&field.hint("Decides how units are counted for charges that are billed from now on"), &options))
            div class="row wrap form-end" { (button("Save", ButtonKind::Quiet)) }
        }
    }
}

/// The newest charges, and where all of them are.
fn newest_charges(view: &AccountView) -> Markup {
    if view.charges.is_empty() {
        return empty_state("No charges", "What therapists charge for visits stands here.", None);
    }
    html! {
        (listed::charges(view.account_id, &view.charges))
        p {
            @if view.more_charges { "There are older ones. " }
            a href={ "/billing/accounts/" (view.account_id) "/charges" } { "See all charges" }
        }
    }
}

/// The last bookings by their day, and where all of them are.
fn last_bookings(app: &App, view: &AccountView, payers: &[PayerView]) -> Markup {
    if view.bookings.is_empty() {
        return empty_state("Nothing is booked", "Charges that are billed, payments and adjustments stand here.", None);
    }
    let mut by_day: Vec<&BookingView> = view.bookings.iter().rev().collect();
    by_day.sort_by_key(|one| std::cmp::Reverse(one.day));
    html! {
        (listed::bookings(app, view.account_id, "Bookings, newest day first", by_day, payers))
        p {
            @if view.more_bookings { "There are earlier ones. " }
            a href={ "/billing/accounts/" (view.account_id) "/bookings" } { "See all bookings" }
        }
    }
}

fn booking_form(account: BillingAccountId, payers: &[PayerView], typed: &Typed, errors: &FieldErrors) -> Markup {
    let options = options(payers);
    let options: Vec<(&str, &str)> = options.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    let kinds = [
        ("payment", "Payment: money that came"),
        ("adjustment", "Adjustment: no longer asked for"),
        ("refund", "Refund: money given back"),
    ];
    let field = |name| Field::new(name, label(name)).required().error(errors.of(name));
    html! {
        form method="post" action={ "/billing/accounts/" (account) "/bookings" } class="card stack" {
            h2 { "Book money" }
            (hidden("key", &typed.key))
            (select(&field("kind").value(&typed.kind), &kinds))
            (text_field(&field("amount").value(&typed.amount).hint("In dollars, like 40.00").max_length(14)
                .inputmode("decimal").unit("dollars").autocomplete("off")))
            (date_field(&field("day").value(&typed.day)))
            (select(&field("paid_by").value(&typed.paid_by), &options))
            (submit("Book it", None))
        }
    }
}
