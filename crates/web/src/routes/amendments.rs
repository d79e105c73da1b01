//! What patients ask to be amended in their record, and what is answered.

mod api;
mod due;
mod own;
mod staff;

use crate::{
    Problem, RouteTable,
    answer::key_used,
    look::{Tone, card, link_button, tag, words},
    routes::notes::list::paragraphs,
    surround::Surround,
};
use domain::{AmendmentGround, AmendmentStep};
use maud::{Markup, html};
use practice::amendments::{AmendmentError, AmendmentView, StepView};

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(own::add).with(staff::add).with(due::add)
}

impl From<AmendmentError> for Problem {
    fn from(error: AmendmentError) -> Self {
        match error {
            AmendmentError::Ground => {
                Self::invalid_fields().field("ground", "must be said for a denial, and for it alone")
            }
            AmendmentError::Note => Self::invalid_fields()
                .field("note_id", "must be a note of this patient's that stands, for what was amended alone"),
            AmendmentError::NotNow => Self::conflict().detail(
                "It is not the time for this: it was answered or put off before, or there is nothing to answer.",
            ),
            AmendmentError::TooLate => {
                Self::conflict().detail("The 60 days are over, so it cannot be put off any more. Answer it.")
            }
            AmendmentError::TooMany => {
                Self::conflict().detail("As much waits for an answer as can be asked at once. Talk to the practice.")
            }
            AmendmentError::ApiToken => {
                Self::forbidden().detail("This is done in person: sign in in a browser, and not with an API token.")
            }
            AmendmentError::KeyUsed => key_used(),
            AmendmentError::Record(error) => error.into(),
        }
    }
}

/// A ground, in words for patients.
const fn ground(ground: AmendmentGround) -> &'static str {
    match ground {
        AmendmentGround::NotOurs => "Somebody else wrote it, who can still be asked",
        AmendmentGround::NotInRecord => "It is not part of the record that decisions are made from",
        AmendmentGround::NotOpen => "It is something that patients have no right to see",
        AmendmentGround::Accurate => "What the record says is accurate and complete",
    }
}

fn state(view: &AmendmentView) -> Markup {
    let has = |step| view.steps.iter().any(|one| one.step == step);
    match (view.waits, has(AmendmentStep::Accepted)) {
        (true, _) => tag(&format!("waits, until {}", words::full_date(view.due_on)), Tone::Warn),
        (false, true) => tag("amended", Tone::Success),
        (false, false) => tag("denied", Tone::Neutral),
    }
}

const fn said(step: AmendmentStep) -> &'static str {
    match step {
        AmendmentStep::Asked => "Asked",
        AmendmentStep::Extended => "Put off",
        AmendmentStep::Accepted => "Amended",
        AmendmentStep::Denied => "Denied",
        AmendmentStep::Disagreed => "Statement of disagreement",
        AmendmentStep::Rebutted => "Reply to it",
    }
}

/// What was asked, with every step. `open` is where it can be answered or disagreed with, where there is such a page.
fn shown(view: &AmendmentView, open: Option<(&str, &str)>, surround: &Surround) -> Markup {
    let heading = format!("Asked on {}", words::full_date(view.asked_on));
    let body = html! {
        @for step in &view.steps { (one(step, surround)) }
        @if let Some(rights) = &view.rights { p class="soft small" { (rights) } }
        @if let Some((href, label)) = open {
            p { (link_button(href, label, crate::look::ButtonKind::Quiet)) }
        }
    };
    card(&heading, Some(state(view)), body)
}

fn one(step: &StepView, surround: &Surround) -> Markup {
    html! {
        div class="stack" {
            p class="soft small" { (said(step.step)) " · " (surround.moment(step.at)) " · " (step.by.name) }
            @if let Some(why) = step.ground { p { (ground(why)) "." } }
            @match &step.words {
                Some(words) => (paragraphs(words)),
                None => p class="soft" { "What was said is not open to you." },
            }
            @if step.note_id.is_some() { p class="soft" { "What was amended stands in a progress note." } }
        }
    }
}
