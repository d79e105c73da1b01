//! Letters to print: a letter a page (more where it is long), on paper as it is used in the United States, folded for an envelope
//! with a window on the left. Below the name is room for a postal address, which is not kept here.

use super::{Letters, bound, shown, wrapped};
use unicode_normalization::UnicodeNormalization;

/// The paper, in points: 8.5 by 11 inches.
const PAPER: (u32, u32) = (612, 792);
/// From the left edge.
const LEFT: u32 = 72;
/// Characters of a line of 10 points in Courier, six of them wide each.
const WIDTH: usize = 78;
/// From one line to the next.
const LEADING: u32 = 12;
/// Where the first line stands on the first page, below the first fold, and on the others.
const BELOW_FOLD: u32 = 510;
const TOP: u32 = 730;
/// The lowest line.
const BOTTOM: u32 = 60;

/// A line of a letter, before it is broken.
pub(crate) enum Line {
    /// A heading.
    Heading(String),
    /// Text, which goes on below where it is too long.
    Text(String),
    /// Room.
    Gap,
}

impl Line {
    /// A heading.
    pub(crate) fn heading(text: &str) -> Self {
        Self::Heading(text.to_owned())
    }
    /// Text.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A letter.
pub(crate) struct Mail {
    /// Who writes.
    pub(crate) from: String,
    /// The day.
    pub(crate) day: String,
    /// To whom: in the window.
    pub(crate) to: String,
    /// What it says.
    pub(crate) lines: Vec<Line>,
}

impl Mail {
    /// A page that is no letter: a heading and lines.
    pub(crate) fn list(heading: &str, lines: &[String]) -> Self {
        let mut all = vec![Line::heading(heading), Line::Gap];
        all.extend(lines.iter().map(|line| Line::text(line)));
        Self { from: String::new(), day: String::new(), to: String::new(), lines: all }
    }
}

/// The letters as one document, each on a page of its own.
pub(crate) fn mail(lang: &str, letters: &[Mail]) -> Vec<u8> {
    let mut taken = Letters::default();
    let pages: Vec<String> = letters.iter().flat_map(|one| one_letter(one, &mut taken)).collect();
    bound(&pages, PAPER, lang, &taken)
}

fn put(page: &mut String, (x, y): (u32, u32), font: &str, text: &str, taken: &mut Letters) {
    if !text.is_empty() {
        page.push_str(&format!("/{font} Tf 1 0 0 1 {x} {y} Tm {} Tj\n", shown(text, font, taken)));
    }
}

fn one_letter(letter: &Mail, taken: &mut Letters) -> Vec<String> {
    let composed = |text: &str| text.nfc().collect::<String>();
    let mut pages = vec![String::from("BT\n")];
    let first = &mut pages[0];
    put(first, (LEFT, 744), "H 11", &composed(&letter.from), taken);
    put(first, (LEFT, 648), "C 10", &composed(&letter.to), taken);
    put(first, (LEFT, 540), "C 10", &composed(&letter.day), taken);
    let mut y = BELOW_FOLD;
    for line in &letter.lines {
        let (font, broken) = match line {
            Line::Gap => ("C 10", vec![String::new()]),
            Line::Heading(text) => ("H 11", vec![composed(text)]),
            Line::Text(text) => ("C 10", folded(&composed(text))),
        };
        // A heading does not stand alone at the end of a page.
        let needed = if font == "H 11" { 2 * LEADING } else { 0 };
        for text in broken {
            if y < BOTTOM + needed {
                pages.push(String::from("BT\n"));
                y = TOP;
            }
            if let Some(page) = pages.last_mut() {
                put(page, (LEFT, y), font, &text, taken);
            }
            y -= LEADING;
        }
    }
    for page in &mut pages {
        page.push_str("ET\n");
    }
    pages
}

/// A text on lines: broken between words, and within one that is longer than a line.
fn folded(text: &str) -> Vec<String> {
    let words = text.split_whitespace().flat_map(|word| {
        let letters: Vec<char> = word.chars().collect();
        letters.chunks(WIDTH).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
    });
    wrapped(words, WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(to: &str, lines: usize) -> Mail {
        let lines = (0..lines).map(|n| Line::text(&format!("line {n}"))).collect();
        Mail { from: "Northside".to_owned(), day: "May 14, 2026".to_owned(), to: to.to_owned(), lines }
    }

    #[test]
    fn each_letter_begins_a_page_and_a_long_one_goes_on_upon_the_next() {
        let pages = |letters: &[Mail]| {
            let pdf = String::from_utf8_lossy(&mail("en", letters)).into_owned();
            pdf.matches("/Type /Page ").count()
        };
        assert_eq!(pages(&[letter("Ana Ruiz", 3), letter("Bea Ruiz", 3)]), 2);
        assert_eq!(pages(&[letter("Ana Ruiz", 60), letter("Bea Ruiz", 3)]), 3);
    }

    #[test]
    fn the_name_stands_in_the_window_and_in_letters_of_any_language() {
        let pdf = mail("es", &[letter("Ana Ruiz", 1), letter("Łukasz Nguyễn", 1)]);
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("1 0 0 1 72 648 Tm (Ana Ruiz) Tj") && text.contains("/Lang (es)"));
        assert!(text.contains("/U 10 Tf <") && text.contains("/MediaBox [0 0 612 792]"));
        let unknown = |line: &&str| line.ends_with("Tj") && line.contains('?');
        assert_eq!(text.lines().find(unknown), None, "every letter of the name is there");
    }

    #[test]
    fn no_word_is_lost_where_lines_are_broken() {
        let text = "word ".repeat(60) + &"x".repeat(100);
        let lines = folded(&text);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        let whole: String = lines.concat().replace(' ', "");
        assert_eq!(whole, text.replace(' ', ""));
    }
}
