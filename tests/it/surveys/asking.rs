//! Who is asked and when: once for a visit, not twice in thirty days, not while something is open.
use aftercare::{
    db::Weight,
    desk::Desk,
    surveys::actions::{self, CallEnded},
};
use serde_json::json;

use super::{ANNA, fact, in_writing};
use crate::shop::{Shop, anna, fang};

#[tokio::test]
async fn asked_four_hours_after_the_visit_reminded_once_and_never_again() {
    let shop = in_writing().open().await;
    shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({})).await;
    shop.drain().await;
    assert_eq!(shop.surveys().await, ["R-1 planned survey_only"]);
    shop.wait_until("2026-03-02T14:31").await;
    assert_eq!(shop.surveys().await, ["R-1 sent"]);
    let subjects = || shop.subjects(ANNA);
    assert_eq!(subjects().len(), 1, "{:?}", subjects());
    // The link ends after fourteen days; one reminder lies between.
    shop.leaps_to("2026-03-06T14:31");
    shop.drain().await;
    let after_reminder = subjects().len();
    let letters: Vec<_> = shop.inbox(ANNA).into_iter().filter(|mail| mail.text.contains("/s/s1.")).collect();
    assert_eq!(letters.len(), 2, "{:?}", subjects());
    assert!(letters[1].text.contains("only reminder"), "{}", letters[1].text);
    shop.leaps_to("2026-03-16T15:00");
    shop.drain().await;
    assert_eq!((shop.surveys().await, subjects().len()), (vec!["R-1 expired".to_owned()], after_reminder));
}

#[tokio::test]
async fn told_twice_it_is_asked_once_and_the_next_visit_within_thirty_days_not_at_all() {
    let shop = in_writing().open().await;
    shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({})).await;
    shop.hears(fact("repair_order.delivered", json!({"ref": "R-1", "at": "2026-03-02T10:30:00+08:00"}))).await;
    shop.advance("5h").await;
    shop.hands_back(&anna(), "R-2", "2026-03-20T10:30", json!({})).await;
    shop.advance("5h").await;
    shop.hands_back(&anna(), "R-3", "2026-04-02T10:30", json!({})).await;
    shop.advance("5h").await;
    assert_eq!(shop.surveys().await, ["R-1 expired", "R-2 skipped asked_recently", "R-3 sent"]);
}

#[tokio::test]
async fn nobody_is_asked_while_a_part_or_a_case_is_open() {
    let shop = in_writing().open().await;
    shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({})).await;
    shop.hears(fact("parts.ordered", json!({"order_ref": "P-1", "customer": anna().data, "lines": [{"line_ref": "1", "part_no": "1", "name": "Pump", "qty": 1}]}))).await;
    shop.advance("5h").await;
    assert_eq!(shop.surveys().await, ["R-1 planned parts_open"]);
    let part = json!({"order_ref": "P-1", "line_ref": "1", "at": "2026-03-03T10:00:00+08:00", "qty": 1});
    shop.leaps_to("2026-03-03T10:00");
    shop.hears(fact("parts.received", part.clone())).await;
    shop.hears(fact("parts.issued", part)).await;
    let (status, case) = shop
        .does(
            "POST",
            "/v1/cases",
            json!({"dealership": "gz-tianhe", "customer": "C-1", "words": "The radio is silent."}),
        )
        .await;
    assert_eq!(status, 201, "{case}");
    shop.wait_until("2026-03-03T15:35").await;
    assert_eq!(shop.surveys().await, ["R-1 planned case_open"]);
    let path = format!("/v1/cases/{}", case["ref"].as_str().expect("a ref"));
    shop.does("POST", &format!("{path}/contact"), json!({})).await;
    shop.does("POST", &format!("{path}/resolve"), json!({"cause": "quality", "resolution": "Replaced the fuse."}))
        .await;
    shop.wait_until("2026-03-04T15:40").await;
    assert_eq!(shop.surveys().await, ["R-1 sent"]);
}

#[tokio::test]
async fn our_own_work_is_asked_about_by_nobody() {
    let shop = in_writing().open().await;
    shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({"pay_type": "internal"})).await;
    shop.advance("5h").await;
    assert_eq!(shop.surveys().await, ["R-1 skipped internal"]);
}

#[tokio::test]
async fn called_first_and_asked_in_writing_when_nobody_was_reached() {
    let shop = Shop::open().await;
    shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({})).await;
    shop.hands_back(&fang(), "R-2", "2026-03-02T11:30", json!({"vehicle": {"vin": "JTHBJ46G9A2345679"}})).await;
    shop.advance("5h").await;
    assert_eq!(shop.surveys().await, ["R-1 planned call_first", "R-2 planned call_first"]);
    call_ended(&shop, "R-1", CallEnded::Unreached).await;
    call_ended(&shop, "R-2", CallEnded::Refused).await;
    shop.advance("20h").await;
    assert_eq!(shop.surveys().await, ["R-1 sent", "R-2 refused on_the_phone"]);
    assert!(shop.link(ANNA).starts_with("/s/s1."));
}

