//! Opening a database, and making sure that it keeps what it is told to keep.
use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Bells, Db, Error, Inner, Sql, Store, Tx, postgres::Postgres, writer::Writer};
use crate::clock::Clock;

/// No statement waits longer for `PostgreSQL`: a server that vanished is noticed, the caller told.
const DEADLINE: Duration = Duration::from_secs(5);
const ACQUIRE: Duration = Duration::from_secs(3);
const STATEMENTS: usize = 512;
/// A connection that lay idle for longer is asked whether it is still there before it is used.
const ASKED_AFTER: Duration = Duration::from_secs(1);

/// Why a database cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database.url must begin with sqlite:// or postgres://")]
    UnknownScheme,
    #[error("cannot open the database: check database.url, and that the folder or server is there")]
    Connect(#[source] sqlx::Error),
    #[error("cannot read the database's settings")]
    Settings(#[source] Error),
    #[error("PostgreSQL runs with {0} = off: what we answer 202 could be lost; turn it on in postgresql.conf")]
    NotDurable(&'static str),
    #[error("SQLite did not take {0}: is the file on a network drive? Put it on a local disk")]
    NotTaken(&'static str),
    #[error("our clock and PostgreSQL's differ by {0} s: leases would lie; set both by NTP")]
    ClockDiffers(i64),
}

impl Db {
    /// Opens the database that `url` names; does not migrate it.
    ///
    /// # Errors
    /// When it cannot be reached, or its settings do not promise that a commit survives a power cut (`reliability.md` 4).
    pub async fn open(url: &str, clock: &Clock) -> Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url).map_err(OpenError::Connect)?;
            Self::open_sqlite(options.create_if_missing(true)).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::open_postgres(url, clock).await
        } else {
            Err(OpenError::UnknownScheme)
        }
    }

    /// Opens an `SQLite` file that is there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_file(file: &std::path::Path) -> Result<Self, OpenError> {
        Self::open_sqlite(SqliteConnectOptions::new().filename(file).create_if_missing(false)).await
    }

    async fn open_sqlite(options: SqliteConnectOptions) -> Result<Self, OpenError> {
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(DEADLINE)
            .statement_cache_capacity(STATEMENTS)
            .pragma("wal_autocheckpoint", "4000")
            .disable_statement_logging();
        let path = PathBuf::from(options.get_filename());
        let writer = sqlx::SqliteConnection::connect_with(&options).await.map_err(OpenError::Connect)?;
        let mut tx = Tx::sqlite_writer(writer);
        for (pragma, wanted, named) in [
            ("PRAGMA journal_mode", "wal", "journal_mode=WAL"),
            ("PRAGMA synchronous", "2", "synchronous=FULL"),
            ("PRAGMA foreign_keys", "1", "foreign_keys=ON"),
        ] {
            if setting(&mut tx, pragma).await?.as_deref() != Some(wanted) {
                return Err(OpenError::NotTaken(named));
            }
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await
            .map_err(OpenError::Connect)?;
        let bells = Bells::new();
        let writer = Writer::start(tx, bells.clone());
        let store = Store::Sqlite { readers, writer, path };
        Ok(Self(Arc::new(Inner { store, bells })))
    }

    async fn open_postgres(url: &str, clock: &Clock) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(OpenError::Connect)?
            .application_name("aftercare")
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(16)
            // A connection that has planned its statements answers many times faster than a new one: none is closed for its age.
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE)
            // One that was used a moment ago is not asked whether it is still there: that would be one more way to the server and
            // back for each unit. Who meets a broken one runs the unit again.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > ASKED_AFTER {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)?;
        let mut tx = Tx::postgres(pool.acquire().await.map_err(OpenError::Connect)?, DEADLINE);
        for (show, named) in [
            ("SHOW fsync", "fsync"),
            ("SHOW full_page_writes", "full_page_writes"),
            ("SHOW synchronous_commit", "synchronous_commit"),
        ] {
            if setting(&mut tx, show).await?.as_deref() == Some("off") {
                return Err(OpenError::NotDurable(named));
            }
        }
        if !clock.is_moved_by_hand() {
            let theirs: (crate::clock::Timestamp,) =
                tx.sql("SELECT clock_timestamp()").one().await.map_err(OpenError::Settings)?;
            let apart = clock.now().since(theirs.0).as_secs().abs();
            if apart > 5 {
                return Err(OpenError::ClockDiffers(apart));
            }
        }
        drop(tx);
        let bells = Bells::new();
        let store = Store::Postgres(Postgres::start(pool, bells.clone(), DEADLINE));
        Ok(Self(Arc::new(Inner { store, bells })))
    }
}

/// Where the `SQLite` file of a URL is; none of another database's, and of one that cannot be read.
pub fn file_in(url: &str) -> Option<PathBuf> {
    let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok())??;
    Some(PathBuf::from(options.get_filename()))
}

async fn setting(tx: &mut Tx, statement: &'static str) -> Result<Option<String>, OpenError> {
    let text = match statement {
        "PRAGMA synchronous" => Sql::from("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous"),
        "PRAGMA foreign_keys" => Sql::from("SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys"),
        "PRAGMA journal_mode" => Sql::from("SELECT journal_mode FROM pragma_journal_mode"),
        other => Sql::from(other),
    };
    let row: Option<(String,)> = tx.sql(text).optional().await.map_err(OpenError::Settings)?;
    Ok(row.map(|(value,)| value))
}
