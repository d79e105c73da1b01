//! A normal day, with everything that is a nuisance to whoever looks for attacks.

use super::{
    scribe::{Act, Part, Scribe, address_in, some_network},
    staff::{Member, Practice},
};
use domain::{Date, LoginSessionId, PatientId, PermissionName as P, Role, weekday_number};

/// What a therapist opens of a patient who is there.
const VISIT: [Part; 5] = [
    ("patient", P::ReadExercise),
    ("program", P::ReadExercise),
    ("log", P::ReadExercise),
    ("progress_note", P::ReadNotes),
    ("comment", P::ReadNotes),
];
const HOUR: u32 = 3600;

/// Writes what happens on a day without attacks.
pub(super) fn day(scribe: &mut Scribe<'_>, practice: &mut Practice, date: Date, day: u32) {
    let weekday = weekday_number(date);
    let new = if weekday < 6 { practice.turn_over(scribe.rng, day) } else { Vec::new() };
    for member in &mut practice.staff {
        // Once in two years somebody changes the line at home.
        if scribe.chance(14) {
            member.home = some_network(scribe.rng);
        }
    }
    programs(scribe, practice, date);
    let mut desks = practice.staff.iter().filter(|member| member.role == Role::FrontDesk);
    if let Some(desk) = desks.clone().find(|member| member.is_there(day)).or_else(|| desks.next()) {
        let act = act(scribe, desk, practice.building);
        for patient in &new {
            // Before they are seen for the first time.
            let at = scribe.at(date, 6 * HOUR + scribe.between(0, HOUR));
            scribe.record(act, at, *patient, ("patient", P::WriteIdentity));
            scribe.record(act, at, *patient, ("visit", P::WriteVisits));
        }
    }
    for nth in 0..practice.staff.len() {
        let member = &practice.staff[nth];
        if !member.is_there(day) {
            holiday(scribe, member, date, day);
            continue;
        }
        match (member.role, weekday) {
            (Role::Therapist, 1..=5) => therapist(scribe, practice, nth, date, day),
            (Role::FrontDesk, 1..=5) => front_desk(scribe, practice, nth, date),
            (Role::Therapist | Role::FrontDesk, _) => weekend(scribe, practice, member, date),
            (Role::Billing, 1..=5) => billing(scribe, practice, member, date, day),
            (_, 1..=5) => office(scribe, practice, member, date, day),
            _ => {}
        }
    }
    patients(scribe, practice, date);
}

/// Somebody at a place, before they have signed in.
pub(super) fn act(scribe: &Scribe<'_>, member: &Member, network: u16) -> Act {
    Act {
        account: member.account,
        role: member.role,
        session: LoginSessionId::random(scribe.rng),
        address: address_in(scribe.rng, network),
        attack: None,
    }
}

/// Signs in as people do: now and then with a wrong password or code.
fn sign_in(scribe: &mut Scribe<'_>, member: &Member, network: u16, date: Date, seconds: u32) -> Act {
    let act = act(scribe, member, network);
    if scribe.chance(500) {
        for nth in 0..scribe.between(1, 2) {
            let at = scribe.at(date, seconds.saturating_sub(60 - nth * 20));
            scribe.refused_sign_in(act, at, "wrong-password");
        }
    }
    if scribe.chance(300) {
        for nth in 0..scribe.between(1, 3) {
            let at = scribe.at(date, seconds.saturating_sub(40 - nth * 10));
            scribe.refused_sign_in(act, at, "wrong-code");
        }
    }
    let at = scribe.at(date, seconds);
    scribe.sign_in(act, at, member.factor)
}

