//! Values of the domain in plain language.

use domain::{
    BodyRegion, Date, Dose, Effort, Equipment, Load, LoadUnit, Pain, Performed, PermissionName, PurposeKind, Role,
    Side, Tempo, Weekdays, weekday_number,
};

/// What each number of the pain scale means, 0 to 10, in our words.
pub const PAIN: [&str; 11] = [
    "no pain",
    "barely there",
    "mild",
    "noticeable, easy to bear",
    "bothers me at times",
    "hard to ignore",
    "gets in the way",
    "strong",
    "very strong",
    "hard to stand",
    "the worst I can imagine",
];

/// What each number of the effort scale means, 0 to 10, in our words.
pub const EFFORT: [&str; 11] = [
    "no effort",
    "very easy",
    "easy",
    "moderate",
    "a little hard",
    "fairly hard",
    "somewhat hard, but steady",
    "hard",
    "very hard",
    "nearly all I have",
    "the most I can do",
];

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// What a pain score means: "noticeable, easy to bear".
pub fn pain(pain: Pain) -> &'static str {
    PAIN[usize::from(pain.value())]
}

/// What an effort score means: "fairly hard".
pub fn effort(effort: Effort) -> &'static str {
    EFFORT[usize::from(effort.value())]
}

/// The name of a day, 1 (Monday) to 7 (Sunday); empty for any other number.
pub fn weekday(day: u8) -> &'static str {
    usize::from(day).checked_sub(1).and_then(|n| DAYS.get(n)).copied().unwrap_or_default()
}

/// Its first three letters: "Mon".
pub fn weekday_short(day: u8) -> &'static str {
    weekday(day).get(..3).unwrap_or_default()
}

/// What follows them: "day".
pub fn weekday_rest(day: u8) -> &'static str {
    weekday(day).get(3..).unwrap_or_default()
}

/// "every day", "Monday to Friday", "Mon Wed Fri".
pub fn weekdays(days: Weekdays) -> String {
    let on: Vec<u8> = (1..=7).filter(|day| days.contains(*day)).collect();
    match on.as_slice() {
        [1, 2, 3, 4, 5, 6, 7] => "every day".to_owned(),
        [1, 2, 3, 4, 5] => "Monday to Friday".to_owned(),
        [6, 7] => "Saturday and Sunday".to_owned(),
        [one] => format!("{}s", weekday(*one)),
        several => several.iter().map(|day| weekday_short(*day)).collect::<Vec<_>>().join(" "),
    }
}

/// "once", "twice", "3 times".
fn times(n: u8) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// "every day", "twice a day, every day", "Mon Wed Fri", "twice a day, Mon Wed Fri".
pub fn how_often(dose: &Dose) -> String {
    match dose.times_a_day {
        0 | 1 => weekdays(dose.weekdays),
        n => format!("{} a day, {}", times(n), weekdays(dose.weekdays)),
    }
}

/// "45 s", "1 min", "1 min 30 s". A number and its unit stay on one line: the space between them does not break.
pub fn duration(seconds: u16) -> String {
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s}\u{a0}s"),
        (m, 0) => format!("{m}\u{a0}min"),
        (m, s) => format!("{m}\u{a0}min {s}\u{a0}s"),
    }
}

/// "2.5 kg", "10 lb", with a space that does not break.
pub fn load(load: Load) -> String {
    format!("{}\u{a0}{}", load_number(load), load.unit)
}

/// The number alone, for a field: "2.5", "10".
pub fn load_number(load: Load) -> String {
    match (load.tenths / 10, load.tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

/// The name of a unit of load.
pub fn load_unit(unit: LoadUnit) -> &'static str {
    match unit {
        LoadUnit::Kilogram => "kg",
        LoadUnit::Pound => "lb",
    }
}

/// "right side"; nothing where both work together.
pub fn side(side: Side) -> Option<&'static str> {
    match side {
        Side::Both => None,
        Side::Left => Some("left side"),
        Side::Right => Some("right side"),
        Side::Each => Some("each side"),
    }
}

