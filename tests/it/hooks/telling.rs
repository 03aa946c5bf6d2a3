//! When it is told, how often, to whom, and when no more.
use aftercare::copies;
use serde_json::json;

use super::{header, verified, within};
use crate::{
    fakes::gateway::Answer,
    need::need,
    shop::{Shop, anna, by_hand, fang},
};

const ALL: [&str; 1] = ["appointment.*"];

#[tokio::test]
async fn what_is_not_taken_is_told_again_under_the_same_id_and_costs_nobody_else_anything() {
    let shop = within(Shop::opening()).open().await;
    let slow =
        shop.tells(|n| if n < 3 { Answer::Status(500, "no") } else { Answer::Accept }, json!({"types": ALL})).await;
    let quick = shop.tells(|_| Answer::Accept, json!({"types": ALL})).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(quick.kinds(), ["appointment.booked"]);
    assert_eq!(
        (slow.told().len(), shop.log(&slow).await),
        (1, vec!["appointment.booked waiting refused 1".to_owned()])
    );
    // While it fails it is asked with one event, whatever else there is.
    shop.book(&fang(), "2026-03-05T10:30").await;
    shop.drain().await;
    assert_eq!((quick.told().len(), slow.told().len()), (2, 1));
    shop.advance("10s").await;
    assert_eq!(slow.told().len(), 2);
    shop.advance("5m").await;
    assert_eq!(slow.told().len(), 3, "failed for the third time");
    shop.advance("1m").await;
    shop.advance("30m").await;
    let told = slow.told();
    assert_eq!(
        shop.log(&slow).await.iter().filter(|line| line.contains(" delivered ")).count(),
        2,
        "{:?}",
        shop.log(&slow).await
    );
    assert!(told.iter().filter(|one| one.id == told[0].id).count() > 1, "the same id at each try");
    let tries = shop.items(&format!("/v1/webhooks/{}/deliveries", slow.id)).await;
    assert_eq!(tries[0]["attempts"][0]["status"], 500);
    let endpoint = shop.endpoint(&slow).await;
    assert_eq!((&endpoint["failures"], &endpoint["failing_since"]), (&json!(0), &json!(null)));
}

#[tokio::test]
async fn what_a_sender_tells_late_or_from_a_clock_that_is_ahead_is_told_now() {
    let shop = within(Shop::opening()).open().await;
    let reader = shop.tells(|_| Answer::Accept, json!({"types": ["appointment.booked"]})).await;
    for (customer, minutes) in [(anna(), 5), (fang(), -3 * 24 * 60)] {
        let mut event = customer.books("2026-03-05T09:30", shop.now());
        event["time"] = json!(shop.now().plus(jiff::SignedDuration::from_mins(minutes)));
        shop.hears(event).await;
    }
    shop.drain().await;
    assert_eq!(reader.kinds(), ["appointment.booked", "appointment.booked"]);
    for line in shop.items(&format!("/v1/webhooks/{}/deliveries", reader.id)).await {
        let at: jiff::Timestamp = line["created_at"].as_str().expect("a time").parse().expect("a time");
        assert!(shop.now().get().duration_since(at).abs() < jiff::SignedDuration::from_secs(1), "{line}");
        assert_eq!(line["not_before"], line["updated_at"], "it waits for nothing");
    }
}

