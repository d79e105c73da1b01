//! A log that cannot be read on is said of the channel that waits for it, and nothing of it is passed over.

use crate::{
    listener::{Listener, Manner},
    receivers::{officer, outside, stands, syslog, view},
    scene::{append, append_to_other, both_logs, branch, damaged, entries, log, other_log, watched},
    world::{Kind, found},
};
use domain::{ChannelId, ChannelState, Clock, PracticeId, Unobserved};
use identity::{Full, Session};
use ledger::BackendError;
use practice::{
    channels::Sender,
    trail::{FolderLogs, Logs},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};
use testkit::{house::TestHouse, logs::ReadThrough};

/// Of no log.
const NONE: u64 = u64::MAX / 4;

struct Scene {
    house: TestHouse,
    session: Session<Full>,
    collector: Listener,
    channel: ChannelId,
}

async fn scene(folder: &Path, practice: PracticeId) -> Scene {
    let house = watched(folder).await;
    append_to_other(folder, Vec::new()).await;
    scene_of(house, practice).await
}

async fn scene_of(house: TestHouse, practice: PracticeId) -> Scene {
    let collector = Listener::new(Manner::Reads).await;
    let session = officer(&house, practice).await;
    let channel = syslog(&house, &session, collector.address()).await;
    Scene { house, session, collector, channel }
}

impl Scene {
    fn sender(&self, logs: Box<dyn Logs>) -> Arc<Sender> {
        Sender::new(self.house.house.clone(), Some(logs), outside(&self.collector.ca_file()), Arc::new(Unobserved))
    }

    async fn stands(&self) -> (ChannelState, u64, u64) {
        stands(&self.house, &self.session, self.channel).await
    }

    async fn why(&self) -> Option<String> {
        view(&self.house, &self.session, self.channel).await.why
    }

    fn came(&self) -> Vec<u64> {
        self.collector.came().into_iter().filter(|(of, _)| *of == log().as_str()).map(|(_, number)| number).collect()
    }
}

