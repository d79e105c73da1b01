//! Taking connections and serving each until it ends, falls silent, or the server stops.

use super::{Entrance, Limits, RenderMetrics, plain, watched::Watched};
use crate::PublicOrigin;
use axum::{
    body::Body,
    http::{Request, Response},
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;

/// What a listener answers with.
#[derive(Clone)]
pub(super) enum Service {
    Entrance(Entrance),
    Redirect(PublicOrigin),
    Metrics(RenderMetrics),
}

impl Service {
    async fn answer(self, request: Request<Incoming>, peer: SocketAddr) -> Result<Response<Body>, Infallible> {
        match self {
            Self::Entrance(entrance) => entrance.answer(request.map(Body::new), peer).await,
            Self::Redirect(origin) => Ok(plain::redirect(&request, &origin)),
            Self::Metrics(render) => Ok(plain::metrics(&request, &render)),
        }
    }
}

/// How long to wait when the system has no file descriptor or memory for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Takes connections until the server stops, then waits for those that are open.
pub(super) async fn listen(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Service,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut open = JoinSet::new();
    loop {
        let next = async {
            // Nobody closes the semaphore, so there is always a place to come.
            let place = room.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = until_stopped(&mut stopped) => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (tls, service, stopped) = (tls.clone(), service.clone(), stopped.clone());
                open.spawn(async move {
                    let _place = place;
                    connect(stream, peer, tls, service, limits, stopped).await;
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(error = %error, "cannot take a connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    // The sender going away means the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    service: Service,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and whole: waiting to fill packets only delays them. Where it cannot be set, it is slower.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return serve(stream, peer, Protocol::Http1, service, limits, stopped).await;
    };
    let shaken = tokio::select! {
        () = until_stopped(&mut stopped) => return,
        shaken = timeout(limits.handshake, tls.accept(stream)) => shaken,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let protocol = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                _ => Protocol::Http1,
            };
            serve(stream, peer, protocol, service, limits, stopped).await;
        }
        Ok(Err(error)) => tracing::debug!(error = %error, "a handshake failed"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
}

enum Protocol {
    Http1,
    Http2,
}

async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    protocol: Protocol,
    service: Service,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stream, last_move) = Watched::new(stream);
    let builder = builder(&protocol, limits);
    let service = service_fn(move |request| service.clone().answer(request, peer));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut stopping = false;
    loop {
        let silent_at = last_move.at() + limits.idle;
        if silent_at <= Instant::now() {
            return;
        }
        tokio::select! {
            // Errors of a connection are the caller's: cut off, too slow, nonsense. Requests were logged as they came.
            _ = connection.as_mut() => return,
            () = until_stopped(&mut stopped), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep_until(silent_at) => {}
        }
    }
}

fn builder(protocol: &Protocol, limits: Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(100)
        .max_buf_size(64 * 1024)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(32 * 1024);
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    }
}
