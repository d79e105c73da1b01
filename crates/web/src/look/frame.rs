//! The frame around every page: document, landmarks, navigation, the one `h1`, sign-out.

use super::icon::{Icon, logo};
use maud::{DOCTYPE, Markup, html};

/// A link of the navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavItem<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// What it says.
    pub label: &'a str,
    /// The picture before the words.
    pub icon: Icon,
    /// Whether the page shown belongs to it.
    pub current: bool,
}

/// For whom the page is laid out.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'a> {
    /// Staff: a bar at the side, which becomes a bar with a menu on narrow screens.
    Staff {
        /// The links of the side bar.
        nav: &'a [NavItem<'a>],
        /// The name of the person signed in.
        signed_in_as: &'a str,
        /// What they are here ("Therapist").
        role_label: &'a str,
        /// Seconds until the login session ends when nothing is done; none when it is not shown.
        signs_out_in_seconds: Option<u32>,
    },
    /// A patient or proxy: links at the bottom of a telephone, at the top of a wide screen.
    Patient {
        /// At most five links.
        nav: &'a [NavItem<'a>],
        /// The name of the person signed in.
        signed_in_as: &'a str,
        /// Seconds until the login session ends when nothing is done; none when it is not shown.
        signs_out_in_seconds: Option<u32>,
    },
    /// Nobody is signed in yet, or something went wrong: one narrow column.
    Plain,
}

/// The head of the page: holds its only `h1`.
#[derive(Debug, Clone, Default)]
pub struct Head<'a> {
    /// The line above: where this page belongs (a link), or the date.
    pub above: Option<Markup>,
    /// The words of the `h1`; the frame's title when none.
    pub heading: Option<&'a str>,
    /// The line below.
    pub below: Option<Markup>,
    /// Buttons, or a progress ring, at the end of the row.
    pub beside: Option<Markup>,
}

/// What surrounds the content of a page. Made by [`Frame::new`], then the optional parts are set.
pub struct Frame<'a> {
    /// The title of the document, and the `h1` unless the head says otherwise. No person's name belongs into it: the
    /// browser keeps titles in its history.
    pub title: &'a str,
    /// For whom it is laid out.
    pub kind: Kind<'a>,
    /// Whether the practice is made of synthetic people: a banner says so.
    pub demo: bool,
    /// From the name of an asset ("look.css") to its URL.
    pub assets: &'a dyn Fn(&str) -> String,
    /// Shown above everything else, on each page for as long as it holds.
    pub above: Option<Markup>,
    /// Shown above the content: what was just done.
    pub notice: Option<Markup>,
    /// The head of the page.
    pub head: Head<'a>,
    /// Names of the modules that this page needs besides `app.js` ("timer.js").
    pub scripts: &'a [&'a str],
    /// Where sign-out is posted.
    pub sign_out: &'a str,
}

impl<'a> Frame<'a> {
    /// A frame with nothing optional in it.
    pub fn new(title: &'a str, kind: Kind<'a>, assets: &'a dyn Fn(&str) -> String) -> Self {
        let (head, scripts, sign_out) = (Head::default(), &[] as &[&str], "/sign-out");
        Self { title, kind, demo: false, assets, above: None, notice: None, head, scripts, sign_out }
    }
    /// Shows the demo banner when `demo` is true.
    pub fn demo(mut self, demo: bool) -> Self {
        self.demo = demo;
        self
    }
    /// Shows something above everything else.
    pub fn above(mut self, above: Option<Markup>) -> Self {
        self.above = above;
        self
    }
    /// Shows a notice above the content.
    pub fn notice(mut self, notice: Option<Markup>) -> Self {
        self.notice = notice;
        self
    }
    /// Sets the head of the page.
    pub fn head(mut self, head: Head<'a>) -> Self {
        self.head = head;
        self
    }
    /// Loads these modules too.
    pub fn scripts(mut self, scripts: &'a [&'a str]) -> Self {
        self.scripts = scripts;
        self
    }
}

/// The whole document.
pub fn page(frame: Frame<'_>, content: Markup) -> Markup {
    let asset = frame.assets;
    let layout = match frame.kind {
        Kind::Staff { .. } => "staff",
        Kind::Patient { .. } => "patient",
        Kind::Plain => "plain",
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#f8f7f4" media="(prefers-color-scheme: light)";
                meta name="theme-color" content="#12181a" media="(prefers-color-scheme: dark)";
                meta name="referrer" content="same-origin";
                title { (frame.title) " · Patella" }
                @for sheet in ["look.css", "forms.css", "work.css"] { link rel="stylesheet" href=(asset(sheet)); }
                link rel="icon" type="image/svg+xml" href=(asset("favicon.svg"));
                link rel="manifest" href=(asset("manifest.webmanifest"));
                script type="module" src=(asset("app.js")) {}
                @for script in frame.scripts { script type="module" src=(asset(script)) {} }
            }
            body class=(layout) {
                a class="skip" href="#main" { "Skip to the content" }
                @if frame.demo { (demo_banner()) }
                div class="shell" {
                    (bar(&frame))
                    main id="main" tabindex="-1" {
                        @if let Some(above) = &frame.above { (above) }
                        (head(&frame))
                        @if let Some(notice) = &frame.notice { (notice) }
                        (content)
                    }
                }
            }
        }
    }
}

