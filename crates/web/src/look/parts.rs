//! The small parts: cards, buttons, tags, notices, lists.

use super::icon::Icon;
use maud::{Markup, Render, html};

/// What a part says by its colour, always said by its words too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Neutral,
    /// Worth knowing.
    Info,
    /// Done, fine.
    Success,
    /// Worth minding.
    Warn,
    /// Failed or refused.
    Error,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
    const fn icon(self) -> Icon {
        match self {
            Self::Neutral | Self::Info => Icon::Info,
            Self::Success => Icon::Check,
            Self::Warn => Icon::Warning,
            Self::Error => Icon::Stop,
        }
    }
}

/// How much a button asks to be pressed. At most one [`ButtonKind::Primary`] stands on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonKind {
    /// What the page is for.
    Primary,
    /// What one can also do.
    Quiet,
    /// What cannot be undone.
    Danger,
    /// Looks like a link: the least.
    Bare,
}

impl ButtonKind {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Quiet => "button quiet",
            Self::Danger => "button danger",
            Self::Bare => "button bare",
        }
    }
}

/// A button that submits the form around it.
pub fn button(label: impl Render, kind: ButtonKind) -> Markup {
    html! { button type="submit" class=(kind.class()) { (label) } }
}

/// A link that looks like a button.
pub fn link_button(href: &str, label: impl Render, kind: ButtonKind) -> Markup {
    html! { a href=(href) class=(kind.class()) { (label) } }
}

/// A form that is nothing but one button: does one thing by POST. With `ask`, `app.js` asks that question first.
pub fn post_button(action: &str, label: impl Render, kind: ButtonKind, ask: Option<&str>) -> Markup {
    html! {
        form method="post" action=(action) class="one-button" data-ask=[ask] {
            button type="submit" class=(kind.class()) { (label) }
        }
    }
}

/// A card: a section of the page with its own heading. `aside` stands at the end of the heading's row.
pub fn card(heading: &str, aside: Option<Markup>, body: Markup) -> Markup {
    html! {
        section class="card stack" {
            div class="row between card-head" {
                h2 { (heading) }
                @if let Some(aside) = aside { (aside) }
            }
            (body)
        }
    }
}

/// Things below one another, with the usual gap.
pub fn stack(body: Markup) -> Markup {
    html! { div class="stack" { (body) } }
}

/// Things beside one another, wrapping where there is no room.
pub fn row(body: Markup) -> Markup {
    html! { div class="row wrap" { (body) } }
}

/// Two columns on a wide screen, the second the wider; one below the other on a narrow one.
pub fn two_columns(first: Markup, second: Markup) -> Markup {
    html! { div class="two" { (first) (second) } }
}

/// A word in a pill: a state.
pub fn tag(text: &str, tone: Tone) -> Markup {
    html! { span class={ "tag " (tone.class()) } { (text) } }
}

/// Something to know before reading on. An error is announced at once, anything else politely.
pub fn notice(tone: Tone, title: &str, body: Option<Markup>) -> Markup {
    let role = if tone == Tone::Error { "alert" } else { "status" };
    html! {
        div class={ "notice " (tone.class()) } role=(role) {
            (tone.icon().draw())
            div { p class="notice-title" { (title) } @if let Some(body) = body { div class="notice-body" { (body) } } }
        }
    }
}

/// What stands where a list is empty: what would be here, and how to begin.
pub fn empty_state(title: &str, text: &str, action: Option<Markup>) -> Markup {
    html! {
        div class="empty" {
            p class="empty-title" { (title) }
            p class="soft" { (text) }
            @if let Some(action) = action { (action) }
        }
    }
}

/// The way here: links, then the page itself without one.
pub fn breadcrumbs(way: &[(&str, &str)], here: &str) -> Markup {
    html! {
        nav class="crumbs" aria-label="Breadcrumb" {
            ol role="list" {
                @for (href, label) in way { li { a href=(href) { (label) } } }
                li { span aria-current="page" { (here) } }
            }
        }
    }
}