fn therapist(scribe: &mut Scribe<'_>, practice: &Practice, nth: usize, date: Date, day: u32) {
    let member = &practice.staff[nth];
    let begins = 7 * HOUR + scribe.between(0, 5_400);
    let act = sign_in(scribe, member, practice.building, date, begins);
    let mut today: Vec<PatientId> = Vec::new();
    let wanted = scribe.between(8, 14).min(u32::try_from(member.patients.len()).unwrap_or(0));
    while u32::try_from(today.len()).unwrap_or(0) < wanted {
        match scribe.one_of(&member.patients) {
            Some((patient, _)) if !today.contains(patient) => today.push(*patient),
            Some(_) => {}
            None => break,
        }
    }
    // Patients of a colleague who is away.
    for other in &practice.staff {
        let employed = (other.there.0..other.there.1).contains(&day);
        if other.role == Role::Therapist && employed && !other.is_there(day) && scribe.chance(4_000) {
            let some = other.patients.iter().take(usize::try_from(scribe.between(1, 4)).unwrap_or(1));
            today.extend(some.map(|(patient, _)| *patient));
        }
    }
    let whole: Vec<PatientId> = member.patients.iter().map(|(patient, _)| *patient).collect();
    let mut at = begins + 600;
    for patient in &today {
        if scribe.chance(2_500) {
            let moment = scribe.at(date, at);
            scribe.list(act, moment, &whole, P::ReadExercise);
        }
        visit(scribe, act, date, at, *patient);
        at += scribe.between(25 * 60, 50 * 60);
    }
    // Reading ahead in the morning, or a review of many charts now and then.
    if scribe.chance(1_500) {
        for patient in &today {
            let moment = scribe.at(date, begins + scribe.between(60, 900));
            scribe.record(act, moment, *patient, VISIT[1]);
        }
    }
    if scribe.chance(150) {
        let count = scribe.between(10, 22);
        let begin = 12 * HOUR + scribe.between(0, HOUR);
        for _ in 0..count {
            if let Some(patient) = scribe.one_of(&whole).copied() {
                let moment = scribe.at(date, begin + scribe.between(0, 2_400));
                scribe.record(act, moment, patient, VISIT[0]);
            }
        }
    }
    // A letter about somebody who was here before.
    if scribe.chance(600)
        && let Some(patient) = scribe.one_of(&member.former).copied()
    {
        let moment = scribe.at(date, 13 * HOUR + scribe.between(0, 3 * HOUR));
        scribe.record(act, moment, patient, VISIT[0]);
        scribe.record(act, moment, patient, VISIT[3]);
    }
    // An old link to somebody who is not theirs any more.
    if scribe.chance(1_000) {
        for _ in 0..scribe.between(1, 3) {
            let moment = scribe.at(date, 9 * HOUR + scribe.between(0, 7 * HOUR));
            scribe.refused(act, moment, PatientId::random(scribe.rng));
        }
    }
    // The telephone, on the way or between two patients.
    if scribe.chance(2_500)
        && let (Some(network), Some(patient)) =
            (scribe.one_of(&member.telephone).copied(), scribe.one_of(&today).copied())
    {
        let from = if scribe.chance(5_000) { 12 * HOUR } else { 18 * HOUR };
        let begin = from + scribe.between(0, HOUR);
        let act = sign_in(scribe, member, network, date, begin);
        for minute in 1..scribe.between(2, 5) {
            let moment = scribe.at(date, begin + minute * 60);
            scribe.record(act, moment, patient, VISIT[2]);
        }
        // In and out of the building, in one session.
        if scribe.chance(3_000) {
            let outside = scribe.chance(5_000);
            let act = if outside { act } else { sign_in(scribe, member, practice.building, date, begin + 280) };
            for minute in 5..8 {
                let network = if (minute == 6) == outside { practice.building } else { network };
                let moment = scribe.at(date, begin + minute * 60);
                let act = Act { address: address_in(scribe.rng, network), ..act };
                scribe.record(act, moment, patient, VISIT[2]);
            }
        }
    }
    if scribe.chance(member.evenings) {
        evening(scribe, member, date, &today);
    }
    // A new telephone or a new password, once in two years.
    if scribe.chance(30) {
        let network = if scribe.chance(8_000) { practice.building } else { member.home };
        let seconds = 19 * HOUR + scribe.between(0, HOUR);
        let act = sign_in(scribe, member, network, date, seconds);
        let moment = scribe.at(date, seconds + 120);
        scribe.own(act, moment, "enroll_totp", "account", None);
        let moment = scribe.at(date, seconds + 200);
        scribe.own(act, moment, "new_recovery_codes", "account", None);
    }
}

