//! The schema: two folders with the same names, forward only.
use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Db, Error, Result, Store};

macro_rules! migration {
    ($version:literal, $name:literal) => {
        (
            $version,
            $name,
            include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        )
    };
}

/// Version, name, text for `SQLite`, text for `PostgreSQL`.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    migration!(1, "0001_the_road"),
    migration!(2, "0002_subjects"),
    migration!(3, "0003_clocks"),
    migration!(4, "0004_repairs_and_parts"),
    migration!(5, "0005_reach"),
    migration!(6, "0006_templates"),
    migration!(7, "0007_calls"),
    migration!(8, "0008_surveys_and_cases"),
    migration!(9, "0009_inquiries"),
    migration!(10, "0010_inbound_mail"),
    migration!(23, "0023_visits"),
    migration!(25, "0025_people"),
    migration!(28, "0028_link_keys"),
    migration!(29, "0029_console"),
    migration!(30, "0030_receipts"),
    migration!(31, "0031_imports"),
    migration!(32, "0032_parts_questions"),
    migration!(35, "0035_files"),
    migration!(36, "0036_approved_answers"),
    migration!(37, "0037_unread_mail"),
    migration!(38, "0038_due_lists"),
    migration!(39, "0039_reports"),
    migration!(42, "0042_call_words"),
    migration!(45, "0045_persons_rights"),
    migration!(46, "0046_copies"),
    migration!(51, "0051_names"),
    migration!(54, "0054_declined_parts"),
    migration!(56, "0056_backups"),
    migration!(58, "0058_visits_by_tag"),
    migration!(59, "0059_incomplete_bookings"),
    migration!(60, "0060_wished_times"),
    migration!(61, "0061_wecom"),
    migration!(66, "0066_needs"),
    migration!(67, "0067_shifts"),
    migration!(71, "0071_follow_told"),
    migration!(72, "0072_receipts_of_nobody"),
    migration!(73, "0073_found_by_whom"),
    migration!(75, "0075_hooks"),
    migration!(78, "0078_assists"),
    migration!(82, "0082_retention"),
    migration!(83, "0083_roles"),
];

/// How the database's schema stands to this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    Current,
    /// `aftercare migrate` brings it up to date.
    Older,
    /// A newer program has been here: this one must not touch it.
    Newer,
}

impl Db {
    pub async fn schema(&self) -> Result<SchemaState> {
        let mut tx = self.read().await?;
        let known = MIGRATIONS.last().map_or(0, |m| m.0);
        let there: Option<(i64,)> =
            match tx.sql("SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM _sqlx_migrations").optional().await {
                Ok(row) => row,
                // No such table: a database that was never migrated.
                Err(Error::Sql(sqlx::Error::Database(_))) => None,
                Err(error) => return Err(error),
            };
        Ok(match there.map_or(0, |(version,)| version).cmp(&known) {
            std::cmp::Ordering::Less => SchemaState::Older,
            std::cmp::Ordering::Equal => SchemaState::Current,
            std::cmp::Ordering::Greater => SchemaState::Newer,
        })
    }

    /// Brings the schema up to date; does nothing when it is.
    pub async fn migrate(&self) -> Result<()> {
        let outcome = match &self.0.store {
            Store::Sqlite { path, .. } => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await?;
                let outcome = migrator(true).run_direct(None, &mut connection, false).await;
                sqlx::Connection::close(connection).await?;
                outcome
            }
            Store::Postgres(postgres) => migrator(false).run(postgres.pool()).await,
        };
        outcome.map_err(|error| Error::Sql(sqlx::Error::Migrate(Box::new(error))))
    }
}

fn migrator(sqlite: bool) -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|&(version, name, for_sqlite, for_postgres)| {
            let text = if sqlite { for_sqlite } else { for_postgres };
            Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
        })
        .collect();
    Migrator::with_migrations(migrations)
}