/// The words of a side in a list to choose from.
pub fn side_choice(side: Side) -> &'static str {
    match side {
        Side::Both => "Both",
        Side::Left => "Left",
        Side::Right => "Right",
        Side::Each => "Each in turn",
    }
}

/// "3 s down, 1 s pause, 2 s up"; phases of no length are left out.
pub fn tempo(tempo: Tempo) -> String {
    let phases = [(tempo.down, "down"), (tempo.bottom, "pause"), (tempo.up, "up"), (tempo.top, "at the top")];
    let said: Vec<String> =
        phases.iter().filter(|(s, _)| *s > 0).map(|(s, what)| format!("{s}\u{a0}s {what}")).collect();
    if said.is_empty() { "at your own pace".to_owned() } else { said.join(", ") }
}

/// "1 set", "3 sets".
pub fn count(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn seconds(n: u16) -> String {
    count(u64::from(n), "second", "seconds")
}

/// What is to be done in one go: "3 sets of 10, hold 2 seconds", "3 holds of 30 seconds".
fn amount(sets: u8, reps: Option<u16>, hold: Option<u16>) -> String {
    let said = count(u64::from(sets), "set", "sets");
    match (reps, hold) {
        (Some(reps), Some(hold)) => format!("{said} of {reps}, hold {}", seconds(hold)),
        (Some(reps), None) => format!("{said} of {reps}"),
        (None, Some(hold)) => format!("{} of {}", count(u64::from(sets), "hold", "holds"), seconds(hold)),
        (None, None) => said,
    }
}

/// The whole dose: "3 sets of 10, hold 2 seconds, 2.5 kg, right side, 45 s rest, twice a day, Mon Wed Fri".
pub fn dose(dose: &Dose) -> String {
    format!("{}, {}", dose_today(dose), how_often(dose))
}

/// The dose without its days, as the patient needs it today: "3 sets of 10, hold 2 seconds, right side, 45 s rest".
pub fn dose_today(dose: &Dose) -> String {
    let mut said = vec![amount(dose.sets, dose.reps, dose.hold_seconds)];
    said.extend(dose.load.map(load));
    said.extend(side(dose.side).map(str::to_owned));
    said.extend(dose.tempo.map(tempo));
    said.extend(dose.rest_seconds.filter(|s| *s > 0).map(|s| format!("{} rest", duration(s))));
    said.join(", ")
}

/// The dose for a narrow column: "3 × 10 · hold 2 s · 2.5 kg · right side · daily".
pub fn dose_brief(dose: &Dose) -> String {
    let mut said = match (dose.reps, dose.hold_seconds) {
        (Some(reps), Some(hold)) => vec![format!("{} × {reps}", dose.sets), format!("hold {}", duration(hold))],
        (Some(reps), None) => vec![format!("{} × {reps}", dose.sets)],
        (None, Some(hold)) => vec![format!("{} × {}", dose.sets, duration(hold))],
        (None, None) => vec![count(u64::from(dose.sets), "set", "sets")],
    };
    said.extend(dose.load.map(load));
    said.extend(side(dose.side).map(str::to_owned));
    if dose.times_a_day > 1 {
        said.push(format!("{}× a day", dose.times_a_day));
    }
    said.push(match dose.weekdays.count() {
        7 => "daily".to_owned(),
        n => count(u64::from(n), "day a week", "days a week"),
    });
    said.join(" · ")
}

/// What was done: "3 sets of 10, 2.5 kg"; no set at all is "tried, could not".
pub fn performed(done: &Performed) -> String {
    if done.sets == 0 {
        return "tried, could not".to_owned();
    }
    let mut said = vec![amount(done.sets, done.reps, done.hold_seconds)];
    said.extend(done.load.map(load));
    said.join(", ")
}

/// "Thursday, 14 May".
pub fn day(date: Date) -> String {
    format!("{}, {}", weekday(weekday_number(date)), day_month(date))
}

/// "14 May".
pub fn day_month(date: Date) -> String {
    date.strftime("%-d %B").to_string()
}

/// "11 May 2026".
pub fn full_date(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// "Good morning", "Good afternoon", "Good evening", by the hour of the practice's wall clock.
pub fn greeting(hour: i8) -> &'static str {
    match hour {
        4..=11 => "Good morning",
        12..=17 => "Good afternoon",
        _ => "Good evening",
    }
}

/// "7:40", as on the wall.
pub fn time(hour: i8, minute: i8) -> String {
    format!("{hour}:{minute:02}")
}

/// "today", "yesterday", "3 days ago", else the date.
pub fn how_long_ago(date: Date, today: Date) -> String {
    match today.since(date).map(|span| span.get_days()) {
        Ok(0) => "today".to_owned(),
        Ok(1) => "yesterday".to_owned(),
        Ok(days @ 2..=13) => format!("{days} days ago"),
        _ => full_date(date),
    }
}

/// What a role is called.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Therapist => "Therapist",
        Role::Patient => "Patient",
        Role::Billing => "Billing",
        Role::FrontDesk => "Front desk",
        Role::PrivacyOfficer => "Privacy officer",
        Role::Operator => "Operator",
        Role::Researcher => "Researcher",
    }
}

