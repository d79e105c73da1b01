//! The pages of signing in.

use crate::{
    App, asset,
    look::{
        ButtonKind, Ceremony, Field, FieldErrors, Frame, Passkey, email_field, frame::Kind, link_button, notice, page,
        parts::Tone, passkey_form, password_field, submit, text_field, words::full_date,
    },
};
use domain::Date;
use identity::FactorKind;
use maud::{Markup, html};

/// Address and password.
pub(super) fn sign_in(app: &App, email: &str, wrong: Option<&str>) -> Markup {
    let content = html! {
        form method="post" action="/sign-in" class="card stack" {
            @if let Some(wrong) = wrong { (notice(Tone::Error, wrong, None)) }
            (email_field(&Field::new("email", "E-mail").required().autocomplete("username").value(email).autofocus()))
            (password_field(&Field::new("password", "Password").required().autocomplete("current-password")))
            (submit("Sign in", None))
        }
        p class="soft small" {
            "You are signed out when nothing is done for a while. "
            "Cannot sign in? The practice can send you a new invitation."
        }
    };
    page(Frame::new("Sign in", Kind::Plain, &asset).demo(app.settings.demo), content)
}

/// The second factor.
pub(super) fn factor(app: &App, kinds: &[FactorKind], wrong: Option<&str>) -> Markup {
    let passkey = Passkey {
        ceremony: Ceremony::Prove,
        start: "/api/v1/session/passkey/start",
        finish: "/api/v1/session/passkey/finish",
        next: "/",
        label: "Use a passkey",
    };
    let (key, totp) = (kinds.contains(&FactorKind::Passkey), kinds.contains(&FactorKind::Totp));
    let content = html! {
        @if key {
            section class="card stack" {
                h2 { "Passkey" }
                p class="soft" { "Your device, or a security key, confirms that it is you." }
                (passkey_form(passkey, if totp { ButtonKind::Quiet } else { ButtonKind::Primary }, None))
            }
        }
        @if totp {
            form method="post" action="/sign-in/factor" class="card stack" { (code_fields(wrong, "Go on")) }
        }
        @if kinds.is_empty() {
            (notice(Tone::Warn, "This account has no second factor that opens it",
                Some(html! { p { "Ask the practice for a new invitation." } })))
        }
        @if kinds.contains(&FactorKind::RecoveryCode) {
            p { a href="/sign-in/recovery" { "Use a recovery code" } }
        }
        (other_account())
    };
    let scripts: &[&str] = if key { &["passkey.js"] } else { &[] };
    page(Frame::new("One more step", Kind::Plain, &asset).demo(app.settings.demo).scripts(scripts), content)
}

/// The field of a code, its errors and its button.
pub(in crate::routes) fn code_fields(wrong: Option<&str>, label: &str) -> Markup {
    let mut errors = FieldErrors::none();
    if let Some(wrong) = wrong {
        errors.add("code", wrong);
    }
    let hint = "Six digits from your authenticator app";
    let field = Field::new("code", "Code").hint(hint).required().autocomplete("one-time-code").inputmode("numeric");
    html! {
        (errors.summary())
        (text_field(&field.error(errors.of("code")).max_length(9).autofocus()))
        (submit(label, None))
    }
}

/// A recovery code.
pub(super) fn recovery(app: &App, wrong: Option<&str>) -> Markup {
    let mut errors = FieldErrors::none();
    if let Some(wrong) = wrong {
        errors.add("code", wrong);
    }
    let field = Field::new("code", "Recovery code").hint("Twelve letters and digits. Each code works once.").required();
    let content = html! {
        form method="post" action="/sign-in/recovery" class="card stack" {
            (errors.summary())
            (text_field(&field.error(errors.of("code")).autocomplete("off").max_length(40).autofocus()))
            (submit("Go on", None))
        }
        p { a href="/sign-in/factor" { "Another way" } }
        (other_account())
    };
    page(Frame::new("Recovery code", Kind::Plain, &asset).demo(app.settings.demo), content)
}

/// Password and factor were right, and training is overdue: each course with its last day.
pub(super) fn untrained(app: &App, courses: &[(String, Date)]) -> Markup {
    let content = html! {
        section class="card stack" {
            (notice(Tone::Warn, "This practice lets nobody of its staff in whose training is overdue", None))
            ul { @for (title, due_on) in courses { li { (title) ": by " (full_date(*due_on)) } } }
            p { "Ask an administrator or a privacy officer of your practice: once you were trained, they record it, and you can sign in." }
            (link_button("/sign-in", "Back", ButtonKind::Quiet))
        }
    };
    page(Frame::new("Your training is overdue", Kind::Plain, &asset).demo(app.settings.demo), content)
}

fn other_account() -> Markup {
    html! {
        form method="post" action="/sign-out" class="one-button" {
            button type="submit" class="button bare" { "Sign in as somebody else" }
        }
    }
}
