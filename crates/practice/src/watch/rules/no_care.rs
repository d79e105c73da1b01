//! Charts of patients around whom nothing of care happened for long: no visit booked, no program or note written, nothing
//! logged by the patient, nobody put on the care team. Who treats somebody leaves such traces; who is curious does not.

use super::{AlertRule, Compared, Finding, Look, Outcome, PatientId, PermissionName, Recent, Role, Rule, Setting};
use domain::AccountId;
use std::collections::HashMap;

/// Looks are counted over a week.
const MINUTES: u32 = 7 * 24 * 60;

/// See the module.
#[derive(Default)]
pub(super) struct NoCareAround {
    /// The last day on which there was care around a patient.
    care: HashMap<PatientId, i32>,
    people: HashMap<AccountId, Looks>,
}

#[derive(Default)]
struct Looks {
    recent: Recent<PatientId>,
    told: Option<i32>,
}

impl NoCareAround {
    fn is_care(look: &Look<'_>) -> bool {
        use PermissionName as P;
        let entry = look.entry;
        entry.outcome == Outcome::Allowed
            && (entry.role == Some(Role::Patient)
                || entry.action.as_str() == "assign_care_team"
                || entry.permission.is_some_and(|permission| {
                    matches!(
                        permission,
                        P::WriteVisits
                            | P::WriteExercise
                            | P::WriteNotes
                            | P::WriteIdentity
                            | P::ChargeVisit
                            | P::LogExercise
                    )
                }))
    }
}

impl Rule for NoCareAround {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let Some(patient) = look.entry.patient else { return };
        if Self::is_care(look) {
            self.care.insert(patient, look.day);
            return;
        }
        let Some((who, Role::Therapist | Role::Admin, patient)) = look.opened() else { return };
        let days = look.number(Setting::NoCareDays);
        // While less is known than a patient must have been away, nobody can say so.
        if look.people.known_for(look.entry.at) < days {
            return;
        }
        if self.care.get(&patient).is_some_and(|last| look.day - last <= i32::try_from(days).unwrap_or(i32::MAX)) {
            return;
        }
        let looks = self.people.entry(who).or_default();
        let recent = &mut looks.recent;
        recent.add(look.entry.at, patient, look.place, i64::from(MINUTES) * 60);
        let (counted, limit) = (recent.distinct(), look.number(Setting::NoCarePatients));
        // Once a day: who looks into it finds the others in the trail.
        if counted >= limit && looks.told != Some(look.day) {
            looks.told = Some(look.day);
            let compared = Compared::count(counted, limit, MINUTES);
            found.extend(look.finding(AlertRule::NoCareAround, Some(who), compared, recent.take()));
        }
    }
}
