//! Whatever agents say and however the clock goes: attempts, caps, hours and who may call are kept (BR-31, BR-40 to BR-43).
use std::collections::BTreeMap;

use aftercare::{
    calls::{CallType, Visit},
    clock::Timestamp,
};
use jiff::{SignedDuration, Zoned, tz::TimeZone};
use serde_json::{Value, json};

use super::desk::{Agent, subject};
use crate::shop::{Shop, anna, fang};

const STEPS: usize = 90;
const SPANS: [&str; 8] = ["2m", "6m", "16m", "45m", "2h", "5h", "16h", "26h"];

/// The same at each run of a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(sides).expect("small")).expect("small")
    }
    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

fn wall(at: Timestamp) -> Zoned {
    at.in_zone(&TimeZone::get("Asia/Shanghai").expect("a zone"))
}

/// Three customers with several reasons to be called; agt-1 served their visits.
async fn staffed(shop: &Shop) -> Vec<Agent> {
    let mut agents = Vec::new();
    for (reference, languages) in [("agt-1", &["en", "zh-CN"][..]), ("agt-2", &["zh-CN"]), ("agt-3", &["en", "zh-CN"])]
    {
        agents.push(shop.employs(reference, languages).await);
    }
    let gz = shop.dealership("gz-tianhe").await;
    let served_by = vec![shop.staff("gz-tianhe", "agt-1").await];
    let third = anna().with("ref", "C-9").with("email", "c9@example.com").at("A-9");
    for (n, who) in [(10_u8, anna()), (20, fang()), (30, third)] {
        let customer = shop.knows(&who).await;
        let visit = Visit {
            repair_order_id: subject(n),
            served_by: served_by.clone(),
            ..shop.visit(&gz, customer, shop.now())
        };
        assert_eq!(shop.plan_follow_up(visit).await, None);
        let mut tasks = Vec::new();
        for (more, kind) in [(1, CallType::PartsArrived), (2, CallType::NoShow), (3, CallType::DeferredWork)] {
            tasks.push(shop.new_task(kind, customer, &subject(n + more)).await);
        }
        shop.plan(tasks).await;
    }
    shop.drain().await;
    agents
}

/// What an agent says, by the dice; nonsense is refused by the door, and that is fine too.
fn word(dice: &mut Dice, now: Timestamp) -> Value {
    let results = [
        "no_answer",
        "no_answer",
        "busy",
        "voicemail",
        "failed_network",
        "rejected",
        "agent_abandoned",
        "answered",
        "answered",
    ];
    let result = dice.one(&results);
    if result != "answered" {
        return json!({"telephony_result": result});
    }
    let outcomes = [
        "completed_satisfied",
        "reschedule_me",
        "reschedule_any",
        "not_convenient",
        "third_party",
        "parts_declined",
        "completed_issue",
    ];
    let mut word = json!({"telephony_result": "answered", "outcome": dice.one(&outcomes)});
    if word["outcome"].as_str().is_some_and(|outcome| outcome.starts_with("reschedule")) {
        let hours = i64::try_from(1 + dice.below(30)).expect("small");
        word["callback_at"] = json!(now.plus(SignedDuration::from_hours(hours)));
    }
    word
}

/// What was claimed may be called by this agent, now.
fn may_be_called(at_hand: &Value, agent: Agent, now: Timestamp, seed: u64) {
    let task = &at_hand["task"];
    let is_agreed = task["callback_at"]
        .as_str()
        .is_some_and(|at| now.since(at.parse().expect("a time")).abs() <= SignedDuration::from_mins(15));
    let hour = wall(now).hour();
    assert!((9..20).contains(&hour) || is_agreed, "seed {seed}: at {} o'clock: {task}", wall(now));
    assert!(!(task["type"] == "follow_up" && agent.0 == "agt-1"), "seed {seed}: who served the visit calls: {task}");
    assert!(task["attempts"].as_i64() < task["max_attempts"].as_i64(), "seed {seed}: {task}");
}

/// Customer, task, when, whether it was asked for, what came of it, whose it was, what the call was about.
type Made = (String, String, Timestamp, bool, Option<String>, String, String);

async fn calls_made(shop: &Shop) -> Vec<Made> {
    let mut tx = shop.app.db.read().await.expect("a connection");
    tx.sql(
        "SELECT c.customer_id, c.task_id, c.started_at, c.was_asked_for, c.telephony_result, s.ref, t.type
         FROM call_attempts c JOIN staff s ON s.id = c.staff_id JOIN call_tasks t ON t.id = c.task_id ORDER BY c.started_at, c.id",
    )
    .all()
    .await
    .expect("rows")
}