/// A visit: the chart before it, the note after it.
fn visit(scribe: &mut Scribe<'_>, act: Act, date: Date, at: u32, patient: PatientId) {
    for part in VISIT.iter().take(usize::try_from(scribe.between(3, 5)).unwrap_or(3)) {
        let moment = scribe.at(date, at + scribe.between(0, 300));
        scribe.record(act, moment, patient, *part);
    }
    let moment = scribe.at(date, at + scribe.between(900, 1_500));
    if scribe.chance(7_000) {
        scribe.record(act, moment, patient, ("progress_note", P::WriteNotes));
    }
    if scribe.chance(2_500) {
        scribe.record(act, moment, patient, ("program", P::WriteExercise));
    }
}

/// Notes written at home, of some of the day's patients.
fn evening(scribe: &mut Scribe<'_>, member: &Member, date: Date, today: &[PatientId]) {
    let begin = 20 * HOUR + scribe.between(0, 2 * HOUR);
    let act = sign_in(scribe, member, member.home, date, begin);
    for (nth, patient) in (0..).zip(today.iter().take(usize::try_from(scribe.between(2, 6)).unwrap_or(2))) {
        let moment = scribe.at(date, begin + 120 + nth * 420);
        scribe.record(act, moment, *patient, VISIT[3]);
        let moment = scribe.at(date, begin + 300 + nth * 420);
        scribe.record(act, moment, *patient, ("progress_note", P::WriteNotes));
    }
}

/// Some catch up on a Saturday, few on a Sunday.
fn weekend(scribe: &mut Scribe<'_>, practice: &Practice, member: &Member, date: Date) {
    let often = if weekday_number(date) == 6 { 800 } else { 150 };
    if !scribe.chance(often) {
        return;
    }
    let network = if scribe.chance(3_000) { practice.building } else { member.home };
    let begin = 9 * HOUR + scribe.between(0, 8 * HOUR);
    let act = sign_in(scribe, member, network, date, begin);
    for minute in 0..scribe.between(2, 7) {
        if let Some((patient, _)) = scribe.one_of(&member.patients).copied() {
            let moment = scribe.at(date, begin + 60 + minute * 300);
            scribe.record(act, moment, patient, VISIT[3]);
        }
    }
}

/// On holiday some look into their calendar, from wherever they are.
fn holiday(scribe: &mut Scribe<'_>, member: &Member, date: Date, day: u32) {
    if day < member.there.0 || day >= member.there.1 || !scribe.chance(300) {
        return;
    }
    let network = if scribe.chance(6_000) { some_network(scribe.rng) } else { member.home };
    let begin = 10 * HOUR + scribe.between(0, 8 * HOUR);
    let act = sign_in(scribe, member, network, date, begin);
    let whole: Vec<PatientId> = member.patients.iter().map(|(patient, _)| *patient).collect();
    let moment = scribe.at(date, begin + 60);
    scribe.list(act, moment, &whole, P::ReadExercise);
}

fn front_desk(scribe: &mut Scribe<'_>, practice: &Practice, nth: usize, date: Date) {
    let member = &practice.staff[nth];
    let begins = 7 * HOUR + scribe.between(0, HOUR);
    let act = sign_in(scribe, member, practice.building, date, begins);
    let everybody = practice.in_care();
    let calls = scribe.between(25, 45);
    for _ in 0..calls {
        let at = begins + 300 + scribe.between(0, 9 * HOUR);
        let Some(patient) = scribe.one_of(&everybody).copied() else { continue };
        // A search shows a few, one of them is opened.
        let few: Vec<PatientId> =
            (0..scribe.between(1, 5)).filter_map(|_| scribe.one_of(&everybody).copied()).collect();
        let moment = scribe.at(date, at);
        scribe.list(act, moment, &few, P::ReadIdentity);
        let moment = scribe.at(date, at + 20);
        scribe.record(act, moment, patient, ("patient", P::ReadIdentity));
        if scribe.chance(6_000) {
            let moment = scribe.at(date, at + 60);
            scribe.record(act, moment, patient, ("visit", P::WriteVisits));
        }
    }
    // Somebody is ill: all of a therapist's day is put off in half an hour.
    if scribe.chance(200)
        && let Some(ill) = practice.staff.iter().find(|member| member.role == Role::Therapist)
    {
        for (patient, _) in ill.patients.iter().take(14) {
            let moment = scribe.at(date, begins + 60 + scribe.between(0, 1_800));
            scribe.record(act, moment, *patient, ("visit", P::WriteVisits));
        }
    }
}

