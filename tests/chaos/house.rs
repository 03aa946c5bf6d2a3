//! The real binary with its database, its servers and its processes, each of which may be killed.
use std::{
    fmt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use aftercare::clock::{Clock, Timestamp};
use anyhow::{Context, Result, bail};
use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{
    Run,
    arrivals::Arrivals,
    books::Books,
    client::Client,
    gateway::Gateway,
    mail::MailServer,
    wait::{pause, until},
};

/// `worker.lease` where nothing is set.
const LEASE: SignedDuration = SignedDuration::from_mins(1);

/// Where the rows are.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Sqlite,
    /// A server, by its URL.
    Postgres(String),
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        })
    }
}

/// One installation.
pub(crate) struct House {
    pub(crate) mail: MailServer,
    pub(crate) gateway: Gateway,
    pub(crate) client: Client,
    engine: Engine,
    database: String,
    folder: TempDir,
    switch: Option<&'static str>,
    processes: Vec<Process>,
    /// The file that tells the time, if the house has one.
    clock: Option<PathBuf>,
    /// How far that clock is ahead of the system's.
    ahead: SignedDuration,
}

pub(crate) struct Process {
    command: &'static str,
    child: Child,
}

/// Where a failpoint is armed, and how: `mark:abort@3`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Armed<'a> {
    pub(crate) serve: &'a str,
    pub(crate) work: &'a str,
}

/// How long the product waits before it tries again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As in life: a minute to the first retry, a quarter of an hour until an unknown answer is looked at.
    Life,
    /// What waits a minute in life waits a second here. Leases are as long as in life, because a machine with more processes
    /// than cores may leave one of them waiting for longer than a short one, and what it held would be taken for lost.
    Test,
}

impl Pace {
    fn settings(self) -> &'static str {
        match self {
            Self::Life => "[worker]\npoll = \"100ms\"\n[email]\n",
            Self::Test => concat!(
                "[worker]\npoll = \"300ms\"\n[sms.retry]\nfirst = \"1s\"\ncap = \"2s\"\n",
                "[email]\nunknown_wait = \"1s\"\nretry = [\"1s\", \"1s\", \"2s\", \"2s\", \"4s\"]\n"
            ),
        }
    }
}

impl House {
    /// A house with impatient settings.
    pub(crate) async fn build(run: &Run, mail: Arrivals, sms: Arrivals) -> Result<Self> {
        Self::at_pace(run, mail, sms, Pace::Test, None).await
    }

    /// With `clock` the processes read the time from a file.
    pub(crate) async fn at_pace(
        run: &Run,
        mail: Arrivals,
        sms: Arrivals,
        pace: Pace,
        clock: Option<&str>,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (mail, gateway) = (MailServer::start(mail).await?, Gateway::start(sms).await?);
        let name = format!("chaos_{:016x}", u64::from_le_bytes(aftercare::id::Random::system().bytes()));
        let database = match &run.engine {
            Engine::Sqlite => format!("sqlite://{}", folder.path().join("aftercare.db").display()),
            Engine::Postgres(server) => {
                on(server, format!("CREATE DATABASE {name}")).await?;
                let mut url = url::Url::parse(server)?;
                url.set_path(&name);
                url.into()
            }
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (mail_port, gateway_port) = (mail.port, gateway.port);
        let settings = format!(
            "[database]\nurl = \"{database}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
             {}url = \"smtp://127.0.0.1:{mail_port}?tls=none\"\nfrom = \"service@chaos.example\"\n\
             message_id_domain = \"chaos.example\"\n\
             [sms]\nprovider = \"http\"\n[sms.http]\nurl = \"http://127.0.0.1:{gateway_port}/send\"\n",
            pace.settings()
        );
        std::fs::write(folder.path().join("aftercare.toml"), settings)?;
        let clock = clock.map(|at| {
            let path = folder.path().join("clock");
            std::fs::write(&path, at).map(|()| path)
        });
        let client = Client::new(format!("http://127.0.0.1:{port}"), String::new(), name);
        let mut house = Self {
            mail,
            gateway,
            client,
            engine: run.engine.clone(),
            database,
            folder,
            switch: run.switch,
            processes: Vec::new(),
            clock: clock.transpose()?,
            ahead: SignedDuration::ZERO,
        };
        house.say(&["migrate"]).await?;
        house.say(&["setup", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/dealerships.toml")]).await?;
        let key = house.say(&["key", "create", "chaos", "--scopes", "events:write,read"]).await?;
        house.client.use_key(key.trim().to_owned());
        Ok(house)
    }

    /// Starts `serve`, and on `PostgreSQL` two `work`, and waits until it answers.
    pub(crate) async fn open(&mut self, armed: Armed<'_>) -> Result<()> {
        if !self.has("serve") {
            self.start("serve", armed.serve)?;
        }
        if matches!(self.engine, Engine::Postgres(_)) {
            for _ in self.processes.iter().filter(|p| p.command == "work").count()..2 {
                self.start("work", armed.work)?;
            }
        }
        self.until_ready().await
    }
    pub(crate) async fn until_ready(&mut self) -> Result<()> {
        let ready = until(Duration::from_secs(30), "readyz answers 200", async || {
            if self.has_died()?.is_some() {
                return Ok(Some(false));
            }
            Ok((self.client.status("/readyz").await == Some(200)).then_some(true))
        })
        .await;
        match ready {
            Ok(_) => Ok(()),
            Err(error) => bail!("{error}\n{}", self.last_words()),
        }
    }
    pub(crate) fn is_on_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }
    /// One more process.
    pub(crate) fn start(&mut self, command: &'static str, armed: &str) -> Result<()> {
        let fail = [Some(armed), self.switch].into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log"))?;
        let child = self
            .program()
            .arg(command)
            .env("AFTERCARE_FAIL", fail.join(","))
            .env("AFTERCARE_FAIL_LOG", self.fail_log())
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the program starts")?;
        self.processes.push(Process { command, child });
        Ok(())
    }
    fn has(&self, command: &str) -> bool {
        self.processes.iter().any(|process| process.command == command)
    }

    /// The first process that has ended, taken out of the list.
    pub(crate) fn has_died(&mut self) -> Result<Option<ExitStatus>> {
        for n in 0..self.processes.len() {
            if let Some(status) = self.processes[n].child.try_wait()? {
                self.processes.remove(n);
                return Ok(Some(status));
            }
        }
        Ok(None)
    }
    /// kill -9 for every process.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        for mut process in std::mem::take(&mut self.processes) {
            process.child.kill().await?;
        }
        Ok(())
    }
    /// SIGTERM for every process; the time until the last has ended, and how each ended.
    pub(crate) async fn terminate(&mut self, limit: Duration) -> Result<Vec<ExitStatus>> {
        let mut ended = Vec::new();
        for process in &self.processes {
            let pid = process.child.id().context("a living process")?.to_string();
            Command::new("kill").args(["-TERM", &pid]).status().await?;
        }
        for mut process in std::mem::take(&mut self.processes) {
            let status = tokio::time::timeout(limit, process.child.wait()).await;
            ended.push(status.with_context(|| format!("{} does not end within {limit:?}", process.command))??);
        }
        Ok(ended)
    }

