//! Writes made-up entries as the program writes real ones.

use super::super::Place;
use domain::{
    AccountId, Date, LoginSessionId, PatientId, PermissionName, PracticeId, RequestId, Role, SeededRng, Timestamp,
    Timezone,
};
use ledger::{Entry, LogName, Outcome, Resource, Word};
use std::net::{IpAddr, Ipv4Addr};

/// Who does something, in which session, from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    pub(super) account: AccountId,
    pub(super) role: Role,
    pub(super) session: LoginSessionId,
    pub(super) address: IpAddr,
    /// The attack that it is part of.
    pub(super) attack: Option<usize>,
}

/// What part of a record is opened: its kind, its permission.
pub(super) type Part = (&'static str, PermissionName);

/// Writes entries.
pub(super) struct Scribe<'a> {
    pub(super) rng: &'a SeededRng,
    zone: Timezone,
    practice: PracticeId,
    log: LogName,
    seq: u64,
    day: Vec<(Timestamp, Entry, Option<usize>)>,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(rng: &'a SeededRng, zone: Timezone) -> Self {
        let log = LogName::new("simulated.example/audit").expect("a valid name");
        Self { rng, zone, practice: PracticeId::random(rng), log, seq: 0, day: Vec::new() }
    }

    /// A moment of a day: seconds after midnight.
    pub(super) fn at(&self, date: Date, seconds: u32) -> Timestamp {
        let (hour, minute) = ((seconds / 3600).min(23), seconds / 60 % 60);
        let whole = self.zone.moment(date, i8::try_from(hour).unwrap_or(0), i8::try_from(minute).unwrap_or(0));
        let rest = std::time::Duration::from_millis(u64::from(seconds % 60) * 1000 + self.rng.below(1000));
        whole.checked_add(rest).unwrap_or(whole)
    }

    /// The entries since the last time, in their order.
    pub(super) fn take_day(&mut self) -> Vec<(Place, Entry, Option<usize>)> {
        self.day.sort_by_key(|(at, ..)| *at);
        let entries = std::mem::take(&mut self.day);
        let numbered = entries.into_iter().map(|(_, entry, attack)| {
            let place = Place { log: self.log.clone(), seq: self.seq };
            self.seq += 1;
            (place, entry, attack)
        });
        numbered.collect()
    }

    fn write(&mut self, act: Act, at: Timestamp, what: What) {
        let resource = match what.id {
            Some(id) => Resource::new(word(what.kind), id).expect("an id is short and visible"),
            None => Resource::whole(word(what.kind)),
        };
        let entry = Entry {
            at,
            practice: Some(self.practice),
            actor: Some(act.account),
            role: Some(act.role),
            login_session: Some(act.session),
            permission: what.permission,
            action: what.permission.map_or_else(|| word(what.action), |name| word(name.word())),
            purpose: None,
            resource,
            patient: what.patient,
            outcome: what.outcome,
            reason: word(what.reason),
            address: Some(act.address),
            request: what.request.unwrap_or_else(|| RequestId::random(self.rng)),
        };
        self.day.push((at, entry, act.attack));
    }

    /// Part of one patient's record.
    pub(super) fn record(&mut self, act: Act, at: Timestamp, patient: PatientId, (kind, permission): Part) {
        let id = (kind == "patient").then(|| patient.to_string());
        let what = What { id, permission: Some(permission), patient: Some(patient), ..What::new("", kind) };
        self.write(act, at, what);
    }

    /// A record that is not open to them.
    pub(super) fn refused(&mut self, act: Act, at: Timestamp, patient: PatientId) {
        let permission = Some(PermissionName::ReadExercise);
        let what = What { permission, patient: Some(patient), ..What::new("", "program") };
        self.write(act, at, What { outcome: Outcome::Denied, reason: "no-policy", ..what });
    }

    /// A list of patients: one request, one entry for each.
    pub(super) fn list(&mut self, act: Act, at: Timestamp, patients: &[PatientId], permission: PermissionName) {
        self.listed(act, at, patients, ("patient", permission));
    }

    /// Billing's list of accounts, with the name behind each.
    pub(super) fn accounts(&mut self, act: Act, at: Timestamp, patients: &[PatientId]) {
        self.listed(act, at, patients, ("billing_accounts", PermissionName::ReadContact));
    }

    fn listed(&mut self, act: Act, at: Timestamp, patients: &[PatientId], (kind, permission): Part) {
        let request = Some(RequestId::random(self.rng));
        for patient in patients {
            let (permission, patient) = (Some(permission), Some(*patient));
            self.write(act, at, What { permission, patient, request, ..What::new("", kind) });
        }
    }

    /// Something an account does with itself.
    pub(super) fn own(
        &mut self,
        act: Act,
        at: Timestamp,
        action: &'static str,
        kind: &'static str,
        id: Option<String>,
    ) {
        self.write(act, at, What { id, ..What::new(action, kind) });
    }

    /// Something with a reason.
    pub(super) fn reasoned(&mut self, act: Act, at: Timestamp, action: &'static str, id: String, reason: &'static str) {
        self.write(act, at, What { id: Some(id), reason, ..What::new(action, "account") });
    }

    /// A refused sign-in.
    pub(super) fn refused_sign_in(&mut self, act: Act, at: Timestamp, reason: &'static str) {
        let what = What { outcome: Outcome::Denied, reason, ..What::new("sign_in", "account") };
        self.write(act, at, what);
    }

    /// Password and factor; the session that comes of it. Both are written in the half session; the second is about the full
    /// one that takes its place.
    pub(super) fn sign_in(&mut self, act: Act, at: Timestamp, factor: &'static str) -> Act {
        let half = Act { session: LoginSessionId::random(self.rng), ..act };
        let full = Act { session: LoginSessionId::random(self.rng), ..act };
        let about = |of: Act, reason| What {
            id: Some(of.session.to_string()),
            reason,
            ..What::new("sign_in", "login_session")
        };
        self.write(half, at, about(half, "password"));
        let then = at.checked_add(std::time::Duration::from_secs(8)).unwrap_or(at);
        self.write(half, then, about(full, factor));
        full
    }

    /// A number from one up to and with another.
    pub(super) fn between(&self, least: u32, most: u32) -> u32 {
        let span = u64::from(most.saturating_sub(least)) + 1;
        least + u32::try_from(self.rng.below(span)).unwrap_or(0)
    }

    /// Whether something happens that happens so often in ten thousand times.
    pub(super) fn chance(&self, in_ten_thousand: u64) -> bool {
        self.rng.below(10_000) < in_ten_thousand
    }

    /// One of them.
    pub(super) fn one_of<'t, T>(&self, things: &'t [T]) -> Option<&'t T> {
        things.get(usize::try_from(self.rng.below(things.len() as u64)).unwrap_or(0))
    }
}

