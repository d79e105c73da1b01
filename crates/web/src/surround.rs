//! What surrounds the pages of somebody who is signed in: their name, their links.

use crate::{
    App, Problem, asset,
    look::{ButtonKind, Frame, Head, Icon, NavItem, Tone, frame, link_button, notice, page, words},
};
use domain::{Date, Role, Timestamp, Timezone};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::emergencies::{self, OpenNow};

/// The name and the links of somebody who is signed in; [`Surround::page`] puts them around a page.
pub(crate) struct Surround {
    name: String,
    role: Role,
    idle_seconds: u32,
    zone: Timezone,
    demo: bool,
    /// What is open in an emergency in this session.
    open: Vec<OpenNow>,
    /// How many openings nobody signed for in time, for those who may.
    overdue: u64,
    /// What of their own training is due soon or overdue.
    training: Option<Markup>,
}

/// A page without its surroundings. Made by [`Sheet::new`], then the optional parts are set.
pub(crate) struct Sheet<'a> {
    title: &'a str,
    place: &'a str,
    head: Head<'a>,
    scripts: &'a [&'a str],
    notice: Option<Markup>,
}

impl<'a> Sheet<'a> {
    /// A page titled `title` (no person's name), which belongs to the link with the address `place`: `/patients`.
    pub(crate) fn new(title: &'a str, place: &'a str) -> Self {
        Self { title, place, head: Head::default(), scripts: &[], notice: None }
    }
    /// Sets the head of the page.
    pub(crate) fn head(mut self, head: Head<'a>) -> Self {
        self.head = head;
        self
    }
    /// Loads these modules too.
    pub(crate) const fn scripts(mut self, scripts: &'a [&'a str]) -> Self {
        self.scripts = scripts;
        self
    }
    /// Shows a notice above the content.
    pub(crate) fn notice(mut self, notice: Option<Markup>) -> Self {
        self.notice = notice;
        self
    }
}

impl Surround {
    /// Reads the name of whoever is signed in.
    pub(crate) async fn of(app: &App, session: &Session<Full>) -> Result<Self, Problem> {
        let name = practice::account::display_name(app.house(), session).await?;
        let zone = practice::account::zone(app.house(), session).await?;
        let limits = app.house().sessions.limits();
        let idle = if session.role() == Role::Patient { limits.idle_patient } else { limits.idle_staff };
        let idle_seconds = u32::try_from(idle.as_secs()).unwrap_or(u32::MAX);
        let role = session.role();
        let open = match role {
            Role::Therapist | Role::Admin => emergencies::open_now(app.house(), session).await?,
            _ => Vec::new(),
        };
        let overdue = match role {
            Role::PrivacyOfficer | Role::Admin => emergencies::overdue(app.house(), session).await?,
            _ => 0,
        };
        let training = crate::routes::training::notices(app, session).await?;
        Ok(Self { name, role, idle_seconds, zone, demo: app.settings.demo, open, overdue, training })
    }

    /// The practice's time zone, in which times are shown.
    pub(crate) const fn zone(&self) -> &Timezone {
        &self.zone
    }

    /// The day of a moment on the practice's calendar.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        self.zone.day_of(at)
    }

    /// "11 May 2026, 7:40", as on the practice's wall.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        words::moment(&self.zone, at)
    }

    /// "7:40", as on the practice's wall.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        let (hour, minute) = self.zone.hour_minute(at);
        words::time(hour, minute)
    }

    /// What stands above everything else, on each page: what is open in an emergency, and what was not signed for in time, and one's
    /// own training that is due.
    fn above_all(&self) -> Option<Markup> {
        let open = crate::routes::emergencies::banner(self, &self.open);
        let overdue = (self.overdue > 0).then(|| {
            let title =
                format!("{} for which nobody signed in time", words::count(self.overdue, "emergency", "emergencies"));
            let link = link_button("/emergencies", "Look into it", ButtonKind::Quiet);
            notice(
                Tone::Warn,
                &title,
                Some(html! { p { "A record was opened by somebody who does not treat the patient." } (link) }),
            )
        });
        let lines: Vec<&Markup> = [&open, &overdue, &self.training].into_iter().flatten().collect();
        (!lines.is_empty()).then(|| html! { @for line in lines { (line) } })
    }

    /// The whole document.
    pub(crate) fn page(&self, sheet: Sheet<'_>, content: Markup) -> Markup {
        let nav: Vec<NavItem<'_>> = links(self.role)
            .iter()
            .map(|(href, label, icon)| NavItem { href, label, icon: *icon, current: *href == sheet.place })
            .collect();
        let (nav, signed_in_as) = (nav.as_slice(), self.name.as_str());
        let signs_out_in_seconds = Some(self.idle_seconds);
        let kind = match self.role {
            Role::Patient => frame::Kind::Patient { nav, signed_in_as, signs_out_in_seconds },
            role => frame::Kind::Staff { nav, signed_in_as, role_label: words::role(role), signs_out_in_seconds },
        };
        let frame = Frame::new(sheet.title, kind, &asset);
        page(
            frame.demo(self.demo).above(self.above_all()).head(sheet.head).scripts(sheet.scripts).notice(sheet.notice),
            content,
        )
    }
}

