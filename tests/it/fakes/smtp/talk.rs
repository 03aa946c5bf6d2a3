//! The server's side of the conversation.
use std::sync::{Arc, MutexGuard, atomic::Ordering};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_rustls::TlsAcceptor;

use super::{Act, Greeting, Received, Records, Shared};
use crate::fakes::pause;

const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fakes/tls/server.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fakes/tls/server.key");

type Done = std::io::Result<()>;
type Stream<S> = BufReader<S>;

impl Shared {
    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().expect("no fake panics while it records")
    }

    pub(super) fn opened(&self) -> usize {
        let mut records = self.records();
        records.open += 1;
        records.most_open = records.most_open.max(records.open);
        records.connections += 1;
        records.connections - 1
    }

    pub(super) async fn serve(&self, number: usize, socket: tokio::net::TcpStream) -> Done {
        if self.behaviour.wrapper {
            let socket = acceptor().accept(socket).await?;
            return self.talk(number, socket, true, true).await.map(drop);
        }
        if let Some(socket) = self.talk(number, socket, true, false).await? {
            let socket = acceptor().accept(socket).await?;
            self.talk(number, socket, false, true).await?;
        }
        Ok(())
    }

    /// Speaks SMTP; gives the stream back when TLS is to begin on it.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        number: usize,
        socket: S,
        greet: bool,
        tls: bool,
    ) -> std::io::Result<Option<S>> {
        let mut stream = BufReader::new(socket);
        if greet {
            match self.behaviour.greeting {
                Greeting::Normal => say(&mut stream, "220 fake ready").await?,
                Greeting::Never => pause(3_600_000).await,
                Greeting::Refuse(words) => return say(&mut stream, words).await.map(|()| None),
            }
        }
        let (mut from, mut to, mut act) = (String::new(), Vec::new(), Act::Accept);
        loop {
            let Some(line) = self.line(number, &mut stream).await? else {
                return Ok(None);
            };
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let mut words = "250-fake\r\n250-8BITMIME\r\n".to_owned();
                    if self.behaviour.starttls && !tls {
                        words += "250-STARTTLS\r\n";
                    }
                    if !self.behaviour.auth.is_empty() {
                        words = words + "250-AUTH " + self.behaviour.auth + "\r\n";
                    }
                    say(&mut stream, &(words + "250 SIZE 1000000")).await?;
                }
                "STARTTLS" => {
                    say(&mut stream, &format!("220 go{}", self.behaviour.injected)).await?;
                    return Ok(Some(stream.into_inner()));
                }
                "AUTH" => self.sign_in(number, &line, &mut stream).await?,
                "MAIL" => {
                    act = (self.behaviour.act)(self.messages.fetch_add(1, Ordering::SeqCst));
                    (from, to) = (path(&line), Vec::new());
                    match act {
                        Act::AtMail(words) => say(&mut stream, words).await?,
                        Act::CutAtMail => return Ok(None),
                        _ => say(&mut stream, "250 2.1.0 Ok").await?,
                    }
                }
                "RCPT" => {
                    to.push(path(&line));
                    match act {
                        Act::AtRcpt(words) => say(&mut stream, words).await?,
                        Act::HangAtRcpt => pause(3_600_000).await,
                        _ => say(&mut stream, "250 2.1.5 Ok").await?,
                    }
                }
                "DATA" => {
                    if let Act::AtData(words) = act {
                        say(&mut stream, words).await?;
                        continue;
                    }
                    self.invited.fetch_add(1, Ordering::SeqCst);
                    say(&mut stream, "354 go").await?;
                    if matches!(act, Act::CutAfter354) {
                        return Ok(None);
                    }
                    let Some(bytes) = self.text(&mut stream, matches!(act, Act::CutInData)).await? else {
                        return Ok(None);
                    };
                    let reply = self.reply(&act);
                    self.records().received.push(Received {
                        message_id: message_id(&bytes),
                        from: from.clone(),
                        to: to.clone(),
                        bytes,
                        reply: reply.clone(),
                        connection: number,
                    });
                    let Some(reply) = reply else { return Ok(None) };
                    if let Act::SlowDot(millis, _) = act {
                        pause(millis).await;
                    }
                    say(&mut stream, &reply).await?;
                }
                "QUIT" => return say(&mut stream, "221 bye").await.map(|()| None),
                _ => say(&mut stream, "500 5.5.1 what?").await?,
            }
        }
    }

    async fn line<S: AsyncRead + Unpin>(
        &self,
        number: usize,
        stream: &mut Stream<S>,
    ) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        self.records().lines.push((number, line.clone()));
        Ok(Some(line))
    }

    async fn sign_in<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        number: usize,
        line: &str,
        stream: &mut Stream<S>,
    ) -> Done {
        if line.to_ascii_uppercase().starts_with("AUTH LOGIN") {
            say(stream, "334 VXNlcm5hbWU6").await?;
            self.line(number, stream).await?;
            say(stream, "334 UGFzc3dvcmQ6").await?;
            self.line(number, stream).await?;
        }
        say(stream, self.behaviour.auth_reply).await
    }

    /// `None`: cut in the middle.
    async fn text<S: AsyncRead + Unpin>(&self, stream: &mut Stream<S>, cut: bool) -> std::io::Result<Option<Vec<u8>>> {
        let mut text = Vec::new();
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 || cut {
                return Ok(None);
            }
            self.text_bytes.fetch_add(line.len(), Ordering::SeqCst);
            if line == b".\r\n" {
                return Ok(Some(text));
            }
            text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    fn reply(&self, act: &Act) -> Option<String> {
        let queued = format!("250 2.0.0 Ok: queued as F{:07X}", self.invited.load(Ordering::SeqCst));
        match act {
            Act::AtDot(words) | Act::SlowDot(_, words) => Some((*words).to_owned()),
            Act::CutAfterDot => None,
            Act::AcceptAndChatter(words) => Some(format!("{queued}\r\n{words}")),
            _ => Some(queued),
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, words: &str) -> Done {
    stream.write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.flush().await
}

fn path(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn message_id(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .unwrap_or_default()
        .to_owned()
}

fn acceptor() -> TlsAcceptor {
    aftercare::channels::tls::install_ring();
    let certificate = CertificateDer::from_pem_file(CERTIFICATE).expect("the fake's certificate");
    let key = PrivateKeyDer::from_pem_file(KEY).expect("the fake's key");
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("key and certificate belong together");
    TlsAcceptor::from(Arc::new(config))
}
