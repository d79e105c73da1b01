//! The accounts of a practice, as pages.

use super::api::link;
use crate::{
    App, AuditClass, Cursor, Form, Limit, Page, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, Tone, breadcrumbs, definitions, email_field, hidden, link_button,
        notice, pagination, post_button, secret, select, submit, table, tag, text_field, words,
    },
    paging::PageQuery,
    routes::session::confirm_address,
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{AccountId, EmailAddress, PermissionName, PersonName, Role};
use identity::{EnrollmentError, Full, InvitationSecret, Session};
use maud::{Markup, html};
use practice::accounts::{self, AccountView, DirectoryError};
use serde::Deserialize;
use store::rows::accounts::AccountState;

const LIST: Route = Route::page(Verb::Get, "/people", "The accounts of staff.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice);
const NEW: Route = Route::page(Verb::Get, "/people/invite", "A form to invite somebody.").roles(&[Role::Admin]);
const INVITE: Route = Route::page(Verb::Post, "/people/invite", "Adds an account and invites it.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice)
    .roles(&[Role::Admin]);
const READ: Route = Route::page(Verb::Get, "/people/{account_id}", "An account.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice);
const CHANGE: Route = Route::page(Verb::Post, "/people/{account_id}", "Changes role and state.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice);
const INVITE_AGAIN: Route = Route::page(Verb::Post, "/people/{account_id}/invitation", "Invites an account again.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice);

/// Roles that can be given; patients are invited at the front desk.
const STAFF: [Role; 7] = [
    Role::Therapist,
    Role::FrontDesk,
    Role::Admin,
    Role::Billing,
    Role::PrivacyOfficer,
    Role::Operator,
    Role::Researcher,
];

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(NEW, new)
        .add(INVITE, invite)
        .add(READ, show)
        .add(CHANGE, change)
        .add(INVITE_AGAIN, invite_again)
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let after = Cursor::place(asked.cursor.as_ref())?;
    let limit = Limit::default();
    let views = accounts::staff(app.house(), &session, after, limit.entries() + 1).await?;
    let page = Page::from_surplus(views, limit, |last| Cursor::at(&last.account_id));
    let columns = [Column::text("Name"), Column::text("Role"), Column::text("State"), Column::text("E-mail")];
    let rows = page.items.iter().map(|view| {
        vec![
            html! { a href={ "/people/" (view.account_id) } { (view.display_name) } },
            html! { (words::role(view.role)) },
            state_tag(view.state),
            html! { (words::email(&view.email)) },
        ]
    });
    let next = page.next.clone().map(|cursor| format!("/people?cursor={}", String::from(cursor)));
    let content = html! {
        section class="card" { (table("Accounts of staff", &columns, rows)) }
        (pagination(None, next.as_deref(), None))
    };
    let head = Head {
        below: Some(html! { p class="soft" { "Everyone who works here and can sign in." } }),
        beside: Some(link_button("/people/invite", "Invite somebody", ButtonKind::Primary)),
        ..Head::default()
    };
    Ok(surround.page(Sheet::new("People", "/people").head(head), content))
}

fn state_tag(state: AccountState) -> Markup {
    match state {
        AccountState::Active => tag("active", Tone::Success),
        AccountState::Invited => tag("invited", Tone::Info),
        AccountState::Disabled => tag("disabled", Tone::Warn),
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

async fn new(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Markup, Problem> {
    form(&app, &session, &typed, &FieldErrors::none()).await
}

async fn invite(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let name = PersonName::new(&typed.display_name).map_err(|why| errors.add("display_name", why.what())).ok();
    let email = EmailAddress::new(&typed.email).map_err(|why| errors.add("email", why.what())).ok();
    let role = typed.role.parse::<Role>().map_err(|why| errors.add("role", why.what())).ok();
    let (Some(display_name), Some(email), Some(role), true) = (name, email, role, errors.is_empty()) else {
        return Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, form(&app, &session, &typed, &errors).await?));
    };
    match accounts::invite_new(app.house(), &session, role, email, display_name).await {
        Ok((account, secret)) => invited(&app, &session, account, &secret).await,
        Err(DirectoryError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first("/people/invite")),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.errors().is_empty() {
                return Err(problem);
            }
            for error in problem.errors() {
                errors.add(error.field.clone(), error.message.clone());
            }
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, form(&app, &session, &typed, &errors).await?))
        }
    }
}

/// To the page that asks for the factor again, and back.
pub(in crate::routes) fn confirm_first(next: &str) -> Response {
    see_other(&confirm_address(next))
}

async fn form(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let roles: Vec<_> = STAFF.iter().map(|role| (role.word(), words::role(*role))).collect();
    let content = html! {
        (breadcrumbs(&[("/people", "People")], "Invite"))
        form method="post" action="/people/invite" class="card stack" {
            (errors.summary())
            (text_field(&Field::new("display_name", "Name").required().value(&typed.display_name)
                .error(errors.of("display_name")).autocomplete("off")))
            (email_field(&Field::new("email", "E-mail").required().value(&typed.email).error(errors.of("email"))
                .hint("They sign in with it.").autocomplete("off")))
            (select(&Field::new("role", "Role").required().value(&typed.role).error(errors.of("role")), &roles))
            (submit("Make an invitation", None))
        }
    };
    Ok(surround.page(Sheet::new("Invite somebody", "/people"), content))
}

/// Shows the link in the answer itself: its secret is stored nowhere, so there is no other page to lead to.
async fn invited(
    app: &App,
    session: &Session<Full>,
    account: AccountId,
    invitation: &InvitationSecret,
) -> Result<Response, Problem> {
    let surround = Surround::of(app, session).await?;
    let days = identity::INVITATION_DAYS;
    let content = html! {
        (notice(Tone::Info, "Hand this link over yourself", Some(html! {
            p { "It works once, for " (days) " days, and is not shown again." }
        })))
        section class="card stack" {
            (secret("Link", &link(app, invitation)))
            (link_button(&format!("/people/{account}"), "Done", ButtonKind::Primary))
        }
    };
    Ok(surround.page(Sheet::new("Invitation", "/people"), content).into_response())
}

/// A patient's account was closed: who did that makes no link to it.
async fn closed(app: &App, session: &Session<Full>) -> Result<Response, Problem> {
    let content = html! {
        (notice(Tone::Info, "Password and second factor are gone", Some(html! {
            p { "The front desk makes the new link, from the patient's details. The patient sees both." }
        })))
        (link_button("/patients?everybody=true", "Done", ButtonKind::Primary))
    };
    let surround = Surround::of(app, session).await?;
    Ok(surround.page(Sheet::new("Account closed", "/people"), content).into_response())
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
) -> Result<Markup, Problem> {
    let view = accounts::account(app.house(), &session, account).await?;
    one(&app, &session, &view, None).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    role: String,
    state: String,
    version: i64,
}

async fn change(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let role: Role = wanted.role.parse().map_err(|why| Problem::invalid("role", &why))?;
    let state: AccountState = wanted.state.parse().map_err(|why| Problem::invalid("state", &why))?;
    let page = format!("/people/{account}");
    match accounts::change(app.house(), &session, account, role, state, wanted.version).await {
        Ok(_) => Ok(see_other(&page)),
        Err(DirectoryError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(&page)),
        Err(other) => Err(other.into()),
    }
}

async fn invite_again(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
) -> Result<Response, Problem> {
    match accounts::invite_again(app.house(), &session, account).await {
        Ok(Some(secret)) => invited(&app, &session, account, &secret).await,
        Ok(None) => closed(&app, &session).await,
        Err(DirectoryError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(&format!("/people/{account}"))),
        Err(other) => Err(other.into()),
    }
}

async fn one(
    app: &App,
    session: &Session<Full>,
    view: &AccountView,
    notice: Option<Markup>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let myself = view.account_id == session.account();
    let roles: Vec<_> = STAFF.iter().map(|role| (role.word(), words::role(*role))).collect();
    let states = [("active", "Active"), ("disabled", "Disabled")];
    let action = format!("/people/{}", view.account_id);
    let content = html! {
        (breadcrumbs(&[("/people", "People")], &view.display_name))
        section class="card stack" {
            (definitions(&[
                ("E-mail", html! { (view.email) }),
                ("Role", html! { (words::role(view.role)) }),
                ("State", state_tag(view.state)),
                ("Added", html! { (surround.moment(view.created_at)) }),
            ]))
        }
        @if !myself && view.state != AccountState::Invited && view.role != Role::Patient {
            form method="post" action=(action) class="card stack" {
                h2 { "Change" }
                p class="soft" { "Their sessions and API tokens end at once." }
                (hidden("version", view.version))
                (select(&Field::new("role", "Role").required().value(view.role.word()), &roles))
                (select(&Field::new("state", "State").required().value(view.state.word()), &states))
                (submit("Save", None))
            }
        }
        @if !myself && view.role == Role::Patient {
            section class="card stack" {
                h2 { "Close the account" }
                p class="soft" {
                    "For a patient who lost password or telephone. They end at once; then the front desk makes a new link."
                }
                (post_button(&format!("{action}/invitation"), "Close it", ButtonKind::Danger,
                    Some("Take password, factors, sessions and tokens away?")))
            }
        } @else if !myself {
            section class="card stack" {
                h2 { "New invitation" }
                p class="soft" { "For somebody who lost password or factors. The old ones end at once." }
                (post_button(&format!("{action}/invitation"), "Invite again", ButtonKind::Danger,
                    Some("Take password, factors, sessions and tokens away and make a new link?")))
            }
        }
    };
    let head = Head { heading: Some(&view.display_name), ..Head::default() };
    Ok(surround.page(Sheet::new("Account", "/people").head(head).notice(notice), content))
}