/// The logs of a folder, of which one entry has another byte.
fn flipped(folder: &Path, bad: Arc<AtomicU64>) -> Box<dyn Logs> {
    let logs = FolderLogs::new(branch()).other(log(), folder.join("audit"));
    let logs = logs.other(other_log(), folder.join("audit-commands"));
    Box::new(ReadThrough::new(logs, move |logs, (wanted, first, most)| {
        let mut read = logs.read(wanted, first, most)?;
        let place = bad.load(Ordering::SeqCst).checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(entry) = place.filter(|_| *wanted == log()).and_then(|place| read.get_mut(place)) {
            let last = entry.len() - 1;
            entry[last] ^= 1;
        }
        Ok(read)
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_sent_up_to_there_its_channel_fails_and_says_how_much_waits_and_other_logs_go_on() {
    for unopened in [false, true] {
        let (folder, practice) = found(Kind::Embedded).await;
        let folder = folder.path();
        let scene = scene(folder, practice).await;
        let bad = Arc::new(AtomicU64::new(300));
        let logs = if unopened { flipped(folder, bad.clone()) } else { damaged(folder, log(), bad.clone()) };
        let sender = scene.sender(logs);
        assert_eq!(sender.round().await.expect("begun").failing, 0);
        append(folder, entries(practice, scene.house.clock.now(), 3, 700)).await;
        let until: u64 = if unopened { 300 } else { 256 };
        let round = sender.round().await.expect("sent");
        assert_eq!((round.arrived, round.waiting, round.failing), (until, 700 - until, 1));
        assert_eq!(scene.stands().await, (ChannelState::Fails, until, 700 - until));
        assert_eq!(scene.why().await.as_deref(), Some("log-damaged"));
        append_to_other(folder, entries(practice, scene.house.clock.now(), 3, 20)).await;
        scene.house.clock.advance_seconds(61);
        assert_eq!(sender.round().await.expect("sent").arrived, 20, "the other log goes on");
        assert_eq!(scene.stands().await, (ChannelState::Fails, until + 20, 700 - until));
        assert_eq!(scene.came(), (0..until).collect::<Vec<_>>(), "nothing behind it");
        bad.store(NONE, Ordering::SeqCst);
        scene.house.clock.advance_seconds(61);
        sender.round().await.expect("sent");
        assert_eq!(scene.came(), (0..700).collect::<Vec<_>>(), "every one, once, in order");
        assert_eq!(scene.stands().await, (ChannelState::Works, 720, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_damaged_before_the_channel_was_set_sends_nothing_of_before_and_goes_on_where_it_was_set() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    append_to_other(folder, Vec::new()).await;
    append(folder, entries(practice, house.clock.now(), 3, 500)).await;
    house.clock.advance_seconds(3600);
    let scene = scene_of(house, practice).await;
    append(folder, entries(practice, scene.house.clock.now(), 3, 100)).await;
    let bad = Arc::new(AtomicU64::new(300));
    let sender = scene.sender(flipped(folder, bad.clone()));
    assert_eq!(sender.round().await.expect("tried").arrived, 0);
    assert_eq!(scene.why().await.as_deref(), Some("log-damaged"));
    bad.store(NONE, Ordering::SeqCst);
    scene.house.clock.advance_seconds(61);
    sender.round().await.expect("sent");
    assert_eq!(scene.came(), (500..600).collect::<Vec<_>>(), "nothing of before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trail_that_does_not_answer_is_said_of_the_channel_and_not_asked_again_at_once() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let scene = scene(folder, practice).await;
    append(folder, entries(practice, scene.house.clock.now(), 3, 10)).await;
    let (away, asked) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicU64::new(0)));
    let (is_away, count) = (away.clone(), asked.clone());
    let logs = FolderLogs::new(branch()).other(log(), folder.join("audit"));
    let logs = Box::new(ReadThrough::new(logs, move |logs, (wanted, first, most)| {
        count.fetch_add(1, Ordering::SeqCst);
        if is_away.load(Ordering::SeqCst) == 1 {
            return Err(BackendError::Other("it does not answer".into()));
        }
        logs.read(wanted, first, most)
    }));
    let sender = scene.sender(logs);
    assert_eq!(sender.round().await.expect("tried").failing, 1);
    assert_eq!((scene.stands().await.0, scene.why().await.as_deref()), (ChannelState::Fails, Some("trail-unreadable")));
    let before = asked.load(Ordering::SeqCst);
    assert_eq!(sender.round().await.expect("waits").failing, 1);
    assert_eq!(asked.load(Ordering::SeqCst), before, "not before its time");
    away.store(0, Ordering::SeqCst);
    scene.house.clock.advance_seconds(61);
    assert_eq!(sender.round().await.expect("sent").arrived, 10);
    assert_eq!(scene.stands().await, (ChannelState::Works, 10, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_server_sent_while_this_one_read_is_not_sent_again() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let scene = scene(folder, practice).await;
    let quick = scene.sender(both_logs(folder));
    assert_eq!(quick.round().await.expect("begun").failing, 0);
    append(folder, entries(practice, scene.house.clock.now(), 3, 10)).await;
    let (reads, is_read) = mpsc::channel();
    let (goes_on, waits) = mpsc::channel::<()>();
    let logs = FolderLogs::new(branch()).other(log(), folder.join("audit"));
    let slow = scene.sender(Box::new(ReadThrough::new(logs, move |logs, (wanted, first, most)| {
        // Once; afterwards nobody listens, and nobody is waited for.
        if reads.send(()).is_ok() {
            let _ = waits.recv();
        }
        logs.read(wanted, first, most)
    })));
    let slow = tokio::spawn(async move { slow.round().await.expect("looked") });
    tokio::task::spawn_blocking(move || is_read.recv().expect("it reads")).await.expect("it reads");
    assert_eq!(quick.round().await.expect("sent").arrived, 10);
    drop(goes_on);
    assert_eq!(slow.await.expect("looked").arrived, 0);
    assert_eq!(scene.came(), (0..10).collect::<Vec<_>>(), "every one, once");
}
