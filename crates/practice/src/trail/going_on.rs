//! How a login session goes on: whenever a factor is proven it does so under a new id, and the entry that says so names both.

use super::Chain;
use domain::{AccountId, LoginSessionId, Timestamp, TokenId};
use ledger::{Entry, Outcome};
use std::collections::HashSet;

/// The actions after which a session goes on under another id, and then the one that makes an API token.
pub(super) const ACTIONS: [&str; 3] = ["sign_in", "step_up", ISSUES];
const ISSUES: &str = "issue_token";

/// The session that goes on when an entry is written: behind a factor that was proven, the one that the entry is about, for
/// the one in which it was proven ends there.
pub(crate) fn session_after(entry: &Entry) -> Option<LoginSessionId> {
    match entry.action.as_str() {
        "sign_in" | "step_up" if entry.outcome == Outcome::Allowed => {
            entry.resource.id().parse().ok().or(entry.login_session)
        }
        _ => entry.login_session,
    }
}

/// From which session to which one an account goes on with an entry.
pub(crate) fn moved(entry: &Entry) -> Option<(LoginSessionId, LoginSessionId)> {
    let (before, after) = (entry.login_session?, session_after(entry)?);
    (before != after).then_some((before, after))
}

/// An entry that says how a session went on, or what was made in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) at: Timestamp,
    pub(super) actor: Option<AccountId>,
    from: Option<LoginSessionId>,
    to: To,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum To {
    Session(LoginSessionId),
    Token(TokenId),
}

impl Move {
    /// What an action that was allowed says, as the index has it.
    pub(super) fn of(
        action: &str,
        at: Timestamp,
        actor: Option<AccountId>,
        from: Option<LoginSessionId>,
        resource: &str,
    ) -> Option<Self> {
        let to = match action {
            ISSUES => To::Token(resource.parse().ok()?),
            _ => To::Session(resource.parse().ok()?),
        };
        Some(Self { at, actor, from, to })
    }

    /// What an entry says.
    pub(super) fn said(entry: &Entry) -> Option<Self> {
        let action = entry.action.as_str();
        if entry.outcome != Outcome::Allowed || !ACTIONS.contains(&action) {
            return None;
        }
        Self::of(action, entry.at, entry.actor, entry.login_session, entry.resource.id())
    }

    /// Whether it is about a session, or was done in it.
    pub(super) fn is_of(&self, session: LoginSessionId) -> bool {
        let names = match self.to {
            To::Session(to) => to == session,
            To::Token(to) => to.as_bytes() == session.as_bytes(),
        };
        names || self.from == Some(session)
    }
}

impl Chain {
    /// From a session, backwards and forwards.
    pub(super) fn follow(session: LoginSessionId, mut moves: Vec<Move>) -> Self {
        moves.sort_by_key(|one| one.at);
        let mut known = HashSet::from([session]);
        loop {
            let before = known.len();
            for one in &moves {
                if let (Some(from), To::Session(to)) = (one.from, &one.to)
                    && (known.contains(&from) || known.contains(to))
                {
                    known.extend([from, *to]);
                }
            }
            if known.len() == before {
                break;
            }
        }
        let mut sessions: Vec<LoginSessionId> = Vec::with_capacity(known.len());
        let mut tokens: Vec<(TokenId, Timestamp)> = Vec::new();
        for one in &moves {
            let Some(from) = one.from else { continue };
            match one.to {
                To::Session(to) if known.contains(&from) => {
                    for id in [from, to] {
                        if !sessions.contains(&id) {
                            sessions.push(id);
                        }
                    }
                }
                To::Token(token) if known.contains(&from) && tokens.iter().all(|(there, _)| *there != token) => {
                    tokens.push((token, one.at));
                }
                _ => {}
            }
        }
        if sessions.is_empty() {
            sessions.push(session);
        }
        let owner = moves.iter().find(|one| known.iter().any(|id| one.is_of(*id))).and_then(|one| one.actor);
        Self { sessions, tokens, owner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(n: u8) -> LoginSessionId {
        LoginSessionId::from_bytes([n; 16])
    }

    fn went(at: i64, from: u8, to: u8) -> Move {
        let at = Timestamp::from_second(at).expect("in range");
        Move {
            at,
            actor: Some(AccountId::from_bytes([1; 16])),
            from: Some(session(from)),
            to: To::Session(session(to)),
        }
    }

    #[test]
    fn a_session_is_followed_both_ways_from_any_of_its_ids_and_no_other_is() {
        let token = Move { to: To::Token(TokenId::from_bytes([9; 16])), ..went(25, 2, 0) };
        let moves = vec![went(30, 3, 4), went(10, 1, 2), token, went(15, 7, 8), went(20, 2, 3)];
        for n in 1..=4 {
            let chain = Chain::follow(session(n), moves.clone());
            assert_eq!(chain.sessions, [1, 2, 3, 4].map(session), "from {n}");
            assert_eq!(chain.tokens.len(), 1);
            assert_eq!(chain.owner, Some(AccountId::from_bytes([1; 16])));
        }
        let alone = Chain::follow(session(5), moves);
        assert_eq!((alone.sessions, alone.tokens, alone.owner), (vec![session(5)], Vec::new(), None));
    }
}
