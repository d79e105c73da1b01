//! Whom somebody's doing affects: exactly those whom reading every entry of the ledger finds, however far the index is.

use super::logs::{Node, account, append, clock, commands, entry, patient, practice, server, settings};
use domain::{LoginSessionId, PatientId, PracticeId, Rng, SeededRng, Timestamp, TokenId, WhyMissing};
use ledger::{BackendError, Entry, Outcome, Resource, Word};
use practice::{
    incidents::{Affected, Facts},
    trail::{AuditIndex, Touches, Trail, Whose},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};
use testkit::{dropping, logs::ReadThrough};

fn session(n: u8) -> LoginSessionId {
    LoginSessionId::from_bytes([0x40 + n; 16])
}

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_780_000_000_000 + millisecond).expect("in range")
}

/// Entries of some people, several at the same moment, each in one of five sessions or none.
fn entries(from: i64, count: i64) -> Vec<Entry> {
    let dice = SeededRng::new(from.unsigned_abs() + 21);
    let of_a_session = |n: i64| {
        let mut roll = [0];
        dice.fill(&mut roll);
        let login_session = (roll[0] % 6 > 0).then(|| session(roll[0] % 6));
        Entry { login_session, ..entry(n / 3, &dice) }
    };
    (from..from + count).map(of_a_session).collect()
}

/// What is seen of a patient: which entries, and how often each class could be opened.
type Plain = BTreeMap<PatientId, (BTreeSet<(String, u64)>, BTreeMap<String, u64>)>;

/// The same, found by reading everything there is. Nothing of it knows the program's own table of classes.
fn naive(logs: &[(String, &[Entry])], whose: Whose, from: Timestamp, to: Timestamp) -> Plain {
    let mut found = Plain::new();
    for (log, entries) in logs {
        for (seq, entry) in entries.iter().enumerate() {
            let theirs = match whose {
                Whose::Account(account) => entry.actor == Some(account),
                Whose::Session(session) => entry.login_session == Some(session),
                Whose::Address(address) => entry.address == Some(address),
            };
            let classes: &[&str] = match entry.action.as_str() {
                "read_exercise" => &["identifying", "contact", "exercise"],
                "read_notes" => &["identifying", "contact", "note", "patient_words"],
                "export" => &["identifying", "contact", "exercise", "note", "patient_words", "visit"],
                _ => continue,
            };
            let in_time = entry.at >= from && entry.at < to;
            let Some(patient) = entry.patient.filter(|_| theirs && in_time && entry.practice == Some(practice(1)))
            else {
                continue;
            };
            if entry.outcome != Outcome::Denied {
                let (seqs, often) = found.entry(patient).or_default();
                seqs.insert((log.clone(), seq as u64));
                for class in classes {
                    *often.entry((*class).to_owned()).or_default() += 1;
                }
            }
        }
    }
    found
}

fn plain(affected: &Affected) -> Plain {
    let one = |patient: &practice::incidents::AffectedPatient| {
        let seen = &patient.seen;
        let seqs: BTreeSet<(String, u64)> =
            seen.entries.iter().flat_map(|of| of.seqs.iter().map(|seq| (of.log.clone(), *seq))).collect();
        assert_eq!(seqs.len() as u64, seen.times, "each entry once");
        (patient.patient_id, (seqs, seen.classes.iter().map(|class| (class.what.clone(), class.times)).collect()))
    };
    affected.patients.iter().map(one).collect()
}

/// The answer to a question about a time that is over.
fn answer(touches: &Touches, from: Timestamp) -> Affected {
    Affected::of(touches, (from, at(1_000_000)), at(1_000_000), &Facts::default())
}

async fn touches(index: &AuditIndex, whose: Whose, from: Timestamp, to: Timestamp) -> Touches {
    index.touches(practice(1), whose, from, to).await.expect("read")
}

