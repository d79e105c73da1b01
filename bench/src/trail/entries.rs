//! A year of a practice in entries: 20 of staff, 10,000 patients, most of it patients' own doing.

use domain::{
    AccountId, PatientId, PermissionName, PracticeId, PurposeKind, RequestId, Rng, Role, SeededRng, Timestamp,
};
use ledger::{Entry, Outcome, Resource, Word};
use std::net::IpAddr;

const BEGIN: i64 = 1_750_000_000_000;
const YEAR: i64 = 365 * 86_400_000;
const PATIENTS: u64 = 10_000;
const STAFF: u64 = 20;
/// What staff do, and how many in a thousand times.
const STAFF_DO: &[(&str, &str, u64)] = &[
    ("read_exercise", "program", 380),
    ("read_identity", "patient", 330),
    ("read_notes", "progress_note", 150),
    ("write_notes", "progress_note", 50),
    ("write_exercise", "program", 40),
    ("sign_in", "login_session", 30),
    ("resume_session", "login_session", 15),
    ("export", "patient", 1),
    ("read_audit", "audit", 4),
];

/// All entries, each made from its number alone.
pub(super) struct Year {
    entries: u64,
    patients: u64,
}

/// The practice.
pub(super) fn practice() -> PracticeId {
    PracticeId::from_bytes([1; 16])
}
/// A member of the staff (0 to 19), or the account of a patient (from 100 on).
pub(super) fn account(number: u64) -> AccountId {
    AccountId::from_bytes(id(2, number))
}
/// A patient.
pub(super) fn patient(number: u64) -> PatientId {
    PatientId::from_bytes(id(3, number))
}
/// The practice's own address (0, 1), or one of those that patients have.
pub(super) fn address(number: u64) -> IpAddr {
    let [.., a, b] = number.to_be_bytes();
    [198, 18, a, b].into()
}

/// Ids are random where they are real: spread, not in order.
fn id(kind: u64, number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    SeededRng::new(kind << 32 | number).fill(&mut bytes);
    bytes
}

impl Year {
    pub(super) const fn new(entries: u64) -> Self {
        Self::with(entries, PATIENTS)
    }

    /// The same, of so many patients.
    pub(super) const fn with(entries: u64, patients: u64) -> Self {
        Self { entries, patients }
    }

    /// When the entry of this number was made.
    pub(super) fn moment(&self, number: u64) -> Timestamp {
        let since = i128::from(YEAR) * i128::from(number) / i128::from(self.entries.max(1));
        Timestamp::from_millisecond(BEGIN + since as i64).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// So many entries from this number on.
    pub(super) fn entries(&self, from: u64, count: u64) -> Vec<Entry> {
        (from..from + count).map(|number| self.entry(number)).collect()
    }

    fn entry(&self, number: u64) -> Entry {
        let dice = SeededRng::new(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let whose = dice.below(self.patients);
        let own = dice.below(100) < 60;
        let (action, kind) = match own {
            true if dice.below(3) == 0 => ("log_exercise", "log_entry"),
            true => ("read_exercise", "today"),
            false => staff_do(dice.below(1000)),
        };
        let permission = action.parse::<PermissionName>().ok();
        let about = permission.is_some_and(|name| name != PermissionName::ReadAudit);
        let refused = dice.below(1000);
        let mut session = [0; 16];
        dice.fill(&mut session);
        Entry {
            at: self.moment(number),
            practice: Some(practice()),
            actor: Some(account(if own { 100 + whose } else { dice.below(STAFF) })),
            role: Some(if own { Role::Patient } else { Role::Therapist }),
            login_session: Some(domain::LoginSessionId::from_bytes(session)),
            permission,
            action: Word::new(action),
            purpose: about.then_some(if own { PurposeKind::OwnRecord } else { PurposeKind::Treatment }),
            resource: Resource::new(Word::new(kind), RequestId::random(&dice))
                .unwrap_or(Resource::whole(Word::new(kind))),
            patient: about.then(|| patient(whose)),
            outcome: match refused {
                0..8 => Outcome::Denied,
                8..10 if action != "export" => Outcome::Failed,
                _ => Outcome::Allowed,
            },
            reason: Word::new(if refused < 8 { "no-relationship" } else { "care-team" }),
            address: Some(if own { address(2 + whose % 2998) } else { address(dice.below(2)) }),
            request: RequestId::random(&dice),
        }
    }
}

fn staff_do(mut of_thousand: u64) -> (&'static str, &'static str) {
    for (action, kind, often) in STAFF_DO {
        match of_thousand.checked_sub(*often) {
            Some(rest) => of_thousand = rest,
            None => return (action, kind),
        }
    }
    ("sign_out", "login_session")
}
