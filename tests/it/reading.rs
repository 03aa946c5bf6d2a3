//! What people and systems read of it all, and what an operator may do about it.
mod operators;

use serde_json::Value;

use crate::shop::{Shop, anna, fang, kenji, redacted};

async fn told() -> Shop {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

/// In the order of the names: whether `serde_json` keeps the order of the fields is decided by whoever is built beside it.
fn pretty(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    redacted(&serde_json::to_string_pretty(&value).expect("JSON"))
}

#[tokio::test]
async fn a_message_is_read_back_with_what_was_said_and_what_came_of_it() {
    let shop = told().await;
    let message = shop.message("A-1", "sms").await;
    let path = format!("/v1/messages/{}", message["id"].as_str().expect("an id"));
    assert_eq!(shop.get(&path).await, message);
    let mut shown = message.clone();
    shown["template_version"] = "of its text".into();
    insta::assert_snapshot!(pretty(&shown), @r#"
    {
      "accepted_at": "2026-03-02T02:00:00.000000Z",
      "attempts": [
        {
          "code": "http 200",
          "ended_at": "2026-03-02T02:00:00.000000Z",
          "id": "att-1",
          "n": 1,
          "outcome": "accepted",
          "phase": "answered",
          "provider_ref": "gw-0",
          "reason": "accepted",
          "reply": "{\"id\":\"gw-0\",\"status\":\"queued\"}",
          "started_at": "2026-03-02T02:00:00.000000Z"
        }
      ],
      "channel": "sms",
      "created_at": "2026-03-02T02:00:00.000000Z",
      "customer": "cus-2",
      "dealership": "gz-tianhe",
      "html": null,
      "id": "msg-3",
      "invite": null,
      "kind": "appointment.confirmation",
      "locale": "en",
      "not_before": "2026-03-02T02:00:00.000000Z",
      "notice": "ntc-4",
      "priority": "urgent",
      "provider_ref": "gw-0",
      "reason": null,
      "receipts": [],
      "resent": false,
      "state": "accepted",
      "subject": {
        "ref": "A-1",
        "revision": 0,
        "type": "appointment"
      },
      "subject_line": null,
      "template_version": "of its text",
      "text": "Ms. Weber, 粤A12345 is booked for Thu, Mar 5, 9:30 AM. To change: 020-8888 0000. 陈晓, 售后服务部",
      "to": "+8613900001234",
      "useful_until": "2026-03-03T02:00:00.000000Z"
    }
    "#);
}

#[tokio::test]
async fn a_notice_is_read_back_with_its_messages() {
    let shop = told().await;
    let notice = shop.items("/v1/notices?subject=A-1&kind=appointment.confirmation").await[0].clone();
    let path = format!("/v1/notices/{}", notice["id"].as_str().expect("an id"));
    assert_eq!(shop.get(&path).await, notice);
    insta::assert_snapshot!(pretty(&notice), @r#"
    {
      "audience": "customer",
      "class": "transactional",
      "clock": {
        "source": "dealership",
        "time_zone": "Asia/Shanghai"
      },
      "customer": "cus-1",
      "dealership": "gz-tianhe",
      "id": "ntc-2",
      "kind": "appointment.confirmation",
      "messages": [
        {
          "channel": "email",
          "id": "msg-3",
          "reason": null,
          "state": "accepted",
          "step": 0,
          "track": 0
        },
        {
          "channel": "sms",
          "id": "msg-4",
          "reason": null,
          "state": "accepted",
          "step": 1,
          "track": 1
        }
      ],
      "nominal_at": "2026-03-02T02:00:00.000000Z",
      "not_before": null,
      "raised_at": "2026-03-02T02:00:00.000000Z",
      "reason": null,
      "state": "done",
      "subject": {
        "ref": "A-1",
        "revision": 0,
        "type": "appointment"
      },
      "tracks": {
        "call_stands_back": true,
        "passed": [
          {
            "channel": "wechat",
            "reason": "not_configured",
            "step": 0,
            "track": 1
          }
        ],
        "tracks": [
          [
            "email"
          ],
          [
            "wechat",
            "sms",
            "call"
          ]
        ]
      },
      "useful_until": "2026-03-03T02:00:00.000000Z"
    }
    "#);
}

#[tokio::test]
async fn the_record_tells_the_story_of_an_appointment() {
    let shop = told().await;
    shop.advance("1h").await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.drain().await;
    shop.advance("1h").await;
    shop.cancels(&anna()).await;
    shop.drain().await;
    insta::assert_snapshot!(shop.timeline("A-1").await.join("\n"), @r"
    appointment.booked
    message.accepted
    message.accepted
    appointment.rescheduled
    message.accepted
    message.accepted
    notice.withdrawn superseded
    appointment.cancelled
    message.accepted
    message.accepted
    notice.withdrawn superseded
    ");
    let appointment = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&appointment["state"], &appointment["revision"]), (&"cancelled".into(), &2.into()));
    let of_customer = shop.items("/v1/timeline?limit=500&customer=C-1").await;
    let of_vehicle = shop.items("/v1/timeline?vehicle=JTHBJ46G9A2345678").await;
    let of_appointment = shop.timeline("A-1").await;
    assert!(
        of_customer.len() == of_appointment.len() && of_vehicle.len() == 3,
        "{} {}",
        of_customer.len(),
        of_vehicle.len()
    );
}

#[tokio::test]
async fn a_list_comes_in_pages_until_nothing_is_next() {
    let shop = Shop::open().await;
    for reference in ["A-1", "A-2", "A-3", "A-4", "A-5"] {
        shop.book(&anna().at(reference), "2026-03-05T09:30").await;
        shop.advance("1s").await;
    }
    for (list, all) in [("messages", 10), ("notices", 10), ("timeline?customer=C-1", 19)] {
        let sign = if list.contains('?') { '&' } else { '?' };
        let (mut ids, mut after) = (Vec::new(), String::new());
        loop {
            let page = shop.get(&format!("/v1/{list}{sign}limit=3{after}")).await;
            let items = page["items"].as_array().expect("items");
            assert!(items.len() <= 3);
            ids.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(ids.len(), all, "{list}");
        assert!(ids.is_sorted(), "{list}");
    }
}

#[tokio::test]
async fn lists_are_filtered_by_what_people_ask_for() {
    let shop = Shop::open().await;
    for customer in [anna(), fang(), kenji()] {
        shop.book(&customer, "2026-03-05T09:30").await;
    }
    shop.drain().await;
    let message = shop.message("A-2", "sms").await;
    let text = |key: &str| message[key].as_str().expect("a text").to_owned();
    let (notice, customer) = (text("notice"), text("customer"));
    for (list, count) in [
        ("messages".to_owned(), 6),
        ("messages?channel=sms".to_owned(), 3),
        ("messages?state=accepted&channel=email".to_owned(), 3),
        ("messages?state=failed".to_owned(), 0),
        ("messages?kind=appointment.confirmation".to_owned(), 6),
        ("messages?kind=appointment.reminder".to_owned(), 0),
        (format!("messages?notice={notice}"), 2),
        (format!("messages?customer={customer}&channel=sms"), 1),
        ("messages?state=nonsense".to_owned(), 0),
        ("notices?state=waiting".to_owned(), 3),
        ("notices?kind=appointment.reminder&subject=A-3".to_owned(), 1),
        (format!("notices?customer={customer}"), 2),
        ("notices?subject=A-9".to_owned(), 0),
    ] {
        assert_eq!(shop.items(&format!("/v1/{list}")).await.len(), count, "{list}");
    }
}

#[tokio::test]
async fn another_dealerships_key_sees_nothing_of_it() {
    let shop = told().await;
    let message = shop.message("A-1", "sms").await;
    let id = |key: &str| message[key].as_str().expect("an id").to_owned();
    let theirs = shop.key_for(Some("la-torrance")).await;
    let ours = shop.key_for(Some("gz-tianhe")).await;
    for (method, path) in [
        ("GET", format!("/v1/messages/{}", id("id"))),
        ("GET", format!("/v1/notices/{}", id("notice"))),
        ("GET", "/v1/appointments/A-1".to_owned()),
        ("POST", format!("/v1/messages/{}/retry", id("id"))),
        ("POST", format!("/v1/messages/{}/cancel", id("id"))),
    ] {
        assert_eq!(shop.call(method, &path, &theirs, None).await.0, 404, "{path}");
    }
    for (path, count) in
        [("messages", 2), ("notices", 2), ("timeline?appointment=A-1", 3), ("timeline?customer=C-1", 3)]
    {
        let path = format!("/v1/{path}");
        let items = |answer: (u16, Value)| answer.1["items"].as_array().expect("items").len();
        assert_eq!(items(shop.call("GET", &path, &theirs, None).await), 0, "{path}");
        assert_eq!(items(shop.call("GET", &path, &ours, None).await), count, "{path}");
    }
}
