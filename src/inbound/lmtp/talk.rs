//! One LMTP conversation.
use std::{io, sync::Arc};

use tokio::net::TcpStream;

use super::{
    Shared,
    lines::{Line, Lines, Text},
};
use crate::inbound::{
    Envelope,
    actions::{self, Arrival, NotTaken},
};

/// Recipients of one mail (RFC 5321 4.5.3.1.8 asks for 100).
const MOST_RECIPIENTS: usize = 100;
/// Commands that come to nothing before the connection is closed.
const MOST_MISTAKES: usize = 20;
const LONGEST_PATH: usize = 320;

pub(super) struct Talk {
    shared: Arc<Shared>,
    lines: Lines<TcpStream>,
    /// LHLO was said.
    is_greeted: bool,
    sender: Option<String>,
    recipients: Vec<String>,
    mistakes: usize,
}

enum Next {
    Go,
    Close,
}

impl Talk {
    pub(super) fn new(shared: Arc<Shared>, socket: TcpStream) -> Self {
        let lines = Lines::new(socket, shared.app.config.inbound.lmtp.silence.get());
        Self { shared, lines, is_greeted: false, sender: None, recipients: Vec::new(), mistakes: 0 }
    }

    pub(super) async fn run(mut self) -> io::Result<()> {
        self.lines.say("220 aftercare LMTP").await?;
        let stopping = self.shared.app.stopping.clone();
        loop {
            let line = tokio::select! {
                line = self.lines.command() => line?,
                // Between commands; a text under way is read to its end.
                () = stopping.cancelled() => return self.lines.say("421 4.3.2 stopping, come again").await,
            };
            let next = match line {
                Line::Closed => return Ok(()),
                Line::Unusable => self.mistake("500 5.5.2 that line is too long or no text").await?,
                Line::Command(line) => self.command(&line).await?,
            };
            if matches!(next, Next::Close) {
                return Ok(());
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "LHLO" => self.greet().await,
            "HELO" | "EHLO" => self.mistake("500 5.5.1 this is LMTP: say LHLO").await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.reset();
                self.go("250 2.0.0 forgotten").await
            }
            "NOOP" => self.go("250 2.0.0 here").await,
            "VRFY" => self.go("252 2.5.0 send it and see").await,
            "QUIT" => {
                self.lines.say("221 2.0.0 goodbye").await?;
                Ok(Next::Close)
            }
            _ => self.mistake("500 5.5.2 not known here").await,
        }
    }

    async fn greet(&mut self) -> io::Result<Next> {
        self.is_greeted = true;
        self.reset();
        let limit = self.shared.app.config.inbound.size_limit;
        let text = format!(
            "250-aftercare\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE {limit}"
        );
        self.go(&text).await
    }