#[tokio::test]
async fn after_ten_tries_one_event_is_given_up_and_after_five_days_the_endpoint() {
    let shop = within(Shop::opening()).open().await;
    let dead = shop.tells(|_| Answer::Status(503, "no"), json!({"types": ["appointment.booked"]})).await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    shop.drain().await;
    for _ in 0..80 {
        shop.advance("1h").await;
    }
    let log = shop.log(&dead).await;
    assert!(log.contains(&"appointment.booked failed refused 10".to_owned()), "{log:?}");
    assert_eq!(shop.endpoint(&dead).await["state"], "active");
    for _ in 0..8 {
        shop.advance("6h").await;
        shop.cancels(&anna()).await;
        shop.book(&anna(), "2026-03-20T09:30").await;
        shop.drain().await;
    }
    let endpoint = shop.endpoint(&dead).await;
    assert_eq!((&endpoint["state"], &endpoint["reason"]), (&json!("disabled"), &json!("failing")));
    assert!(shop.log(&dead).await.iter().all(|line| line.contains(" failed ")));
    let count = dead.told().len();
    shop.book(&fang(), "2026-03-21T09:30").await;
    shop.advance("1d").await;
    assert_eq!(dead.told().len(), count, "nothing more is told");
    // Only who is enabled again is told again.
    let again = json!({"since": "2026-03-01T00:00:00+08:00"});
    let (status, refused) = shop.does("POST", &format!("/v1/webhooks/{}/replay", dead.id), again.clone()).await;
    assert_eq!((status, &refused["code"]), (409, &json!("endpoint_disabled")));
    assert_eq!(shop.post(&format!("/v1/webhooks/{}/enable", dead.id)).await, "200 active");
    let (status, told) = shop.does("POST", &format!("/v1/webhooks/{}/replay", dead.id), again).await;
    assert!(status == 202 && told["told_again"].as_u64() > Some(1), "{told}");
    shop.drain().await;
    assert!(dead.told().len() > count);
}

