//! A database for one test, on either engine, gone when the test ends.
//!
//! `TEST_DATABASE_URL=postgres://…` runs the suite on that server: a migrated template is made once for each text of the
//! schema, and every test gets a copy of it. Without the variable a test gets a copy of a migrated `SQLite` file.
use std::hash::{DefaultHasher, Hash, Hasher};

use aftercare::{clock::Clock, db::Db};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The server that `TEST_DATABASE_URL` names.
pub(crate) fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// A database of one test.
pub(crate) struct Temp {
    pub(crate) db: Db,
    pub(crate) url: String,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server(String),
}

impl Temp {
    /// On the engine that is being tested, with the schema as it is now.
    pub(crate) async fn migrated() -> Self {
        if let Some(server) = server() {
            return Self::on_server(&server, Some(template_on(&server).await)).await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("aftercare.db");
        tokio::fs::copy(template_file().await, &file).await.expect("a copy of the template");
        Self::in_folder(folder).await
    }
    /// On `SQLite`, with nothing in it.
    pub(crate) async fn empty_sqlite() -> Self {
        Self::in_folder(tempfile::tempdir().expect("a folder")).await
    }
    /// On the server, with nothing in it.
    pub(crate) async fn empty_postgres(server: &str) -> Self {
        Self::on_server(server, None).await
    }
    /// The file that holds what is committed but not yet in the main file (`SQLite`).
    pub(crate) fn write_ahead_log(&self) -> std::path::PathBuf {
        let mut file = self.db.file().expect("an SQLite database").as_os_str().to_owned();
        file.push("-wal");
        file.into()
    }

    async fn in_folder(folder: TempDir) -> Self {
        let url = format!("sqlite://{}", folder.path().join("aftercare.db").display());
        let db = Db::open(&url, &Clock::system()).await.expect("an open database");
        let place = Place::Folder(folder);
        Self { db, url, place }
    }
    async fn on_server(server: &str, template: Option<&str>) -> Self {
        let name = format!("t_{}", unique());
        let template = template.map_or(String::new(), |name| format!(" TEMPLATE {name}"));
        on(server, format!("CREATE DATABASE {name}{template}")).await;
        let url = named(server, &name);
        let db = Db::open(&url, &Clock::system()).await.expect("an open database");
        let place = Place::Server(format!("DROP DATABASE {name} WITH (FORCE)"));
        Self { db, url, place }
    }
}

impl Drop for Temp {
    /// A test's runtime is ending here: what is left to do on the server is done from a thread with a runtime of its own.
    fn drop(&mut self) {
        match &self.place {
            Place::Folder(folder) => debug_assert!(folder.path().exists(), "removed when the test ends, not before"),
            Place::Server(farewell) => {
                let (server, farewell) = (server().unwrap_or_default(), farewell.clone());
                let _ = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    runtime.expect("a runtime").block_on(on(&server, farewell));
                })
                .join();
            }
        }
    }
}

/// A migrated file to copy; closed, so that all of it is in the one file.
async fn template_file() -> std::path::PathBuf {
    static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
    let folder = TEMPLATE.get_or_init(|| async {
        let folder = tempfile::tempdir().expect("a folder");
        migrate(&format!("sqlite://{}", folder.path().join("template.db").display())).await;
        folder
    });
    folder.await.path().join("template.db")
}

/// The name of the migrated template on the server; made once for each text of the schema, whoever comes first.
async fn template_on(server: &str) -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    NAME.get_or_init(|| async {
        let name = format!("template_{:016x}", schema_hash());
        let mut connection = PgConnection::connect(server).await.expect("the server of TEST_DATABASE_URL");
        run(&mut connection, "SELECT pg_advisory_lock(1447)".to_owned()).await;
        let there: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(&name)
            .fetch_optional(&mut connection)
            .await
            .expect("an answer");
        if there.is_none() {
            let unfinished = format!("t_{}", unique());
            run(&mut connection, format!("CREATE DATABASE {unfinished}")).await;
            migrate(&named(server, &unfinished)).await;
            run(&mut connection, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
        }
        name
    })
    .await
}

async fn migrate(url: &str) {
    let db = Db::open(url, &Clock::system()).await.expect("an open database");
    db.migrate().await.expect("a migrated database");
    db.close().await;
}

/// Changes whenever a migration's text changes.
fn schema_hash() -> u64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the migrations").flatten().map(|f| f.path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read_to_string(file).expect("a migration").hash(&mut hasher);
    }
    hasher.finish()
}

async fn on(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("the server of TEST_DATABASE_URL");
    run(&mut connection, statement).await;
}

async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.expect("a statement that runs");
}

/// The server's URL with another database's name.
fn named(server: &str, database: &str) -> String {
    let mut url = url::Url::parse(server).expect("a URL in TEST_DATABASE_URL");
    url.set_path(database);
    url.into()
}

fn unique() -> String {
    format!("{:016x}", u64::from_le_bytes(aftercare::id::Random::system().bytes()))
}
