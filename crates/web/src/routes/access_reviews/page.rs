//! Reviews of access as pages: which there are, and one of them to be answered one by one.

use super::{api, setting};
use crate::{
    App, AuditClass, Form, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::see_other,
    body::Nothing,
    look::{
        ButtonKind, Column, FieldErrors, Head, Tone, breadcrumbs, card, definitions, empty_state, link_button, notice,
        pagination, post_button, recorded_line, table, tabs, tag,
        words::{self, reviews as said},
    },
    paging::Cursor,
    routes::{
        account::{confirm_first, is_fresh},
        people,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, response::Response};
use domain::{
    AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, AccessVerdict, PermissionName,
};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::access_reviews::{self as reviews, ItemView, ReviewError, ReviewView};
use serde::Deserialize;

pub(super) const HERE: &str = "/reviews";
const PAGE: Route = Route::page(Verb::Get, HERE, "Reviews of who has access, newest first.")
    .permission(PermissionName::Oversee)
    .audit(AuditClass::Practice);
const ONE: Route = Route::page(Verb::Get, "/reviews/{review_id}", "A review: what is to be kept or ended.")
    .permission(PermissionName::Oversee)
    .audit(AuditClass::Practice);
const KEEP: Route =
    Route::page(Verb::Post, "/reviews/{review_id}/items/{access_item_id}/keep", "Says that an access is needed.")
        .permission(PermissionName::Oversee)
        .audit(AuditClass::Practice);
const END: Route = Route::page(Verb::Post, "/reviews/{review_id}/items/{access_item_id}/end", "Ends an access.")
    .permission(PermissionName::Oversee)
    .audit(AuditClass::Practice);
const KEEP_USUAL: Route =
    Route::page(Verb::Post, "/reviews/{review_id}/keep-usual", "Keeps everything about which nothing is unusual.")
        .permission(PermissionName::Oversee)
        .audit(AuditClass::Practice);
const SHEET: Route =
    Route::page(Verb::Get, "/reviews/{review_id}/record.pdf", "The record of a closed review, as PDF.")
        .permission(PermissionName::Oversee)
        .audit(AuditClass::Practice)
        .takes_out();
const FILE: Route =
    Route::page(Verb::Get, "/reviews/{review_id}/record.json", "The record of a closed review, as JSON.")
        .permission(PermissionName::Oversee)
        .audit(AuditClass::Practice)
        .takes_out();

/// Accesses on a page.
const SHOWN: usize = 50;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(PAGE, page)
        .add(ONE, one)
        .add(KEEP, keep)
        .add(END, end)
        .add(KEEP_USUAL, keep_usual)
        .add(SHEET, api::sheet)
        .add(FILE, api::file)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    all: bool,
    #[serde(default)]
    cursor: Option<Cursor>,
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    show(&app, &session, None, &FieldErrors::none()).await
}

