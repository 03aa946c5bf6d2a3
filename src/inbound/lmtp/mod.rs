//! The LMTP door (RFC 2033): the mail server beside us hands mail over and hears of each recipient by itself.
//!
//! Bounded in everything: connections, silence, commands, recipients, bytes of a mail and of all mails under way.
mod lines;
mod talk;

use std::sync::Arc;

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use self::talk::Talk;
use crate::app::App;

/// Bytes of mails that are on their way in at once, over all connections.
const UNDER_WAY: usize = 128 << 20;
/// What a permit of that stands for.
const PIECE: usize = 64 << 10;

/// What all connections share.
struct Shared {
    app: App,
    /// Room for the bytes of mails under way.
    room: Arc<Semaphore>,
}

/// Serves until the process is told to stop; what is being handed over then is finished.
pub async fn serve(app: App, listener: TcpListener) {
    let connections = Arc::new(Semaphore::new(app.config.inbound.lmtp.connections));
    let shared = Arc::new(Shared { room: Arc::new(Semaphore::new(UNDER_WAY / PIECE)), app: app.clone() });
    let mut talks = JoinSet::new();
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "LMTP: a connection could not be taken");
                    tokio::task::yield_now().await;
                    continue;
                }
            },
            Some(_) = talks.join_next(), if !talks.is_empty() => continue,
            () = app.stopping.cancelled() => break,
        };
        let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
            talks.spawn(turn_away(socket));
            continue;
        };
        let shared = Arc::clone(&shared);
        talks.spawn(async move {
            let _ = socket.set_nodelay(true);
            // The peer may vanish at any time, and what it had not heard 250 for it still has.
            let _ = Talk::new(shared, socket).run().await;
            drop(permit);
        });
    }
    while talks.join_next().await.is_some() {}
}

async fn turn_away(mut socket: TcpStream) {
    let _ = socket.write_all(b"421 4.3.2 too many connections, come again\r\n").await;
    let _ = socket.shutdown().await;
}
