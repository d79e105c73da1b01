//! A problem as a page.

use super::Problem;
use crate::{
    assets::asset,
    look::{ButtonKind, Frame, frame, link_button, page},
};
use domain::RequestId;
use maud::{Markup, html};

pub(super) fn problem_page(problem: &Problem, request: Option<RequestId>, demo: bool) -> Markup {
    let content = html! {
        @if let Some(detail) = problem.explanation() { p { (detail) } }
        @if !problem.errors().is_empty() {
            ul { @for error in problem.errors() { li { strong { (error.field) } " " (error.message) } } }
        }
        p { (link_button("/", "Back to the start", ButtonKind::Primary)) }
        @if let Some(request) = request { p class="soft num" { "Request " (request) } }
    };
    page(Frame::new(problem.title(), frame::Kind::Plain, &asset).demo(demo), content)
}
