//! An advisor asks the parts counter whether a part is there, is answered, and what is not there is ordered.
use aftercare::console::policy::Role;
use serde_json::{Value, json};

use crate::shop::{Shop, anna, local, workshop::HOUSE};

const ASK: &str = "/v1/parts-questions";

/// Anna has booked, and her advisor asks for a pump.
async fn asked(shop: &Shop) -> String {
    shop.book(&anna(), "2026-03-12T09:30").await;
    shop.drain().await;
    let body = json!({"dealership": "gz-tianhe", "appointment": "A-1", "by": "adv-01", "name": "Water pump",
        "part_no": "16100-39", "question": "Is one on the shelf?", "needed_at": local("2026-03-12T09:30")});
    let (status, question) = shop.does("POST", ASK, body).await;
    assert_eq!((status, &question["state"]), (201, &json!("open")), "{question}");
    shop.drain().await;
    question["id"].as_str().expect("an id").to_owned()
}
fn asking(shop: &Shop) -> usize {
    shop.subjects(HOUSE).iter().filter(|subject| subject.contains("Water pump")).count()
}

#[tokio::test]
async fn acceptance_40_unanswered_for_half_an_hour_the_counter_is_asked_again_and_a_no_begins_the_order() {
    let shop = Shop::open().await;
    let id = asked(&shop).await;
    assert_eq!(asking(&shop), 1, "{:?}", shop.subjects(HOUSE));
    shop.wait_until("2026-03-02T10:29").await;
    assert_eq!(asking(&shop), 1);
    shop.wait_until("2026-03-02T10:31").await;
    assert_eq!(asking(&shop), 2, "asked again");
    shop.wait_until("2026-03-02T11:30").await;
    assert_eq!(asking(&shop), 2, "and once only");

    let no = json!({"by": "adv-01", "available": false, "eta": "2026-03-12T10:00:00+08:00", "order_ref": "PO-9"});
    let (status, answered) = shop.does("POST", &format!("{ASK}/{id}/answer"), no.clone()).await;
    assert_eq!(
        (status, &answered["state"], &answered["order_ref"]),
        (200, &json!("answered"), &json!("PO-9")),
        "{answered}"
    );
    shop.drain().await;
    let order = shop.get("/v1/parts-orders/PO-9").await;
    assert_eq!(order["lines"][0]["state"], "backordered", "{order}");
    assert_eq!(order["customer"]["name"], "Anna Weber");
    let told = shop.phone("+8613900001234");
    assert!(told.last().is_some_and(|text| text.contains("Mar 12")), "she hears of the day: {told:?}");
    let (status, again) = shop.does("POST", &format!("{ASK}/{id}/answer"), no).await;
    assert_eq!((status, &again["code"]), (409, &json!("already_answered")));
    let lines = shop.timeline("A-1").await;
    for what in ["parts.asked", "parts.still_asked", "parts.answered"] {
        assert!(lines.contains(&what.to_owned()), "{what} in {lines:?}");
    }
}

#[tokio::test]
async fn what_is_here_orders_nothing_and_nobody_is_asked_again() {
    let shop = Shop::open().await;
    let id = asked(&shop).await;
    assert_eq!(shop.items(ASK).await.len(), 1);
    let (status, answered) =
        shop.does("POST", &format!("{ASK}/{id}/answer"), json!({"by": "adv-01", "available": true})).await;
    assert_eq!((status, &answered["available"], &answered["order_ref"]), (200, &json!(true), &Value::Null));
    assert!(shop.items(ASK).await.is_empty());
    shop.wait_until("2026-03-02T11:00").await;
    assert_eq!(asking(&shop), 1);
    let of_visit = shop.items(&format!("{ASK}?appointment=A-1&dealership=gz-tianhe")).await;
    assert_eq!(of_visit[0]["asker"], "陈晓");
    // Page by page, each is read once.
    for n in 0..2 {
        let more = json!({"dealership": "gz-tianhe", "appointment": "A-1", "by": "adv-01", "name": format!("Belt {n}"),
            "question": "And this one?"});
        assert_eq!(shop.does("POST", ASK, more).await.0, 201);
    }
    let (mut read, mut after) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("{ASK}?appointment=A-1&dealership=gz-tianhe&limit=1{after}")).await;
        read.extend(page["items"].as_array().expect("questions").iter().map(|one| one["name"].clone()));
        let Some(next) = page["next"].as_str().filter(|_| read.len() < 9) else { break };
        after = format!("&after={next}");
    }
    assert_eq!(read, ["Water pump", "Belt 0", "Belt 1"]);
    let (status, _) = shop.does("GET", &format!("{ASK}?appointment=A-1&dealership=nowhere"), json!({})).await;
    assert_eq!(status, 404, "as in every address");
    shop.drain().await;
}

#[tokio::test]
async fn asked_before_closing_the_half_hour_goes_on_in_the_morning_and_a_visit_called_off_needs_no_part() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-02T17:50");
    asked(&shop).await;
    shop.wait_until("2026-03-03T09:19").await;
    assert_eq!(asking(&shop), 1);
    shop.wait_until("2026-03-03T09:21").await;
    assert_eq!(asking(&shop), 2);

    let other = Shop::open().await;
    asked(&other).await;
    other.cancels(&anna()).await;
    other.wait_until("2026-03-02T11:00").await;
    assert_eq!(asking(&other), 1);
    assert!(other.items(ASK).await.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_named_and_another_dealerships_key_sees_nothing() {
    let shop = Shop::open().await;
    let id = asked(&shop).await;
    let question = |key: &str, value: &str| {
        let mut body = json!({"dealership": "gz-tianhe", "appointment": "A-1", "by": "adv-01", "name": "Pump"});
        body[key] = value.into();
        body
    };
    for (key, value, code) in [
        ("appointment", "A-77", "unknown_appointment"),
        ("by", "nobody", "unknown_staff"),
        ("dealership", "nowhere", "unknown_dealership"),
    ] {
        let (status, answer) = shop.does("POST", ASK, question(key, value)).await;
        assert_eq!((status, &answer["errors"][0]["code"]), (422, &json!(code)), "{answer}");
    }
    let other = shop.key_for(Some("sh-pudong")).await;
    let yes = json!({"by": "adv-01", "available": true});
    assert_eq!(shop.call("POST", &format!("{ASK}/{id}/answer"), &other, Some(&yes)).await.0, 404);
    assert_eq!(shop.call("GET", &format!("{ASK}/{id}"), &other, None).await.0, 404);
}

#[tokio::test]
async fn the_counter_answers_on_its_page() {
    let shop = Shop::open().await;
    let id = asked(&shop).await;
    let mut counter = shop.seat("prt-9", &[Role::Parts]).await;
    let page = counter.open("/console/parts/questions").await;
    assert!(page.says("Water pump 16100-39 × 1") && page.says("Is one on the shelf?"), "{}", page.text());
    let answer = format!("/console/parts/questions/{id}");
    assert_eq!(counter.send(&answer, &[("order_ref", "PO-9")]).await.status, 422, "a no needs its day");
    let done = counter.does(&answer, &[("eta", "2026-03-12")]).await;
    assert!(done.says("Nobody is waiting for an answer."), "{}", done.text());
    shop.drain().await;
    assert_eq!(shop.get(&format!("/v1/parts-orders/{id}")).await["lines"][0]["state"], "backordered");
}