/// What somebody did, said to the one whose record it is: "looked at the exercises".
pub fn permission(permission: PermissionName) -> &'static str {
    match permission {
        PermissionName::ReadExercise => "looked at exercises and what was done",
        PermissionName::WriteExercise => "changed the program",
        PermissionName::ReadNotes => "read notes and comments",
        PermissionName::WriteNotes => "wrote a note",
        PermissionName::Export => "took the record out of the practice",
        PermissionName::LogExercise => "wrote down exercises",
        PermissionName::ReadIdentity => "looked at name and contact",
        PermissionName::WriteIdentity => "changed name or contact",
        PermissionName::ReadVisits => "looked at visits",
        PermissionName::WriteVisits => "booked or changed a visit",
        PermissionName::ReadAccessLog => "looked at who looked",
        PermissionName::TakeOutOwn => "took out a copy of their own record",
        PermissionName::ReadBilling => "looked at billing",
        PermissionName::WriteBilling => "changed billing",
        PermissionName::ReadAudit => "read the audit trail",
        PermissionName::Govern => "managed accounts or care teams",
        PermissionName::Retain => "planned or approved the destruction of records",
        PermissionName::Operate => "ran the server",
        PermissionName::ReleaseDeidentified => "released data without names",
    }
}

/// What was done to a patient's account or care team, told to the patient; the program's own word for all else.
pub fn action(word: &str) -> &str {
    match word {
        "invite_account" => "made a link that opens your account",
        "reset_account" => "took your password and second factor away",
        "read_account" => "looked at your account",
        "change_account" => "changed your account",
        "disable_account" => "disabled your account",
        other => other,
    }
}

/// Why a record was opened.
pub fn purpose(purpose: PurposeKind) -> &'static str {
    match purpose {
        PurposeKind::Treatment => "treatment",
        PurposeKind::Payment => "payment",
        PurposeKind::Operations => "running the practice",
        PurposeKind::OwnRecord => "one's own record",
        PurposeKind::Emergency => "an emergency",
    }
}

/// The part of the body.
pub fn region(region: BodyRegion) -> &'static str {
    match region {
        BodyRegion::Knee => "Knee",
        BodyRegion::Hip => "Hip",
        BodyRegion::Ankle => "Ankle and foot",
        BodyRegion::Shoulder => "Shoulder",
        BodyRegion::ElbowWrist => "Elbow, wrist and hand",
        BodyRegion::Neck => "Neck",
        BodyRegion::Back => "Back",
        BodyRegion::Balance => "Balance",
        BodyRegion::General => "Whole body",
    }
}

