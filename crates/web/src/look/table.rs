//! Tables that line up on a wide screen and turn into stacked cards on a telephone.

use maud::{Markup, html};

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    label: &'a str,
    numeric: bool,
    money: bool,
    hidden_label: bool,
}

impl<'a> Column<'a> {
    /// Words.
    pub const fn text(label: &'a str) -> Self {
        Self { label, numeric: false, money: false, hidden_label: false }
    }
    /// Numbers that line up.
    pub const fn number(label: &'a str) -> Self {
        Self { label, numeric: true, money: false, hidden_label: false }
    }
    /// Amounts: their cents stand below one another, at the end of the column.
    pub const fn money(label: &'a str) -> Self {
        Self { label, numeric: true, money: true, hidden_label: false }
    }
    /// Links and buttons: its heading is only said, not shown.
    pub const fn actions(label: &'a str) -> Self {
        Self { label, numeric: false, money: false, hidden_label: true }
    }
    fn class(&self) -> Option<&'static str> {
        match (self.money, self.numeric, self.hidden_label) {
            (true, ..) => Some("num money"),
            (_, true, _) => Some("num"),
            (.., true) => Some("actions"),
            _ => None,
        }
    }
}

/// A table. The first cell of a row names the row. `caption` says what the table holds; it is read, and shown only on
/// paper, since a card's heading says the same to the eye. Roles are written out because the narrow layout would
/// otherwise take the table's meaning away in some browsers.
pub fn table(caption: &str, columns: &[Column<'_>], rows: impl IntoIterator<Item = Vec<Markup>>) -> Markup {
    html! {
        div class="table" {
            table class="stacking" role="table" {
                caption class="hidden" { (caption) }
                thead role="rowgroup" { tr role="row" { @for column in columns { (heading(column)) } } }
                tbody role="rowgroup" {
                    @for row in rows {
                        tr role="row" { @for (n, cell) in row.iter().enumerate() { (body_cell(n, columns.get(n), cell)) } }
                    }
                }
            }
        }
    }
}

fn heading(column: &Column<'_>) -> Markup {
    html! {
        th scope="col" role="columnheader" class=[column.class()] {
            @if column.hidden_label { span class="hidden" { (column.label) } } @else { (column.label) }
        }
    }
}

fn body_cell(n: usize, column: Option<&Column<'_>>, cell: &Markup) -> Markup {
    let class = column.and_then(Column::class);
    let label = column.filter(|column| !column.hidden_label).map(|column| column.label);
    html! {
        @if n == 0 {
            th scope="row" role="rowheader" class=[class] { (cell) }
        } @else {
            td role="cell" class=[class] data-label=[label] { div { (cell) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_carries_its_heading_for_the_narrow_layout() {
        let html = table(
            "Program",
            &[Column::text("Exercise"), Column::number("Done"), Column::actions("Open")],
            [vec![html! { "Bridge" }, html! { "95%" }, html! { a href="/x" { "Open" } }]],
        )
        .into_string();
        assert!(html.contains("data-label=\"Done\"") && !html.contains("data-label=\"Open\""));
        assert_eq!(html.matches("role=\"rowheader\"").count(), 1);
    }

    #[test]
    fn a_table_without_rows_still_names_its_columns() {
        let html = table("People", &[Column::text("Name")], []).into_string();
        assert!(html.contains("columnheader") && html.contains("Name"));
    }
}
