//! `WeCom`'s and the `WeChat` official account's servers: they give tokens, take messages, and answer as they are told.
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{OriginalUri, Query, State},
    http::Method,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{gateway::broken, pause};

/// The answer to one message, which is recorded first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    Ok,
    Code(i64),
    /// Yes, but of whom they were asked to tell they know nobody.
    Nobody,
    Cut,
    Hang,
}

/// A message as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    /// The key or the token.
    pub(crate) by: String,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Book {
    sent: Vec<Sent>,
    tokens: usize,
    /// How often one was asked for, with whatever came of it.
    asked: usize,
    /// The token that is good; none is, once it is taken back.
    good: Option<String>,
}

#[derive(Clone)]
struct Shared {
    answer: Arc<dyn Fn(usize) -> Said + Send + Sync>,
    book: Arc<Mutex<Book>>,
}

pub(crate) struct FakeTencent {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl FakeTencent {
    /// `answer` is asked with the number of the message, from 0; what had no good token is none.
    pub(crate) async fn start(answer: impl Fn(usize) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let shared = Shared { answer: Arc::new(answer), book: Arc::default() };
        let book = Arc::clone(&shared.book);
        let router = Router::new().fallback(take).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, book }
    }
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
    fn look<T>(&self, at: impl FnOnce(&mut Book) -> T) -> T {
        at(&mut self.book.lock().expect("no fake panics while it records"))
    }
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.look(|book| book.sent.clone())
    }
    /// How often a token was given.
    pub(crate) fn tokens(&self) -> usize {
        self.look(|book| book.tokens)
    }
    /// How often a token was asked for.
    pub(crate) fn asked_for_tokens(&self) -> usize {
        self.look(|book| book.asked)
    }
    /// No token that was given is good any more.
    pub(crate) fn takes_the_token_back(&self) {
        self.look(|book| book.good = None);
    }
    /// What was said in a group, in order.
    pub(crate) fn in_the_group(&self) -> Vec<String> {
        let robots = self.sent().into_iter().filter(|sent| sent.path == "/cgi-bin/webhook/send");
        robots.map(|sent| sent.body["text"]["content"].as_str().expect("a text").to_owned()).collect()
    }
}

async fn take(
    State(shared): State<Shared>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let said = {
        let mut book = shared.book.lock().expect("no fake panics while it records");
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        if (method.as_str(), uri.path()) == ("GET", "/cgi-bin/gettoken") || uri.path() == "/cgi-bin/stable_token" {
            let secret = query.get("corpsecret").map(String::as_str).or(json["secret"].as_str());
            book.asked += 1;
            if secret != Some("s3cret") {
                let said = format!("invalid credential {}", secret.unwrap_or_default());
                return Json(json!({"errcode": 40_001, "errmsg": said})).into_response();
            }
            book.tokens += 1;
            let token = format!("token-{}", book.tokens);
            book.good = Some(token.clone());
            return Json(json!({"access_token": token, "expires_in": 7_200})).into_response();
        }
        let by = query.get("key").or(query.get("access_token")).cloned().unwrap_or_default();
        if query.contains_key("access_token") && book.good.as_ref() != Some(&by) {
            return Json(json!({"errcode": 42_001, "errmsg": "access_token expired"})).into_response();
        }
        book.sent.push(Sent { path: uri.path().to_owned(), by: by.clone(), body: json });
        let number = book.sent.len() - 1;
        (number, by, (shared.answer)(number))
    };
    match said {
        (number, _, Said::Ok) => Json(json!({"errcode": 0, "errmsg": "ok", "msgid": 1_000 + number})).into_response(),
        // They like to name who asked.
        (_, by, Said::Code(code)) => {
            Json(json!({"errcode": code, "errmsg": format!("no, says [{by}]")})).into_response()
        }
        (number, _, Said::Nobody) => {
            Json(json!({"errcode": 0, "errmsg": "ok", "invaliduser": "nobody", "msgid": 1_000 + number}))
                .into_response()
        }
        (_, _, Said::Cut) => broken(0),
        (_, _, Said::Hang) => {
            pause(3_600_000).await;
            ().into_response()
        }
    }
}