#[tokio::test]
async fn who_answers_410_is_told_nothing_more_and_what_was_taken_can_be_told_again() {
    let shop = within(Shop::opening()).open().await;
    let gone =
        shop.tells(|n| if n == 1 { Answer::Status(410, "gone") } else { Answer::Accept }, json!({"types": ALL})).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.cancels(&anna()).await;
    shop.drain().await;
    let endpoint = shop.endpoint(&gone).await;
    assert_eq!((&endpoint["state"], &endpoint["reason"]), (&json!("disabled"), &json!("gone")));
    shop.post(&format!("/v1/webhooks/{}/enable", gone.id)).await;
    let first = gone.told()[0].id.clone();
    let (status, told) = shop.does("POST", &format!("/v1/webhooks/{}/replay", gone.id), json!({"event": first})).await;
    assert_eq!((status, &told["told_again"]), (202, &json!(1)));
    shop.drain().await;
    assert_eq!(gone.told().last().expect("told").id, first);
    let (status, _) = shop.does("POST", &format!("/v1/webhooks/{}/replay", gone.id), json!({})).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_lost_answer_a_redirect_and_a_dead_process_are_tried_again() {
    let shop = within(Shop::opening()).open().await;
    let answers = |n| match n {
        0 => Answer::Cut,
        1 => Answer::Redirect,
        _ => Answer::Accept,
    };
    let reader = shop.tells(answers, json!({"types": ALL})).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.advance("10s").await;
    assert_eq!(shop.log(&reader).await, ["appointment.booked waiting redirected 2"], "nobody is followed elsewhere");
    shop.leaps_by("6m");
    let claimed = by_hand::claim(&shop.app.db, &shop.hooks, aftercare::jobs::Want::Batch(10)).await;
    assert_eq!(claimed.len(), 1, "and its process ends here");
    shop.advance("10m").await;
    assert_eq!(shop.log(&reader).await, ["appointment.booked delivered 3"]);
}

#[tokio::test]
async fn while_a_secret_is_changed_both_open_it_and_a_day_later_the_new_one_only() {
    if !need("python standardwebhooks", "while_a_secret_is_changed_both_open_it_and_a_day_later_the_new_one_only") {
        return;
    }
    let shop = within(Shop::opening()).open().await;
    let reader = shop.tells(|_| Answer::Accept, json!({"types": ALL})).await;
    let (status, rotated) = shop.does("POST", &format!("/v1/webhooks/{}/secret", reader.id), json!({})).await;
    let new = rotated["secret"].as_str().expect("a secret").to_owned();
    assert!(status == 200 && new != reader.secret);
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.advance("25h").await;
    shop.cancels(&anna()).await;
    shop.drain().await;
    let told = reader.told();
    assert_eq!(told.len(), 2);
    assert!(verified(&reader.secret, &told[0].raw) && verified(&new, &told[0].raw));
    assert!(!verified(&reader.secret, &told[1].raw) && verified(&new, &told[1].raw));
    assert!(shop.endpoint(&reader).await.get("secret").is_none(), "it is shown once");
    assert_eq!(header(&told[0].raw.headers, "content-type"), "application/cloudevents+json; charset=utf-8");
}

#[tokio::test]
async fn a_dealership_hears_its_own_and_nobody_is_reached_inside() {
    let shop = Shop::open().await;
    for bad in [
        "http://crm.example/in",
        "https://127.0.0.1/in",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "nonsense",
    ] {
        let (status, answer) = shop.does("POST", "/v1/webhooks", json!({"url": bad})).await;
        assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!("/url")), "{bad}: {answer}");
    }
    let wanted = json!({"url": "https://crm.example/in", "types": ["account.*"]});
    assert_eq!(shop.does("POST", "/v1/webhooks", wanted).await.0, 422);

    let shop = within(Shop::opening()).open().await;
    let (ours, theirs) = (shop.key_for(Some("gz-tianhe")).await, shop.key_for(Some("sh-pudong")).await);
    let theirs_reader = shop.tells(|_| Answer::Accept, json!({"types": ALL, "dealership": "sh-pudong"})).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(theirs_reader.told().len(), 0);
    let path = format!("/v1/webhooks/{}", theirs_reader.id);
    assert_eq!(shop.call("GET", &path, &ours, None).await.0, 404);
    assert_eq!(shop.call("DELETE", &path, &ours, None).await.0, 404);
    assert_eq!(shop.call("GET", &path, &theirs, None).await.0, 200);
    assert_eq!(shop.call("GET", &format!("{path}/deliveries"), &ours, None).await.0, 404);
    let other = json!({"url": "https://crm.example/in", "dealership": "sh-pudong"});
    assert_eq!(shop.call("POST", "/v1/webhooks", &ours, Some(&other)).await.0, 422);
    let list = shop.call("GET", "/v1/webhooks", &ours, None).await.1;
    assert_eq!(list["items"], json!([]));
    // Another address and other events; then it is gone with its log.
    let changed = json!({"url": "https://crm.example/other", "types": ["case.*"]});
    let (status, shown) = shop.does("PUT", &path, changed).await;
    assert_eq!(
        (status, &shown["url"], &shown["types"]),
        (200, &json!("https://crm.example/other"), &json!(["case.*"]))
    );
    assert_eq!(shop.call("DELETE", &path, &theirs, None).await.0, 204);
    assert_eq!(shop.call("GET", &path, &theirs, None).await.0, 404);
}

#[tokio::test]
async fn a_copy_tells_nobody_until_it_is_released() {
    let shop = within(Shop::opening()).open().await;
    let reader = shop.tells(|_| Answer::Accept, json!({"types": ALL})).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    let id: aftercare::id::Id<copies::Copy> = shop.app.ids.next();
    let now = shop.now();
    shop.app
        .db
        .write(aftercare::db::Weight::ONE, move |tx| {
            Box::pin(async move {
                tx.sql("INSERT INTO copies (id, made_at) VALUES ($1, $2)").bind(id).bind(now).execute().await
            })
        })
        .await
        .expect("marked as a copy");
    copies::actions::hold(&shop.app).await.expect("held");
    shop.drain().await;
    assert_eq!(
        (reader.told().len(), shop.log(&reader).await),
        (0, vec!["appointment.booked held restored_copy 0".to_owned()])
    );
    copies::actions::release(&shop.app).await.expect("released");
    shop.drain().await;
    assert_eq!(reader.kinds(), ["appointment.booked"]);
}
