//! Template messages: first to the follower, then by SMS to whom they cannot reach, and never twice.
use aftercare::{db::Weight, receipts::Receipt};

use super::*;
use crate::fakes::tencent::Said;

/// Fang has booked, and her confirmation went as it could.
async fn confirmed(them: &FakeTencent) -> Shop {
    let shop = with_account(Shop::opening(), them).open().await;
    shop.binds(approved()).await;
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

async fn state(shop: &Shop) -> String {
    let message = shop.message("A-2", "wechat").await;
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("state"), text("reason")).trim().to_owned()
}

#[tokio::test]
async fn a_follower_is_confirmed_by_the_approved_template_and_by_nothing_else() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = confirmed(&them).await;
    let sent = them.sent().pop().expect("a template message");
    let message = shop.message("A-2", "wechat").await;
    assert_eq!((&sent.body["touser"], &sent.body["template_id"]), (&json!(OPENID), &json!("tpl_x")));
    assert_eq!(sent.body["client_msg_id"], message["id"], "they know a repetition by it");
    let data = sent.body["data"].as_object().expect("fields");
    assert_eq!(data["car_number3"]["value"], "粤A54321");
    assert_eq!(data["thing1"]["value"], "4万公里保养");
    assert!(data.values().all(|field| field["value"].as_str().is_some_and(|value| value.chars().count() <= 20)));
    assert!(sent.body["url"].as_str().is_some_and(|url| url.contains("/a/")), "{}", sent.body);
    assert_eq!((state(&shop).await.as_str(), &message["provider_ref"]), ("accepted", &json!("1000")));
    assert!(message["text"].as_str().is_some_and(|text| text.contains("car_number3: 粤A54321")), "{message}");
    assert!(shop.phone(FANGS_PHONE).is_empty());
    assert_eq!(shop.notices("A-2").await[0], "confirmation done");
}

#[tokio::test]
async fn who_does_not_follow_is_texted_and_from_then_on_at_once() {
    let them = FakeTencent::start(|_| Said::Code(43_004)).await;
    let shop = confirmed(&them).await;
    assert_eq!(state(&shop).await, "failed not_following");
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len()), (1, 1));
    let lines = shop.items("/v1/timeline?limit=500&customer=C-2").await;
    assert!(lines.iter().any(|line| line["what"] == "customer.wechat_lost" && line["reason"] == "not_following"));
    shop.advance("1h").await;
    shop.book(&fang_again(), "2026-03-06T09:30").await;
    shop.drain().await;
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len()), (1, 2), "the account is not asked again");
    // Until she follows it again.
    shop.account_tells("<MsgType>event</MsgType><Event>subscribe</Event>").await;
    shop.book(&follower().at("A-22"), "2026-03-07T09:30").await;
    shop.drain().await;
    assert_eq!(them.sent().len(), 2);
}

/// A wrong account says of everybody's openid that there is none such: it must not cost anybody theirs.
#[tokio::test]
async fn an_openid_that_the_account_does_not_know_is_asked_of_it_again_next_time() {
    let them = FakeTencent::start(|n| if n == 0 { Said::Code(40_003) } else { Said::Ok }).await;
    let shop = confirmed(&them).await;
    assert_eq!(state(&shop).await, "failed address_invalid");
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len()), (1, 1), "this one goes as a text");
    shop.advance("1h").await;
    shop.book(&fang_again(), "2026-03-06T09:30").await;
    shop.drain().await;
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len()), (2, 1));
}

#[tokio::test]
async fn of_what_overtook_each_other_the_later_holds_and_who_writes_follows() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    shop.binds(approved()).await;
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.drain().await;
    let event = async |event: &str, ago: i64| {
        let at = shop.now().get().as_second() - ago;
        let body = format!("<CreateTime>{at}</CreateTime><MsgType>event</MsgType><Event>{event}</Event>");
        shop.account_tells(&body).await;
    };
    let mut booked = 0;
    let mut goes_there = async || {
        let (references, days) = (["A-31", "A-32", "A-33", "A-34"], ["06", "07", "09", "10"]);
        let before = them.sent().len();
        shop.book(&follower().at(references[booked]), &format!("2026-03-{}T09:30", days[booked])).await;
        booked += 1;
        shop.drain().await;
        them.sent().len() > before
    };
    shop.advance("10m").await;
    event("subscribe", 10).await;
    event("unsubscribe", 20).await;
    assert!(goes_there().await, "left, then came back");
    event("unsubscribe", 2).await;
    event("subscribe", 5).await;
    assert!(!goes_there().await, "came back, then left");
    shop.account_hears("m-1", "几点可以取车?").await;
    assert!(goes_there().await, "only who follows can write");
}

/// With two processes beside each other the answer and the report may be recorded at the same moment.
#[tokio::test]
async fn a_report_that_missed_its_answer_counts_before_the_next_channel_has_its_turn() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = confirmed(&them).await;
    let (id, at) = (shop.app.ids.next::<Receipt>(), shop.now());
    let insert = "INSERT INTO receipts (id, provider, provider_ref, status, raw, at, received_at)
        VALUES ($1, 'wechat', '1000', 'delivered', '{}', $2, $2)";
    let write = shop
        .app
        .db
        .write(Weight::ONE, move |tx| Box::pin(async move { tx.sql(insert).bind(id).bind(at).execute().await }));
    write.await.expect("kept");
    assert_eq!(state(&shop).await, "accepted");
    shop.advance("3h").await;
    assert_eq!((state(&shop).await.as_str(), shop.phone(FANGS_PHONE).len()), ("delivered", 0));
}