/// What one needs.
pub fn equipment(equipment: Equipment) -> &'static str {
    match equipment {
        Equipment::None => "nothing needed",
        Equipment::Band => "elastic band",
        Equipment::HandWeight => "hand weight",
        Equipment::CuffWeight => "cuff weight",
        Equipment::Chair => "chair",
        Equipment::Step => "step",
        Equipment::Wall => "wall or counter",
        Equipment::Towel => "towel or strap",
        Equipment::Ball => "exercise ball",
        Equipment::Foam => "foam roller or cushion",
        Equipment::Stick => "stick",
        Equipment::Barbell => "barbell",
        Equipment::Machine => "machine",
        Equipment::Other => "other equipment",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// As it is read: a space is a space.
    fn read(text: impl AsRef<str>) -> String {
        text.as_ref().replace('\u{a0}', " ")
    }

    fn a_dose() -> Dose {
        Dose {
            sets: 3,
            reps: Some(10),
            hold_seconds: Some(2),
            load: None,
            side: Side::Right,
            rest_seconds: Some(45),
            tempo: None,
            times_a_day: 2,
            weekdays: Weekdays::new(&[1, 3, 5]).expect("valid"),
        }
    }

    #[test]
    fn a_dose_reads_as_a_sentence() {
        assert_eq!(
            read(dose(&a_dose())),
            "3 sets of 10, hold 2 seconds, right side, 45 s rest, twice a day, Mon Wed Fri"
        );
    }

    #[test]
    fn a_plain_hold_is_said_without_sets_of_nothing() {
        let hold = Dose { reps: None, hold_seconds: Some(30), side: Side::Both, rest_seconds: None, ..a_dose() };
        assert_eq!(read(dose_today(&hold)), "3 holds of 30 seconds");
        assert_eq!(dose_today(&Dose { sets: 1, hold_seconds: Some(1), ..hold }), "1 hold of 1 second");
    }

    #[test]
    fn a_daily_dose_done_once_says_only_every_day() {
        let daily = Dose { times_a_day: 1, weekdays: Weekdays::DAILY, ..a_dose() };
        assert_eq!(how_often(&daily), "every day");
        assert_eq!(read(dose_brief(&daily)), "3 × 10 · hold 2 s · right side · daily");
    }

    #[test]
    fn a_load_keeps_its_tenths() {
        assert_eq!(read(load(Load { tenths: 25, unit: LoadUnit::Kilogram })), "2.5 kg");
        assert_eq!(read(load(Load { tenths: 100, unit: LoadUnit::Pound })), "10 lb");
    }

    #[test]
    fn working_days_have_a_name() {
        let days = |days: &[u8]| weekdays(Weekdays::new(days).expect("valid"));
        assert_eq!(days(&[1, 2, 3, 4, 5]), "Monday to Friday");
        assert_eq!(days(&[2]), "Tuesdays");
        assert_eq!(days(&[7, 6]), "Saturday and Sunday");
    }

    #[test]
    fn a_tempo_leaves_out_what_takes_no_time() {
        assert_eq!(read(tempo(Tempo { down: 3, bottom: 1, up: 2, top: 0 })), "3 s down, 1 s pause, 2 s up");
        assert_eq!(tempo(Tempo { down: 0, bottom: 0, up: 0, top: 0 }), "at your own pace");
    }

    #[test]
    fn no_set_done_says_that_it_was_tried() {
        let none = Performed { sets: 0, reps: None, hold_seconds: None, load: None };
        assert_eq!(performed(&none), "tried, could not");
        assert_eq!(performed(&Performed { sets: 1, reps: Some(8), ..none }), "1 set of 8");
    }

    #[test]
    fn days_read_as_on_a_calendar() {
        assert_eq!(day(date(2026, 5, 14)), "Thursday, 14 May");
        assert_eq!(full_date(date(2026, 5, 4)), "4 May 2026");
        assert_eq!(how_long_ago(date(2026, 5, 13), date(2026, 5, 14)), "yesterday");
        assert_eq!(how_long_ago(date(2026, 2, 13), date(2026, 5, 14)), "13 February 2026");
        assert_eq!(how_long_ago(date(2026, 5, 20), date(2026, 5, 14)), "20 May 2026");
    }

    #[test]
    fn every_number_of_a_scale_has_its_own_words() {
        for words in [PAIN, EFFORT] {
            let mut sorted = words;
            sorted.sort_unstable();
            assert!(sorted.windows(2).all(|two| two[0] != two[1]));
            assert!(words.iter().all(|word| !word.contains('|')), "the bar separates them in the page");
        }
    }

    #[test]
    fn an_unknown_weekday_is_no_panic() {
        assert_eq!(weekday(0), "");
        assert_eq!(weekday_short(8), "");
    }
}
