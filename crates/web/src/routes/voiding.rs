//! Saying that something was entered in error. Nothing is erased by it.

mod api;
mod pages;

use crate::{
    RouteTable,
    look::{Tone, tag, words},
};
use domain::Timezone;
use maud::{Markup, html};
use practice::voiding::VoidView;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

/// What stands where something was entered in error: struck out, with the reason, and who said so when.
pub(super) fn struck(what: &Markup, voided: Option<&VoidView>, zone: &Timezone) -> Markup {
    html! {
        @match voided {
            None => (what),
            Some(void) => {
                s { (what) } " " (tag("entered in error", Tone::Warn))
                br; span class="soft small" { (void.reason) " – " (void.by.name) ", " (words::moment(zone, void.at)) }
            }
        }
    }
}