fn fang_again() -> Customer {
    follower().at("A-21")
}

#[tokio::test]
async fn a_lost_answer_is_neither_repeated_nor_texted() {
    let them = FakeTencent::start(|_| Said::Cut).await;
    let shop = confirmed(&them).await;
    assert_eq!(state(&shop).await, "unknown connection_lost");
    shop.advance("20m").await;
    assert_eq!(state(&shop).await, "held unknown_unanswered");
    shop.advance("3h").await;
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len()), (1, 0), "she may have it");
}

#[tokio::test]
async fn what_a_block_stopped_goes_on_by_sms_and_what_was_delivered_does_not() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = confirmed(&them).await;
    shop.account_reports("1000", "failed:user block").await;
    shop.drain().await;
    assert_eq!(state(&shop).await, "undelivered provider_report");
    assert_eq!(shop.phone(FANGS_PHONE).len(), 1);
    shop.account_reports("1000", "failed:user block").await;
    shop.drain().await;
    assert_eq!(shop.phone(FANGS_PHONE).len(), 1, "the same word again does nothing");
    shop.book(&fang_again(), "2026-03-06T09:30").await;
    shop.drain().await;
    assert_eq!(them.sent().len(), 1, "who blocked the account gets nothing more there");

    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = confirmed(&them).await;
    shop.account_reports("1000", "success").await;
    assert_eq!(state(&shop).await, "delivered");
    shop.advance("3h").await;
    assert!(shop.phone(FANGS_PHONE).is_empty());

    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = confirmed(&them).await;
    shop.advance("119m").await;
    assert!(shop.phone(FANGS_PHONE).is_empty());
    shop.advance("2m").await;
    assert_eq!(shop.phone(FANGS_PHONE).len(), 1, "no word came in two hours");
}

/// Two providers may call two messages by the same number.
#[tokio::test]
async fn a_report_is_about_the_messages_of_its_own_channel() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let opening = with_account(Shop::opening(), &them).setting("SMS__RECEIPTS__SECRET", "what the gateway shows us");
    let shop = opening.sms(|_| crate::fakes::gateway::Answer::Status(200, r#"{"id":1000}"#)).open().await;
    shop.binds(approved()).await;
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.book(&crate::shop::anna(), "2026-03-05T10:30").await;
    shop.drain().await;
    assert_eq!(shop.message("A-1", "sms").await["provider_ref"], "1000");
    shop.account_reports("1000", "success").await;
    assert_eq!(
        (state(&shop).await.as_str(), &shop.message("A-1", "sms").await["state"]),
        ("delivered", &json!("accepted"))
    );
}

#[tokio::test]
async fn too_often_waits_and_goes_the_same_way_later() {
    let them = FakeTencent::start(|n| if n == 0 { Said::Code(45_009) } else { Said::Ok }).await;
    let shop = confirmed(&them).await;
    assert_eq!(state(&shop).await, "ready rate_limited");
    shop.advance("59s").await;
    assert_eq!(them.sent().len(), 1);
    shop.advance("30s").await;
    let sent = them.sent();
    assert_eq!((state(&shop).await.as_str(), sent.len()), ("accepted", 2));
    assert_eq!(sent[0].body, sent[1].body, "the same message, by the same name");
    assert!(shop.phone(FANGS_PHONE).is_empty());
}

#[tokio::test]
async fn without_an_approved_template_nothing_goes_there() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.binds(json!({ "template": "tpl_x" })).await;
    shop.book(&fang_again(), "2026-03-06T09:30").await;
    shop.drain().await;
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len()), (0, 2));
    for (reference, reason) in [("A-2", "template_not_bound"), ("A-21", "template_not_approved")] {
        let notices = shop.items(&format!("/v1/notices?limit=100&subject={reference}")).await;
        let passed = &notices.iter().find(|notice| notice["kind"] == "appointment.confirmation").expect("one")["tracks"]
            ["passed"];
        let reasons =
            passed.as_array().expect("a list").iter().any(|one| one["channel"] == "wechat" && one["reason"] == reason);
        assert!(reasons, "{passed}");
    }
    let (status, answer) =
        shop.does("PUT", BINDING, json!({ "template": "tpl_x", "params": ["hon"], "approved": true })).await;
    assert_eq!((status, &answer["errors"][0]["code"]), (422, &json!("names_required")), "its fields have names");
    // The kind's own fields, where it is approved without naming any.
    shop.binds(json!({ "template": "tpl_y", "approved": true })).await;
    shop.book(&follower().at("A-22"), "2026-03-07T09:30").await;
    shop.drain().await;
    let sent = them.sent().pop().expect("a template message");
    assert_eq!(
        (&sent.body["template_id"], &sent.body["data"]["car_number3"]["value"]),
        (&json!("tpl_y"), &json!("粤A54321"))
    );
}

#[tokio::test]
async fn at_night_the_account_is_quiet() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    shop.binds(approved()).await;
    shop.leaps_to("2026-03-02T22:30");
    let mut event = follower().books("2026-03-05T09:30", shop.now());
    event["data"]["booked_at"] = "2026-03-02T22:00:00+08:00".into();
    shop.hears(event).await;
    shop.drain().await;
    assert!(them.sent().is_empty());
    shop.wait_until("2026-03-03T08:30").await;
    assert_eq!(them.sent().len(), 1);
}
