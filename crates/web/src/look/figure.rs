//! Pictures of exercises: our own line figures, or photographs, in the same frame.

use super::icon::Icon;
use maud::{Markup, html};

/// What there is to show, by URLs on this server, from the beginning of the movement to its end.
#[derive(Debug, Clone, Copy)]
pub enum Figure<'a> {
    /// Line figures on no ground of their own, of the starter exercises.
    Drawn(&'a [String]),
    /// Photographs.
    Photos(&'a [String]),
    /// None: a plain mark stands in.
    None,
}

/// How large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureSize {
    /// Beside a line of text.
    Small,
    /// Beside the words of a card.
    Card,
    /// All pictures beside one another, over the steps.
    Large,
}

impl<'a> Figure<'a> {
    fn urls(self) -> &'a [String] {
        match self {
            Self::Drawn(urls) | Self::Photos(urls) => urls,
            Self::None => &[],
        }
    }
    /// The one picture that tells most: of a line figure the end, which carries the arrow of the movement.
    fn one(self) -> Option<&'a String> {
        match self {
            Self::Drawn(urls) => urls.last(),
            Self::Photos(urls) => urls.first(),
            Self::None => None,
        }
    }
    const fn kind(self) -> &'static str {
        match self {
            Self::Drawn(_) => "drawn",
            Self::Photos(_) => "photo",
            Self::None => "no-figure",
        }
    }
}

/// The picture of an exercise. A small one stands beside the exercise's name and says nothing more; a large one says
/// whose movement it shows, and which part of it.
pub fn exercise_figure(figure: Figure<'_>, name: &str, size: FigureSize) -> Markup {
    let size_class = if size == FigureSize::Small { "figure small-figure " } else { "figure " };
    html! {
        @match (figure.one(), size) {
            (None, _) => span class={ (size_class) "no-figure" } aria-hidden="true" { (Icon::Exercise.draw()) },
            (Some(url), FigureSize::Small | FigureSize::Card) => span class={ (size_class) (figure.kind()) } {
                img src=(url) alt="" width="160" height="120" loading="lazy" decoding="async";
            },
            (Some(_), FigureSize::Large) => div class={ "pictures " (figure.kind()) } {
                @for (n, url) in figure.urls().iter().enumerate() {
                    @let part = part(n, figure.urls().len());
                    figure {
                        img src=(url) alt={ (name) @if let Some(part) = &part { ": " (part) } } width="320" height="240"
                            decoding="async";
                        @if let Some(part) = part { figcaption aria-hidden="true" { (part) } }
                    }
                }
            },
        }
    }
}

/// What picture `n` of `count` shows.
fn part(n: usize, count: usize) -> Option<String> {
    match (n, count) {
        (_, 0 | 1) => None,
        (0, 2) => Some("start".to_owned()),
        (_, 2) => Some("end".to_owned()),
        (n, count) => Some(format!("{} of {count}", n + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_of_a_movement_says_its_place() {
        let urls = ["/a/0".to_owned(), "/a/1".to_owned(), "/a/2".to_owned()];
        let two = exercise_figure(Figure::Drawn(&urls[..2]), "Squat", FigureSize::Large).into_string();
        assert!(two.contains("alt=\"Squat: start\"") && two.contains("alt=\"Squat: end\""));
        let three = exercise_figure(Figure::Photos(&urls), "Squat", FigureSize::Large).into_string();
        assert!(three.contains("alt=\"Squat: 2 of 3\""));
    }

    #[test]
    fn beside_a_name_a_line_figure_shows_its_end_and_a_photograph_its_start() {
        let urls = ["/a/0".to_owned(), "/a/1".to_owned()];
        let shown = |figure| exercise_figure(figure, "Squat", FigureSize::Card).into_string();
        assert!(shown(Figure::Drawn(&urls)).contains("src=\"/a/1\""));
        assert!(shown(Figure::Photos(&urls)).contains("src=\"/a/0\""));
    }

    #[test]
    fn no_picture_is_no_hole() {
        for figure in [Figure::None, Figure::Photos(&[])] {
            for size in [FigureSize::Small, FigureSize::Card, FigureSize::Large] {
                assert!(exercise_figure(figure, "Squat", size).into_string().contains("<svg"));
            }
        }
    }
}
