//! Entries of the audit trail to a collector of logs: RFC 5424 over TLS (RFC 5425).
//!
//! That protocol has no answer by which a receiver says what it has read. So each stretch of entries goes over a connection of its
//! own, at whose end we say that nothing more comes and wait for the receiver to end it too: a receiver does so when it has read
//! everything, and the system resets the connection when it ends with something unread. Only then the place is stored. Where a
//! connection is lost instead, the stretch is sent again from its beginning; log and number in each message tell what came twice.

use super::{outside::Outside, sender::Failure, target::Target};
use domain::Timestamp;
use ledger::{Entry, LogName, Outcome};
use serde::Serialize;
use std::{
    io::{Error, ErrorKind},
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long a stretch may take, its connection included.
const PATIENCE: Duration = Duration::from_secs(40);
/// Facility 13, log audit (RFC 5424, table 1).
const FACILITY: u8 = 13;
const INFORMATIONAL: u8 = 6;
const WARNING: u8 = 4;

#[derive(Serialize)]
struct Said<'a> {
    log: &'a str,
    seq: u64,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// An entry as a message with its length before it.
pub(super) fn frame(host: &str, log: &LogName, seq: u64, entry: &Entry) -> Vec<u8> {
    let severity = if entry.outcome == Outcome::Allowed { INFORMATIONAL } else { WARNING };
    let priority = FACILITY * 8 + severity;
    let said = serde_json::to_string(&Said { log: log.as_str(), seq, entry }).expect("an entry is plain data");
    let message = format!("<{priority}>1 {} {host} patella - audit - {said}", moment(entry.at));
    format!("{} {message}", message.len()).into_bytes()
}

/// To the millisecond, always with as many digits.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Sends messages over a connection of their own. They have arrived when the receiver ends it after it was told that no more come.
pub(super) async fn send(outside: &Outside, target: &Target, frames: &[u8]) -> Result<(), Failure> {
    match tokio::time::timeout(PATIENCE, over_tls(outside, target, frames)).await {
        Ok(sent) => sent,
        Err(_) => Err(Failure::new("no-answer")),
    }
}

async fn over_tls(outside: &Outside, target: &Target, frames: &[u8]) -> Result<(), Failure> {
    let (host, port) = target.collector().ok_or(Failure::new("target-unreadable"))?;
    let mut connection = outside.connect(&host, port).await?;
    let lost = |_: Error| Failure::new("cut-off");
    connection.write_all(frames).await.map_err(lost)?;
    connection.shutdown().await.map_err(lost)?;
    let mut unasked = [0; 1024];
    loop {
        match connection.read(&mut unasked).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // It ended the connection without the word for it, which many do: it had read everything all the same.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(lost(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{PatientId, PracticeId, RequestId};
    use ledger::{Resource, Word};

    #[test]
    fn a_message_is_as_rfc_5424_has_it_and_counts_its_bytes() {
        let entry = Entry {
            at: "2026-05-14T13:00:00.5Z".parse().expect("a moment"),
            practice: Some(PracticeId::from_bytes([1; 16])),
            actor: None,
            role: None,
            login_session: None,
            permission: None,
            action: Word::new("read_exercise"),
            purpose: None,
            resource: Resource::whole(Word::new("program")),
            patient: Some(PatientId::from_bytes([2; 16])),
            outcome: Outcome::Denied,
            reason: Word::new("no-policy"),
            address: None,
            request: RequestId::from_bytes([3; 16]),
        };
        let log = LogName::new("practice.example/audit").expect("a name");
        let frame = String::from_utf8(frame("practice.example", &log, 7, &entry)).expect("text");
        let (length, message) = frame.split_once(' ').expect("a length");
        assert_eq!(length.parse::<usize>(), Ok(message.len()));
        let (head, said) = message.split_once(" - audit - ").expect("a head");
        assert_eq!(head, "<108>1 2026-05-14T13:00:00.500Z practice.example patella");
        let said: serde_json::Value = serde_json::from_str(said).expect("JSON");
        assert_eq!((&said["log"], &said["seq"]), (&"practice.example/audit".into(), &7.into()));
        assert_eq!((&said["action"], &said["outcome"]), (&"read_exercise".into(), &"denied".into()));
    }
}
