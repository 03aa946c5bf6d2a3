//! One conversation with a mail server, step by step, each with its own time limit. Dropping it closes the connection.
use std::time::Duration;

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    commands::{Auth, Data, Ehlo, Mail, Rcpt, Starttls},
    extension::{ClientId, Extension, ServerInfo},
    response::Response,
};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use super::{
    replies::{self, End, Step, ended},
    settings::{Limits, SmtpSettings, Tls},
    wire::Wire,
};
use crate::channels::{Delivery, Outcome, Phase};

/// Written by lettre's low-level connection and not by its transport, whose pool hands a half-read reply to the next
/// message when a send is cancelled (`reliability.md` trap 1).
pub(super) struct Session {
    smtp: AsyncSmtpConnection,
    wire: Wire,
    limits: Limits,
    /// Messages taken so far.
    pub(super) sent: u32,
    /// When it was last put aside.
    pub(super) idle_since: Instant,
}

/// One message for one recipient.
pub(super) struct Letter<'a> {
    /// `None` is the empty return path.
    pub(super) from: Option<lettre::Address>,
    pub(super) to: lettre::Address,
    pub(super) bytes: &'a [u8],
}

impl Session {
    /// Connects, and says hello until the server is ready for a message.
    pub(super) async fn open(settings: &SmtpSettings, tls: &TlsConnector) -> Result<Self, Delivery> {
        let limits = settings.limits;
        let wire = timeout(limits.connect, connect(settings, tls))
            .await
            .unwrap_or(Err("timeout"))
            .map_err(|reason| Delivery::unanswered(Phase::Connect, Outcome::NotSent, reason))?;
        let hello = ClientId::Domain(settings.hello_name.clone());
        let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), &hello);
        let smtp = within(limits.greeting, greeting).await.map_err(|end| ended(Step::Greeting, &end, &[]))?;
        let mut session = Self { smtp, wire, limits, sent: 0, idle_since: Instant::now() };
        let mut server = session.smtp.server_info().clone();
        if settings.tls == Tls::Required {
            server = session.start_tls(settings, tls, &server, hello).await?;
        }
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            let login = Credentials::new(user.clone(), password.expose_secret().to_owned());
            session.sign_in(&server, &login).await.map_err(|end| ended(Step::SignIn, &end, &[user]))?;
        }
        Ok(session)
    }

    /// STARTTLS and a second EHLO: what the server said in the clear may have been changed on the way (RFC 3207).
    async fn start_tls(
        &mut self,
        settings: &SmtpSettings,
        tls: &TlsConnector,
        server: &ServerInfo,
        hello: ClientId,
    ) -> Result<ServerInfo, Delivery> {
        if !server.supports_feature(Extension::StartTls) {
            return Err(Delivery::unanswered(Phase::Greeting, Outcome::NotSent, "tls_required"));
        }
        let limit = self.limits.greeting;
        let told = |end: End| ended(Step::StartTls, &end, &[]);
        self.say(limit, Starttls, 220..=220).await.map_err(told)?;
        let failed = Delivery::unanswered(Phase::Greeting, Outcome::NotSent, "tls_failed");
        let host = server_name(&settings.host).map_err(|_| failed.clone())?;
        match timeout(limit, self.wire.start_tls(tls, host)).await {
            Err(_) => return Err(told(End::Timeout)),
            Ok(Err(_)) => return Err(failed),
            Ok(Ok(())) => {}
        }
        let reply =
            self.say(limit, Ehlo::new(hello), 250..=250).await.map_err(|end| ended(Step::Greeting, &end, &[]))?;
        ServerInfo::from_response(&reply).map_err(|error| ended(Step::Greeting, &End::of(&error), &[]))
    }

    /// AUTH PLAIN, or LOGIN where only that is offered. Never called without TLS (`settings.rs`).
    async fn sign_in(&mut self, server: &ServerInfo, login: &Credentials) -> Result<(), End> {
        let limit = self.limits.greeting;
        let mechanism = server.get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login]).ok_or(End::NoSignIn)?;
        let first = Auth::new(mechanism, login.clone(), None).map_err(|error| End::of(&error))?;
        let mut reply = self.say(limit, first, 235..=334).await?;
        // LOGIN asks for the name and then for the password.
        for _ in 0..2 {
            if !reply.has_code(334) {
                break;
            }
            let next = Auth::new_from_response(mechanism, login.clone(), &reply).map_err(|error| End::of(&error))?;
            reply = self.say(limit, next, 235..=334).await?;
        }
        if reply.has_code(235) { Ok(()) } else { Err(End::Unreadable) }
    }

    /// Names sender and recipient and asks to send the text: after `Ok`, the server waits for it.
    pub(super) async fn offer(&mut self, letter: &Letter<'_>) -> Result<(), Delivery> {
        let Limits { envelope, data, .. } = self.limits;
        let to = letter.to.to_string();
        let at = |step| {
            let to = to.clone();
            move |end: End| ended(step, &end, &[&to])
        };
        let mail = Mail::new(letter.from.clone(), vec![]);
        self.say(envelope, mail, 250..=250).await.map_err(at(Step::Mail))?;
        let rcpt = Rcpt::new(letter.to.clone(), vec![]);
        self.say(envelope, rcpt, 250..=252).await.map_err(at(Step::Rcpt))?;
        self.say(data, Data, 354..=354).await.map_err(at(Step::Data))?;
        Ok(())
    }

    /// Sends the text and waits for the answer. To be called after the mark; whatever is not an answer is `unknown`.
    /// True: the connection is in order and may carry another message.
    pub(super) async fn hand_over(&mut self, letter: &Letter<'_>) -> (Delivery, bool) {
        let private = letter.to.to_string();
        // Lettre ends the text with CRLF, dot, CRLF; without this the server would get an empty line too many.
        let text = letter.bytes.strip_suffix(b"\r\n").unwrap_or(letter.bytes);
        let answer = within(self.limits.after_dot, self.smtp.message(text)).await;
        let answer = answer.and_then(|reply| expected(reply, &(250..=259)));
        match answer {
            Ok(reply) => {
                self.sent += 1;
                (replies::accepted(&reply, &[&private]), true)
            }
            Err(end) => (ended(Step::Body, &end, &[&private]), false),
        }
    }

    /// Nothing was said since the last reply and the server has not closed.
    pub(super) fn is_quiet(&self) -> bool {
        self.wire.is_quiet()
    }

    pub(super) async fn quit(mut self) {
        // Nobody waits for the answer: the message before it was answered already.
        let _ = timeout(self.limits.quit, self.smtp.quit()).await;
    }

    async fn say<C: std::fmt::Display>(
        &mut self,
        limit: Duration,
        command: C,
        wanted: std::ops::RangeInclusive<u16>,
    ) -> Result<Response, End> {
        let reply = within(limit, self.smtp.command(command)).await?;
        expected(reply, &wanted)
    }
}

