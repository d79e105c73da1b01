//! What attackers do: twelve kinds and three more, strong and weak ones, at random times.

use super::{
    scribe::{Act, Scribe, address_in, some_network},
    staff::{Member, Practice},
    work::act as normally,
};
use domain::{AlertRule, Date, PatientId, PermissionName as P, Role, SeededRng};

const HOUR: u32 = 3600;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $words:literal, $rule:ident;)*) => {
        /// A kind of attack.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum AttackKind { $(#[doc = $words] $kind),* }

        impl AttackKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];
            /// In words.
            pub const fn words(self) -> &'static str { match self { $(Self::$kind => $words),* } }
            /// The rule that is there for it.
            pub const fn rule(self) -> AlertRule { match self { $(Self::$kind => AlertRule::$rule),* } }
        }
    };
}

kinds! {
    ChartSweep = "A colleague opens 30 to 80 charts within an hour", ManyCharts;
    SlowRise = "A colleague opens a few more charts each week, over ten weeks", SlowRise;
    ListScrape = "All patients are listed, page by page, on one day", LongLists;
    ExportBurst = "The audit trail is exported 8 to 20 times on one day", Exports;
    StolenPassword = "Password and code of somebody are used from another network, for a few charts", NewNetwork;
    StolenCookie = "Somebody's session is used from another network while they work", TwoPlaces;
    NightSnoop = "A colleague opens 4 to 10 charts at night, from home", OutsideHours;
    Probing = "Somebody tries 8 to 20 patients who are not theirs", Denials;
    CodeGuessing = "Somebody with the password guesses 6 to 13 codes", FactorGuessing;
    Spraying = "One password is tried with 6 to 9 accounts from one network", ManyAccounts;
    DormantWakes = "The account of somebody who left is used, from where they lived", DormantAccount;
    Takeover = "A stolen session gives itself a new factor from another network, and signs in with it", FactorChanged;
    RoleRaised = "An account is made an administrator's, and reads the trail", RoleChanged;
    TokenCopied = "An API token is used from another network", TokenElsewhere;
    Curiosity = "A colleague opens 4 to 8 former patients over some days", NoCareAround;
}

/// One attack.
pub(super) struct Attack {
    pub(super) kind: AttackKind,
    /// The day on which it begins.
    day: u32,
    /// Whose account.
    member: usize,
    /// From where, if not from where they are.
    network: u16,
    /// It took place: the account was there.
    pub(super) done: bool,
}

/// When what is done to whom: each kind so often, anywhere after the first two months, in which the rules still learn.
pub(super) fn plan(rng: &SeededRng, practice: &Practice, days: u32, each: u32) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for kind in AttackKind::ALL {
        // A slow one takes most of a quarter: one a year is as much as one practice can have.
        let times = if *kind == AttackKind::SlowRise { each.min(1) } else { each };
        for nth in 0..times {
            let span = if *kind == AttackKind::SlowRise { (130, 80) } else { (61, 10) };
            let day = span.0 + rng.below(u64::from(days.saturating_sub(span.0 + span.1).max(1))) as u32;
            let fits = |member: &&Member| match kind {
                AttackKind::ListScrape => member.role == Role::FrontDesk,
                AttackKind::ExportBurst => member.role == Role::PrivacyOfficer,
                AttackKind::RoleRaised => member.role == Role::Billing,
                AttackKind::TokenCopied => member.token.is_some(),
                AttackKind::DormantWakes => member.there.1 < days,
                // A passkey is not given away.
                AttackKind::StolenPassword => member.there == (0, days) && member.factor == "totp",
                _ => member.role == Role::Therapist && member.there == (0, days),
            };
            let all: Vec<usize> =
                practice.staff.iter().enumerate().filter(|(_, member)| fits(member)).map(|(nth, _)| nth).collect();
            let Some(member) = all.get(rng.below(all.len() as u64) as usize) else { continue };
            let day = match kind {
                // A good while after they left, and long enough after the time before for it to sleep again.
                AttackKind::DormantWakes => {
                    let left = practice.staff[*member].there.1 + 35;
                    left + nth * 55 + rng.below(15) as u32
                }
                _ => day,
            };
            attacks.push(Attack { kind: *kind, day, member: *member, network: some_network(rng), done: false });
        }
    }
    attacks
}

