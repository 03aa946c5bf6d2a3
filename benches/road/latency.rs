//! P6: from the moment an event is handed over to the moment the mail server has its mail, at a steady rate.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    facts::booking,
    house::{Engine, House, pause},
    table::Table,
};

/// When mail for a recipient was complete.
type Seen = Arc<Mutex<HashMap<String, Instant>>>;

pub(crate) async fn measure(engine: &Engine, table: &mut Table) -> Result<()> {
    for (rate, lasts) in [(50usize, 4usize), (500, 2)] {
        let seen = Seen::default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let server = tokio::spawn(take_all(listener, Arc::clone(&seen)));
        let house = House::build(engine, Some(port)).await?;
        let running = house.serve().await?;
        pause(Duration::from_millis(300)).await;
        let sent = send_steadily(&house, rate, rate * lasts).await?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while seen.lock().unwrap_or_else(PoisonError::into_inner).len() < sent.len() {
            ensure!(Instant::now() < deadline, "not every mail arrived");
            pause(Duration::from_millis(20)).await;
        }
        running.stop().await?;
        server.abort();
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took: Vec<Duration> = sent.iter().filter_map(|(to, at)| Some(*seen.get(to)? - *at)).collect();
        took.sort();
        let p99 = took[took.len() * 99 / 100];
        println!("  p50 at {rate}/s: {:.1} ms", took[took.len() / 2].as_secs_f64() * 1000.0);
        table.most(format!("P6 p99 at {rate}/s, {}", engine.name()), 20.0, "ms", p99.as_secs_f64() * 1000.0);
    }
    Ok(())
}

/// Hands facts over at their time, whether or not the ones before are answered; whom each will reach, and when it was sent.
async fn send_steadily(house: &House, rate: usize, count: usize) -> Result<HashMap<String, Instant>> {
    let start = Instant::now() + Duration::from_millis(50);
    let gap = Duration::from_secs(1) / u32::try_from(rate)?;
    let mut tasks = Vec::new();
    for lane in 0..16usize {
        let mut connection = house.target.connect().await?;
        tasks.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            for n in (lane..count).step_by(16) {
                let at = start + gap * u32::try_from(n)?;
                pause(at.saturating_duration_since(Instant::now())).await;
                // A fact that waits for its connection has been waiting for us: its time counts from when it was due.
                connection.post(&booking("p6", n)).await?;
                sent.push((format!("c{n}@example.com"), at));
            }
            anyhow::Ok(sent)
        }));
    }
    let mut sent = HashMap::new();
    for task in tasks {
        sent.extend(task.await??);
    }
    Ok(sent)
}

/// A mail server that writes down when each recipient's mail was complete, as it says 250.
async fn take_all(listener: TcpListener, seen: Seen) {
    while let Ok((socket, _)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let _ = take(socket, &seen).await;
        });
    }
}

async fn take(socket: TcpStream, seen: &Seen) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut stream = BufReader::new(socket);
    stream.write_all(b"220 bench\r\n").await?;
    let (mut line, mut to, mut in_text) = (String::new(), String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if in_text {
            if line == ".\r\n" {
                in_text = false;
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(std::mem::take(&mut to), Instant::now());
                stream.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let reply: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => b"250-bench\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
            "DATA" => {
                in_text = true;
                b"354 go on\r\n"
            }
            "QUIT" => return Ok(()),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                b"250 ok\r\n"
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
}