/// All reviews, and below them what is set, with what was typed.
pub(super) async fn show(
    app: &App,
    session: &Session<Full>,
    typed: Option<&setting::Typed>,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let all = reviews::reviews(app.house(), session).await?;
    let settings = reviews::settings(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (errors.summary())
        @if all.is_empty() {
            (empty_state("No review yet", "The first begins with the quarter after the one in which the practice began here.", None))
        } @else {
            (card("Newest first", None, listed(&surround, &all)))
        }
        @if is_fresh(app, session) { (setting::form(&settings, typed, errors)) } @else { (confirm_first(HERE)) }
        (recorded_line("Looking at reviews was recorded."))
    };
    let below = html! { "Once a quarter: who has access, and do they still need it? What nobody attests in time ends by itself." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Reviews of access", HERE).head(head), content))
}

fn listed(surround: &Surround, all: &[ReviewView]) -> Markup {
    let columns = [
        Column::text("Review"),
        Column::text("State"),
        Column::number("Waiting"),
        Column::number("In all"),
        Column::text("Due"),
    ];
    let rows = all.iter().map(|review| {
        vec![
            html! { a href={ (HERE) "/" (review.review_id) } { (words::sentence(&said::quarter(&review.quarter))) } },
            state(review),
            html! { (review.waiting) },
            html! { (review.accesses) },
            html! { span class="num" { (surround.moment(review.due_at)) } },
        ]
    });
    table("Reviews", &columns, rows)
}

fn state(review: &ReviewView) -> Markup {
    let tone = match review.state {
        AccessReviewState::Listing => Tone::Neutral,
        AccessReviewState::Open => Tone::Warn,
        AccessReviewState::Closed => Tone::Success,
    };
    tag(said::state(review.state), tone)
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(id): PathId<AccessReviewId>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let review = reviews::review(app.house(), &session, id).await?;
    let waiting = !asked.all && review.state == AccessReviewState::Open;
    let (items, next) = reviews::items(app.house(), &session, id, waiting, after, SHOWN).await?;
    let surround = Surround::of(&app, &session).await?;
    let here = format!("{HERE}/{id}");
    let open = review.state == AccessReviewState::Open;
    let (fresh, all) = (is_fresh(&app, &session), format!("{here}?all=true"));
    let next = next.map(|next| {
        let cursor = String::from(Cursor::at(&next));
        if waiting { format!("{here}?cursor={cursor}") } else { format!("{all}&cursor={cursor}") }
    });
    let first = asked.cursor.is_some().then(|| if waiting { here.clone() } else { all.clone() });
    let title = words::sentence(&said::quarter(&review.quarter));
    let content = html! {
        (breadcrumbs(&[(HERE, "Reviews")], &title))
        (card("How far it has come", Some(buttons(&review, fresh)), facts(&surround, &review)))
        @if open && !fresh { (confirm_first(&here)) }
        @if open { (tabs("Accesses", &[(&here, "To answer", waiting), (&all, "All", !waiting)])) }
        @if items.is_empty() {
            (empty_state("Nothing waits", "Everything here was answered.", None))
        } @else {
            section class="card stack" aria-label="Accesses" { (accesses(&surround, &review, &items, fresh)) }
        }
        (pagination(first.as_deref(), next.as_deref(), None))
        (recorded_line("Looking at this review was recorded."))
    };
    Ok(surround.page(Sheet::new("Review of access", HERE), content))
}

fn facts(surround: &Surround, review: &ReviewView) -> Markup {
    let by_then = html! {
        (surround.moment(review.due_at))
        @if review.state == AccessReviewState::Open { ". What nobody attested by then ends by itself." }
    };
    definitions(&[
        ("State", state(review)),
        ("Began", html! { (surround.moment(review.started_at)) }),
        ("Due", by_then),
        ("Waiting", html! { (review.waiting) " of " (review.accesses) }),
        ("Closed", html! { @match review.closed_at { Some(at) => (surround.moment(at)), None => "–" } }),
    ])
}

fn buttons(review: &ReviewView, fresh: bool) -> Markup {
    let here = format!("{HERE}/{}", review.review_id);
    html! {
        @if review.state == AccessReviewState::Open && fresh && review.waiting > 0 {
            (post_button(&format!("{here}/keep-usual"), "Keep all that is usual", ButtonKind::Quiet,
                Some("Keep everything that was used lately, without an open alert and in an unchanged role?")))
        }
        @if review.state == AccessReviewState::Closed {
            (link_button(&format!("{here}/record.pdf"), "Record as PDF", ButtonKind::Quiet))
            (link_button(&format!("{here}/record.json"), "Record as JSON", ButtonKind::Quiet))
        }
    }
}

fn accesses(surround: &Surround, review: &ReviewView, items: &[ItemView], fresh: bool) -> Markup {
    let mut columns = vec![
        Column::text("Access"),
        Column::text("Whose"),
        Column::text("Last used, or opened"),
        Column::text("To mind"),
        Column::text("Answer"),
    ];
    let answers = fresh && items.iter().any(|item| item.answerable);
    if answers {
        columns.push(Column::actions("Keep or end"));
    }
    let rows = items.iter().map(|item| {
        let mut row = vec![
            html! {
                (said::kind(item.kind))
                @if let Some(patient) = item.patient_id { br; span class="soft small" { "of patient " code { (patient) } } }
            },
            html! { (item.whose.name) br; span class="soft small" { (words::role(item.role)) } },
            html! {
                @match item.last_used_at {
                    Some(at) => span class="num" { (surround.moment(at)) },
                    None => span class="soft" { "never seen" },
                }
            },
            minded(item),
            answer(surround, item),
        ];
        if answers {
            row.push(verbs(review, item));
        }
        row
    });
    html! {
        @if items.iter().any(|item| item.own && !item.answerable && item.decision.is_none()) {
            (notice(Tone::Info, "Nobody attests their own access", Some(html! { p { "Somebody else answers what is yours." } })))
        }
        (table("Accesses", &columns, rows))
    }
}

fn minded(item: &ItemView) -> Markup {
    html! {
        @for word in &item.unusual { (tag(said::unusual(*word), Tone::Warn)) " " }
        @if item.last { (tag("nobody else could give access", Tone::Info)) }
        @if item.unusual.is_empty() && !item.last { span class="soft" { "nothing unusual" } }
    }
}

fn answer(surround: &Surround, item: &ItemView) -> Markup {
    let Some(decision) = item.decision else { return html! { span class="soft" { "waits" } } };
    let tone = match decision {
        AccessDecision::Kept | AccessDecision::Gone => Tone::Success,
        AccessDecision::Ended | AccessDecision::Lapsed => Tone::Error,
        AccessDecision::Spared => Tone::Warn,
    };
    html! {
        (tag(said::decision(decision), tone))
        br;
        span class="soft small" {
            @if let Some(by) = &item.decided_by { (by.name) ", " }
            @if item.about_oneself { "about themself: there was nobody else, " }
            @if let Some(at) = item.decided_at { (surround.moment(at)) }
        }
    }
}

fn verbs(review: &ReviewView, item: &ItemView) -> Markup {
    let at = |verb: &str| format!("{HERE}/{}/items/{}/{verb}", review.review_id, item.item_id);
    let label = |verb: &str| {
        html! { (verb) span class="hidden" { ": " (said::kind(item.kind)) " of " (item.whose.name) } }
    };
    html! {
        @if item.answerable {
            div class="row wrap" {
                (post_button(&at("keep"), label("Keep"), ButtonKind::Quiet, None))
                @let stays = item.last || (item.own && item.kind == AccessKind::Account);
                @if !stays {
                    @if item.kind == AccessKind::Emergency {
                        (post_button(&at("end"), label("Not attested"), ButtonKind::Danger,
                            Some("The review and the patient's access log will say that you do not stand by it. Go on?")))
                    } @else {
                        (post_button(&at("end"), label("End"), ButtonKind::Danger, Some("It ends at once. End it?")))
                    }
                }
            }
        }
    }
}

async fn keep(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((review, item)): PathId<(AccessReviewId, AccessItemId)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done(review, reviews::attest(app.house(), &session, review, item, AccessVerdict::Keep).await)
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((review, item)): PathId<(AccessReviewId, AccessItemId)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done(review, reviews::attest(app.house(), &session, review, item, AccessVerdict::End).await)
}

async fn keep_usual(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done(review, reviews::keep_usual(app.house(), &session, review).await)
}

/// Back to the review, over the page that asks for the factor again where that is needed.
fn done<T>(review: AccessReviewId, result: Result<T, ReviewError>) -> Result<Response, Problem> {
    let page = format!("{HERE}/{review}");
    match result {
        Ok(_) => Ok(see_other(&page)),
        Err(ReviewError::NotInPerson(EnrollmentError::StepUp)) => Ok(people::confirm_first(&page)),
        Err(other) => Err(other.into()),
    }
}
