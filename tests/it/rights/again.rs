//! Who is erased stays so: whatever is written meanwhile, and whatever database the journal is beside.
use std::sync::Arc;

use aftercare::{
    customers::Customer,
    db::{self, Tx, Weight},
    fsck,
    jobs::{Lane, Want},
    rights::{self, Erasure},
};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::{CANARIES, Counter, lives, zebulon};
use crate::{
    fakes::smtp::Act,
    shop::{Shop, by_hand},
    temp::server,
};

impl Counter {
    pub(super) fn erasure(&self, one: &Customer) -> Erasure {
        Erasure {
            customer: one.id,
            people: vec![one.id],
            dealership: one.dealership_id,
            at: self.shop.now(),
            by: "operator".to_owned(),
            salt: "salt".to_owned(),
            marks: Vec::new(),
        }
    }
    fn url(&self) -> String {
        secrecy::ExposeSecret::expose_secret(&self.shop.app.config.database.url).to_owned()
    }
    /// Whether somebody waits for what another unit has.
    async fn somebody_waits(&self) -> bool {
        const WAITING: &str = "SELECT CAST(count(*) AS BIGINT) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let (count,): (i64,) =
            self.shop.app.db.read().await.expect("a connection").sql(WAITING).one().await.expect("a count");
        count > 0
    }
}

