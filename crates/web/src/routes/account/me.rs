//! Who is signed in, and the first page of one's account.

use crate::{
    App, Json, Problem, Route, RouteTable, SignedIn, Verb,
    look::{ButtonKind, card, definitions, link_button, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{AccountId, PatientId, PracticeId, Role, Timestamp};
use identity::FactorKind;
use maud::{Markup, html};
use practice::{access_reviews, account};
use schemars::JsonSchema;
use serde::Serialize;

const ME: Route = Route::api(Verb::Get, "/api/v1/me", "Who is signed in.").any_token().answer::<Me>(200);
const PAGE: Route = Route::page(Verb::Get, "/account", "One's own account.");

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(ME, me).add(PAGE, show)
}

/// Who is signed in.
#[derive(Serialize, JsonSchema)]
struct Me {
    /// Their account.
    account_id: AccountId,
    /// Their practice.
    practice_id: PracticeId,
    /// What the account is for.
    role: Role,
    /// The address that signs in.
    email: String,
    /// The name that others see.
    display_name: String,
    /// The patient that they are, if they are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    patient_id: Option<PatientId>,
    /// Always `full` here.
    level: &'static str,
    /// The factor that was proven last.
    factor: Factor,
    /// When the session ends, whatever is done.
    expires_at: Timestamp,
}

/// A factor that was proven.
#[derive(Serialize, JsonSchema)]
struct Factor {
    /// Which kind.
    kind: FactorKind,
    /// When.
    at: Timestamp,
}

async fn me(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Me>, Problem> {
    let me = account::me(app.house(), &session).await?;
    Ok(Json(Me {
        account_id: me.account_id,
        practice_id: me.practice_id,
        role: me.role,
        email: me.email,
        display_name: me.display_name,
        patient_id: me.patient_id,
        level: session.level_word(),
        factor: Factor { kind: me.factor, at: me.factor_at },
        expires_at: me.expires_at,
    }))
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let me = account::me(app.house(), &session).await?;
    let keys = account::passkeys(app.house(), &session).await?.len();
    let codes = account::codes_left(app.house(), &session).await?;
    let ended = access_reviews::ended_lately(app.house(), &session).await?;
    let open = |href: &str, what: &str| {
        link_button(href, html! { "Open" span class="hidden" { ": " (what) } }, ButtonKind::Quiet)
    };
    let content = html! {
        (super::super::access_reviews::told(surround.zone(), &ended))
        (card("Who you are", None, definitions(&[
            ("Name", html! { (me.display_name) }),
            ("E-mail", html! { (me.email) }),
            ("Role", html! { (words::role(me.role)) }),
        ])))
        (card("Password", Some(open("/account/password", "password")), html! {
            p class="soft" { "Changing it signs you out everywhere else." }
        }))
        (card("Passkeys", Some(open("/account/passkeys", "passkeys")), html! {
            p class="soft" { (words::count(keys as u64, "passkey", "passkeys")) " registered. The safest second factor." }
        }))
        (card("Authenticator app", Some(open("/account/authenticator", "authenticator app")), html! {
            p class="soft" { "Set up an app that shows six-digit codes, or move it to a new telephone." }
        }))
        @if me.role != Role::Admin {
            (card("Recovery codes", Some(open("/account/recovery-codes", "recovery codes")), html! {
                p class="soft" { (words::count(codes as u64, "code", "codes")) " left, each good for one sign-in." }
            }))
        }
        (card("Where you are signed in", Some(open("/account/sessions", "sessions")), html! {
            p class="soft" { "See your sessions, and end those that you do not know." }
        }))
        @if me.role != Role::Patient {
            (card("Training", Some(open("/training/mine", "your training")), html! {
                p class="soft" { "What is asked of you, when you were trained, and until when." }
            }))
        }
        (card("API tokens", Some(open("/account/tokens", "API tokens")), html! {
            p class="soft" { "For programs that act for you." }
        }))
    };
    Ok(surround.page(Sheet::new("Account", "/account"), content))
}
