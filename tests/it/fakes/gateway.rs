//! An SMS gateway that records every request and answers as it is told, request by request.
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;

use super::pause;

/// The answer to one request, which is recorded first.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// 200 with an id.
    Accept,
    /// This status and this body.
    Status(u16, &'static str),
    /// The same with Retry-After seconds.
    Wait(u16, u64),
    /// Never answers.
    Hang,
    /// Closes the connection instead of an answer, or in the middle of a 200.
    Cut,
    CutInBody,
    /// 302 to itself.
    Redirect,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Clone)]
struct Shared {
    answer: Arc<dyn Fn(usize) -> Answer + Send + Sync>,
    posted: Arc<Mutex<Vec<Posted>>>,
}

pub(crate) struct FakeGateway {
    pub(crate) address: SocketAddr,
    shared: Shared,
}

impl FakeGateway {
    /// `answer` is asked with the number of the request, from 0.
    pub(crate) async fn start(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let shared = Shared { answer: Arc::new(answer), posted: Arc::default() };
        let router = Router::new().fallback(take).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/send?key=s3cret", self.address)
    }
    /// The same without the first so many.
    pub(crate) fn posted_since(&self, first: usize) -> Vec<Posted> {
        self.shared.posted.lock().expect("no fake panics while it records")[first..].to_vec()
    }
    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.shared.posted.lock().expect("no fake panics while it records").clone()
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let number = {
        let mut posted = shared.posted.lock().expect("no fake panics while it records");
        let body = String::from_utf8_lossy(&body).into_owned();
        posted.push(Posted { headers, body });
        posted.len() - 1
    };
    let with = |status: u16| StatusCode::from_u16(status).expect("a status");
    match (shared.answer)(number) {
        Answer::Accept => format!(r#"{{"id":"gw-{number}","status":"queued"}}"#).into_response(),
        Answer::Status(status, body) => (with(status), body).into_response(),
        Answer::Wait(status, seconds) => (with(status), [("retry-after", seconds.to_string())]).into_response(),
        Answer::Hang => {
            pause(3_600_000).await;
            StatusCode::OK.into_response()
        }
        Answer::Cut => broken(0),
        Answer::CutInBody => broken(30),
        Answer::Redirect => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
    }
}

/// Half an answer. What was written before the break reaches the client only when there is time for it.
pub(super) fn broken(after_millis: u64) -> Response {
    let half = stream::iter([Ok(Bytes::from_static(b"{\"id\""))]);
    let end = stream::once(async move {
        if after_millis > 0 {
            pause(after_millis).await;
        }
        Err(std::io::Error::other("cut"))
    });
    Body::from_stream(half.chain(end)).into_response()
}
