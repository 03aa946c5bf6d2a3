//! The contract of `SQLite`'s writer: groups, savepoints, overload, a full disk (`architecture.md` 4).
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aftercare::db::{Db, Error, Result, Weight};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

use crate::temp::Temp;

/// A database with one table, and the writer held by a unit until the test lets it go: what comes meanwhile waits together.
struct Held {
    temp: Temp,
    gate: Arc<Semaphore>,
    holder: JoinHandle<Result<()>>,
}

impl Held {
    async fn writer() -> Self {
        let temp = Temp::empty_sqlite().await;
        write(&temp.db, "CREATE TABLE probe (n INTEGER PRIMARY KEY, filling TEXT) STRICT", 0).await.expect("a table");
        let (gate, db) = (Arc::new(Semaphore::new(0)), temp.db.clone());
        let (holding, held) = oneshot::channel();
        let (holding, waits) = (Arc::new(std::sync::Mutex::new(Some(holding))), Arc::clone(&gate));
        let holder = tokio::spawn(async move {
            db.write(Weight::ONE, move |_| {
                let (waits, holding) = (Arc::clone(&waits), Arc::clone(&holding));
                Box::pin(async move {
                    let _ = holding.lock().expect("unpoisoned").take().expect("one run").send(());
                    waits.acquire().await.expect("an open gate").forget();
                    Ok::<_, Error>(())
                })
            })
            .await
        });
        held.await.expect("the writer is held");
        Self { temp, gate, holder }
    }
    fn db(&self) -> Db {
        self.temp.db.clone()
    }
    async fn let_go(self) -> Temp {
        self.gate.add_permits(1);
        self.holder.await.expect("no panic").expect("stored");
        self.temp
    }
}

/// Runs one statement with one number as a unit.
async fn write(db: &Db, statement: &'static str, n: i64) -> Result<()> {
    db.write(Weight::ONE, move |tx| {
        Box::pin(async move {
            let statement = tx.sql(statement);
            let _: u64 = if n > 0 { statement.bind(n).execute().await? } else { statement.execute().await? };
            Ok(())
        })
    })
    .await
}

const INSERT: &str = "INSERT INTO probe (n) VALUES ($1)";

async fn stored(db: &Db) -> Vec<i64> {
    let mut tx = db.read().await.expect("a connection");
    let rows: Vec<(i64,)> = tx.sql("SELECT n FROM probe ORDER BY n").all().await.expect("rows");
    rows.into_iter().map(|row| row.0).collect()
}

/// Starts the units in their order and waits until all of them stand in the queue.
async fn queue<T: Send + 'static>(units: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<JoinHandle<T>> {
    let mut started = Vec::new();
    for unit in units {
        started.push(tokio::spawn(unit));
        tokio::task::yield_now().await;
    }
    started
}

