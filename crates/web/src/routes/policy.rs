//! The policy, and the questions that may be asked of it.

mod account;
mod overview;
mod patient;

use crate::{RouteTable, look::words};
use domain::PermissionName;
use maud::{Markup, html};
use practice::policy::Permitted;
use std::collections::BTreeMap;

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(overview::API, overview::api)
        .add(overview::PAGE, overview::page)
        .add(patient::API, patient::api)
        .add(patient::PAGE, patient::page)
        .add(account::API, account::api)
        .add(account::PAGE, account::page)
}

/// What somebody may, in words, and the policies that say so.
fn may(permissions: &[Permitted]) -> Markup {
    let mut by_policy: BTreeMap<&str, Vec<PermissionName>> = BTreeMap::new();
    for one in permissions {
        by_policy.entry(&one.policy_id).or_default().push(one.permission);
    }
    html! {
        ul class="plain-list" role="list" {
            @for (policy, permissions) in by_policy {
                li {
                    (words::sentence(&permissions.iter().map(|one| words::may(*one)).collect::<Vec<_>>().join(", ")))
                    " " a class="small" href={ "/policy#" (policy) } { (policy) }
                }
            }
        }
    }
}

/// The quiet line of these pages.
const ASKED: &str = "Asking was recorded. Nothing of a patient's record was opened.";

/// The way back.
fn back() -> Markup {
    html! { a href="/policy" { "Policy" } }
}
