//! Pictures of exercises: our own line figures, or photographs, in the same frame.

use maud::{Markup, PreEscaped, html};

/// What there is to show.
#[derive(Debug, Clone, Copy)]
pub enum Figure<'a> {
    /// A line figure: SVG text of our own (`viewBox="0 0 72 72"`), built into the program. `'static` on purpose: it is
    /// put into the page as it is, so nothing that came from outside may get here.
    Drawn(&'static str),
    /// A figure or picture by its URL on this server.
    At(&'a str),
    /// Several pictures, from the beginning of the movement to its end.
    Pictures(&'a [String]),
    /// None: a plain mark stands in.
    None,
}

/// How large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureSize {
    /// Beside a line of text (48 px).
    Small,
    /// Beside the words of a card (72 px).
    Card,
    /// On its own, over the steps.
    Large,
}

impl FigureSize {
    const fn class(self) -> &'static str {
        match self {
            Self::Small => "figure small-figure",
            Self::Card => "figure",
            Self::Large => "figure large-figure",
        }
    }
}

/// The picture of an exercise. `name` is said for photographs, which show something; a line figure stands beside the
/// name and says nothing more.
pub fn exercise_figure(figure: Figure<'_>, name: &str, size: FigureSize) -> Markup {
    html! {
        @match figure {
            Figure::Drawn(svg) => span class=(size.class()) aria-hidden="true" { (PreEscaped(svg)) },
            Figure::At(url) => span class=(size.class()) { img src=(url) alt="" width="72" height="72" loading="lazy"; },
            Figure::Pictures([]) | Figure::None => {
                span class={ (size.class()) " no-figure" } aria-hidden="true" { (super::Icon::Exercise.draw()) }
            }
            Figure::Pictures(urls) => @if size == FigureSize::Large {
                div class="pictures" {
                    @for (n, url) in urls.iter().enumerate() {
                        figure {
                            img src=(url) alt={ (name) ", step " (n + 1) " of " (urls.len()) } loading="lazy";
                            figcaption { (n + 1) }
                        }
                    }
                }
            } @else {
                span class={ (size.class()) " photo" } { img src=(urls[0]) alt="" width="72" height="72" loading="lazy"; }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_of_a_movement_says_its_place() {
        let urls = ["/a/0".to_owned(), "/a/1".to_owned()];
        let html = exercise_figure(Figure::Pictures(&urls), "Squat", FigureSize::Large).into_string();
        assert!(html.contains("Squat, step 1 of 2") && html.contains("Squat, step 2 of 2"));
    }

    #[test]
    fn no_picture_is_no_hole() {
        for figure in [Figure::None, Figure::Pictures(&[])] {
            for size in [FigureSize::Small, FigureSize::Card, FigureSize::Large] {
                assert!(exercise_figure(figure, "Squat", size).into_string().contains("<svg"));
            }
        }
    }
}
