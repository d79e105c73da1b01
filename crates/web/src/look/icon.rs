//! Small line pictures, drawn by us on a grid of 24. Always beside a word, so hidden from screen readers.

use maud::{Markup, PreEscaped, html};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $path:literal),* $(,)?) => {
        /// A line picture that stands beside a word, never alone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Icon { $($(#[$doc])* $name),* }

        impl Icon {
            /// Every icon, for the gallery and for tests.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            const fn path(self) -> &'static str { match self { $(Self::$name => $path),* } }
        }
    };
}

icons! {
    /// A sun over a line: today.
    Today = "M4 19h16M12 4v2M5.6 7.6 7 9M18.4 7.6 17 9M7 15a5 5 0 0 1 10 0",
    /// Two people: patients, staff.
    People = "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.6a3.5 3.5 0 0 1 0 6M18.2 14.9c1.9.8 3 2.5 3.3 5.1",
    /// One person.
    Person = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20.5c.6-3.8 3.4-6 7.5-6s6.9 2.2 7.5 6",
    /// A moving figure: exercises.
    Exercise = "M14 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4M13 9.5l-4.5 4 4 2.5-1.5 5.5M8.5 13.5 4 15.5M13 9.5l3 3h4M12.5 16l-5 5.5",
    /// Lines with ticks: a program.
    Program = "M4 6.5l1.5 1.5L8 5M4 12.5l1.5 1.5L8 11M4 18.5l1.5 1.5L8 17M11.5 7h8.5M11.5 13h8.5M11.5 19h8.5",
    /// A calendar: the week.
    Week = "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v11.5a1.5 1.5 0 0 1-1.5 1.5H5a1.5 1.5 0 0 1-1.5-1.5V7A1.5 1.5 0 0 1 5 5.5M3.5 10h17M8 3v4M16 3v4",
    /// A falling and rising line: progress.
    Progress = "M4 4v16h16M7.5 15l3.5-4 3 2.5L19.5 7",
    /// An eye: who looked.
    Eye = "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
    /// A shield: privacy, the audit trail.
    Shield = "M12 3l7.5 2.5v6c0 4.7-3 8-7.5 9.5-4.5-1.5-7.5-4.8-7.5-9.5v-6L12 3M8.5 12l2.5 2.5 4.5-5",
    /// A key: passkeys, sign-in.
    Key = "M8 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M12.5 12h9M18.5 12v3.5M15.5 12v2.5",
    /// A sheet with lines: notes.
    Note = "M6 3.5h8.5L19 8v11.5a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1M14 3.5V8.5h5M8.5 12.5h7M8.5 16h5",
    /// A bank card: billing.
    Card = "M4 5.5h16A1.5 1.5 0 0 1 21.5 7v10a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 17V7A1.5 1.5 0 0 1 4 5.5M2.5 10h19M6 15h4",
    /// Two sliders: settings.
    Settings = "M4 8h8M17 8h3M4 16h3M12 16h8M14.5 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M9.5 18.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
    /// An envelope: invitations.
    Mail = "M4 5.5h16A1.5 1.5 0 0 1 21.5 7v10a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 17V7A1.5 1.5 0 0 1 4 5.5M3 7l9 6.5L21 7",
    /// A door with an arrow: sign out.
    SignOut = "M10 4H5.5A1.5 1.5 0 0 0 4 5.5v13A1.5 1.5 0 0 0 5.5 20H10M15 8l4.5 4-4.5 4M19 12H9.5",
    /// Three lines: the menu.
    Menu = "M4 7h16M4 12h16M4 17h16",
    /// A plus sign: add.
    Plus = "M12 5v14M5 12h14",
    /// A tick: done.
    Check = "M5 12.5l4.5 4.5L19 7.5",
    /// A cross: remove, close.
    Cross = "M6 6l12 12M18 6L6 18",
    /// An arrow up.
    Up = "M12 19V5.5M6 11l6-6 6 6",
    /// An arrow down.
    Down = "M12 5v13.5M6 13l6 6 6-6",
    /// A pointed bracket to the left: back, newer.
    Back = "M14.5 5.5 8 12l6.5 6.5",
    /// A pointed bracket to the right: on, older.
    Forward = "M9.5 5.5 16 12l-6.5 6.5",
    /// A magnifying glass: search.
    Search = "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l4.5 4.5",
    /// The letter i in a ring: something to know.
    Info = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 11v5.5M12 7.5v.5",
    /// A triangle: something to mind.
    Warning = "M12 4l9 16H3L12 4M12 10v4.5M12 17v.5",
    /// A ring with a stroke: something failed.
    Stop = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7.5v6M12 16.5v.5",
    /// A clock face: time.
    Clock = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.5 2",
    /// A house: the practice.
    Home = "M4 11l8-7 8 7v8.5a.5.5 0 0 1-.5.5H14.5v-6h-5v6H4.5a.5.5 0 0 1-.5-.5V11",
}

impl Icon {
    /// The picture. Its size is one line of the text beside it.
    pub fn draw(self) -> Markup {
        html! {
            svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" { path d=(self.path()) {} }
        }
    }
}

/// The mark of Patella: a kneecap as a shield. Decoration beside the name.
pub fn logo() -> Markup {
    html! {
        svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            (PreEscaped(MARK))
        }
    }
}

/// The shapes of the mark, the same as in `assets/favicon.svg`; the test beside this holds them together.
const MARK: &str = concat!(
    r#"<path class="logo-shield" d="M16 2.5c5.2 0 9.8 1.7 11.6 5.2 1.5 3 .6 7.3-1.7 11.5C23.3 24 19.6 28.5 16 30c-3.6-1.5-7.3-6-9.9-10.8C3.8 15 2.9 10.7 4.4 7.7 6.2 4.2 10.8 2.5 16 2.5Z"/>"#,
    r#"<path class="logo-line" d="M9.5 11.2c3.8-2.2 9.2-2.2 13 0M10.8 16.3c3.1 2.3 7.3 2.3 10.4 0"/>"#
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_favicon_is_the_same_mark() {
        let favicon = include_str!("../../assets/favicon.svg");
        for d in MARK.split(" d=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(favicon.contains(d), "the favicon lacks {d}");
        }
    }

    #[test]
    fn an_icon_says_nothing_to_a_screen_reader() {
        for icon in Icon::ALL {
            assert!(icon.draw().into_string().contains("aria-hidden=\"true\""));
        }
    }
}
