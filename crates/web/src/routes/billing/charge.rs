//! One charge: what was done, how its units and its price came about, and putting it into the books.

use super::{bookings::Booked, money};
use crate::{
    App, AuditClass, Form, FormKey, IfMatch, Json, PathId, Problem, Route, RouteTable, SignedIn, Tag, Verb,
    answer::see_other,
    look::{
        ButtonKind, Column, Head, RECORDED_ONLY, Tone, button, card, definitions, hidden, modifiers, notice,
        recorded_line, services, table, units, words,
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    BillingAccountId, BookingId, ChargeId, PermissionName,
    billing::{Cents, ChargeState, Price},
};
use maud::{Markup, html};
use practice::billing::charges::{self, ChargeView};
use serde::Deserialize;

const PAGE: Route = Route::page(
    Verb::Get,
    "/billing/accounts/{billing_account_id}/charges/{charge_id}",
    "One charge with its claim, and how its price came about.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing);
const BILL: Route = Route::page(
    Verb::Post,
    "/billing/accounts/{billing_account_id}/charges/{charge_id}/bill",
    "Puts a charge into the books, with its price as it is now.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing);
const DROP: Route = Route::page(
    Verb::Post,
    "/billing/accounts/{billing_account_id}/charges/{charge_id}/void",
    "Asks nothing for a charge; it stays, and says who decided that.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing);
const ASK: Route = Route::page(
    Verb::Post,
    "/billing/accounts/{billing_account_id}/charges/{charge_id}/ask",
    "Asks for a charge after all, for which nothing was asked: it is one to bill again.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing);
const ONE: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}",
    "One charge with its claim, and how its price came about.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.answer::<ChargeView>(200);
const API_BILL: Route = Route::api(
    Verb::Post,
    "/api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/bill",
    "Puts a charge into the books, with its price as it is now.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.if_match()
.answer::<Booked>(201);
const API_DROP: Route = Route::api(
    Verb::Post,
    "/api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/void",
    "Asks nothing for a charge; it stays, and says who decided that.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.if_match()
.no_content();
const API_ASK: Route = Route::api(
    Verb::Post,
    "/api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/ask",
    "Asks for a charge after all, for which nothing was asked: it is a draft again. Refused where it was corrected.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.if_match()
.no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(PAGE, page)
        .add(BILL, bill)
        .add(DROP, drop_it)
        .add(ASK, ask)
        .add(ONE, one)
        .add(API_BILL, api_bill)
        .add(API_DROP, api_drop)
        .add(API_ASK, api_ask)
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
) -> Result<Response, Problem> {
    let view = charges::one(app.house(), &session, account, charge).await?;
    Ok(([Tag(view.version).pair()], Json(view)).into_response())
}

async fn api_bill(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
    IfMatch(seen): IfMatch,
) -> Result<(StatusCode, Json<Booked>), Problem> {
    let booking_id = charges::bill(app.house(), &session, account, charge, seen).await?;
    Ok((StatusCode::CREATED, Json(Booked { booking_id })))
}

async fn api_drop(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    charges::void(app.house(), &session, account, charge, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn api_ask(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    charges::ask(app.house(), &session, account, charge, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    seen: u64,
}

async fn bill(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
    Form(typed): Form<Seen>,
) -> Result<Response, Problem> {
    charges::bill(app.house(), &session, account, charge, typed.seen).await?;
    Ok(see_other(&format!("/billing/accounts/{account}/charges/{charge}")))
}

async fn drop_it(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
    Form(typed): Form<Seen>,
) -> Result<Response, Problem> {
    charges::void(app.house(), &session, account, charge, typed.seen).await?;
    Ok(see_other(&format!("/billing/accounts/{account}/charges/{charge}")))
}

async fn ask(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
    Form(typed): Form<Seen>,
) -> Result<Response, Problem> {
    charges::ask(app.house(), &session, account, charge, typed.seen).await?;
    Ok(see_other(&format!("/billing/accounts/{account}/charges/{charge}")))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, charge)): PathId<(BillingAccountId, ChargeId)>,
) -> Result<Markup, Problem> {
    let view = charges::one(app.house(), &session, account, charge).await?;
    let surround = Surround::of(&app, &session).await?;
    let heading = format!("Visit of {}", words::full_date(view.day));
    let codes: Vec<String> = view.diagnoses.iter().map(ToString::to_string).collect();
    let earns = view.price.as_ref().is_some_and(|price| price.total > Cents(0));
    let mut about = vec![("State", state(&surround, &view)), ("Therapist", html! { (view.therapist.name) })];
    match &view.takes_back {
        Some(taken) => {
            about.push(("Taken back by", html! { (taken.by.name) ", " (surround.moment(taken.at)) }));
            about.push(("Why", html! { (words::withdrawal_reason(taken.reason)) }));
        }
        None => about.push(("Diagnosis codes of the claim", html! { span class="num" { (codes.join(", ")) } })),
    }
    let content = html! {
        (beside(account, &view))
        (missing(&view))
        (card("The charge", None, definitions(&about)))
        @if view.takes_back.is_none() { (card("What was done", None, services("What was done", &view.services))) }
        @if let Some(price) = &view.price {
            (card("From minutes to units", None, units(&price.calculation)))
            (card(if view.state == ChargeState::Billed { "The price it was billed with" } else { "Its price now" }, None,
                lines(price)))
        }
        @if let Some(booking) = view.in_the_books {
            div class="row wrap" { (take_out(&app, account, booking, &view)) }
        }
        @if view.state == ChargeState::Draft && (view.takes_back.is_none() || view.in_the_books.is_none()) {
            div class="row wrap" {
                @if earns { (act(account, charge, "bill", view.version, "Bill it", ButtonKind::Primary, None)) }
                (act(account, charge, "void", view.version, "Ask nothing for it", ButtonKind::Danger,
                    Some("It stays here and says who decided that, and cannot be billed any more. Ask nothing for it?")))
            }
        }
        // What was corrected is not asked for again: its correction is. Nor is what takes a charge back.
        @if view.state == ChargeState::Void && view.corrected_by.is_none() && view.takes_back.is_none() {
            div class="row wrap" {
                (act(account, charge, "ask", view.version, "Ask for it after all", ButtonKind::Quiet, None))
            }
        }
        (recorded_line(RECORDED_ONLY))
    };
    let head = Head {
        above: Some(html! { a href={ "/billing/accounts/" (account) } { "The account" } }),
        heading: Some(&heading),
        ..Head::default()
    };
    Ok(surround.page(Sheet::new("Charge", "/billing/accounts").head(head), content))
}

/// Which charge of the same visit this one corrects, and which one corrects it.
fn beside(account: BillingAccountId, view: &ChargeView) -> Markup {
    let at = |charge: ChargeId| format!("/billing/accounts/{account}/charges/{charge}");
    html! {
        @if let Some(later) = view.corrected_by {
            @let (what, see) = if view.is_taken_back {
                ("The therapist took this charge back", "See who did, and why")
            } else {
                ("The therapist corrected this charge", "See the correction")
            };
            (notice(Tone::Warn, what, Some(html! {
                a href=(at(later)) { (see) } "."
                @if view.state == ChargeState::Billed { " Void the booking of this one first." }
            })))
        }
        @if let Some(earlier) = view.corrects {
            @let what = match (&view.takes_back, view.state, view.in_the_books) {
                (None, ..) => "This is the therapist's correction of an earlier charge",
                (Some(_), ChargeState::Draft, Some(_)) => "The therapist took back a charge that is in the books",
                (Some(_), ..) => "The therapist took back an earlier charge",
            };
            (notice(if view.takes_back.is_some() { Tone::Warn } else { Tone::Info }, what, Some(html! {
                a href=(at(earlier)) { "See the earlier one" } "."
                @if view.takes_back.is_some() && view.in_the_books.is_some() {
                    " Its amount is not owed. Void its booking; what was paid for it is then paid too much, and is given back "
                    "by a refund."
                }
            })))
        } @else if view.takes_back.is_some() {
            (notice(Tone::Warn, "The therapist took back a charge that is not known here", Some(html! {
                "It may be an older one on " a href={ "/billing/accounts/" (account) } { "the account" } ", of the same day. Void its "
                "booking or ask nothing for it, then ask nothing for this one."
            })))
        }
    }
}

/// What stands between a draft and the books.
fn missing(view: &ChargeView) -> Markup {
    if view.state != ChargeState::Draft {
        return html! {};
    }
    let codes: Vec<String> = view.no_fee.iter().map(ToString::to_string).collect();
    match &view.price {
        None if !codes.is_empty() => notice(
            Tone::Warn,
            "It cannot be billed yet",
            Some(html! {
                "On the day of the visit there was no fee for " span class="num" { (codes.join(", ")) } ". "
                a href="/billing/fees" { "Set one" } " that is in force on that day."
            }),
        ),
        Some(price) if price.total == Cents(0) => notice(
            Tone::Warn,
            "There is nothing to ask for",
            Some(html! {
                "Its minutes earn no unit under the rule of whoever pays. Ask nothing for it, or tell the therapist, who can "
                "correct the charge at the visit."
            }),
        ),
        _ => html! {},
    }
}

/// How far it is; and who decided that nothing is asked for it, and when.
fn state(surround: &Surround, view: &ChargeView) -> Markup {
    html! {
        (money::state(view.state))
        @if let Some(decided) = &view.nothing_asked {
            br; span class="soft small" { (decided.by.name) ", " (surround.moment(decided.at)) }
        }
    }
}

fn lines(price: &Price) -> Markup {
    let columns = [
        Column::text("Code"),
        Column::text("Modifiers"),
        Column::number("Units"),
        Column::money("Fee of the day"),
        Column::money("Amount"),
    ];
    let rows = price.lines.iter().map(|line| {
        vec![
            html! { span class="num" { (line.code) } },
            html! { (modifiers(&line.modifiers)) },
            html! { (line.units) },
            html! { (line.fee) },
            html! { (line.amount) },
        ]
    });
    html! {
        (table("The price, line by line", &columns, rows))
        p class="row between" { span { "Together" } strong class="num" { (price.total) } }
    }
}

/// Takes a charge out of the books.
fn take_out(app: &App, account: BillingAccountId, booking: BookingId, view: &ChargeView) -> Markup {
    let ask = if view.corrected_by.is_some() || view.state != ChargeState::Billed {
        "It is taken out of the books by its opposite; both stay in sight. Void it?"
    } else {
        "It is taken out of the books by its opposite, and the charge is one to bill again. Void it?"
    };
    html! {
        form method="post" action={ "/billing/accounts/" (account) "/bookings/" (booking) "/void" } class="one-button"
            data-ask=(ask) {
            (hidden("key", FormKey::new(&*app.rng)))
            (button("Void the booking", ButtonKind::Danger))
        }
    }
}

fn act(
    account: BillingAccountId,
    charge: ChargeId,
    what: &str,
    seen: u64,
    label: &str,
    kind: ButtonKind,
    ask: Option<&str>,
) -> Markup {
    html! {
        form method="post" action={ "/billing/accounts/" (account) "/charges/" (charge) "/" (what) } class="one-button"
            data-ask=[ask] {
            (hidden("seen", seen))
            (button(label, kind))
        }
    }
}
