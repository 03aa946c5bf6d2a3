//! The real binary with a database of its own, and what its process has used.
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use aftercare::{
    clock::{Clock, Timestamp},
    db::{Db, Sql, Weight},
};
use anyhow::{Context, Result, bail, ensure};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::load::Target;

/// Sessions to the mail server: ours and the reference's.
pub(crate) const SESSIONS: usize = 8;

/// Where the rows are.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Sqlite,
    Postgres(String),
}

impl Engine {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// Those that there are; where `AFTERCARE_BENCH_ON` names one of them, only that one.
pub(crate) fn engines() -> Vec<Engine> {
    let server = std::env::var("TEST_DATABASE_URL").ok();
    let only = std::env::var("AFTERCARE_BENCH_ON").ok();
    let all = [Some(Engine::Sqlite), server.map(Engine::Postgres)].into_iter().flatten();
    all.filter(|engine| only.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(engine.name()))).collect()
}

/// One installation, not yet running.
pub(crate) struct House {
    pub(crate) target: Target,
    folder: TempDir,
    url: String,
}

/// A running process of it.
pub(crate) struct Running {
    child: Child,
}

impl House {
    /// On a real disk: what is measured is a durable commit. `mail_port` is where mail goes, if any.
    pub(crate) async fn build(engine: &Engine, mail_port: Option<u16>) -> Result<Self> {
        Self::build_with(engine, mail_port, "").await
    }
    /// The same with more settings.
    pub(crate) async fn build_with(engine: &Engine, mail_port: Option<u16>, more: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("aftercare-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let name = format!("bench_{:016x}", u64::from_le_bytes(aftercare::id::Random::system().bytes()));
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}", folder.path().join("aftercare.db").display()),
            Engine::Postgres(server) => {
                let mut connection = PgConnection::connect(server).await?;
                sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
                let mut url = url::Url::parse(server)?;
                url.set_path(&name);
                url.into()
            }
        };
        let port = free_port()?;
        let email = mail_port.map_or(String::new(), |port| {
            format!("[email]\nurl = \"smtp://127.0.0.1:{port}?tls=none\"\nfrom = \"service@bench.example\"\nconnections = {SESSIONS}\n")
        });
        let settings = format!("[database]\nurl = \"{url}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n{email}{more}");
        std::fs::write(folder.path().join("aftercare.toml"), settings)?;
        let mut house = Self { target: Target { port, key: String::new() }, folder, url };
        house.say(&["migrate"]).await?;
        house.say(&["setup", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/dealerships.toml")]).await?;
        let key = house.say(&["key", "create", "bench", "--scopes", "events:write,read,calls"]).await?;
        key.trim().clone_into(&mut house.target.key);
        Ok(house)
    }
    /// Adds the entries of a text like that of `aftercare setup`.
    pub(crate) async fn set_up(&self, entries: &str) -> Result<()> {
        let file = self.folder.path().join("more.toml");
        std::fs::write(&file, entries)?;
        self.say(&["setup", file.to_str().context("a plain path")?]).await.map(drop)
    }
    /// What the servers do by themselves as tables grow in days, done at once because they grew in seconds: a server that is
    /// still at it works against what is measured.
    pub(crate) async fn tidy_up(&self) -> Result<()> {
        if self.url.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut connection).await?;
            sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
            return Ok(());
        }
        let database = self.open().await?;
        database.write(Weight::OWN, |tx| Box::pin(async move { tx.sql("ANALYZE").execute().await.map(drop) })).await?;
        database.close().await;
        Ok(())
    }
    /// Its database, beside whatever runs on it.
    pub(crate) async fn open(&self) -> Result<Db> {
        Ok(Db::open(&self.url, &Clock::system()).await?)
    }
    /// How many calls are open, and how many bytes their table takes; on `SQLite` the whole file.
    pub(crate) async fn queue(&self) -> Result<(i64, f64)> {
        let db = self.open().await?;
        let mut tx = db.read().await?;
        let size = Sql {
            sqlite: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            postgres: "SELECT pg_total_relation_size('call_tasks')",
        };
        let (bytes,): (i64,) = tx.sql(size).one().await?;
        let open =
            "SELECT CAST(count(*) AS BIGINT) FROM call_tasks WHERE state IN ('scheduled', 'ready', 'leased', 'held')";
        let (open,): (i64,) = tx.sql(open).one().await?;
        drop(tx);
        db.close().await;
        #[expect(clippy::cast_precision_loss, reason = "megabytes")]
        Ok((open, bytes as f64))
    }
    pub(crate) async fn say(&self, arguments: &[&str]) -> Result<String> {
        let output = self.program().args(arguments).output().await?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
    fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_aftercare"));
        program.current_dir(self.folder.path()).env("RUST_LOG", "error");
        program
    }
    /// Stores facts without a running process, by `aftercare ingest`.
    pub(crate) async fn ingest(&self, facts: &str) -> Result<()> {
        let file = self.folder.path().join("facts.jsonl");
        std::fs::write(&file, facts)?;
        self.say(&["ingest", file.to_str().context("a plain path")?]).await.map(drop)
    }
    pub(crate) fn start(&self) -> Result<Running> {
        let child =
            self.program().arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn()?;
        Ok(Running { child })
    }
    pub(crate) async fn serve(&self) -> Result<Running> {
        let running = self.start()?;
        until_open(self.target.port).await?;
        Ok(running)
    }
    /// Waits until `wanted` e-mails are accepted; the moments of the first message's making and the last answer.
    pub(crate) async fn delivered(&self, wanted: usize) -> Result<(Timestamp, Timestamp)> {
        let db = self.open().await?;
        let start = Instant::now();
        loop {
            let mut tx = db.read().await?;
            let rows: (i64, Option<Timestamp>, Option<Timestamp>) = tx
                .sql(
                    "SELECT (SELECT count(*) FROM messages WHERE state = 'accepted'), (SELECT min(created_at) FROM messages),
                     (SELECT max(ended_at) FROM attempts)",
                )
                .one()
                .await?;
            drop(tx);
            if let (count, Some(first), Some(last)) = rows
                && count >= i64::try_from(wanted)?
            {
                db.close().await;
                return Ok((first, last));
            }
            if start.elapsed() > Duration::from_mins(2) {
                bail!("{} of {wanted} messages were delivered in two minutes", rows.0);
            }
            pause(Duration::from_millis(200)).await;
        }
    }
}

impl Running {
    /// CPU seconds of the process so far, its own and the system's for it.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id().context("a living process")?))?;
        let after_name = stat.rsplit_once(')').context("a name in parentheses")?.1;
        let ticks: u32 =
            after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        Ok(f64::from(ticks) / 100.0)
    }
    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until somebody listens.
pub(crate) async fn until_open(port: u16) -> Result<()> {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        ensure!(start.elapsed() < Duration::from_secs(20), "nobody listens on {port}");
        pause(Duration::from_millis(1)).await;
    }
    Ok(())
}

pub(crate) async fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "another process cannot be told to be quick")]
    tokio::time::sleep(time).await;
}
