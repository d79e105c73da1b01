//! The form that registers a passkey or signs in with one; `passkey.js` does the talking.

use super::{icon::Icon, parts::ButtonKind};
use maud::{Markup, html};

/// What is asked of the authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    /// A new passkey.
    Create,
    /// Proof of one that is registered.
    Prove,
}

/// Where the ceremony begins and ends.
#[derive(Debug, Clone, Copy)]
pub struct Passkey<'a> {
    /// What is asked.
    pub ceremony: Ceremony,
    /// POST, no body but `{}`: answers with WebAuthn's options, as `{"publicKey": …}` or alone.
    pub start: &'a str,
    /// POST `{"credential": …}` and the fields: answers with `{"next": URL}`, or nothing.
    pub finish: &'a str,
    /// Where the browser goes then, unless the answer says so.
    pub next: &'a str,
    /// The words of the button.
    pub label: &'a str,
}

/// The form, with `fields` before its button (a name for the key). Needs `passkey.js` in
/// [`Frame::scripts`](super::Frame::scripts); without JavaScript it says that another way is needed.
pub fn passkey_form(passkey: Passkey<'_>, kind: ButtonKind, fields: Option<Markup>) -> Markup {
    let word = if passkey.ceremony == Ceremony::Create { "create" } else { "get" };
    html! {
        form method="post" class="passkey stack" data-passkey=(word) data-start=(passkey.start)
            data-finish=(passkey.finish) data-next=(passkey.next) {
            @if let Some(fields) = fields { (fields) }
            button type="submit" class=(kind.class()) { (Icon::Key.draw()) span { (passkey.label) } }
            p class="error passkey-said" role="alert" data-said {}
            noscript { p class="soft small" { "A passkey needs JavaScript. Use another way." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_tells_the_script_where_to_begin_and_to_end() {
        let passkey = Passkey {
            ceremony: Ceremony::Prove,
            start: "/api/v1/session/passkey/start",
            finish: "/api/v1/session/passkey",
            next: "/today",
            label: "Use a passkey",
        };
        let html = passkey_form(passkey, ButtonKind::Primary, None).into_string();
        assert!(html.contains("data-passkey=\"get\"") && html.contains("data-finish=\"/api/v1/session/passkey\""));
        assert!(html.contains("role=\"alert\""));
    }
}
