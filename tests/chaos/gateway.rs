//! An SMS gateway with faults, HTTP/1.1 by hand: only so can it take a message and close without an answer.
use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    arrivals::{Arrivals, Fate},
    wait::pause,
};

/// Listens on a port of its own; ends with the test.
pub(crate) struct Gateway {
    pub(crate) port: u16,
    pub(crate) arrivals: Arrivals,
    task: tokio::task::JoinHandle<()>,
}

impl Gateway {
    pub(crate) async fn start(arrivals: Arrivals) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let book = arrivals.clone();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let book = book.clone();
                tokio::spawn(async move {
                    let _ = converse(socket, &book).await;
                });
            }
        });
        Ok(Self { port, arrivals, task })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(socket: TcpStream, book: &Arrivals) -> Result<()> {
    socket.set_nodelay(true)?;
    let (read, mut write) = socket.into_split();
    let mut read = BufReader::new(read);
    while let Some(body) = request(&mut read).await? {
        let message: serde_json::Value = serde_json::from_slice(&body)?;
        let id = message["id"].as_str().context("an id in the request")?;
        let fate = book.take(id, &body);
        let (status, more, answer) = match fate {
            Fate::Accept => ("200 OK", "", format!("{{\"id\":\"gw-{id}\"}}")),
            Fate::AcceptLate(time) => {
                pause(time).await;
                ("200 OK", "", format!("{{\"id\":\"gw-{id}\"}}"))
            }
            Fate::Defer => ("429 Too Many Requests", "retry-after: 1\r\n", "{}".to_owned()),
            Fate::Refuse => ("400 Bad Request", "", "{\"error\":\"not this one\"}".to_owned()),
            Fate::Cut => return Ok(()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{more}\r\n",
            answer.len()
        );
        write.write_all(format!("{head}{answer}").as_bytes()).await?;
    }
    Ok(())
}

/// The next request's body; nothing when the client has closed.
async fn request(read: &mut (impl AsyncBufReadExt + Unpin)) -> Result<Option<Vec<u8>>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse()?,
            None if line.trim().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    read.read_exact(&mut body).await?;
    Ok(Some(body))
}