    /// How often failpoints have acted so far.
    pub(crate) fn hits(&self, point: &str) -> usize {
        let log = std::fs::read_to_string(self.fail_log()).unwrap_or_default();
        log.lines().filter(|line| line.split(' ').next() == Some(point)).count()
    }
    fn fail_log(&self) -> PathBuf {
        self.folder.path().join("fail.log")
    }
    pub(crate) fn database(&self) -> &str {
        &self.database
    }
    /// Sets the file clock.
    pub(crate) fn set_clock(&self, to: Timestamp) -> Result<()> {
        let path = self.clock.as_ref().context("a house with a file clock")?;
        // Renamed into place: a half-written time would be no time.
        let new = path.with_extension("new");
        std::fs::write(&new, to.to_string())?;
        std::fs::rename(new, path)?;
        Ok(())
    }

    /// Moves the file clock past the leases of whoever was killed, so that nobody waits for them to end.
    pub(crate) fn outlive_leases(&mut self) -> Result<()> {
        self.ahead += LEASE + SignedDuration::from_secs(1);
        self.set_clock(Clock::system().now().plus(self.ahead))
    }

    /// Runs a command of the program to its end; what it printed.
    pub(crate) async fn say(&self, arguments: &[&str]) -> Result<String> {
        let output = self.program().args(arguments).output().await?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!("aftercare {} ended with {}: {words}", arguments.join(" "), output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }
    fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_aftercare"));
        program.current_dir(self.folder.path()).env_remove("DATABASE_URL");
        if let Some(clock) = &self.clock {
            program.env("AFTERCARE_TEST_CLOCK", clock);
        }
        program
    }
    /// What the processes said last.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Ends the faults and waits until everything that is owed went out and nothing is on its way; a lost message makes it
    /// wait in vain, and the books then say which.
    pub(crate) async fn settle(&self, limit: Duration) -> Result<()> {
        self.mail.arrivals.heal();
        self.gateway.arrivals.heal();
        self.settle_with_faults(limit).await
    }
    /// The same while the servers go on as they are.
    pub(crate) async fn settle_with_faults(&self, limit: Duration) -> Result<()> {
        let settled = until(limit, "everything is sent", async || {
            let messages = self.client.messages().await?;
            let owed = self.client.references();
            let sent = owed.iter().all(|r| messages.iter().any(|m| m.subject.reference == *r));
            let quiet = sent && !messages.iter().any(crate::ours::OurMessage::is_on_its_way);
            if !quiet {
                pause(Duration::from_millis(200)).await;
            }
            Ok(quiet.then_some(()))
        });
        if let Err(error) = settled.await {
            println!("  {error}");
        }
        Ok(())
    }
    pub(crate) async fn books(&self) -> Result<Books> {
        Ok(Books {
            told: self.client.told(),
            owed: self.client.references(),
            ours: self.client.messages().await?,
            mail: self.mail.arrivals.book(),
            sms: self.gateway.arrivals.book(),
        })
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.child.start_kill();
        }
        if let (Engine::Postgres(server), Ok(url)) = (&self.engine, url::Url::parse(&self.database)) {
            let (server, farewell) =
                (server.clone(), format!("DROP DATABASE {} WITH (FORCE)", url.path().trim_start_matches('/')));
            let _ = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let _ = runtime.expect("a runtime").block_on(on(&server, farewell));
            })
            .join();
        }
    }
}

/// Runs a statement on a server of `PostgreSQL`.
pub(crate) async fn on(server: &str, statement: String) -> Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(())
}