type Link = (&'static str, &'static str, Icon);

const PATIENTS: Link = ("/patients", "Patients", Icon::People);
const EXERCISES: Link = ("/exercises", "Exercises", Icon::Exercise);
const PEOPLE: Link = ("/people", "People", Icon::Person);
const ALERTS: Link = ("/alerts", "Alerts", Icon::Eye);
const INCIDENTS: Link = ("/incidents", "Incidents", Icon::Note);
const TRAINING: Link = ("/training", "Training", Icon::Program);
const REVIEWS: Link = ("/reviews", "Reviews", Icon::Check);
const EMERGENCIES: Link = ("/emergencies", "Emergencies", Icon::Warning);
const EMERGENCY: Link = ("/emergencies/open", "Emergency", Icon::Warning);
const AUDIT: Link = ("/audit", "Audit trail", Icon::Shield);
const RETENTION: Link = ("/retention", "Retention", Icon::Week);
const POLICY: Link = ("/policy", "Policy", Icon::Key);
const BILLING: Link = ("/billing", "Billing", Icon::Home);
const TO_BILL: Link = ("/billing/charges", "Charges to bill", Icon::Note);
const BILLED: Link = ("/billing/accounts", "Billing accounts", Icon::Card);
const FEES: Link = ("/billing/fees", "Fees", Icon::Program);
const PAYERS: Link = ("/billing/payers", "Payers", Icon::People);
const ACCOUNT: Link = ("/account", "Account", Icon::Settings);

/// What a role can open. Only what would let it in: a link that leads to a refusal is none.
const fn links(role: Role) -> &'static [Link] {
    match role {
        Role::Admin => &[
            PATIENTS,
            EXERCISES,
            PEOPLE,
            ALERTS,
            EMERGENCIES,
            INCIDENTS,
            REVIEWS,
            TRAINING,
            AUDIT,
            POLICY,
            RETENTION,
            ACCOUNT,
        ],
        Role::Therapist => &[PATIENTS, EXERCISES, EMERGENCY, ACCOUNT],
        Role::FrontDesk => &[PATIENTS, ACCOUNT],
        Role::PrivacyOfficer => &[ALERTS, EMERGENCIES, INCIDENTS, REVIEWS, TRAINING, AUDIT, POLICY, RETENTION, ACCOUNT],
        Role::Patient => &[
            ("/today", "Today", Icon::Today),
            ("/week", "Week", Icon::Week),
            ("/progress", "Progress", Icon::Progress),
            ("/who-looked", "Who looked", Icon::Eye),
            ACCOUNT,
        ],
        Role::Billing => &[BILLING, TO_BILL, BILLED, FEES, PAYERS, ACCOUNT],
        Role::Operator | Role::Researcher => &[ACCOUNT],
    }
}

/// Where somebody begins after signing in.
pub(crate) const fn landing(role: Role) -> &'static str {
    match role {
        Role::Therapist | Role::FrontDesk => "/patients",
        Role::Patient => "/today",
        Role::Admin => "/people",
        Role::PrivacyOfficer => "/audit",
        Role::Billing => "/billing",
        Role::Operator | Role::Researcher => "/account",
    }
}
