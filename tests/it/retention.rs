//! Words that were kept long enough go in the night; what they were about stays countable.
use serde_json::{Value, json};

use crate::shop::{Shop, anna, fang};

impl Shop {
    async fn words(&self, text: &'static str) -> Vec<String> {
        let rows: Vec<(String,)> = self.app.db.read().await.expect("a connection").sql(text).all().await.expect("rows");
        rows.into_iter().map(|(words,)| words).collect()
    }
}

const TEXTS: &str =
    "SELECT t.body FROM message_texts t JOIN messages m ON m.id = t.message_id WHERE m.channel = 'sms' ORDER BY m.id";
const RECEIPTS: &str = "SELECT raw FROM receipts ORDER BY id";
const LEFT: &str = "SELECT body FROM inbound_texts WHERE body <> '' ORDER BY id";
const SECRET: &str = "what the gateway shows us";

#[tokio::test]
async fn after_two_years_the_words_go_and_that_they_were_said_stays() {
    let shop = Shop::opening().setting("SMS__RECEIPTS__SECRET", SECRET).open().await;
    shop.book(&anna(), "2026-03-02T15:00").await;
    shop.drain().await;
    let message = shop.items("/v1/messages?channel=sms").await[0].clone();
    let report = json!({"id": message["provider_ref"], "status": "delivered"});
    assert_eq!(shop.call("POST", "/in/http/status", SECRET, Some(&report)).await.0, 200);
    shop.arrives(&anna()).await;
    let said = |words: &[String]| words.iter().filter(|words| !words.is_empty()).count();
    assert_eq!((said(&shop.words(TEXTS).await), said(&shop.words(RECEIPTS).await)), (1, 1));

    shop.leaps_to("2026-03-30T04:00");
    shop.drain().await;
    assert_eq!(said(&shop.words(RECEIPTS).await), 1, "kept for thirty days");
    shop.leaps_to("2026-04-03T03:10");
    shop.drain().await;
    assert_eq!((said(&shop.words(TEXTS).await), said(&shop.words(RECEIPTS).await)), (1, 0), "reports go first");

    // What is younger than two years stays, whatever goes.
    shop.leaps_to("2026-04-10T10:00");
    shop.book(&fang(), "2026-04-10T15:00").await;
    shop.drain().await;
    shop.arrives(&fang()).await;
    shop.leaps_to("2028-03-02T12:00");
    shop.drain().await;
    shop.leaps_to("2028-03-03T04:00");
    shop.drain().await;
    let texts = shop.words(TEXTS).await;
    assert!(texts.len() >= 2 && texts[0].is_empty() && !texts[texts.len() - 1].is_empty(), "{texts:?}");
    let kept = shop.get(&format!("/v1/messages/{}", message["id"].as_str().expect("an id"))).await;
    assert_eq!((&kept["state"], &kept["channel"]), (&json!("delivered"), &json!("sms")));
    assert_ne!(kept["accepted_at"], Value::Null);
}

#[tokio::test]
async fn what_one_night_cannot_do_is_gone_on_with_and_nothing_is_read_twice() {
    let shop = Shop::open().await;
    for n in 0..3 {
        let rows: Vec<Value> = (0..400).map(|i| json!({"id": format!("{:04}", n * 400 + i)})).collect();
        shop.app
            .db
            .write(aftercare::db::Weight(400), move |tx| {
                let rows = rows.clone();
                Box::pin(async move {
                    tx.sql(aftercare::rows!(
                        "INSERT INTO inbound_texts (id, provider, provider_id, from_address, to_address, body, received_at, taken_for, needs_a_person)
                         SELECT 'txt_0000000000007000800000000000' || j.id, 'http', j.id, '+8613900000000', '1', 'hello', $2, 'free', $3 FROM ",
                        (id text),
                        ""
                    ))
                    .bind_rows(&rows)
                    .bind(aftercare::clock::Timestamp::new(jiff::Timestamp::UNIX_EPOCH))
                    .bind(false)
                    .execute()
                    .await
                })
            })
            .await
            .expect("stored");
    }
    shop.leaps_to("2026-03-03T03:10");
    shop.drain().await;
    // Each dealership has its night, and none does more than so many.
    assert!((1..1_200).contains(&shop.words(LEFT).await.len()));
    shop.advance("30s").await;
    shop.advance("30s").await;
    assert_eq!(shop.words(LEFT).await.len(), 0);
    let done = shop.words("SELECT done_id FROM retention WHERE kind = 'texts'").await;
    assert_eq!(done, ["txt_00000000000070008000000000001199"]);
}
