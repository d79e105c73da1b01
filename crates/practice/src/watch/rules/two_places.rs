//! One login session from two networks in turn, faster than anybody travels: its cookie was copied. A telephone that loses
//! the practice's network and finds it again does the same, so one of them must be one from which the person never
//! came on a day before, and from which they did not prove a factor for this session either.

use super::{AlertRule, Compared, Finding, Look, Place, Rule, Setting, is_use};
use crate::watch::Network;
use domain::{LoginSessionId, Timestamp};
use std::collections::HashMap;

/// See the module.
#[derive(Default)]
pub(super) struct TwoPlaces {
    sessions: HashMap<LoginSessionId, Track>,
    /// Where a factor was proven for a session.
    proven: HashMap<LoginSessionId, (Timestamp, Network)>,
    swept: i64,
}

/// The last uses, each from another network than the one before.
#[derive(Default)]
struct Track {
    uses: Vec<(Timestamp, Network, Place)>,
    told: bool,
}

/// Sessions that were not used for so long are forgotten, in seconds, and so often are they looked through.
const FORGOTTEN: i64 = 86_400;

impl Rule for TwoPlaces {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let (Some((who, _)), Some(session), Some(network)) =
            (look.allowed_staff(), look.entry.login_session, look.network)
        else {
            return;
        };
        if !is_use(look.entry) {
            return;
        }
        let at = look.entry.at;
        // A session gets another id when its factor is proven: the entry is about that one.
        if matches!(look.entry.action.as_str(), "sign_in" | "step_up")
            && let Ok(begun) = look.entry.resource.id().parse()
        {
            self.proven.insert(begun, (at, network));
        }
        if at.as_second() - self.swept > FORGOTTEN {
            self.swept = at.as_second();
            let fresh = |last: &(Timestamp, Network, Place)| at.as_second() - last.0.as_second() < FORGOTTEN;
            self.proven.retain(|_, (proven, _)| at.as_second() - proven.as_second() < 2 * FORGOTTEN);
            self.sessions.retain(|_, track| track.uses.last().is_some_and(fresh));
        }
        let track = self.sessions.entry(session).or_default();
        match track.uses.last_mut() {
            Some((last, same, place)) if *same == network => {
                (*last, *place) = (at, look.place.clone());
                return;
            }
            _ => track.uses.push((at, network, look.place.clone())),
        }
        let minutes = look.number(Setting::TwoPlacesMinutes);
        let within = |from: Timestamp, to: Timestamp| to.as_second() - from.as_second() <= i64::from(minutes) * 60;
        if let [.., (first, one, before), (between, other, middle), _] = track.uses.as_slice()
            && *one == network
            && within(*between, at)
            && within(*first, *between)
            && !track.told
        {
            let proven = self.proven.get(&session).map(|(_, network)| network);
            let known = |network| {
                proven == Some(network) || look.people.of(who).is_some_and(|person| person.has_used(network, look.day))
            };
            if !known(one) || !known(other) {
                let compared = Compared::count(2, 1, minutes);
                let before = [before.clone(), middle.clone()];
                found.extend(look.finding(AlertRule::TwoPlaces, Some(who), compared, before));
                track.told = true;
            }
        }
        if track.uses.len() > 3 {
            track.uses.remove(0);
        }
    }
}
