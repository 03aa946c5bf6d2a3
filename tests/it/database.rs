//! What every store function relies on, on both databases: values survive, races are run again, bells ring after commit.
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aftercare::{
    clock::{Clock, Timestamp},
    db::{Bell, Db, Error, OpenError, Sql, Weight},
    rows,
};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use tokio::sync::Barrier;

use crate::temp::{Temp, server};

const TABLE: Sql = Sql {
    sqlite: "CREATE TABLE probe (id TEXT PRIMARY KEY, at TEXT, flag INTEGER, body TEXT, n INTEGER) STRICT",
    postgres: "CREATE TABLE probe (id TEXT PRIMARY KEY, at TIMESTAMPTZ, flag BOOLEAN, body JSONB, n BIGINT)",
};

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    id: String,
    at: Option<Timestamp>,
    flag: Option<bool>,
    body: Option<Value>,
    n: Option<i64>,
}

impl Row {
    fn full(id: &str) -> Self {
        let at = "2026-03-07T09:30:00.123456+08:00".parse().expect("a time");
        let body = json!({"name": "王芳 \"O'Neil\" \\ 🚗", "list": [1, null, true], "nested": {"half": 0.5}});
        Self { id: id.to_owned(), at: Some(at), flag: Some(true), body: Some(body), n: Some(i64::MAX) }
    }
    fn empty(id: &str) -> Self {
        Self { id: id.to_owned(), at: None, flag: None, body: None, n: None }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Read {
    id: String,
    at: Option<Timestamp>,
    flag: Option<bool>,
    body: Option<Json<Value>>,
    n: Option<i64>,
}

async fn with_table() -> Temp {
    let temp = Temp::migrated().await;
    run(&temp.db, TABLE).await;
    temp
}

async fn run(db: &Db, sql: Sql) {
    db.write(Weight::ONE, move |tx| Box::pin(async move { tx.sql(sql).execute().await })).await.expect("a statement");
}

async fn all(db: &Db) -> Vec<Row> {
    let mut tx = db.read().await.expect("a connection");
    let rows: Vec<Read> = tx.sql("SELECT id, at, flag, body, n FROM probe ORDER BY id").all().await.expect("rows");
    rows.into_iter()
        .map(|Read { id, at, flag, body, n }| Row { id, at, flag, body: body.map(|Json(value)| value), n })
        .collect()
}

#[tokio::test]
async fn values_survive_one_by_one_and_as_sets_of_rows() {
    let temp = with_table().await;
    let rows = vec![Row::full("a"), Row::empty("b"), Row { flag: Some(false), n: Some(i64::MIN), ..Row::full("c") }];
    let given = rows.clone();
    temp.db
        .write(Weight::ONE, move |tx| {
            let given = given.clone();
            Box::pin(async move {
                tx.sql(rows!(
                    "INSERT INTO probe (id, at, flag, body, n) SELECT j.id, j.at, j.flag, j.body, j.n FROM ",
                    (id text, at timestamptz, flag boolean, body jsonb, n bigint),
                    ""
                ))
                .bind_rows(&given)
                .execute()
                .await
            })
        })
        .await
        .expect("stored");
    assert_eq!(all(&temp.db).await, rows);

    let one = Row::full("d");
    let given = one.clone();
    temp.db
        .write(Weight::ONE, move |tx| {
            let Row { id, at, flag, body, n } = given.clone();
            Box::pin(async move {
                let insert = tx.sql("INSERT INTO probe (id, at, flag, body, n) VALUES ($1, $2, $3, $4, $5)");
                insert.bind(id).bind(at).bind(flag).bind(body.map(Json)).bind(n).execute().await
            })
        })
        .await
        .expect("stored");
    assert_eq!(all(&temp.db).await.last(), Some(&one));

    let changed = vec![Row { flag: Some(false), ..Row::full("a") }, Row::empty("nobody")];
    let count = temp.db.write(Weight::ONE, move |tx| {
        let changed = changed.clone();
        Box::pin(async move {
            let update =
                rows!("UPDATE probe SET flag = j.flag FROM ", (id text, flag boolean), " WHERE probe.id = j.id");
            tx.sql(update).bind_rows(&changed).execute().await
        })
    });
    assert_eq!(count.await.expect("stored"), 1, "a set changes the rows it names");
    assert_eq!(all(&temp.db).await[0].flag, Some(false));
}

#[tokio::test]
async fn the_order_of_times_is_the_databases_order() {
    let temp = with_table().await;
    let start: Timestamp = "2026-03-07T00:00:00Z".parse().expect("a time");
    for (n, micros) in [("a", 500_000), ("b", 0), ("c", 500_123), ("d", -1), ("e", 1_000_000)] {
        let at = start.plus(jiff::SignedDuration::from_micros(micros));
        temp.db
            .write(Weight::ONE, move |tx| {
                Box::pin(async move {
                    tx.sql("INSERT INTO probe (id, at) VALUES ($1, $2)").bind(n).bind(at).execute().await
                })
            })
            .await
            .expect("stored");
    }
    let mut tx = temp.db.read().await.expect("a connection");
    let sql = tx.sql("SELECT id FROM probe WHERE at <= $1 ORDER BY at");
    let order: Vec<(String,)> =
        sql.bind(start.plus(jiff::SignedDuration::from_micros(500_123))).all().await.expect("rows");
    assert_eq!(order.into_iter().map(|row| row.0).collect::<String>(), "dbac");
}

#[tokio::test]
async fn a_unit_that_answers_an_error_stores_nothing() {
    let temp = with_table().await;
    let refused = temp
        .db
        .write(Weight::ONE, |tx| {
            Box::pin(async move {
                tx.sql("INSERT INTO probe (id) VALUES ('a')").execute().await?;
                tx.sql("INSERT INTO probe (id) VALUES ('a')").execute().await
            })
        })
        .await;
    assert!(refused.expect_err("refused").is_unique_violation());
    let panicked = temp
        .db
        .write(Weight::ONE, |tx| {
            Box::pin(async move {
                let rows = tx.sql("INSERT INTO probe (id) VALUES ('b')").execute().await?;
                assert!(rows > 1, "this panic is part of the test");
                Ok::<_, Error>(())
            })
        })
        .await;
    assert!(matches!(panicked, Err(Error::Panicked)));
    assert_eq!(all(&temp.db).await, []);
    run(&temp.db, "INSERT INTO probe (id) VALUES ('c')".into()).await;
    assert_eq!(all(&temp.db).await.len(), 1, "the next unit is not touched by it");
}

#[tokio::test]
async fn a_unit_meets_no_connection_that_the_server_has_ended() {
    let temp = with_table().await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(temp.db.read().await.expect("a connection"));
    }
    // All of them, but for the last, lie in the pool and were used a moment ago.
    let mut last = held.pop().expect("three");
    drop(held);
    temp.db.write(Weight::ONE, |tx| Box::pin(async move { tx.sql("SELECT 1").execute().await })).await.expect("a unit");
    let end = Sql {
        sqlite: "SELECT 1",
        postgres: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'LISTEN%'",
    };
    last.sql(end).execute().await.expect("the server does so");
    run(&temp.db, "INSERT INTO probe (id) VALUES ('a')".into()).await;
    assert_eq!(all(&temp.db).await.len(), 1);
}

#[tokio::test]
async fn a_bell_rings_when_another_connection_can_see_the_row() {
    const BELL: Bell = Bell(3);
    let temp = with_table().await;
    for n in 0..100i64 {
        let (db, heard) = (temp.db.clone(), temp.db.bells().clone());
        let listener = tokio::spawn(async move {
            heard.wait(BELL).await;
            let mut tx = db.read().await.expect("a connection");
            let row: Option<(i64,)> =
                tx.sql("SELECT n FROM probe WHERE n = $1").bind(n).optional().await.expect("an answer");
            row.is_some()
        });
        tokio::task::yield_now().await;
        temp.db
            .write(Weight::ONE, move |tx| {
                Box::pin(async move {
                    tx.ring(BELL);
                    tx.sql("INSERT INTO probe (id, n) VALUES ($1, $2)").bind(n.to_string()).bind(n).execute().await
                })
            })
            .await
            .expect("stored");
        assert!(listener.await.expect("no panic"), "the bell of row {n} rang too early");
    }
}

#[tokio::test]
async fn the_bell_of_a_unit_that_failed_does_not_ring_for_the_next() {
    const BELL: Bell = Bell(4);
    let temp = with_table().await;
    let failed = temp.db.write(Weight::ONE, |tx| {
        Box::pin(async move {
            tx.ring(BELL);
            tx.sql("INSERT INTO nowhere VALUES (1)").execute().await
        })
    });
    assert!(failed.await.is_err());
    run(&temp.db, "INSERT INTO probe (id) VALUES ('a')".into()).await;
    let rang = tokio::time::timeout(Duration::from_millis(100), temp.db.bells().wait(BELL)).await;
    assert!(rang.is_err(), "nothing is due, so nothing is worth waking for");
}

mod on_postgresql {
    //! What only `PostgreSQL` has: lost races, other processes, settings that lose commits.
    use super::*;