/// A positive reply that is not the one that belongs here means that replies and commands are out of step.
fn expected(reply: Response, wanted: &std::ops::RangeInclusive<u16>) -> Result<Response, End> {
    if wanted.contains(&reply.code().into()) { Ok(reply) } else { Err(End::Unreadable) }
}

async fn within<T>(limit: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, End> {
    match timeout(limit, step).await {
        Err(_) => Err(End::Timeout),
        Ok(Err(error)) => Err(End::of(&error)),
        Ok(Ok(done)) => Ok(done),
    }
}

/// The error is the reason code.
async fn connect(settings: &SmtpSettings, tls: &TlsConnector) -> Result<Wire, &'static str> {
    let addresses = lookup_host((settings.host.as_str(), settings.port)).await.map_err(|_| "host_unknown")?;
    let mut socket = Err("host_unknown");
    for address in addresses {
        socket = TcpStream::connect(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "connection_refused",
            _ => "connection_failed",
        });
        if socket.is_ok() {
            break;
        }
    }
    let socket = socket?;
    // Lettre writes text and final dot apart: with Nagle's algorithm that costs 40 ms a message.
    socket.set_nodelay(true).map_err(|_| "connection_failed")?;
    let wire = Wire::new(socket);
    if settings.tls == Tls::Wrapper {
        let host = server_name(&settings.host)?;
        wire.start_tls(tls, host).await.map_err(|_| "tls_failed")?;
    }
    Ok(wire)
}

fn server_name(host: &str) -> Result<ServerName<'static>, &'static str> {
    ServerName::try_from(host.to_owned()).map_err(|_| "tls_failed")
}