/// Who bills: pages through the accounts, fifty on a page, and opens some. Once a month through all of them.
fn billing(scribe: &mut Scribe<'_>, practice: &Practice, member: &Member, date: Date, day: u32) {
    if !scribe.chance(9_000) {
        return;
    }
    let network = if scribe.chance(8_000) { practice.building } else { member.home };
    let begin = 9 * HOUR + scribe.between(0, 6 * HOUR);
    let act = sign_in(scribe, member, network, date, begin);
    // An account stays when its patient goes: the longer a practice is there, the more pages.
    let accounts: Vec<PatientId> = practice.billed();
    let all = accounts.len().div_ceil(50);
    let pages = if day.is_multiple_of(30) { all } else { usize::try_from(scribe.between(1, 4)).unwrap_or(1).min(all) };
    let mut at = begin + 60;
    for page in accounts.chunks(50).take(pages) {
        let moment = scribe.at(date, at);
        scribe.accounts(act, moment, page);
        at += scribe.between(20, 90);
        for _ in 0..scribe.between(0, 6) {
            if let Some(patient) = scribe.one_of(page).copied() {
                let moment = scribe.at(date, at);
                scribe.record(act, moment, patient, ("billing_account", P::ReadContact));
                at += scribe.between(60, 300);
            }
        }
    }
}

/// Who runs the practice, or watches over privacy.
fn office(scribe: &mut Scribe<'_>, practice: &Practice, member: &Member, date: Date, day: u32) {
    if !scribe.chance(2_500) {
        return;
    }
    let network = if scribe.chance(8_000) { practice.building } else { member.home };
    let begin = 9 * HOUR + scribe.between(0, 6 * HOUR);
    let act = sign_in(scribe, member, network, date, begin);
    for minute in 1..scribe.between(2, 12) {
        let moment = scribe.at(date, begin + minute * 60);
        scribe.own(act, moment, "read_audit", "audit", None);
    }
    if member.role == Role::PrivacyOfficer && scribe.chance(1_000) {
        for minute in 0..scribe.between(1, 4) {
            let moment = scribe.at(date, begin + 1_000 + minute * 90);
            scribe.own(act, moment, "export_audit", "audit", None);
        }
    }
    // Now and then somebody's work changes.
    if member.role == Role::Admin && scribe.chance(30) {
        let desk = practice.staff.iter().rfind(|member| member.role == Role::FrontDesk && member.is_there(day));
        if let Some(desk) = desk {
            let moment = scribe.at(date, begin + 900);
            scribe.reasoned(act, moment, "change_account", desk.account.to_string(), "role-front_desk");
        }
    }
}

/// What works at night with a token.
fn programs(scribe: &mut Scribe<'_>, practice: &Practice, date: Date) {
    for member in &practice.staff {
        let Some((token, network)) = member.token else { continue };
        let act = Act { session: token, ..act(scribe, member, network) };
        let patients: Vec<PatientId> = practice.in_care();
        for patient in patients.iter().take(60) {
            let moment = scribe.at(date, 2 * HOUR + 1_800 + scribe.between(0, 120));
            scribe.record(act, moment, *patient, ("visit", P::ReadVisits));
        }
    }
}

/// Patients who write down what they did.
fn patients(scribe: &mut Scribe<'_>, practice: &Practice, date: Date) {
    for patient in practice.in_care() {
        if !scribe.chance(2_000) {
            continue;
        }
        let act = Act {
            // A patient's account has an id of its own; here it is made from theirs, so that it stays the same.
            account: domain::AccountId::from_bytes(*patient.as_bytes()),
            role: Role::Patient,
            session: LoginSessionId::random(scribe.rng),
            address: address_in(scribe.rng, some_network(scribe.rng)),
            attack: None,
        };
        let begin = 7 * HOUR + scribe.between(0, 14 * HOUR);
        let at = scribe.at(date, begin);
        if scribe.chance(500) {
            scribe.refused_sign_in(act, at, "wrong-code");
        }
        for minute in 1..scribe.between(2, 5) {
            let moment = scribe.at(date, begin + minute * 60);
            scribe.record(act, moment, patient, ("log_entry", P::LogExercise));
        }
    }
}
