//! Entries of the audit trail to a collector of logs: RFC 5424 over TLS (RFC 5425).
//!
//! That protocol has no answer by which a receiver says what it has read. So each stretch of entries goes over a connection of its
//! own, at whose end we say that nothing more comes and wait for the receiver to end it too: a receiver does so when it has read
//! everything, and the system resets the connection when it ends with something unread. The place is stored only when the system has
//! ended the connection without a reset on both sides: until then what we sent may never have come to the receiver's system. Where a
//! connection is lost instead, the stretch is sent again from its beginning; log, number and request in each message tell what came
//! twice.

use super::{outside::Outside, sender::Failure, target::Target};
use domain::Timestamp;
use ledger::{Entry, LogName, Outcome};
use serde::Serialize;
use std::{
    io::{Error, ErrorKind},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long a stretch may take, its connection included.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often the system is asked whether a connection is over.
const A_MOMENT: Duration = Duration::from_millis(10);
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
            Ok(0) => break,
            Ok(_) => {}
            // It ended the connection without the word for it, which many do.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(lost(error)),
        }
    }
    // That no more comes from it says nothing about what it read of ours.
    over(connection.get_mut().0).await.map_err(lost)
}

/// Waits until a connection of which we ended our side is over: the receiver has ended its own, and its system has said that all of
/// ours came. An error when it was reset instead.
async fn over(socket: &mut TcpStream) -> Result<(), Error> {
    let mut unasked = [0; 1024];
    while socket.read(&mut unasked).await? > 0 {}
    // A connection that is over has no other end any more. It gets there by the last acknowledgement or by a reset, and only a reset
    // leaves an error behind; reading does not show it once the receiver has ended its own side.
    while socket.peer_addr().is_ok() {
        tokio::time::sleep(A_MOMENT).await;
    }
    match socket.take_error()? {
        Some(error) => Err(error),
        None => Ok(()),
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
        let request = RequestId::from_bytes([3; 16]).to_string();
        assert_eq!(
            said["request"], request,
            "after a restore another entry may have its number, and has another request"
        );
    }

    /// Two ends of a connection, ours first.
    async fn connected() -> (TcpStream, TcpStream) {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let ours = TcpStream::connect(socket.local_addr().expect("an address")).await.expect("connected");
        (ours, socket.accept().await.expect("connected").0)
    }

    #[tokio::test]
    async fn who_reads_all_has_it_and_who_was_gone_before_it_came_has_not() {
        let (mut ours, mut theirs) = connected().await;
        ours.write_all(b"said").await.expect("written");
        ours.shutdown().await.expect("ended");
        let reads = async {
            theirs.read_to_end(&mut Vec::new()).await.expect("read");
            drop(theirs);
        };
        tokio::join!(reads, async { over(&mut ours).await.expect("it has it") });

        let (mut ours, mut theirs) = connected().await;
        theirs.shutdown().await.expect("ended");
        ours.write_all(b"said").await.expect("written");
        ours.shutdown().await.expect("ended");
        let reads = async {
            theirs.read_to_end(&mut Vec::new()).await.expect("read");
            drop(theirs);
        };
        tokio::join!(reads, async { over(&mut ours).await.expect("who says nothing more may read on") });

        let (mut ours, theirs) = connected().await;
        drop(theirs);
        assert_eq!(ours.read(&mut [0]).await.expect("it ended its side"), 0);
        ours.write_all(b"said").await.expect("the system takes it");
        let _ = ours.shutdown().await;
        over(&mut ours).await.expect_err("nobody was there");
    }
}
