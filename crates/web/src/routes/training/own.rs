//! One's own training: a page, and the lines above every other one.

use crate::{
    App, Problem, Route, RouteTable, SignedIn, Verb,
    look::{
        ButtonKind, Column, Head, Tone, breadcrumbs, card, empty_state, link_button, notice, table, tag,
        words::{full_date, training as said},
    },
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{Role, TrainingState};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::training::{self, OwnTraining, StandingView};

const HERE: &str = "/training/mine";
const PAGE: Route = Route::page(Verb::Get, HERE, "Which training is asked of oneself, and until when.");

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page)
}

/// The lines above every page for whoever has something due soon or overdue; none for others.
pub(crate) async fn notices(app: &App, session: &Session<Full>) -> Result<Option<Markup>, Problem> {
    if session.role() == Role::Patient {
        return Ok(None);
    }
    let own = training::own(app.house(), session).await?;
    Ok(lines(&own))
}

fn lines(own: &OwnTraining) -> Option<Markup> {
    let of = |state| own.items.iter().filter(move |item| item.state == state).collect::<Vec<_>>();
    let (overdue, soon) = (of(TrainingState::Overdue), of(TrainingState::Soon));
    if overdue.is_empty() && soon.is_empty() {
        return None;
    }
    let each = |items: &[&StandingView]| {
        html! {
            @for item in items {
                p { (item.title) ": " @if let Some(due_on) = item.due_on { "by " (full_date(due_on)) } }
            }
            (link_button(HERE, "See your training", ButtonKind::Quiet))
        }
    };
    Some(html! {
        @if !overdue.is_empty() && own.enforced {
            (notice(Tone::Warn, "Your training is overdue; you were let in because nobody else can record it",
                Some(each(&overdue))))
        } @else if !overdue.is_empty() {
            (notice(Tone::Warn, "Your training is overdue", Some(each(&overdue))))
        }
        @if !soon.is_empty() {
            @let title = if own.enforced {
                "Training is due soon; after its last day you cannot sign in without it"
            } else {
                "Training is due soon"
            };
            (notice(Tone::Info, title, Some(each(&soon))))
        }
    })
}

/// How it stands, as a word in a colour.
pub(super) fn state(state: TrainingState) -> Markup {
    let tone = match state {
        TrainingState::Current => Tone::Success,
        TrainingState::Due => Tone::Neutral,
        TrainingState::Soon => Tone::Warn,
        TrainingState::Overdue => Tone::Error,
    };
    tag(said::state(state), tone)
}

/// A day, or that there is none.
pub(super) fn day(day: Option<domain::Date>, none: &str) -> Markup {
    html! { @match day { Some(day) => span class="num" { (full_date(day)) }, None => span class="soft" { (none) } } }
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let own = training::own(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let columns = ["Course", "Trained on", "Due by", "State"].map(Column::text);
    let rows = own.items.iter().map(|item| {
        vec![
            html! { (item.title) },
            day(item.last_trained_on, "not yet"),
            day(item.due_on, "for good"),
            state(item.state),
        ]
    });
    let content = html! {
        @if own.items.is_empty() {
            (empty_state("No training is asked of you", "When the practice makes a course for your role, it stands here.", None))
        } @else {
            (card("What is asked of you", None, table("Your training", &columns, rows)))
            p class="soft" {
                "Whoever trained you tells an administrator or a privacy officer, who records it. "
                @if own.enforced { "After the last day nobody signs in without it." }
            }
        }
    };
    let above = breadcrumbs(&[("/account", "Account")], "Training");
    let head = Head { above: Some(above), ..Head::default() };
    Ok(surround.page(Sheet::new("Your training", "/account").head(head), content))
}
