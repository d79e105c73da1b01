//! What a server says about its channels: in metrics, and once in its own log.

use domain::{ChannelId, Integration};
use metrics::Label;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What was said last.
#[derive(Default)]
pub(super) struct Told(Mutex<Said>);

#[derive(Default)]
struct Said {
    /// Channels of which a metric speaks.
    measured: HashMap<ChannelId, Vec<Label>>,
    /// Channels that were not looked after, which was said.
    troubled: HashSet<ChannelId>,
}

fn labels((channel, kind): (ChannelId, Integration)) -> Vec<Label> {
    vec![Label::new("channel", channel.to_string()), Label::new("kind", kind.word())]
}

fn set(labels: &[Label], waiting: u64, failed: bool) {
    metrics::gauge!("patella_channel_behind", labels.iter()).set(waiting as f64);
    metrics::gauge!("patella_channel_failing", labels.iter()).set(f64::from(u8::from(failed)));
}

impl Told {
    /// These are open: nothing waits any more on those that were and are not, and they fail no longer.
    pub(super) fn open(&self, channels: impl Iterator<Item = ChannelId>) {
        let mut said = self.said();
        let open: HashSet<ChannelId> = channels.collect();
        said.troubled.retain(|channel| open.contains(channel));
        said.measured.retain(|channel, labels| {
            let stays = open.contains(channel);
            if !stays {
                set(labels, 0, false);
            }
            stays
        });
    }

    /// How it goes.
    pub(super) fn measure(&self, one: (ChannelId, Integration), waiting: u64, failed: bool) {
        let mut said = self.said();
        set(said.measured.entry(one.0).or_insert_with(|| labels(one)), waiting, failed);
    }

    /// So many messages arrived.
    pub(super) fn arrived(&self, one: (ChannelId, Integration), messages: u64) {
        metrics::counter!("patella_channel_arrived_total", labels(one)).increment(messages);
    }

    /// It was looked after.
    pub(super) fn looked_after(&self, channel: ChannelId) {
        self.said().troubled.remove(&channel);
    }

    /// It was not; whether that is new.
    pub(super) fn not_looked_after(&self, channel: ChannelId) -> bool {
        self.said().troubled.insert(channel)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
    use std::sync::Arc;

    /// What gauges say, by name and channel.
    #[derive(Default)]
    struct Gauges(Arc<Mutex<HashMap<String, f64>>>);

    struct One(String, Arc<Mutex<HashMap<String, f64>>>);

    impl GaugeFn for One {
        fn increment(&self, _: f64) {}
        fn decrement(&self, _: f64) {}
        fn set(&self, value: f64) {
            self.1.lock().expect("nobody panicked").insert(self.0.clone(), value);
        }
    }

    impl Recorder for Gauges {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }
        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            let channel = key.labels().find(|label| label.key() == "channel").expect("its channel");
            Gauge::from_arc(Arc::new(One(format!("{} {}", key.name(), channel.value()), self.0.clone())))
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn nothing_waits_on_a_channel_that_is_open_no_more_and_it_fails_no_longer() {
        let (gauges, told) = (Gauges::default(), Told::default());
        let channels = [1, 2].map(|n| ChannelId::from_bytes([n; 16]));
        metrics::with_local_recorder(&gauges, || {
            for channel in channels {
                told.measure((channel, Integration::Syslog), 7, true);
            }
            told.open([channels[1]].into_iter());
        });
        let said = gauges.0.lock().expect("nobody panicked");
        let of = |name: &str| channels.map(|channel| said[&format!("{name} {channel}")]);
        assert_eq!((of("patella_channel_behind"), of("patella_channel_failing")), ([0.0, 7.0], [0.0, 1.0]));
    }

    #[test]
    fn that_a_channel_is_not_looked_after_is_said_once_until_it_was() {
        let (told, channel) = (Told::default(), ChannelId::from_bytes([1; 16]));
        let said = [told.not_looked_after(channel), told.not_looked_after(channel)];
        told.looked_after(channel);
        assert_eq!((said, told.not_looked_after(channel)), ([true, false], true));
    }
}
