//! A consistent copy of an `SQLite` file while others write to it.
use std::path::Path;

use sqlx::{Connection, sqlite::SqliteConnectOptions};

use super::{Db, Error, Result, Store};

impl Db {
    /// Writes a copy of everything that is committed now, in one piece and without holding up a writer.
    ///
    /// # Errors
    /// On `PostgreSQL`, which has `pg_dump`; when the file is there already, or the disk is full.
    pub async fn copy_into(&self, to: &Path) -> Result<()> {
        let Store::Sqlite { path, .. } = &self.0.store else {
            return Err(Error::Sql(sqlx::Error::Configuration("only SQLite is copied by us".into())));
        };
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut connection = <sqlx::SqliteConnection as Connection>::connect_with(&options).await?;
        let to = to.to_string_lossy().into_owned();
        let copied = sqlx::query("VACUUM INTO $1").bind(to).execute(&mut connection).await;
        connection.close().await?;
        copied?;
        Ok(())
    }
}