    #[tokio::test]
    async fn a_lost_race_is_run_again() {
        if server().is_none() {
            return;
        }
        let temp = with_table().await;
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let unit = temp.db.write(Weight::ONE, move |tx| {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                tx.sql("INSERT INTO probe (id) VALUES ('a')").execute().await?;
                if run < 2 {
                    tx.sql("DO $$ BEGIN RAISE EXCEPTION 'a lost race' USING ERRCODE = '40001'; END $$")
                        .execute()
                        .await?;
                }
                Ok::<_, Error>(run)
            })
        });
        assert_eq!(unit.await.expect("stored"), 2, "the third run is the first that stays");
        assert_eq!(all(&temp.db).await.len(), 1);
    }

    #[tokio::test]
    async fn two_units_that_lock_rows_crosswise_both_succeed() {
        if server().is_none() {
            return;
        }
        let temp = with_table().await;
        run(&temp.db, "INSERT INTO probe (id, n) VALUES ('a', 0), ('b', 0)".into()).await;
        let together = Arc::new(Barrier::new(2));
        let crosswise = |first: &'static str, second: &'static str| {
            let (db, together, runs) = (temp.db.clone(), Arc::clone(&together), Arc::new(AtomicU32::new(0)));
            tokio::spawn(async move {
                db.write(Weight::ONE, move |tx| {
                    let (together, again) = (Arc::clone(&together), runs.fetch_add(1, Ordering::Relaxed) > 0);
                    Box::pin(async move {
                        tx.sql("UPDATE probe SET n = n + 1 WHERE id = $1").bind(first).execute().await?;
                        if !again {
                            together.wait().await;
                        }
                        tx.sql("UPDATE probe SET n = n + 1 WHERE id = $1").bind(second).execute().await
                    })
                })
                .await
            })
        };
        let (one, other) = (crosswise("a", "b"), crosswise("b", "a"));
        one.await.expect("no panic").expect("stored");
        other.await.expect("no panic").expect("stored");
        assert_eq!(all(&temp.db).await.iter().map(|row| row.n).collect::<Vec<_>>(), [Some(2), Some(2)]);
    }

    #[tokio::test]
    async fn bells_ring_in_the_other_processes() {
        const BELL: Bell = Bell(5);
        if server().is_none() {
            return;
        }
        let temp = with_table().await;
        let other = Db::open(&temp.url, &Clock::system()).await.expect("a second program");
        let heard = async {
            loop {
                let ring = temp.db.write(Weight::ONE, |tx| {
                    tx.ring(BELL);
                    Box::pin(async { Ok::<_, Error>(()) })
                });
                ring.await.expect("stored");
                // The other one may not be listening yet: the first rings may find nobody.
                if tokio::time::timeout(Duration::from_millis(200), other.bells().wait(BELL)).await.is_ok() {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), heard).await.expect("heard in the other process");
        other.close().await;
    }

    #[tokio::test]
    async fn a_server_that_may_lose_commits_is_refused() {
        if server().is_none() {
            return;
        }
        let temp = Temp::migrated().await;
        run(
            &temp.db,
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$"
                .into(),
        )
        .await;
        let refused = Db::open(&temp.url, &Clock::system()).await.expect_err("refused");
        assert!(matches!(refused, OpenError::NotDurable("synchronous_commit")), "{refused}");
    }
}
