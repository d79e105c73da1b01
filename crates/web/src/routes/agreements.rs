//! Agreements with business associates: what is on file, and what is put there.

use crate::{
    App, AuditClass, Form, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, Tone, breadcrumbs, card, checkbox, date_field, empty_state,
        post_button, recorded_line, select, submit, table, tag, text_field,
        words::{channels as words, full_date},
    },
    routes::{
        account::{confirm_first, is_fresh},
        people,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AgreementId, AgreementPlace, AssociateName, Date, Integration, Invalid, PermissionName};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::channels::{self, AgreementView, ChannelError, NewAgreement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HERE: &str = "/agreements";
const LIST: Route = Route::api(Verb::Get, "/api/v1/agreements", "Agreements with business associates, newest first.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice)
    .answer::<All>(200);
const ADD: Route =
    Route::api(Verb::Post, "/api/v1/agreements", "Puts an agreement on file, with a factor proven just now.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice)
        .body::<NewAgreement>()
        .answer::<Added>(201);
const END: Route = Route::api(
    Verb::Delete,
    "/api/v1/agreements/{agreement_id}",
    "Ends an agreement, with a factor proven just now. It stays on file; what sends under it stops.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.no_content();
const PAGE: Route = Route::page(Verb::Get, HERE, "Agreements with business associates.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const FORM: Route = Route::page(Verb::Post, HERE, "Puts an agreement on file, with a factor proven just now.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const END_FORM: Route = Route::page(Verb::Post, "/agreements/{agreement_id}/end", "Ends an agreement.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(ADD, put_on_file)
        .add(END, end)
        .add(PAGE, page)
        .add(FORM, submitted)
        .add(END_FORM, end_form)
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Access(error) => error.into(),
            ChannelError::Unknown => Self::not_found(),
            ChannelError::Over => Self::conflict().detail("Somebody ended it already. Open the page again."),
            ChannelError::TooMany => {
                Self::conflict().detail("A practice sends to ten receivers at most. End one of them first.")
            }
            ChannelError::NoAgreement => Self::invalid_fields().field(
                "agreement_id",
                "must be an agreement for this, in force today: nothing is sent to anybody without one",
            ),
            ChannelError::Value { field, why } => Self::invalid_fields().field(field, why),
            ChannelError::NotInPerson(why) => people::not_in_person(why),
            ChannelError::House(error) => error.into(),
            ChannelError::Record(error) => error.into(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct All {
    /// Newest first; those that ended too.
    items: Vec<AgreementView>,
}

#[derive(Serialize, JsonSchema)]
struct Added {
    /// The agreement.
    agreement_id: AgreementId,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<All>, Problem> {
    Ok(Json(All { items: channels::agreements(app.house(), &session).await? }))
}

async fn put_on_file(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewAgreement>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let agreement_id = channels::add_agreement(app.house(), &session, &new).await?;
    Ok((StatusCode::CREATED, Json(Added { agreement_id })))
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(agreement): PathId<AgreementId>,
) -> Result<StatusCode, Problem> {
    channels::end_agreement(app.house(), &session, agreement).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(agreement): PathId<AgreementId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    match channels::end_agreement(app.house(), &session, agreement).await {
        Ok(()) => Ok(see_other(HERE)),
        Err(error) => or_confirm(error, HERE),
    }
}

/// Where only a fresh factor is missing, the way to one.
pub(super) fn or_confirm(error: ChannelError, next: &str) -> Result<Response, Problem> {
    match error {
        ChannelError::NotInPerson(EnrollmentError::StepUp) => Ok(people::confirm_first(next)),
        other => Err(other.into()),
    }
}

/// What of a refusal stands beside the fields of a form; the refusal itself where nothing does.
pub(super) fn beside_fields(error: ChannelError) -> Result<FieldErrors, Problem> {
    let problem = Problem::from(error);
    let mut errors = FieldErrors::none();
    for one in problem.errors() {
        errors.add(one.field.clone(), format!("{} {}", field_label(&one.field), one.message));
    }
    if errors.is_empty() { Err(problem) } else { Ok(errors) }
}

fn field_label(field: &str) -> &'static str {
    match field {
        "integration" | "kind" => "What it is for",
        "own" => "That the practice runs it itself",
        "associate" => "Who the associate is",
        "signed_on" => "The day of signing",
        "ends_on" => "The last day",
        "kept_at" => "The place",
        "address" => "The address",
        _ => "The agreement",
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    integration: String,
    #[serde(default)]
    own: String,
    #[serde(default)]
    associate: String,
    #[serde(default)]
    signed_on: String,
    #[serde(default)]
    ends_on: String,
    #[serde(default)]
    kept_at: String,
}

impl Typed {
    /// What is to be put on file; none where something does not fit, which then stands in `errors`.
    fn read(&self, errors: &mut FieldErrors) -> Option<NewAgreement> {
        let day = |text: &str| match text.trim() {
            "" => Ok(None),
            day => day.parse::<Date>().map(Some).map_err(|_| Invalid::new("must be a day")),
        };
        let place = match self.kept_at.trim() {
            "" => Ok(None),
            place => AgreementPlace::new(place).map(Some),
        };
        let own = match self.own.as_str() {
            "" => Ok(false),
            "yes" => Ok(true),
            _ => Err(Invalid::new("is said or not")),
        };
        let integration =
            errors.keep("integration", field_label("integration"), self.integration.parse::<Integration>());
        let own = errors.keep("own", field_label("own"), own);
        let associate = errors.keep("associate", field_label("associate"), AssociateName::new(&self.associate));
        let signed_on = errors.keep("signed_on", field_label("signed_on"), day(&self.signed_on));
        let ends_on = errors.keep("ends_on", field_label("ends_on"), day(&self.ends_on));
        let kept_at = errors.keep("kept_at", field_label("kept_at"), place);
        Some(NewAgreement {
            integration: integration?,
            own: own?,
            associate: associate?,
            signed_on: signed_on?,
            ends_on: ends_on?,
            kept_at: kept_at?,
        })
    }
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    show(&app, &session, &Typed::default(), &FieldErrors::none()).await
}

async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    if let Some(new) = typed.read(&mut errors) {
        match channels::add_agreement(app.house(), &session, &new).await {
            Ok(_) => return Ok(see_other(HERE)),
            Err(error @ ChannelError::Value { .. }) => errors = beside_fields(error)?,
            Err(error) => return or_confirm(error, HERE),
        }
    }
    let page = show(&app, &session, &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}

async fn show(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let agreements = channels::agreements(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let fresh = is_fresh(app, session);
    let content = html! {
        (breadcrumbs(&[("/alerts", "Alerts"), ("/alerts/channels", "Channels")], "Agreements"))
        @if agreements.is_empty() {
            (empty_state("No agreement on file", "Whoever receives something of the practice signs one first.", None))
        } @else {
            (card("On file", None, listed(&surround, fresh, &agreements)))
        }
        @if fresh { (form(typed, errors)) } @else { (confirm_first(HERE)) }
        (recorded_line("Looking at agreements was recorded, and so is every change."))
    };
    let below =
        html! { "A business associate is whoever else holds or passes on what the practice is bound to protect." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Agreements", "/alerts").head(head), content))
}

fn listed(surround: &Surround, fresh: bool, agreements: &[AgreementView]) -> Markup {
    let mut columns = vec![
        Column::text("Associate"),
        Column::text("For"),
        Column::text("Signed"),
        Column::text("Ends"),
        Column::text("Where it lies"),
        Column::text("State"),
    ];
    if fresh {
        columns.push(Column::actions("End it"));
    }
    let rows = agreements.iter().map(|one| {
        let mut row = vec![
            html! { (one.associate) @if one.own { br; span class="soft small" { "the practice's own" } } },
            html! { (words::integration(one.integration)) },
            html! {
                (full_date(one.signed_on))
                br; span class="soft small" { (one.added_by.name) ", " (surround.moment(one.added_at)) }
            },
            html! { @match one.ends_on { Some(day) => (full_date(day)), None => span class="soft" { "no end" } } },
            html! { (one.kept_at.as_deref().unwrap_or("")) },
            html! {
                @if one.in_force { (tag("in force", Tone::Success)) } @else { (tag("over", Tone::Neutral)) }
                @if let (Some(by), Some(at)) = (&one.ended_by, one.ended_at) {
                    br; span class="soft small" { "ended by " (by.name) ", " (surround.moment(at)) }
                }
            },
        ];
        if fresh {
            let ask = "End this agreement? What is sent under it stops.";
            let end = format!("{HERE}/{}/end", one.agreement_id);
            row.push(html! {
                @if one.ended_at.is_none() { (post_button(&end, "End it", ButtonKind::Danger, Some(ask))) }
            });
        }
        row
    });
    table("Agreements", &columns, rows)
}

fn form(typed: &Typed, errors: &FieldErrors) -> Markup {
    let options: Vec<_> = Integration::ALL.iter().map(|one| (one.word(), words::integration(*one))).collect();
    html! {
        form method="post" action=(HERE) class="card stack" {
            h2 { "Put an agreement on file" }
            (errors.summary())
            (select(&Field::new("integration", "For").required().value(&typed.integration)
                .error(errors.of("integration")), &options))
            (text_field(&Field::new("associate", "Associate").required().max_length(200).value(&typed.associate)
                .error(errors.of("associate")).hint("Who receives it. Of a receiver of your own: which one.").autocomplete("off")))
            (checkbox(&Field::new("own", "There is no associate: the practice runs this receiver itself")
                .error(errors.of("own")).hint("It is noted who said so and when."), typed.own == "yes"))
            (date_field(&Field::new("signed_on", "Signed on").value(&typed.signed_on).error(errors.of("signed_on"))))
            (date_field(&Field::new("ends_on", "Ends on").value(&typed.ends_on).error(errors.of("ends_on"))
                .hint("Its last day. Empty where it has no end.")))
            (text_field(&Field::new("kept_at", "Where it lies").max_length(500).value(&typed.kept_at)
                .error(errors.of("kept_at")).hint("The folder or system with the signed text.").autocomplete("off")))
            (submit("Put it on file", None))
        }
    }
}