/// Somebody is erased while `unit` has written and not committed.
async fn erased_meanwhile<F>(counter: &Arc<Counter>, unit: F)
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, db::Result<()>> + Send + Sync + 'static,
{
    let customer = counter.customer("C-777").await;
    let (inside, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (entered, released, unit) = (Arc::clone(&inside), Arc::clone(&go_on), Arc::new(unit));
    let db = counter.shop.app.db.clone();
    let telling = tokio::spawn(async move {
        db.write::<_, db::Error, _>(Weight::ONE, move |tx| {
            let (entered, released, unit) = (Arc::clone(&entered), Arc::clone(&released), Arc::clone(&unit));
            Box::pin(async move {
                unit(tx).await?;
                entered.notify_one();
                released.notified().await;
                Ok(())
            })
        })
        .await
    });
    inside.notified().await;
    let erasing = tokio::spawn({
        let counter = Arc::clone(counter);
        async move { rights::actions::erase(&counter.shop.app, &counter.journal, &customer, "operator").await }
    });
    // SQLite lets nobody write beside the unit; on PostgreSQL the erasure is seen to wait, or to be over already.
    while server().is_some() && !erasing.is_finished() && !counter.somebody_waits().await {
        tokio::task::yield_now().await;
    }
    go_on.notify_one();
    telling.await.expect("no panic").expect("written");
    erasing.await.expect("no panic").expect("erased");
}

#[tokio::test]
async fn what_is_being_told_of_them_meanwhile_is_erased_too() {
    let counter = Arc::new(Counter::open().await);
    counter.shop.book(&zebulon(), "2026-03-05T09:30").await;
    let customer = counter.customer("C-777").await;
    let (dealership, id) = (customer.dealership_id, customer.id);
    // A source's unit has found that nobody was erased, and has not committed the address that it tells.
    erased_meanwhile(&counter, move |tx| {
        Box::pin(async move {
            let told =
                [rights::actions::Told { dealership, reference: "C-777", addresses: vec!["quartz2@example.com"] }];
            assert!(rights::actions::erased(tx, &told, &[]).await?.told.is_empty());
            tx.sql(
                "INSERT INTO contact_points (id, customer_id, type, value, source, position, validity, added_at)
                 SELECT 'cpt_quartz2', id, 'email', 'quartz2@example.com', 'dms', 9, 'unknown', created_at FROM customers WHERE id = $1",
            )
            .bind(id)
            .execute()
            .await
            .map(drop)
        })
    })
    .await;
    assert_eq!(counter.rows_with(&["quartz2@example.com"]).await, [""; 0]);
    // Whoever has that address is known by it, here and in the journal.
    let told = [rights::actions::Told { dealership, reference: "C-9", addresses: vec!["quartz2@example.com"] }];
    let mut tx = counter.shop.app.db.read().await.expect("a connection");
    let found = rights::actions::erased(&mut tx, &told, &[]).await.expect("an answer").told;
    assert_eq!(found.len(), 1);
    let known = rights::Mark::of(
        &counter.journal.read().expect("lines")[0].salt,
        dealership,
        &rights::KnownBy::Address("quartz2@example.com"),
    );
    assert!(counter.journal.read().expect("lines").iter().any(|line| line.marks.contains(&known)));
}

#[tokio::test]
async fn what_is_being_written_to_them_meanwhile_is_erased_too() {
    let counter = Arc::new(Counter::open().await);
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let mut written = Vec::new();
    for row in by_hand::claim(&shop.app.db, &shop.compose, Want::Batch(10)).await {
        written.push(by_hand::work(&shop.compose, row).await);
    }
    let (compose, written) = (Arc::clone(&shop.compose), Arc::new(written));
    erased_meanwhile(&counter, move |tx| {
        let (compose, written) = (Arc::clone(&compose), Arc::clone(&written));
        Box::pin(async move { compose.record(tx, &written).await })
    })
    .await;
    shop.drain().await;
    assert!(shop.phone("+8613900007777").is_empty() && shop.inbox("quartz@example.com").is_empty());
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn what_is_being_said_of_a_hand_over_meanwhile_is_erased_too() {
    let busy = |_| Act::AtRcpt("451 4.3.0 Quartzfeather is busy");
    let counter = Arc::new(Counter::opened(Shop::opening().mail(busy).without_sms()).await);
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    for post in &shop.post {
        let mut handed = Vec::new();
        for row in by_hand::claim(&shop.app.db, post, Want::Batch(10)).await {
            handed.push(by_hand::work(post, row).await);
        }
        if handed.is_empty() {
            continue;
        }
        let (post, handed) = (Arc::clone(post), Arc::new(handed));
        erased_meanwhile(&counter, move |tx| {
            let (post, handed) = (Arc::clone(&post), Arc::clone(&handed));
            Box::pin(async move { post.record(tx, &handed).await })
        })
        .await;
    }
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn a_backup_of_before_a_merge_brings_neither_of_the_two_back() {
    let counter = Counter::open().await;
    lives(&counter).await;
    let shop = &counter.shop;
    let other = zebulon().at("A-88").with("ref", "C-778").with("email", "quartz@example.com");
    shop.book(&other, "2026-03-08T09:30").await;
    shop.drain().await;
    let (one, two) = (counter.customer("C-777").await, counter.customer("C-778").await);
    // Where the journal was written they had been made one.
    let erasure = Erasure { people: vec![one.id, two.id], ..counter.erasure(&one) };
    counter.journal.add(&erasure).expect("written");
    assert_eq!(rights::actions::catch_up(&shop.app).await.expect("caught up"), 1);
    let mut canaries = CANARIES.to_vec();
    canaries.push("c-778");
    assert_eq!(counter.rows_with(&canaries).await, [""; 0]);
    assert_eq!(rights::actions::catch_up(&shop.app).await.expect("caught up"), 0);
    shop.drain().await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn an_erasure_says_whom_it_took_with_them() {
    let counter = Counter::open().await;
    counter.shop.book(&zebulon(), "2026-03-05T09:30").await;
    counter.shop.book(&zebulon().at("A-88").with("ref", "C-778"), "2026-03-08T09:30").await;
    let (one, two) = (counter.customer("C-777").await, counter.customer("C-778").await);
    let url = counter.url();
    assert_eq!(counter.run(&url, &["customer", "merge", "C-778", "C-777"]).await.status.code(), Some(0));
    counter.erases("C-777").await;
    let mut people = counter.journal.read().expect("lines")[0].people.clone();
    people.sort_unstable();
    let mut both = vec![one.id, two.id];
    both.sort_unstable();
    assert_eq!(people, both);
}

#[tokio::test]
async fn the_journal_of_another_database_stops_nobody() {
    let counter = Counter::open().await;
    counter.shop.book(&zebulon(), "2026-03-05T09:30").await;
    let one = counter.customer("C-777").await;
    let ids = &counter.shop.app.ids;
    let foreign = Erasure { customer: ids.next(), people: Vec::new(), dealership: ids.next(), ..counter.erasure(&one) };
    counter.journal.add(&foreign).expect("written");
    assert_eq!(rights::actions::catch_up(&counter.shop.app).await.expect("followed"), 0);
    let url = counter.url();
    let done = counter.run(&url, &["customer", "export", "C-777"]).await;
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(fsck::check(&counter.shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn a_journal_that_cannot_be_followed_stops_whoever_works_and_not_whoever_looks() {
    let counter = Counter::open().await;
    let url = counter.url();
    std::fs::write(counter.journal.path(), "no line of a journal\n{}\n").expect("written");
    for looks in [&["queue", "status"][..], &["queue", "list"]] {
        let done = counter.run(&url, looks).await;
        assert_eq!(done.status.code(), Some(0), "{looks:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let done = counter.run(&url, &["fsck"]).await;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.code() == Some(1) && said.contains("who was erased stays erased: the journal of erasures ("),
        "{said}"
    );
    // A copy is to be kept before anything else.
    if url.starts_with("sqlite") {
        let copy = counter.folder.path().join("copy.db");
        let done = counter.run(&url, &["backup", copy.to_str().expect("a path")]).await;
        assert!(done.status.code() == Some(0) && copy.exists(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    for works in [&["queue", "release"][..], &["serve"], &["customer", "export", "C-777"]] {
        let done = counter.run(&url, works).await;
        assert_eq!(done.status.code(), Some(1), "{works:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test]
async fn the_check_names_who_is_back_before_they_are_erased_again() {
    let counter = Counter::open().await;
    counter.shop.book(&zebulon(), "2026-03-05T09:30").await;
    let one = counter.customer("C-777").await;
    counter.journal.add(&counter.erasure(&one)).expect("written");
    let url = counter.url();
    let done = counter.run(&url, &["fsck"]).await;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("who was erased stays erased: "), "{said}");
    assert_eq!(counter.run(&url, &["queue", "status"]).await.status.code(), Some(0));
    assert_eq!(counter.rows_with(&["quartzfeather"]).await, [""; 0]);
}
