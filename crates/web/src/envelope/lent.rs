//! A body that comes back when the handler drops it, so that what was not read can be read away.
//!
//! Before HTTP/2 a server that answers and closes while the caller still writes makes the caller's system throw the
//! answer away (RFC 9112 9.6). So a little of the rest is read first.

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
};
use futures::future::poll_fn;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

/// Most bytes of an unwanted body that are read away.
const MOST: usize = 16 * 1024 * 1024;
/// Longest that it may take.
const LONGEST: Duration = Duration::from_secs(5);

type Slot = Arc<Mutex<Option<Body>>>;

/// The lender's end.
pub(super) struct Lender(Slot);

struct Lent {
    body: Option<Body>,
    home: Slot,
}

/// Puts a lent body in place of the request's own. A caller that waits for `100 Continue` has sent nothing yet, and will
/// not if nobody asks: its body is not read away.
pub(super) fn lend(request: &mut Request) -> Lender {
    let home = Slot::default();
    if !request.headers().contains_key(header::EXPECT) && !request.body().is_end_stream() {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Lent { body: Some(body), home: home.clone() });
    }
    Lender(home)
}

impl Lender {
    /// Reads away what the handler left, within bounds. A body that is still being read is left alone.
    pub(super) async fn drain(self) {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = body.filter(|body| !body.is_end_stream()) else { return };
        let away = async {
            let mut left = MOST;
            while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        };
        // Too slow is as good as too much: the connection is closed.
        let _ = tokio::time::timeout(LONGEST, away).await;
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }
    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }
    fn size_hint(&self) -> http_body::SizeHint {
        self.body.as_ref().map_or_else(http_body::SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
    }
}
