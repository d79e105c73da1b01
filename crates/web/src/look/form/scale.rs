//! Questions that are answered from 0 to 10.

use super::Field;
use maud::{Markup, html};

/// A slider from 0 to 10 whose words `app.js` shows while it moves: `words[n]` says what `n` means
/// ([`PAIN`](crate::look::words::PAIN), [`EFFORT`](crate::look::words::EFFORT)). An empty value stands in the middle.
pub fn range_field(field: &Field<'_>, words: &[&str; 11]) -> Markup {
    let id = field.id();
    let chosen: Option<usize> = field.value.parse().ok().filter(|n| *n <= 10);
    let shown = chosen.map_or_else(|| "Move the slider".to_owned(), |n| format!("{n} · {}", words[n]));
    html! {
        div class={ "field range" @if field.error.is_some() { " wrong" } } {
            div class="row between" {
                label for=(id) { (field.label) }
                output class="soft num" for=(id) { (shown) }
            }
            (field.below_label())
            input type="range" id=(id) name=(field.name) min="0" max="10" step="1" value=(chosen.unwrap_or(5))
                data-words=(words.join("|")) data-unset[chosen.is_none()] required[field.required]
                aria-describedby=[field.described_by()] aria-invalid=[field.invalid()];
            div class="row between ends soft small" aria-hidden="true" {
                span { "0 " (words[0]) } span { "10 " (words[10]) }
            }
        }
    }
}

/// The same question as eleven tiles, 0 to 10: nothing is chosen until a tile is pressed, and it needs no JavaScript.
/// The better choice where an answer must not be suggested.
pub fn scale_field(field: &Field<'_>, words: &[&str; 11]) -> Markup {
    let chosen: Option<usize> = field.value.parse().ok().filter(|n| *n <= 10);
    field.group(
        "scale",
        html! {
            div class="tiles" {
                @for (n, meaning) in words.iter().enumerate() {
                    label class="tile" title=(meaning) {
                        input type="radio" name=(field.name) value=(n) required[field.required]
                            checked[chosen == Some(n)] data-word=(meaning);
                        span class="num" { (n) span class="hidden" { ", " (meaning) } }
                    }
                }
            }
            div class="row between ends soft small" aria-hidden="true" {
                span { "0 " (words[0]) } span { "10 " (words[10]) }
            }
            output class="num" { @if let Some(n) = chosen { (n) " · " (words[n]) } }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::words;

    #[test]
    fn no_answer_on_a_scale_is_suggested() {
        let html = scale_field(&Field::new("pain", "Pain"), &words::PAIN).into_string();
        assert!(!html.contains(" checked"));
        assert_eq!(html.matches("type=\"radio\"").count(), 11);
        let chosen = scale_field(&Field::new("pain", "Pain").value("3"), &words::PAIN).into_string();
        assert_eq!(chosen.matches(" checked").count(), 1);
    }

    #[test]
    fn a_slider_says_its_value_in_words_without_javascript() {
        let html = range_field(&Field::new("pain", "Pain").value("3"), &words::PAIN).into_string();
        assert!(html.contains("3 · noticeable, easy to bear"));
        let wild = range_field(&Field::new("pain", "Pain").value("99"), &words::PAIN).into_string();
        assert!(wild.contains("Move the slider"));
    }
}
