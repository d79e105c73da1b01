//! Records opened while the practice is closed, unless the person does so as a habit. A habit is learned from days on which
//! it was told, so nobody comes by one unnoticed; and the small hours never become one.

use super::{AlertRule, Compared, Finding, Look, PatientId, Recent, Rule, Setting};
use domain::AccountId;
use std::collections::{HashMap, VecDeque};

/// Days after which a habit is forgotten.
const REMEMBERED: i32 = 60;
/// Before this hour nothing becomes a habit.
const SMALL_HOURS: u32 = 5;

/// See the module.
#[derive(Default)]
pub(super) struct OutsideHours(HashMap<AccountId, Person>);

#[derive(Default)]
struct Person {
    /// The days on which somebody worked at this hour, on a working day (false) or a free one (true).
    habits: HashMap<(bool, u32), VecDeque<i32>>,
    now: Recent<PatientId>,
    told: Option<i32>,
}

impl Rule for OutsideHours {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let Some((who, _, patient)) = look.opened() else { return };
        // Programs work at night.
        if look.people.token(look.entry.login_session).is_some() {
            return;
        }
        let free_day = match look.weekday {
            6 => look.number(Setting::Saturdays) == 0,
            7 => look.number(Setting::Sundays) == 0,
            _ => false,
        };
        let open = look.number(Setting::OpensAt)..look.number(Setting::ClosesAt);
        if !free_day && open.contains(&look.hour) {
            return;
        }
        let person = self.0.entry(who).or_default();
        let today = look.day;
        let wanted = look.number(Setting::HabitDays) as usize;
        let habit = look.hour >= SMALL_HOURS
            && person.habits.get(&(free_day, look.hour)).is_some_and(|days| {
                days.iter().filter(|day| **day < today && today - **day <= REMEMBERED).count() >= wanted
            });
        let days = person.habits.entry((free_day, look.hour)).or_default();
        if days.back() != Some(&today) {
            days.push_back(today);
            while days.front().is_some_and(|day| today - day > REMEMBERED) {
                days.pop_front();
            }
        }
        if habit {
            return;
        }
        person.now.add(look.entry.at, patient, look.place, 6 * 3600);
        let (counted, limit) = (person.now.distinct(), look.number(Setting::OutsidePatients));
        if counted >= limit && person.told != Some(today) {
            person.told = Some(today);
            let compared = Compared::count(counted, limit, 6 * 60);
            found.extend(look.finding(AlertRule::OutsideHours, Some(who), compared, person.now.take()));
        }
    }
}
