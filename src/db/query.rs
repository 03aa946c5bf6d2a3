//! A statement and the connection it runs on, whichever database that is.
use std::time::Duration;

use sqlx::{
    Encode, FromRow, PgConnection, Postgres, Sqlite, SqliteConnection, Type,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{Bell, Error, Result};

/// A value both databases can take.
pub trait Value:
    Encode<'static, Sqlite> + Type<Sqlite> + Encode<'static, Postgres> + Type<Postgres> + Send + 'static
{
}
impl<T> Value for T where
    T: Encode<'static, Sqlite> + Type<Sqlite> + Encode<'static, Postgres> + Type<Postgres> + Send + 'static
{
}

/// A row both databases can give; `#[derive(sqlx::FromRow)]` is enough.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// One text for both databases, or a pair where they must differ.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}
impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

/// A connection: inside a unit it is in a transaction, from [`super::Db::read`] it is for reading.
pub struct Tx {
    handle: Handle,
    bells: u32,
    health: Health,
}

/// What the statements so far have done to the transaction.
#[derive(Clone, Copy, Default)]
struct Health {
    /// After this failure the transaction may be gone: nothing more may run on it.
    broken: bool,
    /// It lost a race with another transaction and may be run again.
    lost_race: bool,
}

enum Handle {
    SqliteWriter(SqliteConnection),
    SqliteReader(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>, Duration),
}

impl Tx {
    pub(super) fn sqlite_writer(connection: SqliteConnection) -> Self {
        Self::new(Handle::SqliteWriter(connection))
    }
    pub(super) fn sqlite_reader(connection: PoolConnection<Sqlite>) -> Self {
        Self::new(Handle::SqliteReader(connection))
    }
    pub(super) fn postgres(connection: PoolConnection<Postgres>, deadline: Duration) -> Self {
        Self::new(Handle::Postgres(connection, deadline))
    }
    fn new(handle: Handle) -> Self {
        Self { handle, bells: 0, health: Health::default() }
    }

    /// Prepares a statement; bind its values, then run it.
    pub fn sql(&mut self, sql: impl Into<Sql>) -> Query<'_> {
        let sql = sql.into();
        let statement = match &mut self.handle {
            Handle::SqliteWriter(c) => Statement::Sqlite(c, sqlx::query(sql.sqlite)),
            Handle::SqliteReader(c) => Statement::Sqlite(c, sqlx::query(sql.sqlite)),
            Handle::Postgres(c, deadline) => Statement::Postgres(c, *deadline, sqlx::query(sql.postgres)),
        };
        Query { statement, health: &mut self.health }
    }
    /// Rings `bell` once this unit has committed.
    pub fn ring(&mut self, bell: Bell) {
        self.bells |= bell.bit();
    }
    /// Begins a part of the unit that may fail without the rest of it. Parts do not nest.
    pub async fn begin_part(&mut self) -> Result<()> {
        self.sql("SAVEPOINT part").execute().await.map(drop)
    }
    /// Ends a part that went well.
    pub async fn keep_part(&mut self) -> Result<()> {
        self.sql("RELEASE SAVEPOINT part").execute().await.map(drop)
    }
    /// Undoes a part that went wrong, and lets the unit go on.
    ///
    /// # Errors
    /// The unit is lost too: its transaction is gone, or it lost a race and is to be run again.
    pub async fn undo_part(&mut self) -> Result<()> {
        if self.health.lost_race {
            return Err(Error::RolledBack);
        }
        self.mend();
        self.sql("ROLLBACK TO SAVEPOINT part").execute().await?;
        self.sql("RELEASE SAVEPOINT part").execute().await.map(drop)
    }
    /// Waits until nobody has `key` alone, and keeps it together with others until the unit ends; what was committed before is
    /// seen by the statements after it. Nothing on `SQLite`, where one unit writes at a time.
    pub async fn lock_shared(&mut self, key: i64) -> Result<()> {
        self.lock("SELECT pg_advisory_xact_lock_shared($1)", key).await
    }
    /// The same, and until the unit ends nobody else has `key`.
    pub async fn lock_alone(&mut self, key: i64) -> Result<()> {
        self.lock("SELECT pg_advisory_xact_lock($1)", key).await
    }
    async fn lock(&mut self, text: &'static str, key: i64) -> Result<()> {
        match self.handle {
            Handle::Postgres(..) => self.sql(text).bind(key).execute().await.map(drop),
            Handle::SqliteWriter(_) | Handle::SqliteReader(_) => Ok(()),
        }
    }
    pub(super) fn ring_bits(&mut self, bits: u32) {
        self.bells |= bits;
    }
    pub(super) fn take_bells(&mut self) -> u32 {
        std::mem::take(&mut self.bells)
    }
    pub(super) fn is_broken(&self) -> bool {
        self.health.broken
    }
    pub(super) fn lost_race(&self) -> bool {
        self.health.lost_race
    }
    pub(super) fn mend(&mut self) {
        self.health = Health::default();
    }
    /// The connection is not given back to the pool: it may still be busy.
    pub(super) fn discard(&mut self) {
        if let Handle::Postgres(connection, _) = &mut self.handle {
            connection.close_on_drop();
        }
    }
    pub(super) async fn shut(self) {
        if let Handle::SqliteWriter(connection) = self.handle {
            let _ = sqlx::Connection::close(connection).await;
        }
    }
}