/// Lets an attack do what it does on a day.
pub(super) fn act(
    scribe: &mut Scribe<'_>,
    practice: &Practice,
    attack: &mut Attack,
    number: usize,
    date: Date,
    day: u32,
) {
    let Some(since) = day.checked_sub(attack.day) else { return };
    let member = &practice.staff[attack.member];
    let lasts = match attack.kind {
        AttackKind::SlowRise => 70,
        AttackKind::Curiosity => 4,
        _ => 1,
    };
    if since >= lasts {
        return;
    }
    attack.done = true;
    let from = |scribe: &Scribe<'_>, network| Act { attack: Some(number), ..normally(scribe, member, network) };
    let theirs: Vec<PatientId> = member.patients.iter().map(|(patient, _)| *patient).collect();
    match attack.kind {
        AttackKind::ChartSweep => {
            let act = from(scribe, practice.building);
            let (count, begin) = (scribe.between(30, 80), scribe.between(8, 16) * HOUR);
            let known: Vec<PatientId> = theirs.iter().chain(&member.former).copied().collect();
            for nth in 0..count {
                let patient = known[nth as usize % known.len()];
                open(scribe, act, date, begin + nth * 3_000 / count, patient);
            }
        }
        AttackKind::SlowRise => {
            let act = from(scribe, practice.building);
            if since % 7 < 5 {
                for _ in 0..(since / 7 + 1) * 2 {
                    let known = if scribe.chance(5_000) { &theirs } else { &member.former };
                    if let Some(patient) = scribe.one_of(known).copied() {
                        let at = scribe.between(8, 17) * HOUR + scribe.between(0, 3_500);
                        open(scribe, act, date, at, patient);
                    }
                }
            }
        }
        AttackKind::ListScrape => {
            let act = from(scribe, practice.building);
            let everybody: Vec<PatientId> = practice
                .staff
                .iter()
                .flat_map(|member| {
                    member.patients.iter().map(|(patient, _)| *patient).chain(member.former.iter().copied())
                })
                .collect();
            let begin = scribe.between(8, 16) * HOUR;
            for (nth, page) in (0..).zip(everybody.chunks(50)) {
                let at = scribe.at(date, begin + nth * 40);
                scribe.list(act, at, page, P::ReadIdentity);
            }
        }
        AttackKind::ExportBurst => {
            let act = from(scribe, practice.building);
            let begin = scribe.between(9, 16) * HOUR;
            for nth in 0..scribe.between(8, 20) {
                let at = scribe.at(date, begin + nth * 100);
                scribe.own(act, at, "export_audit", "audit", None);
            }
        }
        AttackKind::StolenPassword => {
            let begin = scribe.between(7, 18) * HOUR;
            let (act, at) = (from(scribe, attack.network), scribe.at(date, begin));
            let act = scribe.sign_in(act, at, "totp");
            some(scribe, act, date, begin + 60, &theirs, (2, 6));
        }
        AttackKind::StolenCookie => {
            let begin = scribe.between(9, 15) * HOUR;
            let there = Act { attack: None, ..from(scribe, practice.building) };
            let stolen = Act { address: address_in(scribe.rng, attack.network), attack: Some(number), ..there };
            for nth in 0..scribe.between(4, 8) {
                let act = if nth % 2 == 0 { there } else { stolen };
                some(scribe, act, date, begin + nth * scribe.between(60, 240), &theirs, (1, 1));
            }
        }
        AttackKind::NightSnoop => {
            let begin = if scribe.chance(5_000) { scribe.between(0, 4) * HOUR } else { 23 * HOUR };
            let (act, at) = (from(scribe, member.home), scribe.at(date, begin));
            let act = scribe.sign_in(act, at, member.factor);
            some(scribe, act, date, begin + 60, &theirs, (4, 10));
        }
        AttackKind::Probing => {
            let act = from(scribe, practice.building);
            let begin = scribe.between(8, 17) * HOUR;
            for nth in 0..scribe.between(8, 20) {
                let at = scribe.at(date, begin + nth * 60);
                scribe.refused(act, at, PatientId::random(scribe.rng));
            }
        }
        AttackKind::CodeGuessing => {
            let (act, begin) = (from(scribe, attack.network), scribe.between(0, 22) * HOUR);
            for nth in 0..scribe.between(6, 13) {
                // As fast as the waits after wrong codes let one.
                let at = scribe.at(date, (begin + nth * 200).min(86_000));
                scribe.refused_sign_in(act, at, "wrong-code");
            }
        }
        AttackKind::Spraying => {
            let begin = scribe.between(0, 22) * HOUR;
            let count = scribe.between(6, 9) as usize;
            for (nth, victim) in (0..).zip(practice.staff.iter().take(count)) {
                let at = scribe.at(date, begin + nth * 30);
                let act = Act { account: victim.account, role: victim.role, ..from(scribe, attack.network) };
                scribe.refused_sign_in(act, at, "wrong-password");
            }
        }
        AttackKind::DormantWakes => {
            let begin = scribe.between(8, 18) * HOUR;
            let (act, at) = (from(scribe, member.home), scribe.at(date, begin));
            let act = scribe.sign_in(act, at, member.factor);
            some(scribe, act, date, begin + 60, &member.former, (1, 4));
        }
        AttackKind::Takeover => {
            let begin = scribe.between(8, 18) * HOUR;
            let stolen = from(scribe, attack.network);
            let at = scribe.at(date, begin);
            scribe.own(stolen, at, "enroll_passkey", "passkey", None);
            let at = scribe.at(date, begin + 300);
            let act = scribe.sign_in(stolen, at, "passkey");
            some(scribe, act, date, begin + 360, &theirs, (1, 5));
        }
        AttackKind::RoleRaised => {
            let begin = scribe.between(8, 18) * HOUR;
            if let Some(admin) = practice.staff.iter().find(|member| member.role == Role::Admin) {
                let act = Act { attack: Some(number), ..normally(scribe, admin, practice.building) };
                let at = scribe.at(date, begin);
                scribe.reasoned(act, at, "change_account", member.account.to_string(), "role-admin");
            }
            let act = Act { role: Role::Admin, ..from(scribe, practice.building) };
            for minute in 1..scribe.between(2, 5) {
                let at = scribe.at(date, begin + 600 + minute * 60);
                scribe.own(act, at, "read_audit", "audit", None);
            }
        }
        AttackKind::TokenCopied => {
            let Some((token, _)) = member.token else { return };
            let act = Act { session: token, ..from(scribe, attack.network) };
            let begin = scribe.between(0, 22) * HOUR;
            let everybody = practice.in_care();
            for (nth, patient) in (0..).zip(everybody.iter().take(scribe.between(5, 50) as usize)) {
                let at = scribe.at(date, begin + nth * 2);
                scribe.record(act, at, *patient, ("visit", P::ReadVisits));
            }
        }
        AttackKind::Curiosity => {
            let act = from(scribe, practice.building);
            some(scribe, act, date, scribe.between(9, 17) * HOUR, &member.former, (1, 2));
        }
    }
}

fn open(scribe: &mut Scribe<'_>, act: Act, date: Date, at: u32, patient: PatientId) {
    let moment = scribe.at(date, at.min(86_300));
    scribe.record(act, moment, patient, ("patient", P::ReadExercise));
    let moment = scribe.at(date, at.min(86_300) + 4);
    scribe.record(act, moment, patient, ("progress_note", P::ReadNotes));
}

/// Opens some of these patients, one after the other, each another one as far as they go.
fn some(scribe: &mut Scribe<'_>, act: Act, date: Date, from: u32, patients: &[PatientId], (least, most): (u32, u32)) {
    let first = scribe.rng.below(patients.len().max(1) as u64) as usize;
    for nth in 0..scribe.between(least, most) {
        if let Some(patient) = patients.get((first + nth as usize) % patients.len().max(1)).copied() {
            open(scribe, act, date, from + nth * 150, patient);
        }
    }
}
