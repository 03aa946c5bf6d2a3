//! `PostgreSQL`: one transaction a unit, lost races run again, bells rung across processes after commit.
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use sqlx::{PgPool, postgres::PgListener};

use super::{Answer, Bells, Error, Failed, Result, Tx, Unit};

const CHANNEL: &str = "aftercare";
/// The most often that one process tells the others.
const RING_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Postgres {
    pool: PgPool,
    bells: Bells,
    deadline: Duration,
    stop: tokio_util::sync::CancellationToken,
}

impl Postgres {
    pub(super) fn start(pool: PgPool, bells: Bells, deadline: Duration) -> Self {
        let stop = tokio_util::sync::CancellationToken::new();
        let us = u64::from_le_bytes(crate::id::Random::system().bytes());
        tokio::spawn(stop.clone().run_until_cancelled_owned(ring(pool.clone(), bells.clone(), us)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(listen(pool.clone(), bells.clone(), us)));
        Self { pool, bells, deadline, stop }
    }

    pub(super) async fn connection(&self) -> Result<Tx> {
        Ok(Tx::postgres(self.pool.acquire().await?, self.deadline))
    }

    /// Runs in a task of its own, so that a caller who hangs up leaves no half-used connection behind.
    pub(super) async fn run(&self, unit: Arc<Unit>) -> std::result::Result<Answer, Failed> {
        let (pool, bells, deadline) = (self.pool.clone(), self.bells.clone(), self.deadline);
        tokio::spawn(async move {
            for _ in 0..2 {
                match once(&pool, &bells, deadline, &*unit).await {
                    Err(Once::LostRace) => {}
                    other => return other.map_err(Once::into_failed),
                }
            }
            once(&pool, &bells, deadline, &*unit).await.map_err(Once::into_failed)
        })
        .await
        .unwrap_or(Err(Failed::House(Error::Panicked)))
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.pool.close().await;
    }
}

enum Once {
    /// 40001 or 40P01: the same unit may succeed if it is run again.
    LostRace,
    With(Failed),
}

impl Once {
    fn into_failed(self) -> Failed {
        match self {
            Self::LostRace => Failed::House(Error::RolledBack),
            Self::With(failed) => failed,
        }
    }
}

async fn once(pool: &PgPool, bells: &Bells, deadline: Duration, unit: &Unit) -> std::result::Result<Answer, Once> {
    let with = |error: Error| Once::With(Failed::House(error));
    let mut tx = begun(pool, deadline).await.map_err(with)?;
    let result = AssertUnwindSafe(async { unit(&mut tx).await }).catch_unwind().await;
    let (broken, lost_race) = (tx.is_broken(), tx.lost_race());
    tx.mend();
    match result {
        Ok(Ok(value)) if !broken => match tx.sql("COMMIT").execute().await {
            Ok(_) => {
                let rung = tx.take_bells();
                bells.ring_here(rung);
                bells.ring_abroad(rung);
                Ok(value)
            }
            Err(error) => {
                tx.discard();
                Err(if error.is_lost_race() { Once::LostRace } else { with(error) })
            }
        },
        other => {
            if tx.sql("ROLLBACK").execute().await.is_err() {
                tx.discard();
            }
            Err(match other {
                Ok(Ok(_)) => with(Error::RolledBack),
                Ok(Err(_)) if lost_race => Once::LostRace,
                Ok(Err(error)) => Once::With(Failed::Unit(error)),
                Err(_) => with(Error::Panicked),
            })
        }
    }
}

/// A transaction on a connection that is alive: those that broke while they lay idle are passed over, however many.
async fn begun(pool: &PgPool, deadline: Duration) -> Result<Tx> {
    let mut broken = 0;
    loop {
        let mut tx = Tx::postgres(pool.acquire().await?, deadline);
        match tx.sql("BEGIN").execute().await {
            Ok(_) => return Ok(tx),
            Err(error) if error.is_broken_connection() && broken < pool.options().get_max_connections() => {
                tx.discard();
                broken += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Tells the other processes which bells rang, after the commits and not inside them: NOTIFY in a transaction takes a lock
/// that all committers share.
async fn ring(pool: PgPool, bells: Bells, us: u64) {
    loop {
        let bits = bells.next_abroad().await;
        let told = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(format!("{us} {bits}")).execute(&pool);
        if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(5), told).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "no bell across processes: their look finds the rows"
            );
        }
        pause(RING_EVERY).await;
    }
}

async fn listen(pool: PgPool, bells: Bells, us: u64) {
    loop {
        if let Err(error) = hear(&pool, &bells, us).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "not listening for bells: our look finds the rows"
            );
        }
        pause(Duration::from_secs(1)).await;
    }
}

async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "paces the bells, which carry no truth")]
    tokio::time::sleep(time).await;
}

/// Our own rings come back to us too: they have been heard here already, and would wake every lane twice.
async fn hear(pool: &PgPool, bells: &Bells, us: u64) -> std::result::Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let rung = listener.recv().await?;
        match rung.payload().split_once(' ') {
            Some((who, bits)) if who.parse() != Ok(us) => bells.ring_here(bits.parse().unwrap_or(0)),
            _ => {}
        }
    }
}
