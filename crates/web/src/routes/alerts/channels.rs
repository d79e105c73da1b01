//! Where alerts are sent to, and how it goes.

use crate::{
    App, AuditClass, Form, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, Tone, breadcrumbs, card, empty_state, link_button, notice,
        post_button, recorded_line, row, secret, select, submit, table, tag, text_field, words::channels as words,
    },
    routes::{
        account::{confirm_first, is_fresh},
        agreements::{beside_fields, or_confirm},
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{AgreementId, ChannelId, ChannelState, Integration, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::channels::{self, AgreementView, ChannelError, ChannelView, ChannelsView, NewChannel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HERE: &str = "/alerts/channels";
const LIST: Route =
    Route::api(Verb::Get, "/api/v1/alerts/channels", "Where alerts and the audit trail are sent to, and how it goes.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice)
        .answer::<All>(200);
const SET: Route = Route::api(
    Verb::Post,
    "/api/v1/alerts/channels",
    "Sets a channel under an agreement in force, with a factor proven just now. It sends what comes from now on.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.body::<NewChannel>()
.answer::<Set>(201);
const END: Route = Route::api(
    Verb::Delete,
    "/api/v1/alerts/channels/{channel_id}",
    "Ends a channel, with a factor proven just now. What waits on it is not sent.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.no_content();
const RENEW: Route = Route::api(
    Verb::Put,
    "/api/v1/alerts/channels/{channel_id}/agreement",
    "Puts a channel under another agreement, with a factor proven just now. It goes on where it stands.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.body::<Under>()
.no_content();
const PAGE: Route = Route::page(Verb::Get, HERE, "Where alerts and the audit trail are sent to, and how it goes.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const FORM: Route = Route::page(Verb::Post, HERE, "Sets a channel, with a factor proven just now.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const END_FORM: Route = Route::page(Verb::Post, "/alerts/channels/{channel_id}/end", "Ends a channel.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const RENEW_FORM: Route =
    Route::page(Verb::Post, "/alerts/channels/{channel_id}/agreement", "Puts a channel under another agreement.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice);

/// Kinds of channels that can be set.
const KINDS: [Integration; 2] = [Integration::Webhook, Integration::Syslog];

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(SET, set)
        .add(END, end)
        .add(RENEW, renew)
        .add(PAGE, page)
        .add(FORM, submitted)
        .add(END_FORM, end_form)
        .add(RENEW_FORM, renew_form)
}

#[derive(Serialize, JsonSchema)]
struct All {
    /// In the order in which they were set; without those that were ended.
    items: Vec<ChannelView>,
}

/// A channel that was set.
#[derive(Serialize, JsonSchema)]
struct Set {
    /// The channel.
    channel_id: ChannelId,
    /// What its messages are signed with (Standard Webhooks): for the receiver. Not shown again. Null where nothing is signed.
    secret: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Under {
    /// The agreement.
    agreement_id: AgreementId,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<All>, Problem> {
    Ok(Json(All { items: channels::channels(app.house(), &session).await?.channels }))
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewChannel>,
) -> Result<(StatusCode, Json<Set>), Problem> {
    let made = channels::set_channel(app.house(), &session, &new).await?;
    Ok((StatusCode::CREATED, Json(Set { channel_id: made.channel_id, secret: made.secret })))
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(channel): PathId<ChannelId>,
) -> Result<StatusCode, Problem> {
    channels::end_channel(app.house(), &session, channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn renew(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(channel): PathId<ChannelId>,
    Json(under): Json<Under>,
) -> Result<StatusCode, Problem> {
    channels::renew_channel(app.house(), &session, channel, under.agreement_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(channel): PathId<ChannelId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    match channels::end_channel(app.house(), &session, channel).await {
        Ok(()) => Ok(see_other(HERE)),
        Err(error) => or_confirm(error, HERE),
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    agreement_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    #[serde(default)]
    other: String,
}

/// Which channel is to be put under another agreement, as the address says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    renew: Option<ChannelId>,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    show(&app, &session, asked.renew, &Typed::default(), &FieldErrors::none()).await
}

async fn renew_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(channel): PathId<ChannelId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    let done = match chosen.other.parse() {
        Ok(agreement) => channels::renew_channel(app.house(), &session, channel, agreement).await,
        Err(_) => Err(ChannelError::NoAgreement),
    };
    match done {
        Ok(()) => Ok(see_other(HERE)),
        Err(ChannelError::NoAgreement) => {
            let mut errors = FieldErrors::none();
            errors.add("other", "Choose an agreement for this that is in force today");
            let page = show(&app, &session, Some(channel), &Typed::default(), &errors).await?;
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        Err(error) => or_confirm(error, HERE),
    }
}

/// Shows the secret in the answer itself: it is stored sealed, and no other page shows it.
async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let done = match (typed.kind.parse::<Integration>(), typed.agreement_id.parse()) {
        (Err(why), _) => Err(ChannelError::Value { field: "kind", why: why.what() }),
        (_, Err(_)) => Err(ChannelError::NoAgreement),
        (Ok(kind), Ok(agreement_id)) => {
            let new = NewChannel { kind, address: typed.address.clone(), agreement_id };
            channels::set_channel(app.house(), &session, &new).await
        }
    };
    match done {
        Ok(made) => match made.secret {
            Some(made) => Ok(once(&app, &session, &made).await?.into_response()),
            None => Ok(see_other(HERE)),
        },
        Err(error @ (ChannelError::NoAgreement | ChannelError::Value { .. })) => {
            let page = show(&app, &session, None, &typed, &beside_fields(error)?).await?;
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        Err(error) => or_confirm(error, HERE),
    }
}

async fn once(app: &App, session: &Session<Full>, made: &str) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (notice(Tone::Warn, "Copy the secret now", Some(html! { p { "It is not shown again." } })))
        section class="card stack" {
            (secret("What messages are signed with", made))
            p class="soft" { "The receiver checks the signature of every message with it (Standard Webhooks)." }
            (row(link_button(HERE, "I have copied it", ButtonKind::Primary)))
        }
    };
    Ok(surround.page(Sheet::new("Channel", "/alerts"), content))
}

async fn show(
    app: &App,
    session: &Session<Full>,
    renew: Option<ChannelId>,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let ChannelsView { channels, agreements } = channels::channels(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let fresh = is_fresh(app, session);
    let renewed = match renew {
        Some(id) => Some(channels.iter().find(|one| one.channel_id == id).ok_or_else(Problem::not_found)?),
        None => None,
    };
    let content = html! {
        (breadcrumbs(&[("/alerts", "Alerts")], "Channels"))
        (errors.summary())
        @if let Some(one) = renewed.filter(|_| fresh) { (renewal(one, errors, &agreements)) }
        @if channels.is_empty() {
            (empty_state("Nothing is sent anywhere", "Alerts stand on the page Alerts. They, and the audit trail, can be sent to a receiver too.", None))
        } @else {
            (card("Where to, and how it goes", None, listed(&surround, fresh, &channels, &agreements)))
        }
        @if fresh {
            (form(typed, errors, &agreements))
        } @else { (confirm_first(HERE)) }
        (link_button("/agreements", "Agreements with who receives", ButtonKind::Quiet))
        (recorded_line("Looking at channels was recorded, and so is every change."))
    };
    let below = html! {
        "An alert says which rule, when, and a link to here. Entries of the trail hold ids and words: no name, and nothing of a record."
    };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Channels", "/alerts").head(head), content))
}

/// The agreements of a kind that are in force, to choose from.
fn choices(kind: Integration, agreements: &[AgreementView]) -> Vec<(String, String)> {
    let fits = |one: &&AgreementView| one.integration == kind && one.in_force;
    agreements.iter().filter(fits).map(|one| (one.agreement_id.to_string(), one.associate.clone())).collect()
}

fn borrowed(choices: &[(String, String)]) -> Vec<(&str, &str)> {
    choices.iter().map(|(id, words)| (id.as_str(), words.as_str())).collect()
}

fn listed(surround: &Surround, fresh: bool, channels: &[ChannelView], agreements: &[AgreementView]) -> Markup {
    let mut columns = vec![
        Column::text("Where to"),
        Column::text("Under"),
        Column::text("How it goes"),
        Column::text("Arrived"),
        Column::text("Waiting"),
    ];
    if fresh {
        columns.push(Column::actions("Change"));
    }
    let rows = channels.iter().map(|one| {
        let under = agreements.iter().find(|agreement| agreement.agreement_id == one.agreement_id);
        let mut cells = vec![
            html! { (one.address) br; span class="soft small" { (words::integration(one.kind)) } },
            html! {
                @if let Some(under) = under { (under.associate) }
                @if !one.agreement_in_force { br; (tag("agreement over", Tone::Warn)) }
            },
            state(surround, one),
            html! {
                span class="num" { (one.sent) }
                @if let Some(at) = one.sent_at { br; span class="soft small" { "last " (surround.moment(at)) } }
            },
            // A collector's are counted with those of other practices of the server.
            html! {
                @if one.kind == Integration::Syslog && one.waiting > 0 { "up to " }
                span class="num" { (one.waiting) }
            },
        ];
        if fresh {
            cells.push(change(one));
        }
        cells
    });
    table("Channels", &columns, rows)
}

fn state(surround: &Surround, one: &ChannelView) -> Markup {
    let stopped = one.state == ChannelState::Stopped || !one.agreement_in_force;
    let (words, tone) = match one.state {
        _ if stopped => (words::state(ChannelState::Stopped), Tone::Error),
        ChannelState::Fails => (words::state(one.state), Tone::Error),
        ChannelState::Works => (words::state(one.state), Tone::Success),
        _ => (words::state(one.state), Tone::Neutral),
    };
    html! {
        (tag(words, tone))
        br; span class="soft small" { "since " (surround.moment(one.since)) }
        @if let Some(why) = one.why.as_deref().filter(|_| one.state != ChannelState::Works) {
            br; span class="small" { (words::why(why)) }
        }
        @if let Some(at) = one.try_at { br; span class="soft small" { "tried again " (surround.moment(at)) } }
    }
}

fn change(one: &ChannelView) -> Markup {
    let end = format!("{HERE}/{}/end", one.channel_id);
    html! {
        a href={ (HERE) "?renew=" (one.channel_id) } { "Other agreement" span class="hidden" { ": " (one.address) } }
        (post_button(&end, "End it", ButtonKind::Danger, Some("End this channel? What waits on it is not sent.")))
    }
}

/// The form that puts a channel under another agreement.
fn renewal(one: &ChannelView, errors: &FieldErrors, agreements: &[AgreementView]) -> Markup {
    let choices = choices(one.kind, agreements);
    html! {
        form method="post" action={ (HERE) "/" (one.channel_id) "/agreement" } class="card stack" {
            h2 { "Send under another agreement" }
            p class="soft" { (one.address) }
            @if choices.is_empty() {
                p { "There is none in force for this. " a href="/agreements" { "Put one on file first." } }
            } @else {
                (select(&Field::new("other", "Agreement").required().error(errors.of("other")), &borrowed(&choices)))
                (submit("Send under it", Some(link_button(HERE, "Leave it", ButtonKind::Quiet))))
            }
        }
    }
}

fn form(typed: &Typed, errors: &FieldErrors, agreements: &[AgreementView]) -> Markup {
    let kinds: Vec<_> = KINDS.iter().map(|kind| (kind.word(), words::integration(*kind))).collect();
    let choices: Vec<_> = KINDS.iter().flat_map(|kind| choices(*kind, agreements)).collect();
    if choices.is_empty() {
        let told =
            html! { p { "Whoever receives something has an agreement on file, or is said to be the practice's own." } };
        return notice(Tone::Info, "Put an agreement on file first", Some(told));
    }
    html! {
        form method="post" action=(HERE) class="card stack" {
            h2 { "Send to a receiver" }
            (select(&Field::new("kind", "What is sent").required().value(&typed.kind).error(errors.of("kind")), &kinds))
            (text_field(&Field::new("address", "Where to").required().max_length(1000).value(&typed.address)
                .error(errors.of("address")).hint("An address like https://receiver.example/alerts, or a collector of logs like siem.example:6514").autocomplete("off")))
            (select(&Field::new("agreement_id", "Under which agreement").required().value(&typed.agreement_id)
                .error(errors.of("agreement_id")), &borrowed(&choices)))
            (submit("Send to it", None))
        }
    }
}
