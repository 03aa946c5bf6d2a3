//! Lines of a conversation and the text of a mail, read without ever holding more than is allowed.
use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::PIECE;

/// A command with its arguments (RFC 5321 4.5.3.1.4, with room for extensions).
const LONGEST_COMMAND: usize = 2_048;

/// One connection, read in lines. What came in one packet (PIPELINING) waits here for its turn.
pub(super) struct Lines<S = TcpStream> {
    socket: BufReader<S>,
    silence: Duration,
}

/// A line that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end.
    Command(String),
    /// Too long, or no text; it was read to its end.
    Unusable,
    /// The other side has gone.
    Closed,
}

/// The text of a mail.
pub(super) enum Text {
    /// Whole and without dot-stuffing; the room it takes is held as long as the permit.
    Whole(Vec<u8>, Option<OwnedSemaphorePermit>),
    TooLarge,
    /// There is no room for it now.
    NoRoom,
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    pub(super) fn new(socket: S, silence: Duration) -> Self {
        Self { socket: BufReader::with_capacity(16 * 1024, socket), silence }
    }

    pub(super) async fn say(&mut self, text: &str) -> io::Result<()> {
        let said = async {
            self.socket.write_all(text.as_bytes()).await?;
            self.socket.write_all(b"\r\n").await?;
            self.socket.flush().await
        };
        within(self.silence, said).await
    }

    /// The next command.
    pub(super) async fn command(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        let mut is_long = false;
        loop {
            let Some(byte) = self.byte().await? else { return Ok(Line::Closed) };
            if byte == b'\n' {
                break;
            }
            if line.len() < LONGEST_COMMAND {
                line.push(byte);
            } else {
                is_long = true;
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let is_plain = !line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
        Ok(match String::from_utf8(line) {
            Ok(line) if !is_long && is_plain => Line::Command(line),
            _ => Line::Unusable,
        })
    }

    /// Reads to the line with a single dot. Only CRLF ends a line: what other servers would take for the end of a mail is
    /// part of its text here, so that nobody can hide a second mail in the first.
    pub(super) async fn text(&mut self, limit: usize, room: &Arc<Semaphore>) -> io::Result<Text> {
        let mut text = Vec::new();
        let mut held: Option<OwnedSemaphorePermit> = None;
        let (mut is_large, mut is_crowded) = (false, false);
        // What has been seen of CR LF . CR LF; the beginning counts as after a line's end.
        let mut seen = Seen::LineStart;
        loop {
            let Some(byte) = self.byte().await? else { return Ok(Text::Closed) };
            let (next, kept) = seen.next(byte);
            seen = next;
            if seen == Seen::End {
                break;
            }
            if is_large || is_crowded {
                continue;
            }
            if text.len() + kept.len() > limit {
                is_large = true;
                text = Vec::new();
                held = None;
                continue;
            }
            if text.len() / PIECE >= held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits) {
                match (Arc::clone(room).try_acquire_owned(), &mut held) {
                    (Ok(more), Some(held)) => held.merge(more),
                    (Ok(first), None) => held = Some(first),
                    (Err(_), _) => {
                        is_crowded = true;
                        text = Vec::new();
                        held = None;
                        continue;
                    }
                }
            }
            text.extend_from_slice(kept);
        }
        Ok(if is_large {
            Text::TooLarge
        } else if is_crowded {
            Text::NoRoom
        } else {
            Text::Whole(text, held)
        })
    }

    async fn byte(&mut self) -> io::Result<Option<u8>> {
        // What is in the buffer needs no clock.
        if let [byte, ..] = self.socket.buffer() {
            let byte = *byte;
            tokio::io::AsyncBufReadExt::consume(&mut self.socket, 1);
            return Ok(Some(byte));
        }
        let mut byte = [0];
        let read = within(self.silence, self.socket.read(&mut byte)).await?;
        Ok((read > 0).then_some(byte[0]))
    }
}

/// How much of the end of a mail has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Text,
    Cr,
    LineStart,
    Dot,
    DotCr,
    End,
}

