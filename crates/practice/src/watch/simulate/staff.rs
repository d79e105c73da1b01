//! The people of the practice, and what they are used to.

use super::scribe::some_network;
use domain::{AccountId, LoginSessionId, PatientId, Role, SeededRng};

/// Days from the beginning of an episode of care to its end.
const EPISODE: (u64, u64) = (35, 50);
/// Patients whom a therapist has at once.
pub(super) const CASELOAD: usize = 45;
/// Patients known before the year begins and not in care any more.
const FORMER: usize = 120;

/// Somebody with an account.
pub(super) struct Member {
    pub(super) account: AccountId,
    pub(super) role: Role,
    /// The network at home.
    pub(super) home: u16,
    /// Where the telephone comes from: providers hand out several.
    pub(super) telephone: [u16; 4],
    /// What they sign in with, after the password.
    pub(super) factor: &'static str,
    /// In ten thousand evenings, so many with work at home.
    pub(super) evenings: u64,
    /// The first day, the last day.
    pub(super) there: (u32, u32),
    /// Holidays and illness: first and last day of each.
    pub(super) away: Vec<(u32, u32)>,
    /// Those whom they treat: patient and last day.
    pub(super) patients: Vec<(PatientId, u32)>,
    /// Those whom they treated.
    pub(super) former: Vec<PatientId>,
    /// The program that works with a token of theirs: its name in the ledger, and where it runs.
    pub(super) token: Option<(LoginSessionId, u16)>,
}

impl Member {
    fn new(rng: &SeededRng, carriers: &[[u16; 4]; 3], role: Role, days: u32) -> Self {
        let evenings = [30, 100, 300, 3_000, 4_500][usize::try_from(rng.below(5)).unwrap_or(0)];
        let telephone = carriers[usize::try_from(rng.below(3)).unwrap_or(0)];
        let mut member = Self {
            account: AccountId::random(rng),
            role,
            home: some_network(rng),
            telephone,
            // Four of ten have a passkey.
            factor: if rng.below(10) < 4 { "passkey" } else { "totp" },
            evenings: if role == Role::Therapist { evenings } else { 50 },
            there: (0, days),
            away: Vec::new(),
            patients: Vec::new(),
            former: Vec::new(),
            token: None,
        };
        for _ in 0..3 {
            let from = u32::try_from(rng.below(u64::from(days.max(1)))).unwrap_or(0);
            member.away.push((from, from + 2 + u32::try_from(rng.below(12)).unwrap_or(0)));
        }
        if role == Role::Therapist {
            while member.patients.len() < CASELOAD {
                let left = u32::try_from(rng.below(EPISODE.1)).unwrap_or(0);
                member.patients.push((PatientId::random(rng), left));
            }
            member.former = (0..FORMER).map(|_| PatientId::random(rng)).collect();
        }
        member
    }

    /// Whether they work on a day at all.
    pub(super) fn is_there(&self, day: u32) -> bool {
        (self.there.0..self.there.1).contains(&day) && !self.away.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }
}

/// The practice.
pub(super) struct Practice {
    /// The network of the building.
    pub(super) building: u16,
    /// Everybody.
    pub(super) staff: Vec<Member>,
}

impl Practice {
    /// Therapists, two at the front desk, one who runs it, one who watches over privacy, one who bills; two of the therapists
    /// are there for a part of the year only, and one comes back after two months.
    pub(super) fn new(rng: &SeededRng, therapists: u32, days: u32) -> Self {
        // The town has three companies for telephones, and each hands out addresses of four networks.
        let carriers: [[u16; 4]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| some_network(rng)));
        let member = |role| Member::new(rng, &carriers, role, days);
        let mut staff: Vec<Member> = (0..therapists).map(|_| member(Role::Therapist)).collect();
        for role in [Role::FrontDesk, Role::FrontDesk, Role::Admin, Role::PrivacyOfficer, Role::Billing] {
            staff.push(member(role));
        }
        // Somebody on a long leave.
        if let Some(member) = staff.get_mut(1) {
            member.away.push((days / 3, days / 3 + 60));
        }
        // One who leaves after a third of the year, and whose account nobody closes; one who comes after half of it.
        let mut leaver = member(Role::Therapist);
        leaver.there = (0, days / 3);
        let mut newcomer = member(Role::Therapist);
        newcomer.there = (days / 2, days);
        newcomer.patients.truncate(8);
        newcomer.former.clear();
        staff.push(leaver);
        staff.push(newcomer);
        // The front desk's program that fetches appointments at night.
        let desk = usize::try_from(therapists).unwrap_or(0);
        if let Some(member) = staff.get_mut(desk) {
            member.token = Some((LoginSessionId::random(rng), some_network(rng)));
        }
        Self { building: some_network(rng), staff }
    }

    /// Patients come and go; gives those who are new.
    pub(super) fn turn_over(&mut self, rng: &SeededRng, day: u32) -> Vec<PatientId> {
        let mut new = Vec::new();
        for member in &mut self.staff {
            if member.role != Role::Therapist || !(member.there.0..member.there.1).contains(&day) {
                continue;
            }
            let (over, going): (Vec<_>, Vec<_>) = member.patients.iter().copied().partition(|(_, last)| *last < day);
            member.former.extend(over.into_iter().map(|(patient, _)| patient));
            member.patients = going;
            for _ in 0..2 {
                if member.patients.len() < CASELOAD {
                    let patient = PatientId::random(rng);
                    let length = EPISODE.0 + rng.below(EPISODE.1);
                    member.patients.push((patient, day + u32::try_from(length).unwrap_or(60)));
                    new.push(patient);
                }
            }
        }
        new
    }

    /// Everybody who has an account of billing, by its id: those who are treated, and those who were.
    pub(super) fn billed(&self) -> Vec<PatientId> {
        let former = self.staff.iter().flat_map(|member| member.former.iter().copied());
        let mut billed: Vec<PatientId> = self.in_care().into_iter().chain(former).collect();
        billed.sort_unstable_by_key(|patient| *patient.as_bytes());
        billed.dedup();
        billed
    }

    /// Everybody under care.
    pub(super) fn in_care(&self) -> Vec<PatientId> {
        self.staff.iter().flat_map(|member| member.patients.iter().map(|(patient, _)| *patient)).collect()
    }
}