fn demo_banner() -> Markup {
    html! {
        aside class="demo" aria-label="Demo" {
            p { strong { "Demo." } " Everyone here is made up." }
        }
    }
}

fn head(frame: &Frame<'_>) -> Markup {
    let head = &frame.head;
    html! {
        header class="page-head" {
            div class="page-title" {
                @if let Some(above) = &head.above { div class="above" { (above) } }
                h1 { (head.heading.unwrap_or(frame.title)) }
                @if let Some(below) = &head.below { div class="below" { (below) } }
            }
            @if let Some(beside) = &head.beside { div class="beside" { (beside) } }
        }
    }
}

fn brand() -> Markup {
    html! { a class="brand" href="/" { (logo()) span { "Patella" } } }
}

fn links(nav: &[NavItem<'_>]) -> Markup {
    html! {
        ul role="list" {
            @for item in nav {
                li {
                    a href=(item.href) aria-current=[item.current.then_some("page")] {
                        (item.icon.draw()) span { (item.label) }
                    }
                }
            }
        }
    }
}

fn countdown(seconds: Option<u32>) -> Markup {
    html! {
        @if let Some(seconds) = seconds {
            p class="countdown num" data-signs-out-in=(seconds) {
                "Signs out after " (seconds.div_ceil(60)) " min without use"
            }
        }
    }
}

fn sign_out(action: &str) -> Markup {
    html! {
        form method="post" action=(action) class="sign-out" {
            button type="submit" { (Icon::SignOut.draw()) span { "Sign out" } }
        }
    }
}

fn bar(frame: &Frame<'_>) -> Markup {
    match frame.kind {
        Kind::Staff { nav, signed_in_as, role_label, signs_out_in_seconds } => html! {
            header class="side" {
                (brand())
                button type="button" class="menu-button" popovertarget="menu" { (Icon::Menu.draw()) span { "Menu" } }
                div class="menu" id="menu" popover {
                    nav aria-label="Main" { (links(nav)) }
                    div class="account" {
                        p { strong { (signed_in_as) } br; span class="soft" { (role_label) } }
                        (countdown(signs_out_in_seconds))
                        (sign_out(frame.sign_out))
                    }
                }
            }
        },
        Kind::Patient { nav, signed_in_as, signs_out_in_seconds } => html! {
            header class="top" {
                (brand())
                nav aria-label="Main" { (links(nav)) }
                div class="account" {
                    span class="who soft" { (signed_in_as) }
                    (countdown(signs_out_in_seconds))
                    (sign_out(frame.sign_out))
                }
            }
        },
        Kind::Plain => html! { header class="top" { (brand()) } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAV: &[NavItem<'static>] = &[
        NavItem { href: "/patients", label: "My patients", icon: Icon::People, current: true },
        NavItem { href: "/exercises", label: "Exercises", icon: Icon::Exercise, current: false },
    ];

    fn assets(name: &str) -> String {
        format!("/assets/{name}")
    }

    fn shown(kind: Kind<'_>) -> String {
        page(Frame::new("My patients", kind, &assets).demo(true), html! { p { "Hello" } }).into_string()
    }

    fn kinds() -> [Kind<'static>; 3] {
        let (name, seconds) = ("Mara <b>Lind", Some(900));
        [
            Kind::Staff { nav: NAV, signed_in_as: name, role_label: "Therapist", signs_out_in_seconds: seconds },
            Kind::Patient { nav: NAV, signed_in_as: name, signs_out_in_seconds: seconds },
            Kind::Plain,
        ]
    }

    #[test]
    fn a_page_has_one_h1_one_main_and_a_skip_link_to_it() {
        for kind in kinds() {
            let html = shown(kind);
            assert_eq!(html.matches("<h1>").count(), 1);
            assert_eq!(html.matches("<main ").count(), 1);
            assert!(html.contains("href=\"#main\"") && html.contains("id=\"main\""));
        }
    }

    #[test]
    fn a_page_has_no_inline_style_and_no_inline_script() {
        for kind in kinds() {
            let html = shown(kind);
            assert!(!html.contains(" style=") && !html.contains("<style"));
            assert!(html.split("<script").skip(1).all(|rest| rest.contains("src=\"/assets/")));
            assert!(!html.contains(" onclick") && !html.contains("://"));
        }
    }

    #[test]
    fn sign_out_is_posted_and_never_a_link() {
        let [staff, patient, plain] = kinds();
        for kind in [staff, patient] {
            assert!(shown(kind).contains("<form method=\"post\" action=\"/sign-out\""));
        }
        assert!(!shown(plain).contains("/sign-out"));
    }

    #[test]
    fn the_current_link_is_marked_and_a_name_is_escaped() {
        let [staff, ..] = kinds();
        let html = shown(staff);
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1);
        assert!(html.contains("Mara &lt;b&gt;Lind"));
    }

    #[test]
    fn the_demo_banner_is_on_every_kind_of_page_of_a_demo() {
        for kind in kinds() {
            assert!(shown(kind).contains("Everyone here is made up"));
        }
    }
}
