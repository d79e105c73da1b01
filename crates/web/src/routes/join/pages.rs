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
use practice::accounts::{self, InviteeView, JoinError};
use serde::Deserialize;

const PAGE: Route = Route::page(Verb::Get, "/join/{secret}", "An invitation.").public();
const BEGIN: Route = Route::page(
    Verb::Post,
    "/join/{secret}/begin",
    "Begins to accept: shows who is invited, and a new code generator.",
)
.public()
.audit(AuditClass::Session);
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
    let by_passkey = view.factor == FactorKind::Passkey;
    let content = html! {
        p class="soft" { (view.practice) " invites you to open an account." }
        section class="card stack" {
            h2 { "Two steps protect your account" }
            @if by_passkey {
                p { "A password, and a passkey: your device or a security key." }
            } @else {
                p { "A password, and a code that an app on your telephone makes anew every 30 seconds." }
            }
            p { "Go on when you have it at hand. That you begin is recorded." }
            (begin_button(&link, "Begin"))
        }
    };
    Ok(page(plain(&app, WELCOME, &[]), content))
}

/// Shows name and secret in the answer itself: opening the link shows neither, since that leaves no entry.
async fn begin(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(link): PathId<String>,
) -> Result<Markup, Problem> {
    let view = accounts::invitation(app.house(), &link).await?;
    if view.factor == FactorKind::Passkey {
        let invitee = accounts::begin(app.house(), &link, origin).await?;
        let content = html! { (greeting(&view.practice, &invitee)) (passkey_step(&link)) };
        return Ok(page(plain(&app, WELCOME, &["passkey.js"]), content));
    }
    let begun = accounts::begin_totp(app.house(), &link, origin).await?;
    let content = html! {
        (greeting(&view.practice, &begun.invitee))
        section class="card stack" {
            h2 { "1. Your second step" }
            p { "Scan this with an authenticator app, or type the secret into it. It is not shown again." }
            @if let Some(picture) = qr(&begun.uri) { div class="qr" { (picture) } }
            (secret("Secret", &begun.secret))
        }
        (password_and_code(&link, "2. Your password, and a code", &FieldErrors::none()))
    };
    Ok(page(plain(&app, WELCOME, &[]), content))
}

async fn accept(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(link): PathId<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let accepted = match Password::new(typed.password) {
        Ok(password) => accounts::accept_with_totp(app.house(), &link, password, &typed.code, origin).await,
        Err(why) => {
            // What is no password is told only to whoever has an invitation.
            accounts::invitation(app.house(), &link).await?;
            return Ok(again(&app, &link, &Problem::invalid("password", &why)));
        }
    };
    match accepted {
        Ok(codes) => Ok(joined(&app, &codes).into_response()),
        Err(error @ (JoinError::Weak(_) | JoinError::NotConfirmed)) => Ok(again(&app, &link, &error.into())),
        Err(JoinError::NothingPending) => Ok(see_other(&format!("/join/{link}"))),
        Err(other) => Err(other.into()),
    }
}

/// The form alone: the app has the secret, and who has not begins again.
fn again(app: &App, link: &str, problem: &Problem) -> Response {
    let mut errors = FieldErrors::none();
    for error in problem.errors() {
        errors.add(error.field.clone(), error.message.clone());
    }
    let content = html! {
        (password_and_code(link, "Your password, and a code", &errors))
        section class="card stack" {
            p class="soft" { "The app shows no code for Patella? Begin again with a new secret." }
            (begin_button(link, "Begin again"))
        }
    };
    form_again(StatusCode::UNPROCESSABLE_ENTITY, page(plain(app, WELCOME, &[]), content))
}

const WELCOME: &str = "Welcome to Patella";

fn begin_button(link: &str, label: &str) -> Markup {
    post_button(&format!("/join/{link}/begin"), label, ButtonKind::Primary, None)
}

fn greeting(practice: &str, invitee: &InviteeView) -> Markup {
    html! {
        p class="soft" {
            (practice) " invites you, " (invitee.display_name) ", as " (words::role(invitee.role).to_lowercase()) ". "
            "You will sign in with " b { (invitee.email) } "."
        }
    }
}

fn password_and_code(link: &str, heading: &str, errors: &FieldErrors) -> Markup {
    html! {
        form method="post" action={ "/join/" (link) } class="card stack" {
            h2 { (heading) }
            (errors.summary())
            (password_field(&Field::new("password", "Password").required().autocomplete("new-password")
                .hint("At least 12 characters. Several words are easier to remember than signs.")
                .error(errors.of("password"))))
            (text_field(&Field::new("code", "Code").required().autocomplete("one-time-code").inputmode("numeric")
                .hint("Six digits from the app").error(errors.of("code")).max_length(9)))
            (submit("Open my account", None))
        }
    }
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
