//! What is found is what fits, all of it, once, newest first, and of one practice only.

use super::logs::{Node, account, all, append, entry, patient, practice, server};
use domain::{PermissionName, Rng, SeededRng, Timestamp};
use ledger::{Entry, Outcome, Word};
use practice::trail::{Trail, TrailFilter};

fn fits(filter: &TrailFilter, entry: &Entry) -> bool {
    filter.patient.is_none_or(|patient| entry.patient == Some(patient))
        && filter.actor.is_none_or(|actor| entry.actor == Some(actor))
        && filter.not_actor.is_none_or(|actor| entry.actor != Some(actor))
        && filter.action.as_ref().is_none_or(|action| entry.action == *action)
        && filter.permission.is_none_or(|permission| entry.permission == Some(permission))
        && filter.outcome.is_none_or(|outcome| entry.outcome == outcome)
        && filter.address.is_none_or(|address| entry.address == Some(address))
        && filter.since.is_none_or(|since| entry.at >= since)
        && filter.until.is_none_or(|until| entry.at < until)
}

/// A question with some parts, by the roll of the dice.
fn question(dice: &dyn Rng) -> TrailFilter {
    let mut bytes = [0; 10];
    dice.fill(&mut bytes);
    let sometimes = |n: usize| bytes[n].is_multiple_of(4);
    let moment =
        |n: usize| Timestamp::from_millisecond(1_780_000_000_000 + i64::from(bytes[n]) * 10).expect("in range");
    TrailFilter {
        patient: sometimes(0).then(|| patient(bytes[0] / 4 % 6)),
        actor: sometimes(1).then(|| account(bytes[1] / 4 % 5)),
        not_actor: sometimes(2).then(|| account(bytes[2] / 4 % 5)),
        action: sometimes(3).then(|| Word::new(["sign_in", "read_notes", "never_done"][usize::from(bytes[3] / 4 % 3)])),
        permission: sometimes(4).then_some(PermissionName::ReadNotes),
        outcome: sometimes(5)
            .then(|| [Outcome::Allowed, Outcome::Denied, Outcome::Failed][usize::from(bytes[5] / 4 % 3)]),
        address: sometimes(6).then(|| [192, 0, 2, bytes[6] / 4 % 6].into()),
        since: sometimes(7).then(|| moment(7)),
        until: sometimes(8).then(|| moment(8)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_finds_what_reading_everything_finds() {
    let (node, dice) = (Node::new(), SeededRng::new(4));
    let ledger = node.open(&server());
    // Several at the same moment, and a clock that was set back once.
    let entries: Vec<Entry> = (0..1_200).map(|n| entry(if n < 700 { n / 3 } else { n - 500 }, &dice)).collect();
    append(&ledger, entries.clone()).await;
    let index = node.index(Some(&ledger));
    for n in 0..120 {
        let (filter, of) = (question(&dice), practice(1 + n % 2));
        let mut wanted: Vec<(Timestamp, usize)> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.practice == Some(of) && fits(&filter, entry))
            .map(|(seq, entry)| (entry.at, seq))
            .collect();
        wanted.sort_unstable_by(|one, other| other.cmp(one));
        let found = all(&index, of, &filter).await;
        let places: Vec<(Timestamp, usize)> = found.iter().map(|found| (found.entry.at, found.seq as usize)).collect();
        assert_eq!(places, wanted, "{filter:?}");
        assert!(found.iter().all(|found| found.entry == entries[found.seq as usize]), "as it was written");
    }
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_finds_nothing_of_another_not_even_by_its_ids() {
    let (node, dice) = (Node::new(), SeededRng::new(5));
    let ledger = node.open(&server());
    let mut foreign = entry(1, &dice);
    (foreign.practice, foreign.patient, foreign.actor) = (Some(practice(2)), Some(patient(9)), Some(account(9)));
    foreign.action = Word::new("only_there");
    append(&ledger, vec![foreign.clone()]).await;
    let index = node.index(Some(&ledger));
    let asked = [
        TrailFilter::default(),
        TrailFilter { patient: Some(patient(9)), ..TrailFilter::default() },
        TrailFilter { actor: Some(account(9)), ..TrailFilter::default() },
        TrailFilter { action: Some(Word::new("only_there")), ..TrailFilter::default() },
    ];
    for filter in &asked {
        assert!(all(&index, practice(1), filter).await.is_empty(), "{filter:?}");
        assert_eq!(all(&index, practice(2), filter).await.len(), 1, "{filter:?}");
    }
    assert!(index.actions(practice(1)).await.expect("read").is_empty());
    assert_eq!(index.actions(practice(2)).await.expect("read"), [Word::new("only_there")]);
    let hours = index.activity(practice(1), Timestamp::UNIX_EPOCH, Timestamp::MAX).await.expect("read");
    assert!(hours.is_empty());
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_count_what_was_done_and_what_was_refused_with_patients_together() {
    let (node, dice) = (Node::new(), SeededRng::new(6));
    let ledger = node.open(&server());
    let entries: Vec<Entry> = (0..400).map(|n| entry(n * 60_000, &dice)).collect();
    append(&ledger, entries.clone()).await;
    let index = node.index(Some(&ledger));
    let (from, to) = (entries[60].at, entries[200].at);
    let hour = |at: Timestamp| at.as_second().div_euclid(3600);
    let counted = index.activity(practice(1), from, to).await.expect("read");
    let of = |entry: &&Entry| {
        entry.practice == Some(practice(1)) && hour(entry.at) >= hour(from) && hour(entry.at) < hour(to)
    };
    let wanted = entries.iter().filter(of).count() as u64;
    let refused = entries.iter().filter(of).filter(|entry| entry.outcome != Outcome::Allowed).count() as u64;
    assert!(wanted > 20 && refused > 5);
    assert_eq!(counted.iter().map(|hour| hour.entries).sum::<u64>(), wanted);
    assert_eq!(counted.iter().map(|hour| hour.refused).sum::<u64>(), refused);
    assert!(counted.iter().all(|hour| hour.actor != Some(account(3))), "no patient stands there by themself");
    ledger.close();
}
