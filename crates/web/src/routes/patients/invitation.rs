//! The link to a patient's own account, made at the front desk.

use crate::{
    App, AuditClass, Json, PathId, Problem, Route, SignedIn, Verb,
    look::{ButtonKind, Tone, card, link_button, notice, post_button, recorded_line, secret},
    routes::people::{InvitedBody, confirm_first, link, not_in_person},
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, Role};
use identity::EnrollmentError;
use maud::{Markup, html};
use practice::accounts::{self, InvitePatientError, PatientAccount};
use store::rows::accounts::AccountState;

/// Who makes the link; an administrator, who can close an account, does not.
const DESK: &[Role] = &[Role::FrontDesk];

pub(super) const API: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/invitation",
    "Makes the link to a patient's account, which nobody has opened or an administrator has closed.",
)
.permission(PermissionName::WriteIdentity)
.audit(AuditClass::Patient)
.roles(DESK)
.answer::<InvitedBody>(201);
pub(super) const SEND: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/invitation", "Makes the link to a patient's account.")
        .permission(PermissionName::WriteIdentity)
        .audit(AuditClass::Patient)
        .roles(DESK);

impl From<InvitePatientError> for Problem {
    fn from(error: InvitePatientError) -> Self {
        match error {
            InvitePatientError::Access(error) => error.into(),
            InvitePatientError::NotInPerson(why) => not_in_person(why),
            InvitePatientError::NoAddress => {
                Self::conflict().detail("Write the patient's e-mail address down first: they sign in with it.")
            }
            InvitePatientError::AddressTaken => Self::conflict()
                .detail("The e-mail address in the record signs in to another account: write down another."),
            InvitePatientError::Open => Self::conflict()
                .detail("The patient's account is open. If they cannot get in, an administrator closes it first."),
            InvitePatientError::Disabled => Self::conflict().detail("The patient's account is disabled."),
            InvitePatientError::Closed => Self::conflict()
                .detail("This record was made twice and is closed. Invite the patient from the one that goes on."),
            InvitePatientError::Tried(error) => error.into(),
            InvitePatientError::Field(error) => error.into(),
            InvitePatientError::House(error) => error.into(),
        }
    }
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<(StatusCode, Json<InvitedBody>), Problem> {
    let (account_id, secret) = accounts::invite_patient(app.house(), &session, patient).await?;
    Ok((StatusCode::CREATED, Json(InvitedBody { account_id, link: link(&app, &secret) })))
}

/// Shows the link in the answer itself: its secret is stored nowhere, so there is no other page to lead to.
pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Response, Problem> {
    let details = format!("/patients/{patient}/edit");
    let invitation = match accounts::invite_patient(app.house(), &session, patient).await {
        Ok((_, invitation)) => invitation,
        Err(InvitePatientError::NotInPerson(EnrollmentError::StepUp)) => return Ok(confirm_first(&details)),
        Err(other) => return Err(other.into()),
    };
    let days = identity::INVITATION_DAYS;
    let content = html! {
        (notice(Tone::Info, "Hand this link to the patient, and to nobody else", Some(html! {
            p { "Whoever opens it becomes the patient. It works once, for " (days) " days, and is not shown again." }
        })))
        section class="card stack" {
            (secret("Link", &link(&app, &invitation)))
            (link_button(&details, "Done", ButtonKind::Primary))
        }
        (recorded_line("That you made it was recorded, and the patient can see that."))
    };
    let surround = Surround::of(&app, &session).await?;
    Ok(surround.page(Sheet::new("The patient's link", "/patients"), content).into_response())
}

/// What stands of the account beside a patient's details, for who registers patients.
pub(super) fn account_card(role: Role, patient: PatientId, account: Option<PatientAccount>) -> Markup {
    let state = account.map(|account| account.state);
    let said = match state {
        None => "None yet.",
        Some(AccountState::Invited) => "Nobody has opened it yet.",
        Some(AccountState::Active) => "Open.",
        Some(AccountState::Disabled) => "Disabled.",
    };
    let closed = matches!(state, None | Some(AccountState::Invited));
    let body = html! {
        p { (said) }
        @if role == Role::Admin {
            @if let Some(account) = account {
                (link_button(&format!("/people/{}", account.account_id), "The account", ButtonKind::Quiet))
            } @else {
                p class="soft" { "The front desk makes the link with which the patient opens one." }
            }
        } @else if closed {
            p class="soft" { "The patient opens it with a link that you hand over. They sign in with the e-mail address above." }
            (post_button(&format!("/patients/{patient}/invitation"), "Make a link", ButtonKind::Quiet,
                Some("Make a link? An earlier one stops working.")))
        } @else if state == Some(AccountState::Active) {
            p class="soft" { "If the patient lost password or telephone, an administrator closes it, and you make a new link." }
        }
    };
    card("Account", None, body)
}