struct What {
    action: &'static str,
    kind: &'static str,
    id: Option<String>,
    permission: Option<PermissionName>,
    patient: Option<PatientId>,
    outcome: Outcome,
    reason: &'static str,
    request: Option<RequestId>,
}

impl What {
    const fn new(action: &'static str, kind: &'static str) -> Self {
        Self {
            action,
            kind,
            id: None,
            permission: None,
            patient: None,
            outcome: Outcome::Allowed,
            reason: "own-account",
            request: None,
        }
    }
}

/// One of the words above. They are no words of the program's: what is made up is shown to nobody.
fn word(text: &str) -> Word {
    Word::try_from(text.to_owned()).expect("a word")
}

/// An address in a network of 16 bits, which stands for one provider.
pub(super) fn address_in(rng: &SeededRng, network: u16) -> IpAddr {
    let [a, b] = network.to_be_bytes();
    let [c, d] = [rng.below(256), 1 + rng.below(254)].map(|byte| u8::try_from(byte).unwrap_or(1));
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

/// Some network of the world that is nobody's yet.
pub(super) fn some_network(rng: &SeededRng) -> u16 {
    // From 11.0.0.0 to 223.255.0.0: what follows is not given to anybody.
    u16::try_from((11 << 8) + rng.below((224 - 11) << 8)).unwrap_or(0x0b00)
}
