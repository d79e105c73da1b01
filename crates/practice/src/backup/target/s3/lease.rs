//! Keeping others out of a bucket: a file `.lock` that only one can make, good for a time and renewed while we work. Whoever
//! dies leaves it behind, and it ends by itself.

use super::wire::{Ask, Wire, WireError, between, text};
use crate::backup::target::TargetError;
use domain::{RequestId, Timestamp};
use jiff::SignedDuration;
use rusty_s3::Method;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

const FILE: &str = ".lock";
/// How long it is good.
const GOOD: SignedDuration = SignedDuration::from_mins(15);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(5 * 60);

/// A lease that is ours. Ends when it is dropped.
pub(super) struct Lease {
    wire: Arc<Wire>,
    key: String,
    lost: Arc<AtomicBool>,
    renewal: JoinHandle<()>,
}

impl Lease {
    /// Takes it, or says that somebody else has it.
    pub(super) fn take(wire: Arc<Wire>, lost: Arc<AtomicBool>) -> Result<Self, TargetError> {
        let failed = |error: WireError| error.at(format!("{} cannot be locked", wire.name()));
        let key = wire.key(FILE);
        let holder = RequestId::random(&crypto::SystemRng).to_string();
        let first = put(&wire, &key, &holder, GOOD, ("if-none-match", "*"));
        let tag = match wire.runtime.block_on(first) {
            Ok(tag) => tag,
            Err(WireError::Condition) => {
                let after = wire.runtime.block_on(over(&wire, &key, &holder)).map_err(failed)?;
                let Some(old) = after else { return Err(TargetError::Busy) };
                match wire.runtime.block_on(put(&wire, &key, &holder, GOOD, ("if-match", &old))) {
                    Ok(tag) => tag,
                    Err(WireError::Condition | WireError::Missing) => return Err(TargetError::Busy),
                    Err(error) => return Err(failed(error)),
                }
            }
            Err(error) => return Err(failed(error)),
        };
        let renewal = wire.runtime.spawn(renew(wire.clone(), key.clone(), holder, tag, lost.clone()));
        Ok(Self { wire, key, lost, renewal })
    }
}

/// The tag of a lease that is over, or that is ours although the storage had no time to say so; none while it is good.
async fn over(wire: &Wire, key: &str, holder: &str) -> Result<Option<String>, WireError> {
    let answer = wire.asked(&Ask::new(Method::Get, key)).await?;
    let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let said = text(answer).await?;
    let until: Option<Timestamp> = between(&said, "until ", "\n").and_then(|until| until.parse().ok());
    let ours = between(&said, "holder ", "\n") == Some(holder);
    Ok(tag.filter(|_| ours || until.is_none_or(|until| until <= wire.clock.now())))
}

/// Writes it, if the condition holds. Gives its tag.
async fn put(
    wire: &Wire,
    key: &str,
    holder: &str,
    good: SignedDuration,
    (condition, value): (&'static str, &str),
) -> Result<String, WireError> {
    let until = wire.clock.now().checked_add(good).unwrap_or(Timestamp::MAX);
    let body = format!("patella is at work here\nholder {holder}\nuntil {until}\n");
    let ask = Ask::new(Method::Put, key).headers(&[(condition, value.to_owned())]).body(body.into_bytes());
    let answer = wire.asked(&ask).await?;
    let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    tag.ok_or_else(|| WireError::Answer("a file without a tag".to_owned()))
}

/// Renews it until it is ended. When that was not possible in time, the lease is lost, and nothing more is finished under it.
async fn renew(wire: Arc<Wire>, key: String, holder: String, mut tag: String, lost: Arc<AtomicBool>) {
    let mut until = wire.clock.now().checked_add(GOOD).unwrap_or(Timestamp::MAX);
    loop {
        tokio::time::sleep(RENEW).await;
        match put(&wire, &key, &holder, GOOD, ("if-match", &tag)).await {
            Ok(new) => {
                tag = new;
                until = wire.clock.now().checked_add(GOOD).unwrap_or(Timestamp::MAX);
            }
            Err(WireError::Condition | WireError::Missing) => return lost.store(true, Ordering::Relaxed),
            Err(_) if wire.clock.now() < until => {}
            Err(_) => return lost.store(true, Ordering::Relaxed),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        if self.lost.load(Ordering::Relaxed) {
            return;
        }
        // Said to be over, then removed. Where the storage holds every version of a file for a time, the first is enough.
        let over = "patella is not at work here\nuntil 1970-01-01T00:00:00Z\n";
        let _ = self.wire.ask(&Ask::new(Method::Put, &self.key).body(over.as_bytes().to_vec()));
        for version in self.wire.versions(FILE).unwrap_or_default() {
            let query = [("versionId", version.id.as_str())];
            let _ = self.wire.ask(&Ask::new(Method::Delete, &version.key).query(&query));
        }
    }
}
