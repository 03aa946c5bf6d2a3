//! Hands messages to a mail server: envelope, mark, text, answer, and what each end means.
use std::sync::Arc;

use tokio_rustls::TlsConnector;

use super::{
    connections::{Connections, Permit},
    session::{Letter, Session},
    settings::SmtpSettings,
    wire_address,
};
use crate::{
    channels::{Delivered, Delivery, HandOver, Outcome, Phase, tls},
    clock::Timestamp,
    failpoints,
};

/// One mail server with its connections. Cheap to share behind an `Arc`; dropping it closes what waits.
pub struct Smtp {
    settings: SmtpSettings,
    tls: TlsConnector,
    connections: Connections,
}

impl Smtp {
    /// Opens nothing yet. Fails when the extra certificate authority cannot be read.
    pub fn new(settings: SmtpSettings) -> Result<Self, tls::BadAuthority> {
        let config = tls::client_config(settings.ca.as_deref())?;
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            connections: Connections::new(settings.connections, settings.limits),
            settings,
        })
    }

    /// The same, and it can be told afterwards what was thought of the server's certificate.
    pub fn watched(settings: SmtpSettings, now: Timestamp) -> Result<(Self, tls::Seen), tls::BadAuthority> {
        let (config, seen) = tls::watched(settings.ca.as_deref(), now)?;
        let connections = Connections::new(settings.connections, settings.limits);
        Ok((Self { tls: TlsConnector::from(Arc::new(config)), connections, settings }, seen))
    }

    /// Says hello, signs in where that is set, and says goodbye: no mail is named.
    ///
    /// # Errors
    /// What a message would have come to.
    pub async fn greet(&self) -> Result<(), Delivery> {
        Session::open(&self.settings, &self.tls).await?.quit().await;
        Ok(())
    }

    /// Delivers `bytes` (a MIME message, ASCII, CRLF) to one recipient.
    ///
    /// `envelope_from` is the return path, empty for none. Waits for a free connection as long as it takes; from then on
    /// every step has its own limit ([`super::Limits`]). Dropping the future closes the connection: before the mark
    /// nothing was sent, after it the outcome is unknown.
    pub async fn deliver(&self, envelope_from: &str, to: &str, bytes: &[u8], hand_over: &dyn HandOver) -> Delivered {
        let letter = match letter(envelope_from, to, bytes) {
            Ok(letter) => letter,
            Err(end) => return Delivered::Answered(end),
        };
        let permit = self.connections.permit().await;
        match self.offered(&letter).await {
            Ok(session) => self.finish(permit, session, &letter, hand_over).await,
            Err(end) => Delivered::Answered(end),
        }
    }

    /// A conversation in which the server waits for the text. A waiting connection that turns out to be dead is replaced
    /// by a fresh one, once.
    async fn offered(&self, letter: &Letter<'_>) -> Result<Session, Delivery> {
        if let Some(mut session) = self.connections.take() {
            match session.offer(letter).await {
                Ok(()) => return Ok(session),
                Err(end) if !was_stale(&end) => return Err(end),
                Err(_) => {}
            }
        }
        failpoints::point("connect");
        let mut session = Session::open(&self.settings, &self.tls).await?;
        failpoints::point("envelope");
        session.offer(letter).await?;
        Ok(session)
    }

    /// The permit comes first among the parameters, so that it is dropped after the connection it stands for.
    async fn finish(
        &self,
        permit: Permit,
        mut session: Session,
        letter: &Letter<'_>,
        hand_over: &dyn HandOver,
    ) -> Delivered {
        failpoints::point("mark");
        if !hand_over.mark().await {
            return Delivered::Stopped;
        }
        failpoints::point("body");
        let (delivery, in_order) = session.hand_over(letter).await;
        failpoints::point("answer");
        if in_order {
            self.connections.put(session, permit);
        }
        Delivered::Answered(delivery)
    }
}

fn letter<'a>(envelope_from: &str, to: &str, bytes: &'a [u8]) -> Result<Letter<'a>, Delivery> {
    let ended = |outcome, reason| Delivery::unanswered(Phase::Envelope, outcome, reason);
    let from = match envelope_from {
        "" => None,
        address => Some(wire_address(address).ok_or(ended(Outcome::Later, "sender_refused"))?),
    };
    let to = wire_address(to).ok_or(ended(Outcome::Refused, "address_invalid"))?;
    Ok(Letter { from, to, bytes })
}

/// The server closed the connection while it waited, with or without a word (421).
fn was_stale(end: &Delivery) -> bool {
    let said_goodbye = end.phase == Phase::Envelope && end.code.as_deref().is_some_and(|code| code.starts_with("421"));
    said_goodbye || (end.outcome == Outcome::NotSent && end.reason == "connection_lost")
}