/// BR-50, by the rules of one dealership; how the house does it otherwise makes no difference to it.
#[tokio::test]
async fn every_dealership_follows_visits_up_in_its_own_way() {
    for (mode, usual, calls, planned, unreached) in [
        ("call", "survey", 1, ["R-1 planned call_first", "R-2 skipped calls_only"], "R-1 skipped not_reached"),
        ("survey", "call_then_survey", 0, ["R-1 planned survey_only", "R-2 planned fleet"], "R-1 sent"),
        ("call_then_survey", "survey", 1, ["R-1 planned call_first", "R-2 planned fleet"], "R-1 sent"),
    ] {
        let rules = json!({"follow_up": {"mode": mode}});
        let shop = Shop::opening().setting("FOLLOW_UP__MODE", usual).dealership("gz-tianhe", "rules", rules);
        let shop = shop.open().await;
        let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
        shop.hands_back(&anna(), "R-1", "2026-03-02T10:30", json!({})).await;
        let fleet = fang().with("kind", "company");
        shop.hands_back(&fleet, "R-2", "2026-03-02T11:30", json!({"vehicle": {"vin": "JTHBJ46G9A2345679"}})).await;
        shop.drain().await;
        assert_eq!(shop.surveys().await, planned, "{mode}");
        assert_eq!(shop.calls().await.len(), calls, "{mode}");
        for (time, result) in
            [("2026-03-03T10:31", "no_answer"), ("2026-03-03T14:32", "no_answer"), ("2026-03-04T09:05", "voicemail")]
        {
            shop.wait_until(time).await;
            if calls == 1 {
                let id = shop.takes(agent).await;
                shop.says(agent, &id, json!({"telephony_result": result})).await;
            } else {
                assert!(shop.next(agent).await.is_none(), "nobody is called");
            }
        }
        shop.wait_until("2026-03-05T10:00").await;
        assert_eq!(shop.surveys().await[0], unreached, "{mode}");
        let invited = |address: &str| shop.inbox(address).iter().filter(|mail| mail.text.contains("/s/s1.")).count();
        let asked = usize::from(mode != "call");
        assert_eq!((invited(ANNA), invited("wang@example.com")), (asked, asked), "{mode}: who is asked in writing");
    }
}

async fn call_ended(shop: &Shop, order: &'static str, how: CallEnded) {
    let app = shop.app.clone();
    let done = shop.app.db.write(Weight::ONE, move |tx| {
        let app = app.clone();
        Box::pin(async move {
            let (id,): (String,) =
                tx.sql("SELECT id FROM repair_orders WHERE ref = $1").bind(order.to_owned()).one().await?;
            let mut desk = Desk::open(tx, &app);
            actions::call_ended(&mut desk, &[id], how).await?;
            desk.close().await
        })
    });
    done.await.expect("told");
}

#[tokio::test]
async fn a_digit_within_three_days_is_the_answer_to_the_newest_question() {
    let shop = in_writing().open().await;
    shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    assert_eq!(reply(&shop, 7).await, None, "no score");
    assert!(reply(&shop, 2).await.is_some());
    assert_eq!(reply(&shop, 5).await, None, "answered once");
    let responses = shop.responses().await;
    assert_eq!((&responses[0]["mode"], &responses[0]["answers"]), (&json!("reply"), &json!({"overall": 2})));
    assert_eq!(shop.surveys().await, ["R-1 completed"]);
    assert_eq!(shop.items("/v1/cases").await.len(), 1, "two of five opens a case");
}

#[tokio::test]
async fn a_digit_after_three_days_is_read_by_a_person() {
    let shop = in_writing().open().await;
    shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    shop.leaps_to("2026-03-05T15:31");
    assert_eq!(reply(&shop, 5).await, None);
    shop.drain().await;
}

async fn reply(shop: &Shop, digit: i64) -> Option<String> {
    let app = shop.app.clone();
    let done = shop.app.db.write(Weight::ONE, move |tx| {
        let app = app.clone();
        Box::pin(async move {
            let (id,): (String,) = tx.sql("SELECT id FROM customers WHERE ref = 'C-1'").one().await?;
            let mut desk = Desk::open(tx, &app);
            let (customer, now) = (id.parse().expect("an id"), desk.now);
            let answered = actions::answer_by_digit(&mut desk, customer, digit, now).await?;
            desk.close().await?;
            Ok::<_, aftercare::db::Error>(answered)
        })
    });
    done.await.expect("an answer").map(|id| id.to_string())
}
