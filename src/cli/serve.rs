//! `aftercare serve`: the HTTP API and the workers in one process.
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{Failure, check_schema, open_any};
use crate::{app::App, config::Config, http::server, imports, inbound::lmtp, lanes, telemetry};

/// From the stop signal to the exit, whatever hangs (`architecture.md` 5).
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(29);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bring the database up to date first.
    #[arg(long)]
    migrate: bool,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    let listen = settings.http.listen;
    let mut signals = Signals::listen()?;
    telemetry::recorder();
    let app = open_any(settings).await?;
    // Held until the process ends; taken before anything is migrated under another server's feet.
    let _lock = app.db.file().map(only_one).transpose()?;
    check_schema(&app, args.migrate).await?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}: is something else there? Set http.listen"))
        .map_err(Failure::Usage)?;
    let address = listener.local_addr().context("the listener has no address")?;
    tracing::info!("listening on http://{address}");

    let mail = match app.config.inbound.lmtp.listen {
        Some(listen) => Some(bind_lmtp(listen).await?),
        None => None,
    };
    let mut lanes = tokio::spawn(lanes::start(&app).map_err(Failure::usage)?);
    let mut server = tokio::spawn(server::serve(app.clone(), listener));
    let mail = mail.map(|listener| tokio::spawn(lmtp::serve(app.clone(), listener)));
    let files = tokio::spawn(imports::watch(app.clone()));
    tokio::select! {
        () = signals.first() => {}
        _ = &mut server => return Err(anyhow!("the server ended by itself: start again").into()),
        _ = &mut lanes => return Err(anyhow!("the lanes ended by themselves: start again").into()),
    }
    tracing::info!("stopping: requests and hand-overs under way are finished; a second signal stops at once");
    stop(&app, signals, async {
        let _ = server.await;
        if let Some(mail) = mail {
            let _ = mail.await;
        }
        let _ = lanes.await;
        let _ = files.await;
    })
    .await
}

async fn bind_lmtp(listen: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| {
            format!("cannot listen for mail on {listen}: is something else there? Set inbound.lmtp.listen")
        })
        .map_err(Failure::Usage)?;
    tracing::info!("taking mail by LMTP on {}", listener.local_addr().context("the listener has no address")?);
    Ok(listener)
}

/// Tells everything to stop, and waits for `rest` and the database; not for ever, and not past a second signal.
pub(super) async fn stop(app: &App, mut signals: Signals, rest: impl Future<Output = ()>) -> Result<(), Failure> {
    app.stopping.cancel();
    let finished = async {
        rest.await;
        app.db.close().await;
    };
    tokio::select! {
        done = tokio::time::timeout(STOP_WITHIN, finished) => {
            done.context("not everything had finished in time: what was under way is looked at again at the next start")?;
            tracing::info!("stopped");
            Ok(())
        }
        () = signals.first() => Err(anyhow!("stopped at once by a second signal").into()),
    }
}

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        let of = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }
    /// Waits for the next one.
    pub(super) async fn first(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Takes the lock file next to an `SQLite` database: two servers on one file would each hold leases the other knows nothing
/// of. The lock ends with the process, however it ends; the file stays.
fn only_one(database: &Path) -> Result<File, Failure> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file =
        File::create(&path).with_context(|| format!("cannot write {}", path.display())).map_err(Failure::Usage)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::usage(anyhow!(
            "another aftercare serve runs on {}: stop it first, or use PostgreSQL for more than one process",
            database.display()
        ))),
        Err(TryLockError::Error(error)) => {
            Err(Failure::usage(anyhow!(error).context(format!("cannot lock {}", path.display()))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_on_the_same_file_is_refused_until_the_first_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("aftercare.db");
        let first = only_one(&database).expect("the lock");
        let second = only_one(&database).expect_err("is refused");
        assert_eq!(second.exit_code(), 2);
        assert!(second.to_string().contains("another aftercare serve"));
        drop(first);
        only_one(&database).expect("the lock is free again");
    }
}