/// How many transactions the write-ahead log holds: frames whose header says that they end one.
fn commits(temp: &Temp) -> usize {
    let log = std::fs::read(temp.write_ahead_log()).expect("a log");
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let (page, salts) = (number(8) as usize, &log[16..24]);
    log[32..].chunks_exact(24 + page).filter(|frame| &frame[8..16] == salts && frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn units_that_wait_together_share_a_commit() {
    let held = Held::writer().await;
    let before = commits(&held.temp);
    let units = (1..=200).map(|n| write_in(held.db(), n)).collect();
    let waiting = queue(units).await;
    let temp = held.let_go().await;
    for unit in waiting {
        unit.await.expect("no panic").expect("stored");
    }
    assert_eq!(stored(&temp.db).await.len(), 200);
    let commits = commits(&temp) - before;
    assert!((4..50).contains(&commits), "200 units, at most 64 a transaction: {commits} commits");
}

async fn write_in(db: Db, n: i64) -> Result<()> {
    write(&db, INSERT, n).await
}

#[tokio::test]
async fn a_unit_that_fails_or_panics_harms_no_other() {
    let held = Held::writer().await;
    let (first, last) = (write_in(held.db(), 1), write_in(held.db(), 6));
    let first = queue(vec![first]).await;
    let db = held.db();
    let refused = tokio::spawn(async move { insert_then(&db, 2, "INSERT INTO probe (n) VALUES (2)").await });
    tokio::task::yield_now().await;
    let db = held.db();
    let nonsense = tokio::spawn(async move { insert_then(&db, 3, "INSERT INTO nowhere VALUES (3)").await });
    tokio::task::yield_now().await;
    let db = held.db();
    let swallows = tokio::spawn(async move {
        db.write(Weight::ONE, |tx| {
            Box::pin(async move {
                tx.sql(INSERT).bind(4i64).execute().await?;
                // Takes an error for an answer, and would store half of what it meant.
                let _ = tx.sql("INSERT INTO nowhere VALUES (4)").execute().await;
                Ok::<_, Error>(())
            })
        })
        .await
    });
    tokio::task::yield_now().await;
    let db = held.db();
    let panics = tokio::spawn(async move {
        db.write(Weight::ONE, |tx| {
            Box::pin(async move {
                tx.sql(INSERT).bind(5i64).execute().await?;
                let rows: u64 = tx.sql("DELETE FROM probe WHERE n = 5").execute().await?;
                assert!(rows > 1, "this panic is part of the test");
                Ok::<_, Error>(())
            })
        })
        .await
    });
    tokio::task::yield_now().await;
    let last = queue(vec![last]).await;
    let temp = held.let_go().await;
    for good in first.into_iter().chain(last) {
        good.await.expect("no panic").expect("stored");
    }
    assert!(refused.await.expect("no panic").expect_err("refused").is_unique_violation());
    assert!(matches!(nonsense.await.expect("no panic"), Err(Error::Sql(_))));
    assert!(matches!(swallows.await.expect("no panic"), Err(Error::RolledBack)));
    assert!(matches!(panics.await.expect("caught"), Err(Error::Panicked)));
    assert_eq!(stored(&temp.db).await, [1, 6]);
}

async fn insert_then(db: &Db, n: i64, then: &'static str) -> Result<()> {
    db.write(Weight::ONE, move |tx| {
        Box::pin(async move {
            tx.sql(INSERT).bind(n).execute().await?;
            tx.sql(then).execute().await?;
            Ok(())
        })
    })
    .await
}

#[tokio::test]
async fn a_unit_goes_on_when_its_caller_hung_up() {
    let held = Held::writer().await;
    let waiting = queue(vec![write_in(held.db(), 1)]).await;
    for caller in waiting {
        caller.abort();
        assert!(caller.await.expect_err("gone").is_cancelled());
    }
    let temp = held.let_go().await;
    write(&temp.db, INSERT, 2).await.expect("stored");
    assert_eq!(stored(&temp.db).await, [1, 2]);
}

#[tokio::test]
async fn what_was_queued_is_finished_before_the_database_closes() {
    let held = Held::writer().await;
    let waiting = queue((1..=50).map(|n| write_in(held.db(), n)).collect()).await;
    let (db, closing) = (held.db(), held.db());
    let closing = tokio::spawn(async move { closing.close().await });
    tokio::task::yield_now().await;
    let url = held.temp.url.clone();
    let temp = held.let_go().await;
    for unit in waiting {
        unit.await.expect("no panic").expect("stored");
    }
    closing.await.expect("closed");
    assert!(matches!(write(&db, INSERT, 99).await, Err(Error::Closed)));
    let again = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("open again");
    assert_eq!(stored(&again).await.len(), 50);
    drop(temp);
}

/// The disk is full for this one connection: the page limit is the writer's own, set through a unit.
#[tokio::test]
async fn a_full_disk_stores_nothing_of_what_it_answers_with_an_error() {
    let held = Held::writer().await;
    let temp = held.let_go().await;
    let pages: (i64,) = {
        let mut tx = temp.db.read().await.expect("a connection");
        tx.sql("SELECT page_count FROM pragma_page_count").one().await.expect("pages")
    };
    limit_pages(&temp.db, pages.0 + 20).await;
    let told: Vec<(i64, bool)> = {
        let units = (1..=100).map(|n| {
            let db = temp.db.clone();
            async move { (n, fill(&db, n).await.is_ok()) }
        });
        let mut told = Vec::new();
        for unit in queue(units.collect()).await {
            told.push(unit.await.expect("no panic"));
        }
        told
    };
    let kept: Vec<i64> = told.iter().filter(|(_, ok)| *ok).map(|(n, _)| *n).collect();
    assert!(kept.len() < 100, "the disk was full");
    assert_eq!(stored(&temp.db).await, kept, "stored is what was answered with Ok, and nothing else");
    limit_pages(&temp.db, 1_000_000).await;
    fill(&temp.db, 101).await.expect("it goes on when there is room again");
}

async fn limit_pages(db: &Db, pages: i64) {
    db.write(Weight::ONE, move |tx| {
        Box::pin(async move {
            let statement: &'static str = format!("PRAGMA max_page_count = {pages}").leak();
            let _: Option<(i64,)> = tx.sql(statement).optional().await?;
            Ok::<_, Error>(())
        })
    })
    .await
    .expect("a limit");
}

/// A row of several pages.
async fn fill(db: &Db, n: i64) -> Result<()> {
    db.write(Weight::ONE, move |tx| {
        Box::pin(async move {
            let insert = tx.sql("INSERT INTO probe (n, filling) VALUES ($1, $2)");
            insert.bind(n).bind("x".repeat(10_000)).execute().await?;
            Ok(())
        })
    })
    .await
}

#[tokio::test]
async fn too_much_waiting_is_refused_at_once_and_the_rest_is_written() {
    let held = Held::writer().await;
    let waiting = queue((1..=1_500).map(|n| write_in(held.db(), n)).collect()).await;
    let temp = held.let_go().await;
    let (mut written, mut refused) = (0, 0);
    for unit in waiting {
        match unit.await.expect("no panic") {
            Ok(()) => written += 1,
            Err(Error::Overloaded(wait)) => {
                assert!(wait >= Duration::from_secs(1));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!((200..=1_024).contains(&written) && refused == 1_500 - written, "{written} written, {refused} refused");
    assert_eq!(stored(&temp.db).await.len(), written);
    write(&temp.db, INSERT, 9_999).await.expect("it recovers by itself");
}

#[tokio::test]
async fn large_units_and_small_ones_take_turns() {
    let held = Held::writer().await;
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let runs = Arc::new(AtomicUsize::new(0));
    let unit = |weight: usize, name: &'static str| {
        let (db, order, runs) = (held.db(), Arc::clone(&order), Arc::clone(&runs));
        async move {
            db.write(Weight(weight), move |_| {
                let (order, runs) = (Arc::clone(&order), Arc::clone(&runs));
                Box::pin(async move {
                    runs.fetch_add(1, Ordering::Relaxed);
                    order.lock().expect("unpoisoned").push(name);
                    Ok::<_, Error>(())
                })
            })
            .await
        }
    };
    let mut units = Vec::new();
    for _ in 0..4 {
        units.push(unit(1_000, "large"));
    }
    for _ in 0..200 {
        units.push(unit(1, "small"));
    }
    let waiting = queue(units).await;
    drop(held.let_go().await);
    for unit in waiting {
        unit.await.expect("no panic").expect("stored");
    }
    let order = order.lock().expect("unpoisoned").clone();
    assert_eq!(runs.load(Ordering::Relaxed), 204);
    let neighbours = order.windows(2).filter(|pair| *pair == ["large", "large"]).count();
    let first_large = order.iter().position(|name| *name == "large").expect("large units");
    assert!(neighbours == 0 && first_large <= 64, "small ones go between, and hold none up: {order:?}");
}

/// Another program beside us (`ingest`, `backup`) holds the write lock for a moment: we wait, we do not fail.
#[tokio::test]
async fn a_short_write_of_another_program_is_waited_for() {
    let temp = Held::writer().await.let_go().await;
    let other = Db::open(&temp.url, &aftercare::clock::Clock::system()).await.expect("a second program");
    let units = (1..=100).map(|n| write_in(if n % 2 == 0 { other.clone() } else { temp.db.clone() }, n)).collect();
    for unit in queue(units).await {
        unit.await.expect("no panic").expect("stored");
    }
    assert_eq!(stored(&temp.db).await.len(), 100);
    other.close().await;
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let temp = Held::writer().await.let_go().await;
    let mut tx = temp.db.read().await.expect("a connection");
    assert!(tx.sql(INSERT).bind(1i64).execute().await.is_err());
}
