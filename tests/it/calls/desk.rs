//! The queue by hand: tasks planned as a desk plans them, and looked at as they are kept.
use std::sync::Arc;

use aftercare::{
    calls::{self, CallTask, CallType, NewTask, NoCall, Visit},
    clock::Timestamp,
    customers::Customer,
    db::{self, Weight},
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::SubjectKind,
    staff::Staff,
};
use serde_json::{Value, json};

use crate::shop::{self, Shop};

/// A repair order that nobody needs to have told of.
pub(crate) fn subject(n: u8) -> String {
    format!("ro_{n:032x}")
}

impl Shop {
    pub(crate) async fn dealership(&self, code: &str) -> Arc<Dealership> {
        self.app.directory.by_code(code).await.expect("an answer").expect("a dealership")
    }
    /// The id of a customer who is known by this ref, and of their vehicle.
    pub(crate) async fn customer(&self, reference: &str) -> Id<Customer> {
        let customer = self.get(&format!("/v1/customers/{reference}")).await;
        customer["id"].as_str().expect("an id").parse().expect("an id")
    }
    pub(crate) async fn staff(&self, code: &str, reference: &str) -> Id<Staff> {
        let dealership = self.dealership(code).await.id;
        self.app.roster.known(dealership, reference).await.expect("an answer").expect("somebody")
    }
    /// Somebody books, so that they are a customer.
    pub(crate) async fn knows(&self, customer: &shop::Customer) -> Id<Customer> {
        self.book(customer, "2026-03-20T09:30").await;
        self.customer(customer.data["ref"].as_str().expect("a ref")).await
    }
    pub(crate) async fn new_task(&self, kind: CallType, customer: Id<Customer>, subject_id: &str) -> NewTask {
        let now = self.now();
        let hours = jiff::SignedDuration::from_hours;
        let subject = (SubjectKind::RepairOrder, subject_id.to_owned());
        NewTask::new(kind, &self.dealership("gz-tianhe").await, customer, subject, "test", (now, now.plus(hours(72))))
    }
    pub(crate) async fn plan(&self, tasks: Vec<NewTask>) -> Vec<Id<CallTask>> {
        self.at_the_desk(move |desk| {
            let tasks = tasks.clone();
            Box::pin(async move { calls::actions::plan(desk, &tasks).await })
        })
        .await
    }
    pub(crate) async fn plan_follow_up(&self, visit: Visit) -> Option<NoCall> {
        let answers = self.at_the_desk(move |desk| {
            let visit = visit.clone();
            Box::pin(async move { calls::actions::plan_follow_up(desk, &[visit]).await })
        });
        answers.await.pop().expect("an answer")
    }
    pub(crate) async fn withdraw(&self, subject_id: &str, types: &'static [CallType]) -> usize {
        let subject_id = subject_id.to_owned();
        self.at_the_desk(move |desk| {
            let subject_id = subject_id.clone();
            Box::pin(async move { calls::actions::withdraw(desk, &subject_id, types, "gone").await })
        })
        .await
    }
    /// A transaction of a desk.
    pub(crate) async fn at_the_desk<T: Send + 'static>(
        &self,
        act: impl for<'d> Fn(&'d mut Desk<'_>) -> futures_util::future::BoxFuture<'d, db::Result<T>> + Send + Sync + 'static,
    ) -> T {
        let (app, act) = (self.app.clone(), Arc::new(act));
        let done = self.app.db.write(Weight::ONE, move |tx| {
            let (app, act) = (app.clone(), Arc::clone(&act));
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let done = act(&mut desk).await?;
                desk.close().await?;
                Ok::<_, db::Error>(done)
            })
        });
        done.await.expect("stored")
    }
    #[expect(clippy::unused_self, reason = "a visit to this shop")]
    pub(crate) fn visit(
        &self,
        dealership: &Arc<Dealership>,
        customer_id: Id<Customer>,
        delivered_at: Timestamp,
    ) -> Visit {
        Visit {
            dealership: Arc::clone(dealership),
            repair_order_id: subject(1),
            customer_id,
            vehicle_id: None,
            delivered_at,
            served_by: Vec::new(),
            is_internal: false,
            is_comeback: false,
            of_fleet: false,
            has_open_case: false,
            after_case: false,
            detail: json!({}),
        }
    }
    /// Type, state and reason of every task about a subject, as they are kept.
    pub(crate) async fn tasks(&self, subject_id: &str) -> Vec<String> {
        let mut tx = self.app.db.read().await.expect("a connection");
        let rows: Vec<(String, String, Option<String>)> = tx
            .sql("SELECT type, state, state_reason FROM call_tasks WHERE subject_id = $1 ORDER BY id")
            .bind(subject_id.to_owned())
            .all()
            .await
            .expect("rows");
        let said = |(kind, state, reason): (String, String, Option<String>)| {
            format!("{kind} {state} {}", reason.unwrap_or_default()).trim().to_owned()
        };
        rows.into_iter().map(said).collect()
    }
}

/// Somebody who makes calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agent(pub(crate) &'static str);

impl Shop {
    pub(crate) async fn employs(&self, reference: &'static str, languages: &[&str]) -> Agent {
        let body = json!({"dealership": "gz-tianhe", "name": format!("李{reference}"), "roles": ["agent"], "languages": languages,
            "extension": "101"});
        let (status, answer) = self.ask("PUT", &format!("/v1/staff/{reference}"), &body).await;
        assert_eq!(status, 200, "{answer}");
        Agent(reference)
    }
    /// The agent asks for the next call.
    pub(crate) async fn next(&self, agent: Agent) -> Option<Value> {
        let (status, answer) =
            self.ask("POST", "/v1/calls/next", &json!({"agent": agent.0, "dealership": "gz-tianhe"})).await;
        assert!(status == 200 || status == 204, "{status} {answer}");
        (status == 200).then_some(answer)
    }
    /// The same, and there is one: its id.
    pub(crate) async fn takes(&self, agent: Agent) -> String {
        let at_hand = self.next(agent).await.expect("a call");
        at_hand["task"]["id"].as_str().expect("an id").to_owned()
    }
    pub(crate) async fn does_on_call(&self, agent: Agent, task: &str, what: &str, mut body: Value) -> (u16, Value) {
        body["agent"] = agent.0.into();
        let method = if what == "draft" { "PUT" } else { "POST" };
        self.ask(method, &format!("/v1/calls/{task}/{what}"), &body).await
    }
    /// The agent says what the call came to, and is answered the task's state and reason.
    pub(crate) async fn says(&self, agent: Agent, task: &str, body: Value) -> String {
        let (status, answer) = self.does_on_call(agent, task, "outcome", body).await;
        if status != 200 {
            return format!("{status} {}", answer["code"].as_str().unwrap_or_default());
        }
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("state"), text("reason"))
    }
    /// When the task is to be called next, on Guangzhou's wall clock.
    pub(crate) async fn next_at(&self, task: &str) -> String {
        let task = self.get(&format!("/v1/calls/{task}")).await;
        let at: Timestamp = task["not_before"].as_str().expect("a time").parse().expect("a time");
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
        at.in_zone(&zone).strftime("%m-%d %H:%M").to_string()
    }
}
