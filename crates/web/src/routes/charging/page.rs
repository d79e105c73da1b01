//! Charging, as a page: the form, then how the minutes count, then it is sent.

use super::{
    ALREADY, NOT_CHARGED,
    draft::{Act, BEGIN, Draft, Typed},
};
use crate::{
    App, AuditClass, Form, FormKey, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        self, ButtonKind, Field, FieldErrors, Head, RECORDED, Tone, card, checkbox_group, first_button, hidden,
        link_button, notice, number_field, radio_group, recorded_line, services, text_field, words,
    },
    routes::patients::TREATS,
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    PatientId, PermissionName, VisitId, VisitState,
    billing::{ChargeSheet, Modifier, WithdrawalReason},
};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::billing::charging::{self, ChargeError, ChargingView, NewCharge, Units, Withdrawal};

const FORM: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/visits/{visit_id}/charge", "What to charge for a visit.")
        .permission(PermissionName::ChargeVisit)
        .audit(AuditClass::Patient)
        .roles(TREATS);
const SEND: Route = Route::page(
    Verb::Post,
    "/patients/{patient_id}/visits/{visit_id}/charge",
    "Sends what the form holds to billing; its other buttons only count and show.",
)
.permission(PermissionName::ChargeVisit)
.audit(AuditClass::Patient)
.roles(TREATS);

pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(FORM, form).add(SEND, send)
}

/// The page for one visit.
struct Desk<'a> {
    surround: Surround,
    patient: PatientId,
    visit: &'a ChargingView,
    /// Makes a form that is sent twice take back once: its own, since the form of the charge beside it has another.
    back_key: FormKey,
}

impl<'a> Desk<'a> {
    async fn of(
        app: &App,
        session: &Session<Full>,
        patient: PatientId,
        visit: &'a ChargingView,
    ) -> Result<Self, Problem> {
        Ok(Self { surround: Surround::of(app, session).await?, patient, visit, back_key: FormKey::new(&*app.rng) })
    }
}

async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
) -> Result<Markup, Problem> {
    let view = charging::look(app.house(), &session, patient, visit).await?;
    let desk = Desk::of(&app, &session, patient, &view).await?;
    let draft = Draft::new(view.sent, FormKey::new(&*app.rng).as_str().to_owned());
    Ok(desk.asks(&draft, &FieldErrors::none(), None))
}

async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (mut draft, act) = Draft::read(pairs)?;
    let view = charging::look(app.house(), &session, patient, visit).await?;
    let desk = Desk::of(&app, &session, patient, &view).await?;
    let (quiet, unprocessable) = (FieldErrors::none(), StatusCode::UNPROCESSABLE_ENTITY);
    match act {
        Act::More => {
            draft.grow();
            return Ok(desk.asks(&draft, &quiet, None).into_response());
        }
        Act::Edit => return Ok(desk.asks(&draft, &quiet, None).into_response()),
        Act::TakeBack | Act::Check | Act::Send => {}
    }
    // A number that cannot be is one that is not the newest.
    let seen = draft.seen.parse().unwrap_or(u32::MAX);
    if act == Act::TakeBack {
        // The form of the charge stands beside it, empty.
        draft.services = vec![Typed::empty(); BEGIN];
        let Ok(reason) = draft.reason.parse() else {
            let mut errors = FieldErrors::none();
            errors.add("reason", "Say why the charge is taken back");
            return Ok(form_again(unprocessable, desk.asks(&draft, &errors, None)));
        };
        let why = Withdrawal { reason };
        let key = draft.form_key()?;
        return match charging::take_back(app.house(), &session, patient, visit, seen, why, Some(key.as_str())).await {
            Ok(_) => Ok(see_other(&format!("/patients/{patient}/visits"))),
            Err(error) => {
                let said = refused(error)?;
                draft.seen = view.sent.to_string();
                let notice = notice(Tone::Error, said, Some(html! { "Nothing was taken back." }));
                Ok(form_again(StatusCode::CONFLICT, desk.asks(&draft, &quiet, Some(notice))))
            }
        };
    }
    let new = match draft.charge() {
        Ok(new) => new,
        Err(errors) => return Ok(form_again(unprocessable, desk.asks(&draft, &errors, None))),
    };
    if act == Act::Check {
        let units = Units::of(&new.services).map_err(ChargeError::from)?;
        return Ok(desk.shows(&draft, &new, &units).into_response());
    }
    let house = app.house();
    let key = draft.form_key()?;
    let key = Some(key.as_str());
    let sent = match seen {
        0 => charging::charge(house, &session, patient, visit, &new, key).await,
        seen => charging::correct(house, &session, patient, visit, seen, &new, key).await,
    };
    let said = match sent {
        Ok(_) => return Ok(see_other(&format!("/patients/{patient}/visits"))),
        Err(error) => refused(error)?,
    };
    // Now they have seen how it stands.
    draft.seen = view.sent.to_string();
    let below = html! { "What you typed is still here, and was not sent." };
    let notice = notice(Tone::Error, said, Some(below));
    Ok(form_again(StatusCode::CONFLICT, desk.asks(&draft, &quiet, Some(notice))))
}