    async fn mail(&mut self, rest: &str) -> io::Result<Next> {
        if !self.is_greeted {
            return self.mistake("503 5.5.1 say LHLO first").await;
        }
        if self.sender.is_some() {
            return self.mistake("503 5.5.1 one mail at a time").await;
        }
        let Some((path, parameters)) = path(rest, "FROM:") else {
            return self.mistake("501 5.5.4 MAIL FROM:<address>").await;
        };
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let limit = self.shared.app.config.inbound.size_limit as u64;
            match name.to_ascii_uppercase().as_str() {
                "SIZE" if value.parse::<u64>().is_ok_and(|size| size > limit) => {
                    return self.go("552 5.3.4 that is larger than we take").await;
                }
                "SIZE" | "BODY" | "SMTPUTF8" => {}
                _ => return self.mistake("555 5.5.4 that parameter is not known here").await,
            }
        }
        self.sender = Some(path);
        self.go("250 2.1.0 go on").await
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<Next> {
        if self.sender.is_none() {
            return self.mistake("503 5.5.1 say MAIL first").await;
        }
        let Some((path, _)) = path(rest, "TO:").filter(|(path, _)| !path.is_empty()) else {
            return self.mistake("501 5.5.4 RCPT TO:<address>").await;
        };
        if self.recipients.len() >= MOST_RECIPIENTS {
            return self.go("452 4.5.3 too many recipients, the others with the next").await;
        }
        match actions::recipient(&self.shared.app, &path).await {
            Ok(Some(_)) => {
                self.recipients.push(path);
                self.go("250 2.1.5 go on").await
            }
            Ok(None) => self.go("550 5.1.1 nobody here has this address").await,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "LMTP: a recipient could not be looked up");
                self.go("451 4.3.0 not now, come again").await
            }
        }
    }

    /// After the text one answer for each recipient that was taken, in their order (RFC 2033 4.2).
    async fn data(&mut self) -> io::Result<Next> {
        if self.recipients.is_empty() {
            return self.mistake("503 5.5.1 nobody to give it to").await;
        }
        self.lines.say("354 end with a line that is a dot").await?;
        let limit = self.shared.app.config.inbound.size_limit;
        let text = self.lines.text(limit, &self.shared.room).await?;
        let (sender, recipients) = (self.sender.take(), std::mem::take(&mut self.recipients));
        let answer = match text {
            Text::Closed => return Ok(Next::Close),
            Text::TooLarge => "552 5.3.4 that is larger than we take",
            Text::NoRoom => "452 4.3.1 too much is coming in, come again",
            Text::Whole(raw, held) => {
                let answer = self.take(sender.as_deref(), &recipients, raw).await;
                drop(held);
                answer
            }
        };
        for _ in &recipients {
            self.lines.say(answer).await?;
        }
        Ok(Next::Go)
    }

    async fn take(&self, sender: Option<&str>, recipients: &[String], raw: Vec<u8>) -> &'static str {
        let envelopes =
            recipients.iter().map(|to| Envelope { from: sender.map(str::to_owned), to: to.clone() }).collect();
        match actions::take(&self.shared.app, Arrival { door: "lmtp", envelopes, raw }).await {
            Ok(_) => "250 2.0.0 stored",
            Err(NotTaken::Full) => "452 4.3.1 too many mails wait to be read, come again",
            Err(NotTaken::Database(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "LMTP: a mail could not be stored");
                "451 4.3.0 not now, come again"
            }
        }
    }

    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    async fn go(&mut self, answer: &str) -> io::Result<Next> {
        self.lines.say(answer).await?;
        Ok(Next::Go)
    }

    async fn mistake(&mut self, answer: &str) -> io::Result<Next> {
        self.mistakes += 1;
        if self.mistakes > MOST_MISTAKES {
            self.lines.say("421 4.7.0 too many mistakes").await?;
            return Ok(Next::Close);
        }
        self.go(answer).await
    }
}

/// `FROM:<a@b> SIZE=1` as the address and its parameters; a route before the address is dropped (RFC 5321 appendix C).
fn path(rest: &str, keyword: &str) -> Option<(String, String)> {
    let rest = rest.trim_start();
    let named = rest.get(..keyword.len()).filter(|found| found.eq_ignore_ascii_case(keyword))?;
    let rest = rest[named.len()..].trim_start().strip_prefix('<')?;
    let (path, parameters) = rest.split_once('>')?;
    let path = if path.starts_with('@') { path.split_once(':')?.1 } else { path };
    let is_clean = path.len() <= LONGEST_PATH && !path.chars().any(|c| c.is_whitespace() || c.is_control());
    is_clean.then(|| (path.to_owned(), parameters.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_servers_write_them() {
        let of = |text: &str| path(text, "FROM:").map(|(path, parameters)| format!("{path}|{}", parameters.trim()));
        assert_eq!(
            of("FROM:<a@b.example> SIZE=12 BODY=8BITMIME").as_deref(),
            Some("a@b.example|SIZE=12 BODY=8BITMIME")
        );
        assert_eq!(of("from: <>").as_deref(), Some("|"));
        assert_eq!(of("FROM:<@relay.example:a@b.example>").as_deref(), Some("a@b.example|"));
        assert_eq!(of("FROM:a@b.example"), None);
        assert_eq!(of("FROM:<a b@c>"), None);
    }
}
