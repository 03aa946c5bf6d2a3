//! Two databases behind one door: the only code that names Sqlite or Postgres types.
//!
//! One SQL text with `$1` serves both; the few that differ are a [`Sql`] pair, and sets of rows go through [`crate::rows!`].
//! Reads take a connection with [`Db::read`]; every write is a *unit*, a closure handed to [`Db::write`], which on `SQLite`
//! shares its transaction with others (`writer`) and on `PostgreSQL` has its own (`postgres`).
mod bell;
mod copying;
mod migrate;
#[cfg(test)]
pub(crate) mod plans;
mod postgres;
mod query;
mod settings;
mod writer;

use std::{any::Any, path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

pub use self::{
    bell::{Bell, Bells, CHANGED},
    migrate::SchemaState,
    query::{Query, Record, Sql, Tx, Value},
    settings::{OpenError, file_in},
};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database refused a statement")]
    Sql(#[source] sqlx::Error),
    #[error("the database did not answer within {0:?}")]
    Deadline(Duration),
    /// The writer has more waiting than it can finish soon: come back after this time.
    #[error("too much is waiting to be written; try again in {0:?}")]
    Overloaded(Duration),
    /// The transaction was rolled back under us (disk full, I/O error, out of memory): nothing of it was stored.
    #[error("the database rolled the transaction back: nothing was stored")]
    RolledBack,
    #[error("a unit of work panicked: nothing of it was stored")]
    Panicked,
    #[error("the database is closed")]
    Closed,
}

impl Error {
    /// The name of the unique or foreign-key constraint that was violated, in the database's words.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
    /// The server, or somebody between, has ended this connection; another may do.
    fn is_broken_connection(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Io(_) | sqlx::Error::Protocol(_)) => true,
            Self::Sql(sqlx::Error::Database(e)) => e.code().is_some_and(|code| code.starts_with("57P0")),
            _ => false,
        }
    }
    /// True when the same unit may succeed if it is run again: a lost race between transactions.
    fn is_lost_race(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("40001" | "40P01")))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// A unit of work: owns its data, awaits nothing but its transaction, may be run again. What it answers, and its own error,
/// are boxed: the machinery around a unit is compiled once and not for each kind of answer.
type Unit = dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<Answer, Answer>> + Send + Sync;
type Answer = Box<dyn Any + Send>;

/// Why nothing of a unit is stored.
enum Failed {
    /// It said so itself.
    Unit(Answer),
    House(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::House(error)
    }
}

/// What a unit answered, as it was before it was boxed.
fn unboxed<T: 'static>(answer: Answer) -> T {
    *answer.downcast().expect("a unit answers what its caller asked for")
}

/// The database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    bells: Bells,
}

#[derive(Debug)]
enum Store {
    Sqlite { readers: sqlx::SqlitePool, writer: writer::Writer, path: PathBuf },
    Postgres(postgres::Postgres),
}

/// How many events a unit carries; more than 32 get a transaction of their own.
#[derive(Clone, Copy, Debug)]
pub struct Weight(pub usize);

impl Weight {
    pub const ONE: Self = Self(1);
    /// The lanes' own work: there is never much of it at once, and refusing it would only put off what makes room.
    pub const OWN: Self = Self(0);
    const LARGE: usize = 32;
    fn is_large(self) -> bool {
        self.0 > Self::LARGE
    }
}

impl Db {
    /// A connection for reading; on `SQLite` it cannot write.
    pub async fn read(&self) -> Result<Tx> {
        match &self.0.store {
            Store::Sqlite { readers, .. } => Ok(Tx::sqlite_reader(readers.acquire().await?)),
            Store::Postgres(postgres) => postgres.connection().await,
        }
    }

    /// Runs `unit` in a write transaction and commits it; nothing is stored unless this answers `Ok`. The unit goes on when
    /// the caller hangs up, and may be run more than once.
    ///
    /// # Errors
    /// The unit's own, after which nothing of it is stored; [`Error::Overloaded`] and [`Error::RolledBack`] (HTTP 503).
    pub async fn write<T, E, F>(&self, weight: Weight, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let unit: Arc<Unit> = Arc::new(move |tx| {
            let work = unit(tx);
            Box::pin(async move {
                match work.await {
                    Ok(value) => Ok(Box::new(value) as Answer),
                    Err(error) => Err(Box::new(error) as Answer),
                }
            })
        });
        match self.run(weight, unit).await {
            Ok(value) => Ok(unboxed(value)),
            Err(Failed::Unit(error)) => Err(unboxed(error)),
            Err(Failed::House(error)) => Err(error.into()),
        }
    }

    fn run(&self, weight: Weight, unit: Arc<Unit>) -> BoxFuture<'_, std::result::Result<Answer, Failed>> {
        match &self.0.store {
            Store::Sqlite { writer, .. } => Box::pin(writer.run(weight, unit)),
            Store::Postgres(postgres) => Box::pin(postgres.run(unit)),
        }
    }

    /// The bells that units ring when they have committed.
    pub fn bells(&self) -> &Bells {
        &self.0.bells
    }
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0.store, Store::Sqlite { .. })
    }
    /// Where the `SQLite` file is; `None` on `PostgreSQL`.
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.0.store {
            Store::Sqlite { path, .. } => Some(path),
            Store::Postgres(_) => None,
        }
    }
    /// Finishes what is queued and closes every connection.
    pub async fn close(&self) {
        match &self.0.store {
            Store::Sqlite { readers, writer, .. } => {
                // The writer last: whoever leaves last folds the log into the file, and a reader may not.
                readers.close().await;
                writer.close().await;
            }
            Store::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// One statement over a set of rows given as a JSON array in `$1`, as a [`Sql`] pair: `jsonb_each` on `SQLite` (which hands
/// each row on in its binary form: `json_each` would write and read its text again for every column),
/// `jsonb_to_recordset` on `PostgreSQL`. `{}` between the two texts becomes a table `j` with the named columns.
///
/// ```ignore
/// rows!("UPDATE messages SET state = j.state FROM ", (id text, state text), " WHERE messages.id = j.id")
/// ```
///
/// With `for_update "c"` at its end the rows of `c` stay locked until the unit ends: `PostgreSQL` is told so, on `SQLite`
/// there is only one writer.
#[macro_export]
macro_rules! rows {
    ($before:literal, ($($column:ident $type:ident),+ $(,)?), $after:literal, for_update $locked:literal) => {
        $crate::db::Sql {
            sqlite: $crate::rows!($before, ($($column $type),+), $after).sqlite,
            postgres: concat!($before, "jsonb_to_recordset($1) AS j(", $(stringify!($column), " ", stringify!($type), ", ",)+
                "one int)", $after, " FOR UPDATE OF ", $locked),
        }
    };
    ($before:literal, ($($column:ident $type:ident),+ $(,)?), $after:literal) => {
        $crate::db::Sql {
            sqlite: concat!($before, "(SELECT ", $("json_extract(value, '$.", stringify!($column), "') AS ", stringify!($column), ", ",)+
                "1 AS one FROM jsonb_each($1)) AS j", $after),
            postgres: concat!($before, "jsonb_to_recordset($1) AS j(", $(stringify!($column), " ", stringify!($type), ", ",)+
                "one int)", $after),
        }
    };
}