/// What is said above the form, where it is shown again.
fn refused(error: ChargeError) -> Result<&'static str, Problem> {
    match error {
        ChargeError::Already => Ok(ALREADY),
        ChargeError::NotCharged => Ok(NOT_CHARGED),
        ChargeError::Stale => Ok("The visit or its charge was changed since you began."),
        error => Err(error.into()),
    }
}

impl Desk<'_> {
    /// Whether something is charged now.
    const fn stands(&self) -> bool {
        self.visit.charged_at.is_some() && self.visit.taken_back.is_none()
    }

    fn back(&self) -> String {
        format!("/patients/{}/visits", self.patient)
    }

    fn page(&self, notice: Option<Markup>, content: Markup) -> Markup {
        let title = if self.stands() { "Correct a charge" } else { "Charge a visit" };
        let below = html! {
            (words::full_date(self.visit.day)) " · " (self.visit.therapist.name)
            @if let Some(at) = self.visit.charged_at { " · charged " (self.surround.moment(at)) }
            @match self.visit.sent.saturating_sub(1 + u32::from(self.visit.taken_back.is_some())) {
                0 => {}
                more => { ", corrected " (words::count(u64::from(more), "time", "times")) }
            }
            @if let Some(taken) = &self.visit.taken_back {
                ", taken back by " (taken.by.name) " " (self.surround.moment(taken.at))
            }
        };
        let above = Some(html! { a href=(self.back()) { "Visits" } });
        let head = Head { above, below: Some(below), ..Head::default() };
        self.surround.page(Sheet::new(title, "/patients").head(head).notice(notice), content)
    }

    /// The form, or why there is none.
    fn asks(&self, draft: &Draft, errors: &FieldErrors, notice: Option<Markup>) -> Markup {
        let voided = self.visit.voided;
        let held = self.visit.state == VisitState::Held && !voided;
        self.page(
            notice,
            html! {
                (errors.summary())
                @if held { (self.services(draft, errors)) } @else if voided {
                    (card("This visit was entered in error", None, html! {
                        p { "It counts for nothing, and is not charged." }
                        p { (link_button(&self.back(), "The visits", ButtonKind::Quiet)) }
                    }))
                } @else {
                    (card("This visit was not held", None, html! {
                        p { "Only a visit that was held is charged. Say first what became of it." }
                        p { (link_button(&self.back(), "The visits", ButtonKind::Quiet)) }
                    }))
                }
                @if held && self.stands() { (self.nothing(draft, errors)) }
                (recorded_line(RECORDED))
            },
        )
    }

    /// Taking the charge back.
    fn nothing(&self, draft: &Draft, errors: &FieldErrors) -> Markup {
        let reasons: Vec<(&str, &str, Option<&str>)> = WithdrawalReason::ALL
            .iter()
            .map(|reason| (reason.word(), words::withdrawal_reason(*reason), None))
            .collect();
        html! {
            form method="post" class="card stack" data-ask="Nothing is charged for this visit then. Take the charge back?" {
                h2 { "Nothing should have been charged?" }
                (hidden("seen", &draft.seen))
                (hidden("key", &self.back_key))
                p { "Take the charge back. Billing sees that you did and why, and voids what is in the books already. The visit can "
                    "then be said to be entered in error, or be charged again." }
                (radio_group(&Field::new("reason", "Why is it taken back?").required().value(&draft.reason)
                    .error(errors.of("reason")), &reasons))
                div class="row" {
                    button type="submit" name="do" value="take-back" class="button danger" { "Take the charge back" }
                }
            }
        }
    }

    fn services(&self, draft: &Draft, errors: &FieldErrors) -> Markup {
        html! {
            form method="post" class="card stack" data-unsaved {
                (first_button())
                (hidden("seen", &draft.seen))
                (hidden("key", &draft.key))
                @if self.stands() {
                    p { "Say the whole visit as it should be charged. It takes the place of what was sent before, which is "
                        "with billing and is not shown here." }
                }
                @for (n, typed) in draft.services.iter().enumerate() { (line(n, typed, errors)) }
                @if draft.services.len() < ChargeSheet::MAX {
                    div class="row" { button type="submit" name="do" value="more" formnovalidate class="button quiet" { "One more service" } }
                }
                (text_field(&Field::new("diagnoses", "Diagnosis codes of the claim").required().value(&draft.diagnoses)
                    .error(errors.of("diagnoses")).max_length(200).autocomplete("off")
                    .hint("The main one first, like M25.561, M62.81. They go to billing only and are not kept in the record.")))
                div class="row wrap form-end" {
                    button type="submit" name="do" value="check" class="button primary" { "Count the units" }
                    (link_button(&self.back(), "Cancel", ButtonKind::Quiet))
                }
            }
        }
    }

    /// What will be sent, and how its minutes count.
    fn shows(&self, draft: &Draft, new: &NewCharge, units: &Units) -> Markup {
        let diagnoses: Vec<String> = new.diagnoses.iter().map(ToString::to_string).collect();
        self.page(None, html! {
            (card("What will be sent", None, html! {
                (services("The services of the visit", new.services.iter()))
                p { span class="soft" { "Diagnosis codes " } (diagnoses.join(", ")) }
            }))
            @if units.cms.lines.is_empty() {
                (card("No units to count", None, html! {
                    p { "No code of this visit is charged by time. Each is charged once." }
                }))
            } @else {
                @for calculation in [&units.cms, &units.ama] {
                    (card(&format!("By the {}", words::unit_rule(calculation.rule)), None, look::units(calculation)))
                }
                p class="soft" { "Which of the two counts depends on who pays. Billing goes by it, and keeps the way there." }
            }
            form method="post" class="card stack" {
                (hidden("seen", &draft.seen))
                (hidden("key", &draft.key))
                @for (n, typed) in draft.services.iter().enumerate() {
                    (hidden(&format!("services[{n}].code"), &typed.code))
                    (hidden(&format!("services[{n}].minutes"), &typed.minutes))
                    @for modifier in &typed.modifiers { (hidden(&format!("services[{n}].modifiers"), modifier)) }
                }
                (hidden("diagnoses", &draft.diagnoses))
                p { "Once it is sent, it is with billing and is not shown here again." }
                div class="row wrap form-end" {
                    button type="submit" name="do" value="send" class="button primary" {
                        @if self.stands() { "Send the correction" } @else { "Send to billing" }
                    }
                    button type="submit" name="do" value="edit" class="button quiet" { "Change something" }
                }
            }
            (recorded_line(RECORDED))
        })
    }
}

