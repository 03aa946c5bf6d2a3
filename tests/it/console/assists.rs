//! An advisor asks for help with a car; who is asked is told at once, asked again, and answers; who asked is told.
use std::time::Duration;

use aftercare::console::policy::Role;
use axum::{body::Body, http::Request};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::shop::{
    Shop, anna,
    workshop::{HOUSE, opened},
};

const ASSISTS: &str = "/v1/assists";
const MANAGER: &str = "manager@gz-tianhe.example";
const DIRECTOR: &str = "director@gz-tianhe.example";
const ADVISOR: &str = "chen@gz-tianhe.example";
const LEAD: &str = "lead@gz-tianhe.example";
const WORDS: &str = "The brake noise is back. Could you come along on a test drive?";

async fn put(shop: &Shop, reference: &str, role: &str, more: Value) {
    let mut body =
        json!({"dealership": "gz-tianhe", "name": format!("{reference} Li"), "roles": [role], "languages": ["en"]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let (status, answer) = shop.put(&format!("/v1/staff/{reference}?dealership=gz-tianhe"), &body).await;
    assert_eq!(status, 200, "{answer}");
}

/// Everybody has an address.
async fn reached(shop: &Shop) {
    put(shop, "adv-01", "advisor", json!({"email": ADVISOR})).await;
    put(shop, "mgr-01", "service_manager", json!({"email": MANAGER})).await;
    put(shop, "dir-01", "director", json!({"email": DIRECTOR})).await;
}

/// Anna's car was here ten days ago, and stands here again.
async fn back_again(shop: &Shop) {
    let before = json!({"ref": "R-0", "opened_at": "2026-02-20T09:00:00+08:00", "jobs": [{"code": "B", "name": "Brake pads", "hours": 1.0}]});
    shop.hears(opened(&before)).await;
    shop.hears(opened(&json!({}))).await;
    shop.drain().await;
}

fn asked(more: &Value) -> Value {
    let mut body = json!({"dealership": "gz-tianhe", "subject": {"type": "repair_order", "ref": "R-1"}, "by": "adv-01",
        "of": "service_manager", "words": WORDS});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

/// How often each of them was asked.
fn told<const N: usize>(shop: &Shop, who: [&str; N]) -> [usize; N] {
    who.map(|who| shop.subjects(who).iter().filter(|subject| subject.contains("elp wanted")).count())
}

async fn asks(shop: &Shop, more: Value) -> String {
    let (status, answer) = shop.does("POST", ASSISTS, asked(&more)).await;
    assert_eq!((status, &answer["state"]), (201, &json!("open")), "{answer}");
    shop.drain().await;
    answer["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn acceptance_39_help_is_asked_with_vin_words_and_last_order_and_the_answer_is_on_record() {
    let shop = Shop::open().await;
    let mut chen = shop.seat("adv-01", &[Role::Advisor]).await;
    let mut manager = shop.seat("mgr-01", &[Role::ServiceManager]).await;
    reached(&shop).await;
    back_again(&shop).await;

    // The button is at the car; what is asked twice by one page is asked once.
    let workshop = chen.open("/console/workshop").await;
    let orders = shop.get("/v1/repair-orders/R-1?dealership=gz-tianhe").await;
    let address = format!("/console/assists/about/repair_order/{}", orders["id"].as_str().expect("an id"));
    assert_eq!(workshop.link(&address).as_deref(), Some(address.as_str()), "{}", workshop.html);
    let page = chen.open(&address).await;
    assert!(page.says("Repair order R-1"), "{}", page.text());
    assert_eq!(chen.send(&address, &[("of", "service_manager")]).await.status, 422, "without words");
    let key = page.field("key");
    let fields = [("key", key.as_str()), ("of", "service_manager"), ("words", WORDS)];
    let there = chen.does(&address, &fields).await;
    assert!(there.says("They are being told.") && there.says(WORDS), "{}", there.text());
    chen.does(&address, &fields).await;
    shop.drain().await;
    assert_eq!(told(&shop, [MANAGER, DIRECTOR]), [1, 0], "{:?}", shop.subjects(MANAGER));
    let mail = shop.inbox(MANAGER).pop().expect("a mail");
    for what in [WORDS, "JTHBJ46G9A2345678", "R-0", "Brake pads", "repair order.", "R-1", "dv-01 Li", "Weber"] {
        assert!(mail.text.contains(what), "{what} in {}", mail.text);
    }

    // Unanswered: again after half an hour at open doors, and then the director is asked too.
    shop.wait_until("2026-03-02T10:29").await;
    assert_eq!(told(&shop, [MANAGER, DIRECTOR]), [1, 0]);
    shop.wait_until("2026-03-02T10:31").await;
    assert_eq!(told(&shop, [MANAGER, DIRECTOR]), [2, 0], "asked again");
    shop.wait_until("2026-03-02T11:59").await;
    assert_eq!(told(&shop, [MANAGER, DIRECTOR]), [2, 0]);
    shop.wait_until("2026-03-02T13:31").await;
    assert_eq!(told(&shop, [MANAGER, DIRECTOR]), [2, 1], "and once only");

    // It stands on the manager's day, and its stream tells it.
    let day = manager.open("/console/day").await;
    assert!(day.says("adv-01 Li needs your help: Repair order R-1"), "{}", day.text());
    let request = Request::builder().uri("/console/assists/live").header("accept-language", "en");
    let request = request.header("cookie", chen.cookie.clone().expect("a session")).body(Body::empty());
    let mut stream = shop.answers(request.expect("a request")).await.into_body().into_data_stream();
    let mut next = async || loop {
        let frame = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("in time");
        let text = String::from_utf8(frame.expect("a frame").expect("bytes").to_vec()).expect("UTF-8");
        if text.starts_with("event: patch") {
            break text;
        }
    };
    assert!(next().await.contains("asked higher up"));
    let one = day.link("/console/assists/ast_").expect("a link");
    let page = manager.open(&one).await;
    assert!(page.says("JTHBJ46G9A2345678") && page.says("R-0") && page.says("Brake pads"), "{}", page.text());
    assert_eq!(manager.send(&one, &[("answer", " ")]).await.status, 422, "no words");
    assert_eq!(chen.send(&one, &[("answer", "Me.")]).await.status, 422, "an answer is somebody else's");
    let done = manager.does(&one, &[("answer", "Yes, at three. Take nothing apart.")]).await;
    assert!(done.says("Who asked is being told.") && done.says("Take nothing apart"), "{}", done.text());
    assert!(next().await.contains("answered"));
    let late = manager.send(&one, &[("answer", "No.")]).await;
    assert_eq!((late.status, late.says("Somebody was faster")), (422, true), "{}", late.text());
    shop.drain().await;
    let mail = shop.inbox(ADVISOR).pop().expect("a mail");
    assert!(
        mail.subject.contains("R-1") && mail.text.contains("Take nothing apart") && mail.text.contains("mgr-01 Li")
    );
    let day = chen.open("/console/day").await;
    assert!(day.says("mgr-01 Li has answered you: Repair order R-1 · Yes, at three."), "{}", day.text());

    // It is on the journey, and nobody is asked any more.
    let customer = shop.get("/v1/customers/C-1?dealership=gz-tianhe").await;
    let journey = chen.open(&format!("/console/customers/{}", customer["id"].as_str().expect("an id"))).await;
    for what in ["Help was asked for higher up", "Help was given", "Yes, at three. Take nothing apart."] {
        assert!(journey.says(what), "{what}: {}", journey.text());
    }
    let lines = shop.items("/v1/timeline?limit=100&repair_order=R-1").await;
    for what in ["assist.asked", "assist.still_asked", "assist.escalated", "assist.answered"] {
        assert_eq!(lines.iter().filter(|line| line["what"] == what).count(), 1, "{what} in {lines:?}");
    }
    shop.wait_until("2026-03-02T17:00").await;
    assert_eq!(told(&shop, [MANAGER, DIRECTOR]), [2, 1]);
    assert!(shop.items(ASSISTS).await.is_empty());
    let of_order = shop.items(&format!("{ASSISTS}?subject=repair_order&ref=R-1&dealership=gz-tianhe")).await;
    assert_eq!((of_order.len(), &of_order[0]["answer"]), (1, &json!("Yes, at three. Take nothing apart.")));
}

#[tokio::test]
async fn the_same_key_asks_once_and_of_two_answers_one_counts() {
    let shop = Shop::open().await;
    reached(&shop).await;
    back_again(&shop).await;
    let key = shop.key_for(None).await;
    let body = asked(&json!({}));
    let (status, replayed, first) = shop.call_once("POST", ASSISTS, (&key, Some("k-1")), Some(&body)).await;
    assert_eq!((status, replayed), (201, false), "{first}");
    let (status, replayed, again) = shop.call_once("POST", ASSISTS, (&key, Some("k-1")), Some(&body)).await;
    assert_eq!((status, replayed, &again["id"]), (201, true, &first["id"]));
    let other = asked(&json!({"words": "Something else."}));
    let (status, _, refused) = shop.call_once("POST", ASSISTS, (&key, Some("k-1")), Some(&other)).await;
    assert_eq!((status, &refused["errors"][0]["code"]), (422, &json!("idempotency_key_reused")), "{refused}");
    // Two at once under one key are one; without a key each is its own.
    let twice = || shop.call_once("POST", ASSISTS, (&key, Some("k-2")), Some(&body));
    let ((_, _, one), (_, _, two)) = tokio::join!(twice(), twice());
    assert_eq!((&one["id"], one["id"].is_string()), (&two["id"], true), "{one} {two}");
    assert_ne!(asks(&shop, json!({})).await, asks(&shop, json!({})).await);
    assert_eq!(told(&shop, [MANAGER]), [4]);

    let answer = format!("{ASSISTS}/{}/answer", first["id"].as_str().expect("an id"));
    let says = |by: &str, words: &str| shop.does("POST", &answer, json!({"by": by, "answer": words}));
    let (yes, no) = tokio::join!(says("mgr-01", "Yes."), says("dir-01", "No."));
    let mut both = [yes.0, no.0];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{yes:?} {no:?}");
    let (status, late) = says("mgr-01", "Later.").await;
    assert_eq!((status, &late["code"]), (409, &json!("already_answered")));
    shop.drain().await;
    let answers = shop.subjects(ADVISOR).into_iter().filter(|subject| subject.contains("Answer")).count();
    assert_eq!(answers, 1);
}

#[tokio::test]
async fn who_is_away_is_stood_in_for_and_a_closed_house_is_reminded_in_the_morning() {
    let shop = Shop::open().await;
    reached(&shop).await;
    back_again(&shop).await;
    // Nobody leads: it is the manager's. Somebody leads and is away: it is for who stands in.
    asks(&shop, json!({"of": "technical_lead"})).await;
    assert_eq!(told(&shop, [LEAD, MANAGER]), [0, 1]);
    let away = json!({"away": [{"from": "2026-03-02", "to": "2026-03-06"}]});
    put(&shop, "sup-01", "supervisor", json!({"email": "sup@gz-tianhe.example"})).await;
    put(
        &shop,
        "tec-01",
        "supervisor",
        json!({"email": LEAD, "skills": ["technical_lead"], "shifts": away, "substitute": "sup-01"}),
    )
    .await;
    asks(&shop, json!({"of": "technical_lead"})).await;
    assert_eq!(told(&shop, [LEAD, MANAGER, "sup@gz-tianhe.example"]), [0, 1, 1]);
    put(&shop, "tec-01", "supervisor", json!({"email": LEAD, "skills": ["technical_lead"]})).await;

    // Asked when the doors are closed: told at once, reminded when they have been open for half an hour.
    shop.wait_until("2026-03-02T20:00").await;
    let before = told(&shop, [LEAD, MANAGER, DIRECTOR]);
    let id = asks(&shop, json!({"of": "technical_lead"})).await;
    let since = |shop: &Shop| {
        let now = told(shop, [LEAD, MANAGER, DIRECTOR]);
        [now[0] - before[0], now[1] - before[1], now[2] - before[2]]
    };
    assert_eq!(since(&shop), [1, 0, 0]);
    shop.wait_until("2026-03-03T09:29").await;
    assert_eq!(since(&shop), [1, 0, 0]);
    shop.wait_until("2026-03-03T09:31").await;
    assert_eq!(since(&shop), [2, 0, 0]);
    shop.wait_until("2026-03-03T11:01").await;
    assert_eq!(since(&shop), [2, 1, 0], "above a technical lead is the service manager");

    // The advisor is away when the answer comes.
    let away = json!({"away": [{"from": "2026-03-03", "to": "2026-03-06"}]});
    put(&shop, "adv-01", "advisor", json!({"email": ADVISOR, "shifts": away, "substitute": "sup-01"})).await;
    let said = json!({"by": "tec-01", "answer": "Change the disc."});
    assert_eq!(shop.does("POST", &format!("{ASSISTS}/{id}/answer"), said).await.0, 200);
    shop.drain().await;
    assert!(shop.inbox("sup@gz-tianhe.example").pop().expect("a mail").text.contains("Change the disc."));
}

#[tokio::test]
async fn a_visit_called_off_needs_no_help_nobody_there_is_the_house_and_what_is_wrong_is_named() {
    let shop = Shop::open().await;
    put(&shop, "adv-01", "advisor", json!({"email": ADVISOR})).await;
    shop.book(&anna(), "2026-03-12T09:30").await;
    shop.drain().await;
    let visit = json!({"subject": {"type": "appointment", "ref": "A-1"}});
    let house = |shop: &Shop| shop.subjects(HOUSE).iter().filter(|subject| subject.contains("A-1")).count();
    let before = house(&shop);
    let id = asks(&shop, visit.clone()).await;
    assert_eq!(house(&shop) - before, 1, "the house has no manager: {:?}", shop.subjects(HOUSE));
    assert!(shop.timeline("A-1").await.contains(&"assist.asked".to_owned()));
    shop.cancels(&anna()).await;
    let asked_so_far = house(&shop);
    shop.wait_until("2026-03-02T16:00").await;
    assert_eq!(house(&shop), asked_so_far);
    assert!(shop.items(ASSISTS).await.is_empty());
    for (more, code) in [
        (visit, "subject_over"),
        (json!({"subject": {"type": "case", "ref": "C-9"}}), "unknown_subject"),
        (json!({"subject": {"type": "appointment", "ref": "A-1"}, "by": "nobody"}), "unknown_staff"),
        (json!({"dealership": "nowhere"}), "unknown_dealership"),
        (json!({"of": "cook"}), "unknown_addressee"),
    ] {
        let (status, answer) = shop.does("POST", ASSISTS, asked(&more)).await;
        assert_eq!((status, &answer["errors"][0]["code"]), (422, &json!(code)), "{answer}");
    }
    let other = shop.key_for(Some("sh-pudong")).await;
    let yes = json!({"by": "adv-01", "answer": "Yes."});
    assert_eq!(shop.call("POST", &format!("{ASSISTS}/{id}/answer"), &other, Some(&yes)).await.0, 404);
    assert_eq!(shop.call("GET", &format!("{ASSISTS}/{id}"), &other, None).await.0, 404);
}
