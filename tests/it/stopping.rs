//! The real program: it says where it listens, is alone on its file, and stops on a signal without breaking off an answer.
use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
};

const PROMPTLY: Duration = Duration::from_secs(10);

struct Served {
    program: Child,
    log: Lines<BufReader<ChildStderr>>,
    address: String,
}

impl Served {
    async fn on(url: &str) -> Self {
        let mut program =
            program(url).arg("--migrate").stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
        let mut log = BufReader::new(program.stderr.take().expect("its log")).lines();
        loop {
            let line = tokio::time::timeout(PROMPTLY, log.next_line()).await.expect("promptly").expect("a log");
            let line = line.expect("it says where it listens");
            if let Some((_, address)) = line.split_once("listening on http://") {
                return Self { program, log, address: address.trim().to_owned() };
            }
        }
    }
    async fn signal(&self) {
        let id = self.program.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs").success());
    }
    async fn log_says(&mut self, words: &str) {
        while let Some(line) =
            tokio::time::timeout(PROMPTLY, self.log.next_line()).await.expect("promptly").expect("a log")
        {
            if line.contains(words) {
                return;
            }
        }
        panic!("the log ended without: {words}");
    }
    async fn exit_code(&mut self) -> Option<i32> {
        tokio::time::timeout(PROMPTLY, self.program.wait()).await.expect("promptly").expect("it ends").code()
    }
}

fn program(url: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_aftercare"));
    program.arg("serve").env("AFTERCARE__DATABASE__URL", url).env("AFTERCARE__HTTP__LISTEN", "127.0.0.1:0");
    program.env("AFTERCARE__HTTP__DRAIN", "200ms").env_remove("RUST_LOG");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_alone_on_its_file_and_stops_after_what_is_under_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("aftercare.db").display());
    let mut served = Served::on(&url).await;

    let second = program(&url).output().await.expect("it runs");
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another aftercare serve"));

    // A request whose body is still on its way when the signal comes.
    let mut slow = TcpStream::connect(&served.address).await.expect("a connection");
    let head =
        "PUT /v1/dealerships/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    slow.write_all(head.as_bytes()).await.expect("sent");
    let mut idle = TcpStream::connect(&served.address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let mut alive = [0; 15];
    idle.read_exact(&mut alive).await.expect("an answer");
    assert_eq!(&alive, b"HTTP/1.1 200 OK");

    served.signal().await;
    served.log_says("stopping").await;
    slow.write_all(b"{}").await.expect("sent");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("an answer, then the end");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    served.log_says("stopped").await;
    assert_eq!(served.exit_code().await, Some(0));

    // Nothing is left locked.
    Served::on(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("aftercare.db").display());
    let mut served = Served::on(&url).await;
    // Its head never ends, so that the server has something to wait for.
    let mut slow = TcpStream::connect(&served.address).await.expect("a connection");
    slow.write_all(b"PUT /v1/dealerships/x HTTP/1.1\r\nHost: x\r\n").await.expect("sent");
    served.signal().await;
    served.log_says("stopping").await;
    served.signal().await;
    served.log_says("at once").await;
    assert_eq!(served.exit_code().await, Some(1));
}
