//! P8: 50 agents at a queue of 100,000 open tasks, over HTTP: how long a claim takes, that nobody is called by two and nothing
//! is taken twice, and when a task is back after its agent's heartbeats stopped.
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aftercare::{
    clock::{Clock, Timestamp},
    db::{self, Db, Weight},
    rows,
};
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::types::Json;

use crate::{
    house::{Engine, House, pause},
    load::Connection,
    table::Table,
};

const TASKS: usize = 100_000;
/// Fewer than tasks: every fourth customer has two reasons to be called.
const CUSTOMERS: usize = 80_000;
const AGENTS: usize = 50;
const CALLS: usize = 12;
/// An agent's first claims of a shift meet connections that have planned nothing yet: they are told apart.
const FIRST: usize = 2;
/// What an agent does between two claims, on average, where people take minutes; from half of it to one and a half.
const BETWEEN: Duration = Duration::from_millis(500);
/// Heartbeats every few seconds, so that the end of a lease can be waited for.
const SETTINGS: &str = "[calls]\nhours = \"00:00-24:00\"\nlease = \"5s\"\n";

/// Who has whom on the telephone, and what was taken.
#[derive(Default)]
struct Seen {
    customers: HashSet<String>,
    tasks: HashSet<String>,
}

pub(crate) async fn measure(engine: &Engine, table: &mut Table) -> Result<()> {
    let house = House::build_with(engine, None, SETTINGS).await?;
    house.set_up(&agents()).await?;
    fill(&house.open().await?).await?;
    house.tidy_up().await?;
    let running = house.serve().await?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    // Everybody presses the key at the same moment, and then at their own.
    for (name, gate, between) in [("at their own pace", 20.0, BETWEEN), ("all at once", 500.0, Duration::ZERO)] {
        let mut shift = Vec::new();
        for n in 0..AGENTS {
            let (connection, seen) = (house.target.connect().await?, Arc::clone(&seen));
            shift.push(tokio::spawn(work(connection, n, between, seen)));
        }
        let (mut first, mut took) = (Vec::new(), Vec::new());
        for agent in shift {
            let mut claims = agent.await??;
            took.extend(claims.split_off(FIRST));
            first.extend(claims);
        }
        println!("  first claims {name}: {}", told(&mut first));
        println!("  {} claims {name}: {}", took.len(), told(&mut took));
        table.most(format!("P8 p99 {name}, {}", engine.name()), gate, "ms", at(&took, 99));
    }
    let back = lease(&house).await?;
    table.most(format!("P8 back after its lease, {}", engine.name()), 10.0, "s", back.as_secs_f64());
    let (open, size) = house.queue().await?;
    println!("  {open} tasks are open; the table takes {:.1} MB", size / 1e6);
    running.stop().await
}

fn told(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let [half, most_of, nearly_all, all] = [50, 95, 99, 100].map(|percent| at(took, percent));
    format!("p50 {half:.1} ms, p95 {most_of:.1} ms, p99 {nearly_all:.1} ms, most {all:.1} ms")
}

/// Milliseconds within which so many of a hundred were answered; `took` is sorted.
fn at(took: &[Duration], percent: usize) -> f64 {
    took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1000.0
}

/// Fifty people who speak both languages of the queue.
fn agents() -> String {
    let agent = |n: usize| {
        format!(
            "[[staff]]\nref = \"bench-{n}\"\ndealership = \"gz-tianhe\"\nname = \"Agent {n}\"\nroles = [\"agent\"]\nlanguages = [\"zh-CN\", \"en\"]\n"
        )
    };
    (0..AGENTS).map(agent).collect()
}

/// One agent's shift: claim, speak, say how it was.
async fn work(
    mut connection: Connection,
    n: usize,
    between: Duration,
    seen: Arc<Mutex<Seen>>,
) -> Result<Vec<Duration>> {
    let agent = format!("bench-{n}");
    let mut took = Vec::new();
    // Nobody presses in step with the others, unless there is no pause at all.
    pause(between * u32::try_from(n)? / u32::try_from(AGENTS)?).await;
    for _ in 0..FIRST + CALLS {
        let start = Instant::now();
        let (status, at_hand) =
            connection.ask("/v1/calls/next", &json!({"agent": agent, "dealership": "gz-tianhe"})).await?;
        took.push(start.elapsed());
        ensure!(status == 200, "a claim was answered {status}: {at_hand}");
        let text = |value: &Value| value.as_str().map(str::to_owned).context("an id");
        let (task, customer) = (text(&at_hand["task"]["id"])?, text(&at_hand["customer"]["id"])?);
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            ensure!(seen.tasks.insert(task.clone()), "{task} was taken twice");
            ensure!(seen.customers.insert(customer.clone()), "{customer} has two agents");
        }
        pause(between / 2 + between * thought(n, took.len()) / 1000).await;
        // Given up before it is said: the next agent may have them from the commit on.
        seen.lock().unwrap_or_else(PoisonError::into_inner).customers.remove(&customer);
        let word = json!({"agent": agent, "telephony_result": "answered", "outcome": "completed_satisfied"});
        let (status, answer) = connection.ask(&format!("/v1/calls/{task}/outcome"), &word).await?;
        ensure!(status == 200, "an outcome was answered {status}: {answer}");
    }
    Ok(took)
}

