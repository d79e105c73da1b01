//! A made patient: who they are, who treats them, and how they take to their program.

use super::{
    Archetype, DemoEntry, DemoError, DemoPlan, DemoProgram, THERAPISTS, archetype, between, chance,
    log::{self, Course},
    names, one,
    program::Making,
};
use domain::{BirthDate, Date, EmailAddress, PersonName, PhoneNumber, RecordNumber, SeededRng, Timestamp};
use jiff::ToSpan;
use store::rows::care_links::CareKind;

/// How faithfully somebody does their exercises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adherence {
    /// More and more.
    Improving,
    /// Less and less.
    Declining,
    /// Much the same all along.
    Steady,
}

/// A place in the patient's care team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoCare {
    /// The therapist: a place in [`DemoPlan::staff`].
    pub therapist: usize,
    /// How they came to it.
    pub kind: CareKind,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; open when none.
    pub ends_at: Option<Timestamp>,
}

/// A patient with all that is kept about them.
#[derive(Clone, PartialEq)]
pub struct DemoPatient {
    /// Which one, from 0.
    pub number: u32,
    /// Given name.
    pub given_name: PersonName,
    /// Family name.
    pub family_name: PersonName,
    /// The day they were born.
    pub birth_date: BirthDate,
    /// Where to write, and where they sign in; no two have the same.
    pub email: EmailAddress,
    /// Where to call: 555-01xx, numbers that are kept for stories.
    pub phone: PhoneNumber,
    /// The practice's own number; no two have the same.
    pub record_number: RecordNumber,
    /// When they were registered.
    pub registered_at: Timestamp,
    /// What brings them. Not to be stored.
    pub archetype: &'static Archetype,
    /// How faithful they are. Not to be stored.
    pub adherence: Adherence,
    /// Their care team, ended places too. One assigned therapist is in force at any time.
    pub care: Vec<DemoCare>,
    /// What they are prescribed.
    pub program: DemoProgram,
    /// What they did, by time; a correction stands right behind what it corrects.
    pub log: Vec<DemoEntry>,
}

impl DemoPatient {
    /// The therapist that is assigned now: a place in [`DemoPlan::staff`].
    pub fn therapist(&self) -> usize {
        let open = |care: &&DemoCare| care.kind == CareKind::Assigned && care.ends_at.is_none();
        self.care.iter().find(open).map_or(0, |care| care.therapist)
    }
}

pub(super) fn make(plan: &DemoPlan, number: u32) -> Result<DemoPatient, DemoError> {
    let rng = &plan.dice(number);
    // The first patient is the one that the guide and the pictures of the product tell of.
    let guide = number == 0;
    let given = names::pick(rng, names::GIVEN);
    let family = names::pick(rng, names::FAMILY);
    let (given, family) = if guide { ("Ana", "Castillo") } else { (given, family) };
    let archetype = one(rng, archetype::ALL);
    let archetype = if guide { &archetype::ALL[0] } else { archetype };
    let adherence = *one(rng, &[Adherence::Improving, Adherence::Declining, Adherence::Steady, Adherence::Steady]);
    let adherence = if guide { Adherence::Improving } else { adherence };
    let today = plan.options.today;
    let days = i32::from(plan.options.weeks) * 7;

    let registered_on = earlier(plan.first_day, between(rng, 3, 20));
    let registered_at = plan.timezone().moment(registered_on, 10, 15);
    let handed_over = (!guide && chance(rng, 12)).then(|| later(plan.first_day, between(rng, 5, (days - 2).max(5))));
    let assigned = usize::try_from(number).unwrap_or(0) % THERAPISTS;
    let another = (assigned + usize::try_from(between(rng, 1, 3)).unwrap_or(1)) % THERAPISTS;
    let care = care(plan, rng, registered_at, assigned, another, handed_over);

    let mut starts = vec![plan.first_day];
    if guide || chance(rng, 45) {
        starts.push(later(plan.first_day, between(rng, days / 3, (days * 2 / 3).max(days / 3))));
    }
    let therapist_on = |day: Date| if handed_over.is_some_and(|handed| day < handed) { another } else { assigned };
    let program = Making { plan, rng, archetype, starts, therapist_on: &therapist_on }.program()?;
    let log = log::make(plan, rng, &Course::new(rng, archetype, adherence), &program)?;

    Ok(DemoPatient {
        number,
        given_name: PersonName::new(given)?,
        family_name: PersonName::new(family)?,
        birth_date: birth_date(rng, today)?,
        email: super::address(given, family, Some(number + 1))?,
        phone: PhoneNumber::new(format!("+1{}55501{:02}", 201 + number / 100 % 790, number % 100))?,
        record_number: RecordNumber::new(format!("R-{:06}", 100_001 + number))?,
        registered_at,
        archetype,
        adherence,
        care,
        program,
        log,
    })
}

fn earlier(day: Date, days: i32) -> Date {
    day.checked_sub(days.days()).unwrap_or(day)
}

fn later(day: Date, days: i32) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

/// Between 18 and 88 years ago.
fn birth_date(rng: &SeededRng, today: Date) -> Result<BirthDate, DemoError> {
    let years = between(rng, 18, 87);
    let born = today.checked_sub(years.years()).unwrap_or(today);
    Ok(BirthDate::new(earlier(born, between(rng, 0, 364)), today)?)
}

fn care(
    plan: &DemoPlan,
    rng: &SeededRng,
    registered_at: Timestamp,
    assigned: usize,
    another: usize,
    handed_over: Option<Date>,
) -> Vec<DemoCare> {
    let midnight = |day| plan.timezone().moment(day, 0, 0);
    let mut care = Vec::new();
    let mut since = registered_at;
    if let Some(day) = handed_over {
        let end = midnight(day);
        care.push(DemoCare { therapist: another, kind: CareKind::Assigned, starts_at: since, ends_at: Some(end) });
        since = end;
    }
    care.push(DemoCare { therapist: assigned, kind: CareKind::Assigned, starts_at: since, ends_at: None });
    // Holidays: somebody stands in for two weeks, and for some of the patients these are over.
    let cover = |from: i32, to: i32| DemoCare {
        therapist: another,
        kind: CareKind::Covering,
        starts_at: midnight(later(plan.options.today, from)),
        ends_at: Some(midnight(later(plan.options.today, to))),
    };
    if handed_over.is_none() {
        if chance(rng, 20) {
            care.push(cover(-4, 10));
        } else if chance(rng, 10) {
            // Not before the patient was there.
            care.push(cover(-3, -1));
        }
    }
    care
}