/// Everything that was ever dialled, looked at from the outside.
fn kept_the_rules(made: &[Made], seed: u64) {
    let rang = |made: &&Made| !matches!(made.4.as_deref(), Some("failed_network" | "invalid_number" | "disconnected"));
    let mut by_customer: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    let mut by_task: BTreeMap<&str, usize> = BTreeMap::new();
    for one in made.iter().filter(rang) {
        let hour = wall(one.2).hour();
        assert!((9..20).contains(&hour) || one.3, "seed {seed}: {} {one:?}", wall(one.2));
        assert!(!(one.6 == "follow_up" && one.5 == "agt-1"), "seed {seed}: {one:?}");
        if !one.3 {
            by_customer.entry(&one.0).or_default().push(one.2);
            *by_task.entry(&one.1).or_default() += 1;
        }
    }
    for (task, calls) in by_task {
        assert!(calls <= 3, "seed {seed}: {calls} calls for {task}");
    }
    for (customer, times) in by_customer {
        for (n, at) in times.iter().enumerate() {
            let within = |since: &dyn Fn(&Timestamp) -> bool| times[..=n].iter().filter(|time| since(time)).count();
            let same_day = within(&|time| wall(*time).date() == wall(*at).date());
            let of_week = within(&|time| at.since(*time) < SignedDuration::from_hours(7 * 24));
            assert!(
                same_day <= 2 && of_week <= 3,
                "seed {seed}: {customer} {same_day} a day, {of_week} a week: {times:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_agents_say_and_however_the_clock_goes_the_rules_are_kept() {
    let seeds = if std::env::var("AFTERCARE_SIZE").as_deref() == Ok("full") { 40 } else { 5 };
    let mut total = 0;
    for seed in 1..=seeds {
        let shop = Shop::open().await;
        let agents = staffed(&shop).await;
        let mut dice = Dice(seed);
        let mut at_hand: BTreeMap<&str, String> = BTreeMap::new();
        // What they had before the clock moved: they may have it still.
        let mut before: BTreeMap<&str, String> = BTreeMap::new();
        for _ in 0..STEPS {
            let agent = agents[dice.below(agents.len())];
            let held = at_hand.get(agent.0).cloned();
            match (dice.below(10), held) {
                (0..=2, _) => {
                    shop.leaps_by(SPANS[dice.below(SPANS.len())]);
                    shop.drain_patiently().await;
                    before.append(&mut at_hand);
                }
                (3, Some(task)) => {
                    shop.does_on_call(agent, &task, "give-back", json!({})).await;
                    at_hand.remove(agent.0);
                }
                (4..=5, Some(task)) => {
                    let stage = dice.one(&["dialing", "connected"]);
                    shop.does_on_call(agent, &task, "stage", json!({"stage": stage})).await;
                }
                (_, Some(task)) => {
                    let word = word(&mut dice, shop.now());
                    shop.says(agent, &task, word).await;
                    at_hand.remove(agent.0);
                }
                (_, None) => {
                    let Some(next) = shop.next(agent).await else { continue };
                    let customer = next["customer"]["id"].as_str().expect("an id").to_owned();
                    let id = next["task"]["id"].as_str().expect("an id").to_owned();
                    if before.remove(agent.0).as_ref() != Some(&id) {
                        may_be_called(&next, agent, shop.now(), seed);
                    }
                    assert!(!at_hand.values().any(|held| *held == id), "seed {seed}: taken twice");
                    assert_eq!(leased(&shop, &customer).await, 1, "seed {seed}: two agents at one customer");
                    at_hand.insert(agent.0, id);
                }
            }
        }
        let made = calls_made(&shop).await;
        kept_the_rules(&made, seed);
        total += made.len();
        shop.drain_patiently().await;
    }
    assert!(total > 15, "the dice made only {total} calls: the rules were hardly tried");
}

async fn leased(shop: &Shop, customer: &str) -> i64 {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let query = tx.sql("SELECT CAST(count(*) AS BIGINT) FROM call_tasks WHERE customer_id = $1 AND state = 'leased'");
    let (leased,): (i64,) = query.bind(customer.to_owned()).one().await.expect("a number");
    leased
}