/// How long an agent thinks, in thousandths: the same in each round and never in step with the others. With pauses of one
/// length those whom the first moment kept waiting together press together for the rest of their shift.
fn thought(agent: usize, call: usize) -> u32 {
    let mut hasher = DefaultHasher::new();
    (agent, call).hash(&mut hasher);
    u32::try_from(hasher.finish() % 1000).unwrap_or(0)
}

/// An agent takes a task and falls silent; when it is anybody's again.
async fn lease(house: &House) -> Result<Duration> {
    let mut connection = house.target.connect().await?;
    let (_, at_hand) =
        connection.ask("/v1/calls/next", &json!({"agent": "bench-0", "dealership": "gz-tianhe"})).await?;
    let task = at_hand["task"]["id"].as_str().context("an id")?.to_owned();
    let start = Instant::now();
    loop {
        let (_, now) = connection.read(&format!("/v1/calls/{task}")).await?;
        if now["state"] == "ready" {
            return Ok(start.elapsed());
        }
        ensure!(start.elapsed() < Duration::from_mins(1), "a silent agent keeps {task}: {now}");
        pause(Duration::from_millis(100)).await;
    }
}

/// The queue of a bad week, written as rows: its making is not what is measured.
async fn fill(database: &Db) -> Result<()> {
    let now = Clock::system().now();
    for from in (0..TASKS).step_by(5_000) {
        let filled = database.write(Weight(1000), move |tx| {
            Box::pin(async move {
                let (dealership,): (String,) = tx.sql("SELECT id FROM dealerships WHERE code = 'gz-tianhe'").one().await?;
                let rows: Vec<Value> = (from..from + 5_000).map(|n| row(n, now)).collect();
                let customers: Vec<&Value> = rows.iter().filter(|row| row["is_first"] == true).collect();
                tx.sql(rows!(
                    "INSERT INTO customers (id, dealership_id, ref, kind, search_name, heard_at, created_at)
                     SELECT j.customer, $2, j.ref, 'person', '', $3, $3 FROM ",
                    (customer text, ref text),
                    " WHERE true"
                ))
                .bind_rows(&customers)
                .bind(dealership.clone())
                .bind(now)
                .execute()
                .await?;
                tx.sql(rows!(
                    "INSERT INTO call_tasks (id, dealership_id, type, customer_id, subject_type, subject_id, round, reason, state, level, is_urgent,
                        language, any_language, not_before, ready_at, due_at, at_risk_at, window_until, fence, attempts, max_attempts, detail,
                        created_at, updated_at)
                     SELECT j.id, $2, 'follow_up', j.customer, 'repair_order', j.id, 0, 'delivered', 'ready', 7, $4, j.language, $4, $3, $3, j.due,
                        j.due, $5, 0, 0, 3, $6, $3, $3 FROM ",
                    (id text, customer text, due timestamptz, language text),
                    " WHERE true"
                ))
                .bind_rows(&rows)
                .bind(dealership)
                .bind(now)
                .bind(false)
                .bind(now.plus(SignedDuration::from_hours(10)))
                .bind(Json(json!({})))
                .execute()
                .await?;
                Ok::<_, db::Error>(())
            })
        });
        filled.await?;
    }
    database.close().await;
    Ok(())
}

fn row(n: usize, now: Timestamp) -> Value {
    let later = SignedDuration::from_secs(i64::try_from(100_000 + n).unwrap_or(i64::MAX));
    json!({"id": format!("tsk_{n:032x}"), "customer": format!("cus_{:032x}", n % CUSTOMERS), "ref": format!("M-{n}"),
        "is_first": n < CUSTOMERS, "due": now.plus(later), "language": if n.is_multiple_of(3) { "en" } else { "zh" }})
}
