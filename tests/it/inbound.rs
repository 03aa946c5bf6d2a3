//! Mail that comes in: what it is, whose it is, and what it does to what we sent.
mod bounces;
mod conversations;
mod corpus;
mod doors;
mod invites;
mod refusals;
mod threads;
mod unread;
mod wire;

use std::time::Duration;

use aftercare::{
    db::Weight,
    inbound::{
        Envelope,
        actions::{self, Arrival, NotTaken},
        lmtp,
    },
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::shop::{Opening, Shop};

pub(crate) const ANNA: &str = "anna@example.com";

/// A shop whose mails carry signed addresses.
pub(crate) fn signing() -> Opening {
    Shop::opening()
        .setting("INBOUND__DOMAIN", "in.dealer.example")
        .setting("INBOUND__KEY", "a key that only this test knows, 32 and more")
        .setting("EMAIL__BOUNCE_DOMAIN", "bounce.dealer.example")
}

/// A mail as a person's program writes it.
pub(crate) fn mail(from: &str, subject: &str, headers: &str, text: &str) -> String {
    let id = format!("{:x}", subject.len() * 7919 + text.len() * 31 + from.len());
    format!(
        "From: {from}\r\nTo: service@gz-tianhe.example\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.com>\r\n{headers}\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

/// What is known of one mail after it was read.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    id: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) customer_id: Option<String>,
    pub(crate) about_id: Option<String>,
    pub(crate) subject_type: Option<String>,
    pub(crate) subject_id: Option<String>,
}

impl Row {
    pub(crate) fn said(&self) -> String {
        format!("{} {} {}", self.class.as_deref().unwrap_or("-"), self.state, self.reason.as_deref().unwrap_or("-"))
    }
}

impl Shop {
    /// A mail arrives at a door and is read.
    pub(crate) async fn mailed(&self, from: Option<&str>, to: &str, raw: &str) -> Row {
        let before: Vec<String> = self.inbound_mails().await.into_iter().map(|row| row.id).collect();
        self.arrives_by_mail(from, to, raw).await.expect("stored");
        self.drain().await;
        let after = self.inbound_mails().await;
        after.into_iter().find(|row| !before.contains(&row.id)).expect("a mail that was not here before")
    }
    pub(crate) async fn arrives_by_mail(&self, from: Option<&str>, to: &str, raw: &str) -> Result<usize, NotTaken> {
        let envelope = Envelope { from: from.map(str::to_owned), to: to.to_owned() };
        let arrival = Arrival { door: "http", envelopes: vec![envelope], raw: raw.as_bytes().to_vec() };
        actions::take(&self.app, arrival).await
    }
    pub(crate) async fn inbound_mails(&self) -> Vec<Row> {
        let mut tx = self.app.db.read().await.expect("a connection");
        tx.sql("SELECT id, state, reason, class, customer_id, about_id, subject_type, subject_id FROM inbound_messages ORDER BY id")
            .all()
            .await
            .expect("rows")
    }
    /// The envelope sender of the newest mail that went out.
    pub(crate) fn return_path(&self) -> String {
        self.mail.received().last().expect("a mail").from.clone()
    }
    /// `Reply-To` of the newest mail that went out to this address.
    pub(crate) fn reply_to(&self, address: &str) -> String {
        let bytes = self.inbox(address).pop().expect("a mail").bytes;
        let mail = mail_parser::MessageParser::default().parse(&bytes).expect("a mail");
        mail.reply_to().and_then(|to| to.first()).and_then(|to| to.address()).expect("an address").to_owned()
    }
    /// Runs one statement that no door offers.
    pub(crate) async fn alters(&self, sql: &'static str) {
        let done =
            self.app.db.write(Weight::ONE, move |tx| Box::pin(async move { tx.sql(sql).execute().await.map(drop) }));
        done.await.expect("done");
    }
    /// Opens the LMTP door on a free port.
    pub(crate) async fn opens_lmtp(&self) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(lmtp::serve(self.app.clone(), listener));
        address
    }
}

/// An LMTP client, line by line.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) async fn connect(address: std::net::SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.expect("a connection")))
    }
    pub(crate) async fn sends(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("sent");
    }
    /// The next answer, its last line.
    pub(crate) async fn hears(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(Duration::from_secs(20), self.0.read_line(&mut line)).await;
            if read.expect("an answer in time").expect("readable") == 0 {
                return "closed".to_owned();
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
    pub(crate) async fn says(&mut self, line: &str) -> String {
        self.sends(&format!("{line}\r\n")).await;
        self.hears().await
    }
}
