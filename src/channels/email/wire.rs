//! The socket under an SMTP conversation: gives one line at a time, so that no byte is read before its turn.
//!
//! Lettre reads through a buffer it keeps over STARTTLS. Fed line by line, that buffer is empty whenever a reply is
//! complete: what somebody slipped in before TLS stays here and stops the upgrade, and a server that says more than it
//! was asked is noticed before its words are taken for the answer to the next message.
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A reply line this long is given out unfinished; lettre refuses it.
const LONGEST_LINE: usize = 4096;

/// A handle on the socket: lettre owns one, the session keeps another to start TLS and to look for stray bytes.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Line>>);

struct Line {
    socket: Socket,
    /// Read from the socket, not yet given out.
    unread: Vec<u8>,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// TLS is being negotiated, or failed: nothing can be read or written.
    None,
}

impl Wire {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self(Arc::new(Mutex::new(Line { socket: Socket::Plain(socket), unread: Vec::new() })))
    }

    /// Continues in TLS. Fails when the server said anything after its last reply.
    pub(super) async fn start_tls(&self, connector: &TlsConnector, host: ServerName<'static>) -> io::Result<()> {
        let plain = {
            let mut line = self.line();
            if !line.unread.is_empty() {
                return Err(io::Error::other("bytes before TLS"));
            }
            match std::mem::replace(&mut line.socket, Socket::None) {
                Socket::Plain(plain) => plain,
                Socket::Tls(_) | Socket::None => return Err(io::Error::other("TLS twice")),
            }
        };
        let tls = connector.connect(host, plain).await?;
        self.line().socket = Socket::Tls(Box::new(tls));
        Ok(())
    }

    /// True when the server has nothing more to say and has not closed, as far as can be known without waiting.
    pub(super) fn is_quiet(&self) -> bool {
        let mut line = self.line();
        let mut context = Context::from_waker(futures_util::task::noop_waker_ref());
        line.unread.is_empty() && line.poll_more(&mut context).is_pending()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Reads once from the socket; the number of bytes, 0 at its end.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; 1024];
        let mut buf = ReadBuf::new(&mut bytes);
        ready!(match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, &mut buf),
            Socket::Tls(socket) => Pin::new(socket).poll_read(cx, &mut buf),
            Socket::None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        })?;
        self.unread.extend_from_slice(buf.filled());
        Poll::Ready(Ok(buf.filled().len()))
    }

    /// Gives out at most one line. A line that is not UTF-8 (servers that answer in GBK) loses the bytes that are not
    /// ASCII: lettre would take it for a broken connection, and its code is what counts.
    fn give(&mut self, end: usize, buf: &mut ReadBuf<'_>) {
        let end = end.min(buf.remaining());
        let mut line: Vec<u8> = self.unread.drain(..end).collect();
        if std::str::from_utf8(&line).is_err() {
            line.iter_mut().filter(|b| !b.is_ascii()).for_each(|b| *b = b'?');
        }
        buf.put_slice(&line);
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        loop {
            if let Some(end) = line.unread.iter().position(|b| *b == b'\n') {
                line.give(end + 1, buf);
                return Poll::Ready(Ok(()));
            }
            if line.unread.len() >= LONGEST_LINE || ready!(line.poll_more(cx))? == 0 {
                let rest = line.unread.len();
                line.give(rest, buf);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.line().socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line().socket {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_flush(cx),
            Socket::None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line().socket {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.line().socket {
            Socket::Plain(socket) => socket.peer_addr(),
            Socket::Tls(socket) => socket.get_ref().0.peer_addr(),
            Socket::None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}
