//! The pages of accepting an invitation. Without a session, so there is nothing around them.

use crate::{
    App, AuditClass, Caller, Form, PathId, Problem, Route, RouteTable, Verb,
    answer::{form_again, see_other},
    asset,
    look::{
        ButtonKind, Ceremony, Field, FieldErrors, Frame, Head, Passkey, Tone, frame::Kind, link_button, notice, page,
        passkey_form, password_field, post_button, secret, submit, text_field, words,
    },
    routes::account::qr,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use identity::{FactorKind, Password};
use maud::{Markup, html};
use practice::accounts::{self, InvitationView, JoinError};
use serde::Deserialize;

const PAGE: Route = Route::page(Verb::Get, "/join/{secret}", "An invitation.").public();
const BEGIN: Route =
    Route::page(Verb::Post, "/join/{secret}/begin", "Begins a code generator.").public().audit(AuditClass::Session);
const ACCEPT: Route =
    Route::page(Verb::Post, "/join/{secret}", "Accepts an invitation.").public().audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, show).add(BEGIN, begin).add(ACCEPT, accept)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

async fn show(State(app): State<App>, PathId(link): PathId<String>) -> Result<Markup, Problem> {
    let view = accounts::invitation(app.house(), &link).await?;
    Ok(document(&app, &link, &view, &FieldErrors::none()))
}

async fn begin(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(link): PathId<String>,
) -> Result<Response, Problem> {
    accounts::begin_totp(app.house(), &link, origin).await?;
    Ok(see_other(&format!("/join/{link}")))
}

async fn accept(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(link): PathId<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let view = accounts::invitation(app.house(), &link).await?;
    let accepted = match Password::new(typed.password) {
        Ok(password) => accounts::accept_with_totp(app.house(), &link, password, &typed.code, origin).await,
        Err(why) => return again(&app, &link, &view, &Problem::invalid("password", &why)),
    };
    match accepted {
        Ok(codes) => Ok(joined(&app, &codes).into_response()),
        Err(error @ (JoinError::Weak(_) | JoinError::NotConfirmed)) => again(&app, &link, &view, &error.into()),
        Err(other) => Err(other.into()),
    }
}

fn again(app: &App, link: &str, view: &InvitationView, problem: &Problem) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    for error in problem.errors() {
        errors.add(error.field.clone(), error.message.clone());
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, document(app, link, view, &errors)))
}

fn document(app: &App, link: &str, view: &InvitationView, errors: &FieldErrors) -> Markup {
    let by_passkey = view.factor == FactorKind::Passkey;
    let content = html! {
        p class="soft" {
            (view.practice) " invites you, " (view.display_name) ", as " (words::role(view.role).to_lowercase()) ". "
            "You will sign in with " b { (view.email) } "."
        }
        (errors.summary())
        @if by_passkey {
            (passkey_step(link))
        } @else if let Some(pending) = &view.pending {
            form method="post" action={ "/join/" (link) } class="card stack" {
                h2 { "1. Your second step" }
                p { "Scan this with an authenticator app, or type the secret into it." }
                @if let Some(picture) = qr(&pending.uri) { div class="qr" { (picture) } }
                (secret("Secret", &pending.secret))
                h2 { "2. Your password, and a code" }
                (password_field(&Field::new("password", "Password").required().autocomplete("new-password")
                    .hint("At least 12 characters. Several words are easier to remember than signs.")
                    .error(errors.of("password"))))
                (text_field(&Field::new("code", "Code").required().autocomplete("one-time-code").inputmode("numeric")
                    .hint("Six digits from the app").error(errors.of("code")).max_length(9)))
                (submit("Open my account", None))
            }
        } @else {
            section class="card stack" {
                h2 { "Two steps protect your account" }
                p { "A password, and a code that an app on your telephone makes anew every 30 seconds." }
                (post_button(&format!("/join/{link}/begin"), "Begin", ButtonKind::Primary, None))
            }
        }
    };
    let scripts: &[&str] = if by_passkey { &["passkey.js"] } else { &[] };
    page(plain(app, "Welcome to Patella", scripts), content)
}

fn passkey_step(link: &str) -> Markup {
    let (start, finish) =
        (format!("/api/v1/invitations/{link}/passkey/start"), format!("/api/v1/invitations/{link}/passkey/finish"));
    let passkey = Passkey {
        ceremony: Ceremony::Create,
        start: &start,
        finish: &finish,
        next: "/sign-in",
        label: "Register a passkey",
    };
    let fields = html! {
        (password_field(&Field::new("password", "Password").required().autocomplete("new-password")
            .hint("At least 12 characters. Several words are easier to remember than signs.")))
        (text_field(&Field::new("label", "Name of the passkey").required().value("My key").max_length(60)))
    };
    html! {
        section class="card stack" {
            h2 { "A password and a passkey" }
            p class="soft" { "Administrators prove themselves with a device or a security key." }
            (passkey_form(passkey, ButtonKind::Primary, Some(fields)))
        }
    }
}

fn joined(app: &App, codes: &[crypto::Zeroizing<String>]) -> Markup {
    let content = html! {
        (notice(Tone::Warn, "Keep these codes now", Some(html! {
            p { "Each opens your account once, when the app is not at hand. They are not shown again." }
        })))
        section class="card stack" {
            ul class="codes" { @for code in codes { li { code { (code.as_str()) } } } }
            (link_button("/sign-in", "I have kept them: sign in", ButtonKind::Primary))
        }
    };
    page(plain(app, "Your account is open", &[]), content)
}

fn plain<'a>(app: &App, title: &'a str, scripts: &'a [&'a str]) -> Frame<'a> {
    Frame::new(title, Kind::Plain, &asset).demo(app.settings.demo).scripts(scripts).head(Head::default())
}
