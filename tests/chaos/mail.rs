//! A mail server with faults: answers every complete message as it was told to, and remembers it.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Result;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    arrivals::{Arrivals, Fate},
    wait::pause,
};

/// Listens on a port of its own; ends with the test.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    pub(crate) arrivals: Arrivals,
    short: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl MailServer {
    pub(crate) async fn start(arrivals: Arrivals) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (book, short) = (arrivals.clone(), Arc::new(AtomicBool::new(false)));
        let closes = Arc::clone(&short);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (book, closes) = (book.clone(), Arc::clone(&closes));
                tokio::spawn(async move {
                    // A client that goes away in the middle is what these tests are about.
                    let _ = converse(socket, &book, &closes).await;
                });
            }
        });
        Ok(Self { port, arrivals, short, task })
    }
    /// From now on every connection is closed after one message, so that the next message opens its own.
    pub(crate) fn close_after_each(&self) {
        self.short.store(true, Ordering::Relaxed);
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(socket: TcpStream, book: &Arrivals, closes: &AtomicBool) -> Result<()> {
    socket.set_nodelay(true)?;
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 chaos ESMTP\r\n").await?;
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let command = String::from_utf8_lossy(&line).trim().to_ascii_uppercase();
        let reply: &[u8] = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => b"250-chaos\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n",
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let Some(content) = content(&mut lines).await? else { return Ok(()) };
                match book.take(&our_id(&content), &content) {
                    Fate::Accept => b"250 2.0.0 taken\r\n",
                    Fate::AcceptLate(time) => {
                        pause(time).await;
                        b"250 2.0.0 taken at last\r\n"
                    }
                    Fate::Defer => b"451 4.7.1 come back later\r\n",
                    Fate::Refuse => b"554 5.7.1 not this one\r\n",
                    Fate::Cut => return Ok(()),
                }
            }
            _ => b"250 ok\r\n",
        };
        write.write_all(reply).await?;
        if command == "DATA" && closes.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}

/// Everything up to the dot; nothing when the client went away before it.
async fn content(lines: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    loop {
        let start = content.len();
        if lines.read_until(b'\n', &mut content).await? == 0 {
            return Ok(None);
        }
        if &content[start..] == b".\r\n" {
            content.truncate(start);
            return Ok(Some(content));
        }
    }
}

/// `msg_…` from the Message-ID header, which may be folded.
fn our_id(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content).replace("\r\n ", " ").replace("\r\n\t", " ");
    let header = text.lines().take_while(|line| !line.is_empty());
    let id = header.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
    let id = id.map(|(_, value)| value.trim().trim_matches(['<', '>'])).unwrap_or_default();
    id.split('@').next().unwrap_or_default().to_owned()
}