impl Seen {
    /// After one more byte; the bytes that are part of the text.
    fn next(self, byte: u8) -> (Self, &'static [u8]) {
        let kept = one(byte);
        match (self, byte) {
            (Self::Text | Self::LineStart | Self::Cr, b'\r') => (Self::Cr, kept),
            (Self::Cr, b'\n') => (Self::LineStart, kept),
            (Self::LineStart, b'.') => (Self::Dot, b""),
            (Self::Dot, b'\r') => (Self::DotCr, b""),
            // Also a stuffed dot, of which the first was added by the sender.
            (Self::Text | Self::Cr | Self::LineStart | Self::Dot, _) => (Self::Text, kept),
            (Self::DotCr, b'\n') | (Self::End, _) => (Self::End, b""),
            (Self::DotCr, b'\r') => (Self::Cr, b"\r\r"),
            (Self::DotCr, _) => (Self::Text, after_cr(byte)),
        }
    }
}

/// Every byte as a slice that lives for ever.
const fn bytes() -> [[u8; 2]; 256] {
    let mut all = [[b'\r', 0]; 256];
    let mut n = 0;
    while n < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "n is below 256")]
        {
            all[n][1] = n as u8;
        }
        n += 1;
    }
    all
}
static BYTES: [[u8; 2]; 256] = bytes();

fn one(byte: u8) -> &'static [u8] {
    &BYTES[usize::from(byte)][1..]
}
fn after_cr(byte: u8) -> &'static [u8] {
    &BYTES[usize::from(byte)]
}

async fn within<T>(time: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn read(wire: &[u8], limit: usize, permits: usize) -> (Text, Line) {
        let (mut theirs, ours) = tokio::io::duplex(wire.len() + 100);
        theirs.write_all(wire).await.expect("room");
        theirs.shutdown().await.expect("closed");
        let mut lines = Lines::new(ours, Duration::from_secs(5));
        let text = lines.text(limit, &Arc::new(Semaphore::new(permits))).await.expect("read");
        (text, lines.command().await.expect("a line"))
    }

    async fn whole(wire: &[u8]) -> Option<String> {
        match read(wire, 1 << 20, 100).await.0 {
            Text::Whole(text, _) => Some(String::from_utf8_lossy(&text).into_owned()),
            _ => None,
        }
    }

    #[tokio::test]
    async fn only_crlf_dot_crlf_ends_a_mail() {
        assert_eq!(whole(b"a\r\n..b\r\n.\r\n").await.as_deref(), Some("a\r\n.b\r\n"));
        assert_eq!(whole(b".\r\n").await.as_deref(), Some(""));
        for smuggled in ["a\n.\n", "a\r\n.\n", "a\n.\r\n", "a\r.\r", "a\r\n.\r."] {
            let text = whole(format!("{smuggled}b\r\n.\r\n").as_bytes()).await.expect("a mail");
            assert!(text.ends_with("b\r\n"), "{smuggled:?}: {text:?}");
        }
        assert_eq!(whole(b"a\r\n.").await, None);
    }

    #[tokio::test]
    async fn what_is_too_much_is_read_to_its_end_and_not_kept() {
        let long = [&b"x".repeat(200_000)[..], b"\r\n.\r\nNOOP\r\n"].concat();
        let (text, next) = read(&long, 100_000, 100).await;
        assert!(matches!(text, Text::TooLarge));
        assert_eq!(next, Line::Command("NOOP".to_owned()));
        let (text, next) = read(&long, 1 << 20, 2).await;
        assert!(matches!(text, Text::NoRoom));
        assert_eq!(next, Line::Command("NOOP".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_comes_through_as_it_was_sent(lines in proptest::collection::vec("[ -~.]{0,20}", 0..20)) {
            let sent: String = lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect();
            let stuffed: String = lines.iter().flat_map(|line| [if line.starts_with('.') { "." } else { "" }, line, "\r\n"]).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let read = runtime.block_on(whole(format!("{stuffed}.\r\n").as_bytes()));
            prop_assert_eq!(read, Some(sent));
        }
    }
}