/// Everybody who can be asked about, and times of all kinds.
fn questions(until: i64) -> Vec<(Whose, Timestamp, Timestamp)> {
    let mut whose: Vec<Whose> = (0..5).map(|n| Whose::Account(account(n))).collect();
    whose.extend((0..6).map(|n| Whose::Session(session(n))));
    whose.extend((0..5).map(|n| Whose::Address([192, 0, 2, n].into())));
    let times = [(0, until), (-10, until * 2), (until / 4, until / 2), (until / 3, until / 3 + 1), (until, until * 2)];
    let asked = |whose: Whose| times.map(|(from, to)| (whose, at(from), at(to)));
    whose.into_iter().flat_map(asked).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_account_session_and_address_affects_exactly_whom_reading_all_entries_finds() {
    let node = Node::new();
    let (ledger, other) = (node.open(&server()), node.open(&commands()));
    let (of_server, of_commands) = (entries(0, 1_500), entries(700, 400));
    append(&ledger, of_server.clone()).await;
    append(&other, of_commands.clone()).await;
    other.close();
    let index = node.index(Some(&ledger));
    let logs = [(server().as_str().to_owned(), &of_server[..]), (commands().as_str().to_owned(), &of_commands[..])];
    let mut somebody = 0;
    for (whose, from, to) in questions(500) {
        let touches = touches(&index, whose, from, to).await;
        let affected = answer(&touches, from);
        assert_eq!(plain(&affected), naive(&logs, whose, from, to), "{whose:?} from {from} to {to}");
        assert!(affected.complete && touches.is_whole());
        assert_eq!(affected.logs.iter().map(|log| log.through).sum::<u64>(), 1_900);
        for patient in &affected.patients {
            let times: Vec<Timestamp> = logs
                .iter()
                .flat_map(|(log, entries)| {
                    patient.seen.entries.iter().filter(move |of| of.log == *log).map(move |of| (of, entries))
                })
                .flat_map(|(of, entries)| of.seqs.iter().map(|seq| entries[*seq as usize].at))
                .collect();
            assert_eq!(Some(&patient.seen.first), times.iter().min());
            assert_eq!(Some(&patient.seen.last), times.iter().max());
        }
        somebody += affected.patients.len();
    }
    assert!(somebody > 100, "{somebody}");
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_entries_than_one_page_of_the_index_holds_are_all_counted() {
    let node = Node::new();
    let ledger = node.open(&server());
    // All of one account, and many at one moment.
    let of_one = |(n, one): (usize, Entry)| Entry {
        actor: Some(account(1)),
        practice: Some(practice(1)),
        at: at(n as i64 / 700),
        ..one
    };
    let entries: Vec<Entry> = entries(0, 21_000).into_iter().enumerate().map(of_one).collect();
    for some in entries.chunks(3_000) {
        append(&ledger, some.to_vec()).await;
    }
    let index = AuditIndex::new(node.place().in_haste(), node.logs(Some(&ledger)), clock());
    while index.round().await.expect("indexed").behind > 0 {}
    let whose = Whose::Account(account(1));
    let touches = touches(&index, whose, at(0), at(100)).await;
    assert_eq!(touches.entries.len(), 21_000);
    let logs = [(server().as_str().to_owned(), &entries[..])];
    assert_eq!(plain(&answer(&touches, at(0))), naive(&logs, whose, at(0), at(100)));
    ledger.close();
}

/// What the index reads at once; whoever asks whom an incident affects reads in other stretches.
const OF_THE_INDEX: usize = 512;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_index_does_not_hold_yet_is_read_in_the_log() {
    let node = Node::new();
    let ledger = node.open(&server());
    let entries = entries(0, 1_700);
    append(&ledger, entries[..300].to_vec()).await;
    let index = node.index(Some(&ledger));
    index.round().await.expect("indexed");
    drop(index);
    append(&ledger, entries[300..].to_vec()).await;
    // It never comes further.
    let logs = ReadThrough::new(node.logs(Some(&ledger)), |logs, (log, from, most)| {
        if most == OF_THE_INDEX {
            Err(BackendError::Damaged("not now".to_owned()))
        } else {
            practice::trail::Logs::read(logs, log, from, most)
        }
    });
    let index = AuditIndex::new(node.place(), logs, clock());
    let logs = [(server().as_str().to_owned(), &entries[..])];
    for whose in [Whose::Account(account(1)), Whose::Session(session(2)), Whose::Address([192, 0, 2, 3].into())] {
        let touches = touches(&index, whose, at(0), at(1_000)).await;
        assert!(touches.is_whole());
        assert_eq!(plain(&answer(&touches, at(0))), naive(&logs, whose, at(0), at(1_000)), "{whose:?}");
    }
    assert!(index.health().failing, "and the index says that it is behind");
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_log_cannot_be_read_on_the_answer_says_how_far_it_goes() {
    let node = Node::new();
    let ledger = node.open(&server());
    let entries = entries(0, 900);
    append(&ledger, entries.clone()).await;
    let logs = ReadThrough::new(node.logs(Some(&ledger)), |logs, (log, from, most)| match from {
        0..600 => practice::trail::Logs::read(logs, log, from, most.min(600 - from as usize)),
        _ => Err(BackendError::Damaged("entry 600 is missing".to_owned())),
    });
    let index = AuditIndex::new(node.place(), logs, clock());
    let whose = Whose::Account(account(1));
    let touches = touches(&index, whose, at(0), at(1_000)).await;
    let affected = answer(&touches, at(0));
    let of_server = affected.logs.iter().find(|log| log.log == server().as_str()).expect("the log");
    assert_eq!((of_server.through, of_server.size, affected.complete), (600, Some(900), false));
    let logs = [(server().as_str().to_owned(), &entries[..600])];
    assert_eq!(plain(&affected), naive(&logs, whose, at(0), at(1_000)), "exactly up to there");
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_does_not_open_makes_the_answer_say_so() {
    let node = Node::new();
    let ledger = node.open(&server());
    append(&ledger, entries(0, 600)).await;
    ledger.close();
    let bundle = node.log_folder(&server()).join("tile/entries/000");
    let mut bytes = fs::read(&bundle).expect("the first 256 entries");
    bytes[40] ^= 1;
    fs::write(&bundle, bytes).expect("changed");
    let ledger = node.open(&server());
    let index = node.index(Some(&ledger));
    let touches = touches(&index, Whose::Account(account(1)), at(0), at(1_000)).await;
    let affected = answer(&touches, at(0));
    assert_eq!((affected.unreadable, affected.complete), (1, false));
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_refused_or_only_named_is_told_apart_from_whose_record_was_opened() {
    let node = Node::new();
    let ledger = node.open(&server());
    let dice = SeededRng::new(8);
    let by_one = |n: u8, permission: Option<&str>, outcome: Outcome| Entry {
        practice: Some(practice(1)),
        actor: Some(account(1)),
        permission: permission.map(|word| word.parse().expect("a permission")),
        patient: (n > 0).then(|| patient(n)),
        outcome,
        ..entry(i64::from(n), &dice)
    };
    let entries = vec![
        by_one(1, Some("read_notes"), Outcome::Allowed),
        by_one(1, Some("read_exercise"), Outcome::Denied),
        by_one(2, Some("read_exercise"), Outcome::Denied),
        by_one(3, Some("answer_requests"), Outcome::Allowed),
        by_one(4, None, Outcome::Allowed),
        by_one(5, Some("read_contact"), Outcome::Failed),
        by_one(0, Some("read_billing"), Outcome::Allowed),
        by_one(0, Some("read_audit"), Outcome::Allowed),
    ];
    append(&ledger, entries).await;
    let index = node.index(Some(&ledger));
    let affected = answer(&touches(&index, Whose::Account(account(1)), at(0), at(1_000)).await, at(0));
    let ids = |of: &[practice::incidents::AffectedPatient]| of.iter().map(|one| one.patient_id).collect::<Vec<_>>();
    assert_eq!(ids(&affected.patients), [patient(1), patient(5)]);
    assert_eq!(ids(&affected.named_only), [patient(3), patient(4)]);
    assert_eq!((affected.refused_patients, affected.entries), (1, 8));
    assert_eq!(affected.no_patient_named.iter().map(|one| one.times).sum::<u64>(), 1, "billing's");
    ledger.close();
}

/// An entry of the practice in a session.
fn in_session(at_ms: i64, in_session: u8, action: &'static str, (kind, id): (&'static str, String)) -> Entry {
    let dice = SeededRng::new(at_ms.unsigned_abs());
    Entry {
        at: at(at_ms),
        practice: Some(practice(1)),
        actor: Some(account(1)),
        login_session: Some(session(in_session)),
        permission: action.parse().ok(),
        action: Word::new(action),
        resource: if id.is_empty() {
            Resource::whole(Word::new(kind))
        } else {
            Resource::new(Word::new(kind), id).expect("an id")
        },
        patient: None,
        outcome: Outcome::Allowed,
        ..entry(at_ms, &dice)
    }
}

fn reads(at_ms: i64, session: u8, of: u8) -> Entry {
    Entry { patient: Some(patient(of)), ..in_session(at_ms, session, "read_exercise", ("program", String::new())) }
}

fn goes_on(at_ms: i64, from: u8, to: u8) -> Entry {
    let action = if from == 1 { "sign_in" } else { "step_up" };
    in_session(at_ms, from, action, ("login_session", session(to).to_string()))
}

fn whom(affected: &Affected) -> Vec<PatientId> {
    affected.patients.iter().map(|one| one.patient_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_asked_about_with_all_that_it_did_under_its_other_ids_and_by_tokens_made_in_it() {
    let node = Node::new();
    let ledger = node.open(&server());
    let token = TokenId::from_bytes([0x77; 16]);
    let stranger = Entry { practice: Some(PracticeId::from_bytes([2; 16])), ..reads(25, 3, 6) };
    let with_token = Entry { login_session: Some(LoginSessionId::from_bytes([0x77; 16])), ..reads(45, 3, 4) };
    let entries = vec![
        goes_on(10, 1, 2),
        reads(15, 2, 1),
        goes_on(20, 2, 3),
        stranger,
        reads(30, 3, 2),
        in_session(35, 3, "issue_token", ("api_token", token.to_string())),
        // Refused: nothing went on under that id.
        Entry { outcome: Outcome::Denied, ..goes_on(36, 3, 5) },
        reads(37, 5, 5),
        goes_on(40, 3, 4),
        with_token,
        reads(50, 4, 3),
    ];
    append(&ledger, entries.clone()).await;
    // Of the whole log; of its first half; of nothing.
    for indexed in [entries.len() as u64, 5, 0] {
        let logs = ReadThrough::new(node.logs(Some(&ledger)), move |logs, (log, from, most)| match most {
            OF_THE_INDEX if from >= indexed => Err(BackendError::Damaged("not now".to_owned())),
            OF_THE_INDEX => practice::trail::Logs::read(logs, log, from, most.min((indexed - from) as usize)),
            _ => practice::trail::Logs::read(logs, log, from, most),
        });
        node.place().remove().expect("removed");
        let index = AuditIndex::new(node.place(), logs, clock());
        let wanted: Vec<LoginSessionId> = [1, 2, 3, 4].map(session).to_vec();
        for asked in 1..=4 {
            let whose = Whose::Session(session(asked));
            let all = answer(&touches(&index, whose, at(0), at(1_000)).await, at(0));
            assert_eq!(whom(&all), [1, 2, 4, 3].map(patient), "{asked} with {indexed} indexed");
            assert_eq!(all.sessions, wanted);
            assert_eq!(all.tokens_made.iter().map(|made| made.token_id).collect::<Vec<_>>(), [token]);
            assert_eq!(all.entries, 9);
            // The time holds for all of them, and the ids are followed beyond it.
            let early = answer(&touches(&index, whose, at(0), at(20)).await, at(0));
            assert_eq!((whom(&early), &early.sessions), (vec![patient(1)], &wanted));
            let late = answer(&touches(&index, whose, at(50), at(60)).await, at(0));
            assert_eq!((whom(&late), &late.sessions), (vec![patient(3)], &wanted));
        }
        let token = answer(
            &touches(&index, Whose::Session(LoginSessionId::from_bytes([0x77; 16])), at(0), at(99)).await,
            at(0),
        );
        assert_eq!((whom(&token), token.sessions.len()), (vec![patient(4)], 1));
        let other = answer(&touches(&index, Whose::Session(session(5)), at(0), at(99)).await, at(0));
        assert_eq!((whom(&other), other.sessions), (vec![patient(5)], vec![session(5)]));
        drop(index);
    }
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_more_ids_than_one_question_takes_is_followed_through_all_of_them() {
    let node = Node::new();
    let ledger = node.open(&server());
    let id = |n: u8| LoginSessionId::from_bytes([0x80 + n; 16]);
    let mut entries = Vec::new();
    for n in 0..40 {
        let in_it = |entry: Entry| Entry { login_session: Some(id(n)), ..entry };
        entries.push(in_it(reads(i64::from(n) * 10, 0, n)));
        entries.push(in_it(in_session(i64::from(n) * 10 + 5, 0, "step_up", ("login_session", id(n + 1).to_string()))));
    }
    append(&ledger, entries).await;
    let index = node.index(Some(&ledger));
    let all = answer(&touches(&index, Whose::Session(id(33)), at(0), at(1_000)).await, at(0));
    assert_eq!((all.sessions.len(), all.patients.len(), all.entries), (41, 40, 80));
    ledger.close();
}

fn why(affected: &Affected) -> Vec<WhyMissing> {
    assert_eq!(affected.complete, affected.missing.is_empty());
    assert!(affected.missing.iter().all(|one| one.says.ends_with('.')));
    affected.missing.iter().map(|one| one.why).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_is_not_over_is_not_complete() {
    let node = Node::new();
    let ledger = node.open(&server());
    append(&ledger, entries(0, 30)).await;
    let index = node.index(Some(&ledger));
    let touches = touches(&index, Whose::Account(account(1)), at(0), at(1_000)).await;
    let asked = |now| Affected::of(&touches, (at(0), at(1_000)), now, &Facts::default());
    assert_eq!(why(&asked(at(999))), [WhyMissing::NotOver]);
    assert_eq!(why(&asked(at(1_000))), []);
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_dropped_is_said_where_the_index_does_not_open_too() {
    let node = Node::new();
    let all: Vec<Entry> = entries(0, 1_000);
    dropping::append(&node.log_folder(&server()), settings(&server()), all.clone()).await.expect("appended");
    let newest = all[511].at;
    dropping::drop_before(&node.log_folder(&server()), || settings(&server()), 512, newest).await.expect("dropped");
    // A folder stands where the index should be.
    fs::create_dir_all(node.index_file()).expect("made");
    let index = node.index(None);
    let touches = touches(&index, Whose::Account(account(1)), at(0), at(1_000)).await;
    assert_eq!(why(&answer(&touches, at(0))), [WhyMissing::Dropped]);
    let later = Timestamp::from_millisecond(newest.as_millisecond() + 1).expect("in range");
    assert_eq!(why(&answer(&touches, later)), [], "of a time of which nothing was dropped");
    assert!(!touches.entries.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_folder_is_gone_and_that_the_index_knows_makes_the_answer_say_so() {
    let node = Node::new();
    let (ledger, other) = (node.open(&server()), node.open(&commands()));
    append(&ledger, entries(0, 90)).await;
    append(&other, entries(50, 90)).await;
    other.close();
    let index = node.index(Some(&ledger));
    let whole = touches(&index, Whose::Account(account(1)), at(0), at(1_000)).await;
    assert_eq!(why(&answer(&whole, at(0))), []);
    fs::remove_dir_all(node.log_folder(&commands())).expect("removed");
    let lost = touches(&index, Whose::Account(account(1)), at(0), at(1_000)).await;
    assert!(why(&answer(&lost, at(0))).contains(&WhyMissing::LogLost), "{:?}", lost.logs);
    assert_eq!(lost.entries.len(), whole.entries.len(), "what the index knows of it is told");
    ledger.close();
}