/// Links to other views of the same thing: (href, label, whether it is shown now).
pub fn tabs(label: &str, views: &[(&str, &str, bool)]) -> Markup {
    html! {
        nav class="tabs" aria-label=(label) {
            ul role="list" {
                @for (href, text, current) in views {
                    li { a href=(href) aria-current=[current.then_some("page")] { (text) } }
                }
            }
        }
    }
}

/// The way to the neighbouring pages of a list, and a word on what is shown ("51 to 100").
pub fn pagination(previous: Option<&str>, next: Option<&str>, shown: Option<&str>) -> Markup {
    html! {
        @if previous.is_some() || next.is_some() || shown.is_some() {
            nav class="pages" aria-label="Pages" {
                @if let Some(href) = previous {
                    a class="button quiet" rel="prev" href=(href) { (Icon::Back.draw()) span { "Previous" } }
                }
                @if let Some(shown) = shown { span class="soft num" { (shown) } }
                @if let Some(href) = next {
                    a class="button quiet" rel="next" href=(href) { span { "Next" } (Icon::Forward.draw()) }
                }
            }
        }
    }
}

/// Terms and what they are.
pub fn definitions(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl class="definitions" {
            @for (term, what) in pairs { div { dt { (term) } dd { (what) } } }
        }
    }
}

/// Something to copy by hand or by a button: a secret, a code, a link. Shown once, never again, says the page around it.
pub fn secret(label: &str, value: &str) -> Markup {
    html! {
        div class="secret" data-copy {
            p class="secret-label" { (label) }
            code class="num" tabindex="0" { (value) }
            button type="button" class="button quiet" hidden { "Copy" }
            span class="hidden" role="status" {}
        }
    }
}

/// A number with its meaning below.
pub fn stat(value: &str, meaning: &str) -> Markup {
    html! { div class="stat" { p class="stat-value num" { (value) } p class="soft small" { (meaning) } } }
}

/// A name with a line below, with the first letters in a circle.
pub fn person_line(name: &str, below: Option<&str>) -> Markup {
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    html! {
        span class="person" {
            span class="initials" aria-hidden="true" { (initials) }
            span { span class="person-name" { (name) } @if let Some(below) = below { span class="soft small" { (below) } } }
        }
    }
}

/// What the quiet line says to one who looks at somebody else's record.
pub const RECORDED: &str = "Opening this page was recorded, and the patient can see that.";

/// What it says where no patient is told of it.
pub const RECORDED_ONLY: &str = "Opening this page was recorded.";

/// The quiet line at the end of every page that shows a person's data.
pub fn recorded_line(text: &str) -> Markup {
    html! { p class="recorded" { (Icon::Eye.draw()) span { (text) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_announced_at_once_and_a_success_politely() {
        assert!(notice(Tone::Error, "Not saved", None).into_string().contains("role=\"alert\""));
        assert!(notice(Tone::Success, "Saved", None).into_string().contains("role=\"status\""));
    }

    #[test]
    fn what_a_person_wrote_is_escaped_in_every_part() {
        let bad = "<img src=x onerror=alert(1)>";
        let parts = [
            tag(bad, Tone::Warn),
            card(bad, None, html! {}),
            notice(Tone::Info, bad, None),
            empty_state(bad, bad, None),
            person_line(bad, Some(bad)),
            secret(bad, bad),
            definitions(&[(bad, html! { (bad) })]),
            recorded_line(bad),
            post_button("/x", bad, ButtonKind::Danger, Some(bad)),
        ];
        for part in parts {
            assert!(!part.into_string().contains("<img"));
        }
    }

    #[test]
    fn a_list_of_one_page_shows_no_way_to_others() {
        assert_eq!(pagination(None, None, None).into_string(), "");
    }

    #[test]
    fn the_initials_are_of_at_most_two_words() {
        assert!(person_line("Ana Maria Ruiz", None).into_string().contains(">AM<"));
        assert!(person_line("", None).into_string().contains("initials"));
    }
}
