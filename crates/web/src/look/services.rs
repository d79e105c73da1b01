//! What was done at a visit, as it is charged: the same to whoever sends it and to whoever bills it.

use super::table::{Column, table};
use domain::billing::{Modifier, Service};
use maud::{Markup, html};

/// Services as a table.
pub fn services<'s>(caption: &str, services: impl IntoIterator<Item = &'s Service>) -> Markup {
    let columns = [Column::text("Code"), Column::text("Modifiers"), Column::number("Minutes")];
    let rows = services.into_iter().map(|service| {
        vec![
            html! { span class="num" { (service.code) } },
            html! { (modifiers(&service.modifiers)) },
            html! { @match service.minutes { Some(minutes) => (minutes.count()), None => "not by time" } },
        ]
    });
    table(caption, &columns, rows)
}

/// Modifiers in a cell.
pub fn modifiers(modifiers: &[Modifier]) -> String {
    let words: Vec<&str> = modifiers.iter().map(|modifier| modifier.word()).collect();
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}