/// One service of the form.
fn line(n: usize, typed: &Typed, errors: &FieldErrors) -> Markup {
    let name = |part: &str| format!("services[{n}].{part}");
    let (code, minutes, modifiers) = (name("code"), name("minutes"), name("modifiers"));
    let ticked = |modifier: Modifier| typed.modifiers.iter().any(|word| word == modifier.word());
    let choices = [
        (Modifier::Gp, "GP · therapy plan"),
        (Modifier::Kx, "KX · beyond the threshold"),
        (Modifier::Cq, "CQ · by an assistant"),
        (Modifier::DistinctProcedure, "59 · distinct procedure"),
    ];
    let options: Vec<(&str, &str, bool)> =
        choices.iter().map(|(modifier, words)| (modifier.word(), *words, ticked(*modifier))).collect();
    html! {
        fieldset class="service" {
            legend { "Service " (n + 1) }
            div class="service-what" {
                (text_field(&Field::new(&code, "Code").required_if(n == 0).value(&typed.code).error(errors.of(&code))
                    .inputmode("numeric").max_length(5).autocomplete("off")))
                (number_field(&Field::new(&minutes, "Minutes").value(&typed.minutes).error(errors.of(&minutes))
                    .between("1", "1440").autocomplete("off")))
            }
            (checkbox_group(&Field::new(&modifiers, "Modifiers").error(errors.of(&modifiers)), &options))
        }
    }
}
