//! A load generator small enough not to be what is measured: HTTP/1.1 by hand on connections that stay open.
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) key: String,
}

/// One connection that stays open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    key: String,
    head: String,
    line: String,
}

impl Target {
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/cloudevents+json\r\ncontent-length: ",
            self.key
        );
        Ok(Connection { stream: BufReader::new(stream), key: self.key.clone(), head, line: String::new() })
    }

    /// Tells facts one by one on `connections` connections until `until` says so; how many were answered 202, in which time.
    pub(crate) async fn tell(
        &self,
        connections: usize,
        fact: impl Fn(usize) -> Option<String> + Send + Sync + 'static,
    ) -> Result<(usize, Duration)> {
        let (fact, next) = (Arc::new(fact), Arc::new(AtomicUsize::new(1)));
        let start = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..connections {
            let (fact, next, mut connection) = (Arc::clone(&fact), Arc::clone(&next), self.connect().await?);
            tasks.push(tokio::spawn(async move {
                let mut told = 0;
                while let Some(fact) = fact(next.fetch_add(1, Ordering::Relaxed)) {
                    connection.post(&fact).await?;
                    told += 1;
                }
                anyhow::Ok(told)
            }));
        }
        let mut told = 0;
        for task in tasks {
            told += task.await??;
        }
        Ok((told, start.elapsed()))
    }
}

impl Connection {
    /// Sends one fact and waits for its 202; a 503 is waited out and counts as time.
    pub(crate) async fn post(&mut self, fact: &str) -> Result<()> {
        loop {
            let request = format!("{}{}\r\n\r\n{fact}", self.head, fact.len());
            self.stream.write_all(request.as_bytes()).await?;
            match self.answer().await?.0 {
                202 => return Ok(()),
                503 => crate::house::pause(Duration::from_millis(50)).await,
                other => anyhow::bail!("answered {other}"),
            }
        }
    }

    /// Posts a body to a path; the status and what was answered.
    pub(crate) async fn ask(&mut self, path: &str, body: &Value) -> Result<(u16, Value)> {
        self.request("POST", path, &body.to_string()).await
    }
    /// Reads a path.
    pub(crate) async fn read(&mut self, path: &str) -> Result<(u16, Value)> {
        self.request("GET", path, "").await
    }
    async fn request(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, Value)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let (status, body) = self.answer().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
    /// Reads a page of the API as it is; anything but 200 is an error.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\n\r\n", self.key);
        self.stream.write_all(request.as_bytes()).await?;
        let (status, body) = self.answer().await?;
        ensure!(status == 200, "{path} answered {status}");
        Ok(body)
    }

    async fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let (mut status, mut length) = (0, 0);
        loop {
            self.line.clear();
            ensure!(self.stream.read_line(&mut self.line).await? > 0, "the connection was closed");
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if status == 0 {
                status = line.split(' ').nth(1).context("a status")?.parse()?;
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status, body))
    }
}