/// A statement bound to the connection it will run on.
#[must_use = "a statement does nothing until it is run"]
pub struct Query<'c> {
    statement: Statement<'c>,
    health: &'c mut Health,
}

enum Statement<'c> {
    Sqlite(&'c mut SqliteConnection, sqlx::query::Query<'static, Sqlite, SqliteArguments>),
    Postgres(&'c mut PgConnection, Duration, sqlx::query::Query<'static, Postgres, PgArguments>),
}

impl Query<'_> {
    pub fn bind(mut self, value: impl Value) -> Self {
        self.statement = match self.statement {
            Statement::Sqlite(c, q) => Statement::Sqlite(c, q.bind(value)),
            Statement::Postgres(c, deadline, q) => Statement::Postgres(c, deadline, q.bind(value)),
        };
        self
    }
    /// Binds a set of rows for a statement made by [`crate::rows!`].
    ///
    /// # Panics
    /// When a row cannot be JSON: a map whose keys are no texts.
    pub fn bind_rows<T: serde::Serialize>(self, rows: &[T]) -> Self {
        let rows = serde_json::to_value(rows).expect("rows are plain structs of texts and numbers");
        self.bind(sqlx::types::Json(rows))
    }
    /// Runs it; how many rows it changed.
    pub async fn execute(self) -> Result<u64> {
        self.ready()?;
        let answer = match self.statement {
            Statement::Sqlite(c, q) => q.execute(c).await.map(|r| r.rows_affected()).map_err(Error::from),
            Statement::Postgres(c, deadline, q) => {
                within(deadline, async { q.execute(c).await.map(|r| r.rows_affected()) }).await
            }
        };
        noting(self.health, answer)
    }
    pub async fn optional<T: Record>(self) -> Result<Option<T>> {
        self.ready()?;
        let answer = match self.statement {
            Statement::Sqlite(c, q) => {
                async { q.fetch_optional(c).await?.map(|r| T::from_row(&r)).transpose() }.await.map_err(Error::from)
            }
            Statement::Postgres(c, deadline, q) => {
                within(deadline, async { q.fetch_optional(c).await?.map(|r| T::from_row(&r)).transpose() }).await
            }
        };
        noting(self.health, answer)
    }
    /// Exactly one row.
    ///
    /// # Errors
    /// `RowNotFound` when there is none.
    pub async fn one<T: Record>(self) -> Result<T> {
        self.optional().await?.ok_or(Error::Sql(sqlx::Error::RowNotFound))
    }
    pub async fn all<T: Record>(self) -> Result<Vec<T>> {
        self.ready()?;
        let answer = match self.statement {
            Statement::Sqlite(c, q) => async {
                q.fetch_all(c).await?.iter().map(T::from_row).collect::<std::result::Result<Vec<T>, sqlx::Error>>()
            }
            .await
            .map_err(Error::from),
            Statement::Postgres(c, deadline, q) => {
                within(deadline, async {
                    q.fetch_all(c).await?.iter().map(T::from_row).collect::<std::result::Result<Vec<T>, sqlx::Error>>()
                })
                .await
            }
        };
        noting(self.health, answer)
    }
    fn ready(&self) -> Result<()> {
        if self.health.broken { Err(Error::RolledBack) } else { Ok(()) }
    }
}

/// `PostgreSQL` has no keepalive in the driver: a server that vanished would hold us for ever.
async fn within<T>(deadline: Duration, work: impl Future<Output = std::result::Result<T, sqlx::Error>>) -> Result<T> {
    match tokio::time::timeout(deadline, work).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::Deadline(deadline)),
    }
}

/// A constraint violation ends one statement; anything else may have ended the transaction, and what came after it would
/// be committed on its own. (On `PostgreSQL` every error ends the transaction, and the server says so itself.)
fn noting<T>(health: &mut Health, answer: Result<T>) -> Result<T> {
    if let Err(error) = &answer {
        let harmless = matches!(
            error,
            Error::Sql(sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
        ) || matches!(error, Error::Sql(sqlx::Error::Database(e)) if e.is_unique_violation() || e.is_foreign_key_violation() || e.is_check_violation());
        health.broken |= !harmless;
        health.lost_race |= error.is_lost_race();
    }
    answer
}
