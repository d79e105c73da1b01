//! What a rule found.

use super::Usual;
use domain::{AccountId, AlertId, AlertRule, PracticeId, Timestamp};
use ledger::LogName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most entries that a finding points to: the first ones and the last.
pub(super) const MOST: usize = 50;

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its log.
    pub log: LogName,
    /// Its number there.
    pub seq: u64,
}

/// Why now, and compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// What was counted: charts, refusals, days.
    pub counted: u32,
    /// From where on it is told.
    pub limit: u32,
    /// In how many minutes it was counted; 0 where time does not matter.
    pub minutes: u32,
    /// What was usual for the person.
    pub own: Option<Usual>,
    /// What was usual for others of the same role.
    pub peers: Option<Usual>,
}

impl Compared {
    /// So many, where this many are told.
    pub(super) const fn count(counted: u32, limit: u32, minutes: u32) -> Self {
        Self { counted, limit, minutes, own: None, peers: None }
    }
}

/// Something unusual.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where.
    pub practice: PracticeId,
    /// What.
    pub rule: AlertRule,
    /// Whose doing, or whose account; none when it is nobody's.
    pub who: Option<AccountId>,
    /// When it came to be: the time of the last entry.
    pub at: Timestamp,
    /// Why now.
    pub compared: Compared,
    /// The entries that show it, in their order; the last is the one with which it came to be.
    pub entries: Vec<Place>,
}

impl Finding {
    /// Its id: the same entries under the same rule are the same alert, however often they are looked at.
    pub fn id(&self) -> AlertId {
        let mut bytes = b"patella alert v1".to_vec();
        let mut part = |part: &[u8]| {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        };
        part(self.practice.as_bytes());
        part(self.rule.word().as_bytes());
        part(self.who.as_ref().map_or(&[], |who| who.as_bytes()));
        // The last entry is what it hangs on. Which came before it may differ where several logs are followed.
        if let Some(last) = self.entries.last() {
            part(last.log.as_str().as_bytes());
            part(&last.seq.to_be_bytes());
        }
        let hash = crypto::sha256(&bytes);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        AlertId::from_bytes(id)
    }
}

/// At most [`MOST`] of these places.
pub(super) fn shown(places: impl IntoIterator<Item = Place>) -> Vec<Place> {
    let mut places: Vec<Place> = places.into_iter().collect();
    if let Some(more @ 1..) = places.len().checked_sub(MOST) {
        places.drain(MOST / 2..MOST / 2 + more);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: u64) -> Vec<Place> {
        let log = LogName::new("practice.example/audit").expect("a name");
        (0..count).map(|seq| Place { log: log.clone(), seq }).collect()
    }

    #[test]
    fn the_first_and_the_last_entries_are_shown() {
        assert_eq!(shown(places(50)).len(), 50);
        let shown = shown(places(1000));
        assert_eq!((shown.len(), shown[0].seq, shown[24].seq, shown[25].seq, shown[49].seq), (50, 0, 24, 975, 999));
    }

    #[test]
    fn an_alert_is_another_one_by_rule_person_and_last_entry() {
        let finding = |rule, who, entries| Finding {
            practice: PracticeId::from_bytes([1; 16]),
            rule,
            who,
            at: Timestamp::UNIX_EPOCH,
            compared: Compared::default(),
            entries,
        };
        let one = finding(AlertRule::Denials, None, places(3));
        assert_eq!(one.id(), finding(AlertRule::Denials, None, places(3)).id());
        assert_eq!(one.id(), finding(AlertRule::Denials, None, places(3)[1..].to_vec()).id());
        assert_ne!(one.id(), finding(AlertRule::Exports, None, places(3)).id());
        assert_ne!(one.id(), finding(AlertRule::Denials, None, places(4)).id());
        assert_ne!(one.id(), finding(AlertRule::Denials, Some(AccountId::from_bytes([2; 16])), places(3)).id());
    }
}
