//! The server: accepts connections, gives each request to the router, and stops without breaking off an answer.
use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::{ServiceExt, service_fn};

use super::router::router;
use crate::app::App;

/// For the head of a request, and the longest that an idle connection is kept: more than the balancers' usual 60 s, so that
/// they and not we close it.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// From the stop signal on, requests under way may take this long; then their connections are cut.
const FINISH_WITHIN: Duration = Duration::from_secs(25);
const FINISH_AT_LEAST: Duration = Duration::from_secs(2);
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// Serves until `app.stopping` is cancelled, then for `http.drain` longer, then finishes what is under way. (axum's own
/// `serve` has no time limit on heads, so one client could hold connections for nothing.)
pub async fn serve(app: App, listener: TcpListener) {
    let router = router(app.clone());
    serve_routes(app, listener, router).await;
}

/// The same with other routes.
pub async fn serve_routes(app: App, listener: TcpListener, router: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let connections = GracefulShutdown::new();
    let drained = async {
        app.stopping.cancelled().await;
        pause(app.config.http.drain.get()).await;
    };
    tokio::pin!(drained);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut drained => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection =
                    http.serve_connection(connected(stream), TowerToHyperService::new(answers(&router, peer)));
                let connection = connections.watch(connection);
                // How a connection ends is its client's business.
                tokio::spawn(async move { drop(connection.await) });
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept a connection");
                pause(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
    drop(listener);
    let finish_within = FINISH_WITHIN.saturating_sub(app.config.http.drain.get()).max(FINISH_AT_LEAST);
    if tokio::time::timeout(finish_within, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way after {finish_within:?}: their connections are cut");
    }
}

fn connected(stream: TcpStream) -> TokioIo<TcpStream> {
    // Without it, small answers wait for the client's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "no TCP_NODELAY");
    }
    TokioIo::new(stream)
}

/// The router as the service of one connection, which knows its peer.
fn answers(
    router: &Router,
    peer: SocketAddr,
) -> impl tower::Service<
    axum::http::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = Infallible,
    Future: Send,
> + Clone
+ use<> {
    let router = router.clone();
    service_fn(move |mut request: axum::http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    })
}

async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "paces the listener, which carries no truth")]
    tokio::time::sleep(time).await;
}
