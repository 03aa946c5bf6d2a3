//! A backup is whole although others write, and knows that it is one: nothing of it is sent until somebody says so.
use aftercare::{copies, db::Db, fsck};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{
    fakes::gateway::Answer,
    shop::{Shop, anna, by_hand, fang},
    temp::server,
};

async fn count(db: &Db, text: &'static str) -> i64 {
    let (count,): (i64,) = db.read().await.expect("a connection").sql(text).one().await.expect("a count");
    count
}

const OPEN: &str = "SELECT (SELECT CAST(count(*) AS BIGINT) FROM notices WHERE state IN ('waiting', 'sending'))
    + (SELECT CAST(count(*) AS BIGINT) FROM messages WHERE state IN ('ready', 'sending', 'unknown'))";
const HELD: &str = "SELECT CAST(count(*) AS BIGINT) FROM notices WHERE state = 'held' AND reason = 'restored_copy'";

async fn run(url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .args(arguments)
        .env("AFTERCARE__DATABASE__URL", url)
        .output()
        .await
        .expect("the program runs");
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn a_copy_made_under_load_is_whole_and_holds_its_outbox_until_it_is_released() {
    if server().is_some() {
        return;
    }
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("copy.db");
    let under_load = async {
        for n in 0..20_u8 {
            shop.book(&fang().at(Box::leak(format!("B-{n}").into_boxed_str())), "2026-03-06T09:30").await;
        }
    };
    let (bytes, ()) = tokio::join!(copies::actions::backup(&shop.app, &file), under_load);
    assert!(bytes.expect("copied") > 0);
    assert!(copies::actions::backup(&shop.app, &file).await.is_err(), "nothing is written over");

    let url = format!("sqlite://{}", file.display());
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    let open = count(&copy, OPEN).await;
    assert!(open > 0, "the reminder waits");
    copy.close().await;
    // Any command that opens it is its first start.
    let (code, said) = run(&url, &["queue", "status"]).await;
    assert_eq!(code, Some(0), "{said}");
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    assert_eq!(count(&copy, OPEN).await, 0);
    let held = count(&copy, HELD).await;
    assert!(held > 0 && held <= open);
    copy.close().await;
    let (code, said) = run(&url, &["queue", "release"]).await;
    assert_eq!(code, Some(0), "{said}");
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    assert_eq!((count(&copy, OPEN).await, count(&copy, HELD).await), (open, 0));
    copy.close().await;
    // Started again it is held no more.
    run(&url, &["queue", "status"]).await;
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    assert_eq!(count(&copy, HELD).await, 0);
    copy.close().await;
    // The one it was made of is no copy.
    assert_eq!(count(&shop.app.db, HELD).await, 0);
    shop.drain().await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

impl Shop {
    /// As if this database had been made of another's copy, and started.
    async fn starts_as_a_copy(&self) {
        self.alters("INSERT INTO copies (id, made_at) VALUES ('cpy_0199c0de000070008000000000000001', '2026-03-02T02:00:00.000000Z')").await;
        assert!(copies::actions::hold(&self.app).await.expect("held"));
    }
    async fn held_text_id(&self) -> String {
        self.message("A-1", "sms").await["id"].as_str().expect("an id").to_owned()
    }
    async fn held_text(&self) -> String {
        let text = self.message("A-1", "sms").await;
        format!("{} {}", text["state"].as_str().unwrap_or_default(), text["reason"].as_str().unwrap_or("-"))
    }
}

/// The mail has left, and the text has not.
async fn half_sent(shop: &Shop) {
    shop.book(&anna(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    for post in shop.post.iter().filter(|post| aftercare::jobs::Lane::name(post.as_ref()).contains("email")) {
        by_hand::turn(&shop.app.db, post).await;
    }
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms ready"]);
}

#[tokio::test]
async fn what_was_called_off_in_a_copy_leaves_no_notice_that_waits_for_nothing() {
    let shop = Shop::open().await;
    half_sent(&shop).await;
    shop.starts_as_a_copy().await;
    assert_eq!(shop.held_text().await, "held restored_copy");
    assert_eq!(shop.notices("A-1").await[0], "confirmation held restored_copy");
    let path = format!("/v1/messages/{}/cancel", shop.held_text_id().await);
    assert_eq!(shop.post(&path).await, "200 cancelled");
    copies::actions::release(&shop.app).await.expect("released");
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn a_notice_that_was_overtaken_stays_so_in_a_copy() {
    let shop = Shop::open().await;
    half_sent(&shop).await;
    shop.alters("UPDATE notices SET reason = 'superseded', not_before = NULL WHERE state = 'sending'").await;
    shop.starts_as_a_copy().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation sending superseded");
    assert_eq!(shop.held_text().await, "held restored_copy");
    copies::actions::release(&shop.app).await.expect("released");
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn what_a_copy_holds_because_nobody_knows_whether_it_arrived_is_known_as_that() {
    let lost = |n| if n == 0 { Answer::Cut } else { Answer::Accept };
    let opening = Shop::opening().sms(lost).setting("SMS__RECEIPTS__SECRET", "what the gateway shows us");
    let shop = opening.open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert!(shop.held_text().await.starts_with("unknown"), "{}", shop.held_text().await);
    shop.starts_as_a_copy().await;
    assert_eq!(shop.held_text().await, "held restored_unknown");
    let id = shop.held_text_id().await;
    // Tried again by hand it is marked as one that may come twice.
    assert_eq!(shop.post(&format!("/v1/messages/{id}/retry")).await, "200 ready");
    assert_eq!(shop.message("A-1", "sms").await["resent"], true);
    shop.alters("UPDATE messages SET state = 'held', reason = 'restored_unknown', resent = false WHERE state = 'ready' AND channel = 'sms'").await;
    let receipt = json!({"id": id, "status": "delivered"});
    let (status, answer) = shop.call("POST", "/in/http/status", "what the gateway shows us", Some(&receipt)).await;
    assert_eq!(status, 200, "{answer}");
    assert!(shop.held_text().await.starts_with("delivered"), "{}", shop.held_text().await);
}

#[tokio::test]
async fn postgresql_is_told_to_copy_itself() {
    if server().is_none() {
        return;
    }
    let shop = Shop::open().await;
    let (code, said) = run(shop.app.config.database.url.expose_secret(), &["backup", "copy.db"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("pg_dump"), "{said}");
}
