//! The rules, one a file. A rule sees the entries of a practice in order, remembers what it needs, and says what it finds.

mod access_review;
mod changed;
mod denials;
mod dormant;
mod glass;
mod guessing;
mod hours;
mod new_network;
mod no_care;
mod recent;
mod rise;
mod token;
mod two_places;
mod unreviewed;
mod unwitnessed;
mod volume;

use super::{Compared, Finding, Network, Place, Setting, Settings, people::People};
use domain::{AccountId, AlertRule, PatientId, PermissionName, Role};
use ledger::{Entry, Outcome};
use recent::Recent;

/// An entry as a rule sees it.
pub(super) struct Look<'a> {
    /// Where it stands.
    pub(super) place: &'a Place,
    /// What it says.
    pub(super) entry: &'a Entry,
    /// The practice's day, counted from 1970-01-01.
    pub(super) day: i32,
    /// 1 (Monday) to 7 (Sunday).
    pub(super) weekday: u8,
    /// The practice's hour.
    pub(super) hour: u32,
    /// The network it came from.
    pub(super) network: Option<Network>,
    /// What the practice set.
    pub(super) settings: &'a Settings,
    /// Everybody, as they were before this entry.
    pub(super) people: &'a People,
}

/// A rule.
pub(super) trait Rule: Send {
    /// Looks at the next entry.
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>);
}

/// All of them, without any memory.
pub(super) fn all() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(volume::many_charts()),
        Box::new(volume::long_lists()),
        Box::new(volume::exports()),
        Box::new(rise::SlowRise::default()),
        Box::new(new_network::NewNetwork::default()),
        Box::new(two_places::TwoPlaces::default()),
        Box::new(hours::OutsideHours::default()),
        Box::new(denials::Denials::default()),
        Box::new(guessing::Guessing::default()),
        Box::new(guessing::ManyAccounts::default()),
        Box::new(dormant::Dormant),
        Box::new(changed::Changed::default()),
        Box::new(token::TokenElsewhere::default()),
        Box::new(no_care::NoCareAround::default()),
        Box::new(access_review::AccessReview),
        Box::new(glass::BrokenGlass::default()),
        Box::new(unreviewed::Unreviewed::default()),
        Box::new(unwitnessed::Unwitnessed::default()),
    ]
}

impl Look<'_> {
    fn number(&self, setting: Setting) -> u32 {
        self.settings.number(setting)
    }

    /// Somebody of the staff who was allowed to do it.
    fn allowed_staff(&self) -> Option<(AccountId, Role)> {
        let role = self.entry.role.filter(|role| *role != Role::Patient)?;
        (self.entry.outcome == Outcome::Allowed).then_some((self.entry.actor?, role))
    }

    /// The patient whose record somebody of the staff opened, by itself and not as one of a list.
    fn opened(&self) -> Option<(AccountId, Role, PatientId)> {
        let (account, role) = self.allowed_staff()?;
        let patient = self.entry.patient?;
        opens_record(self.entry).then_some((account, role, patient))
    }

    /// A finding about somebody, that these entries and this one show.
    fn finding(
        &self,
        rule: AlertRule,
        who: Option<AccountId>,
        compared: Compared,
        before: impl IntoIterator<Item = Place>,
    ) -> Option<Finding> {
        let mut entries: Vec<Place> = before.into_iter().filter(|place| place != self.place).collect();
        entries.push(self.place.clone());
        let entries = super::finding::shown(entries);
        Some(Finding { practice: self.entry.practice?, rule, who, at: self.entry.at, compared, entries })
    }
}

/// Whether it opens a patient's record, by itself and not as one of a list.
pub(crate) fn opens_record(entry: &Entry) -> bool {
    entry.permission.is_some_and(is_of_records) && !is_list(entry)
}

/// A permission on a patient's record, to see or to change it.
fn is_of_records(permission: PermissionName) -> bool {
    use PermissionName as P;
    matches!(
        permission,
        P::ReadExercise
            | P::WriteExercise
            | P::ReadNotes
            | P::WriteNotes
            | P::Export
            | P::ReadIdentity
            | P::WriteIdentity
            | P::ReadVisits
            | P::WriteVisits
            | P::ReadContact
    )
}

/// One of the patients of a list or a search: the entry names the patient, its resource none. Billing's list of accounts shows
/// names too, and has a word of its own.
fn is_list(entry: &Entry) -> bool {
    matches!(entry.resource.kind().as_str(), "patient" | "billing_accounts") && entry.resource.id().is_empty()
}

/// Whether a full session or a token began or went on: anything but trying to.
fn is_use(entry: &Entry) -> bool {
    entry.outcome == Outcome::Allowed && !super::people::is_password_alone(entry)
}
