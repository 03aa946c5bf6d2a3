//! Hot alerts: raised by a low score, escalated at each deadline that is missed, resolved, and verified by somebody else.
use serde_json::{Value, json};

use super::in_writing;
use crate::shop::{Shop, anna};

async fn staffed() -> Shop {
    let shop = in_writing().open().await;
    shop.hires("mgr-01", "service_manager").await;
    shop.hires("dir-01", "director").await;
    shop.hires("agt-01", "agent").await;
    shop
}

async fn only_case(shop: &Shop) -> Value {
    let cases = shop.items("/v1/cases").await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    cases[0].clone()
}

#[tokio::test]
async fn acceptance_14_fixed_and_not_satisfied_is_a_hot_alert_with_its_cause_and_first_time_right_all_the_same() {
    let shop = staffed().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T09:30").await;
    let (_, page) =
        shop.sends(&link, &[("fixed", "yes"), ("overall", "2"), ("comment", "Nobody told me what was done.")]).await;
    assert!(page.contains("The service manager will contact you"), "{page}");
    let case = only_case(&shop).await;
    assert_eq!(
        (&case["severity"], &case["reason"], &case["root_cause"], &case["state"], &case["owner"], &case["advisor"]),
        (
            &json!("hot"),
            &json!("overall_low"),
            &json!("explanation"),
            &json!("raised"),
            &json!("mgr-01"),
            &json!("adv-01")
        )
    );
    let report = shop.get("/v1/reports/satisfaction?month=2026-03&dealership=gz-tianhe").await;
    let month = &report["dealerships"][0];
    assert_eq!((&month["first_time_right"]["value"], &month["scores"]["csat"]["value"]), (&json!(100.0), &json!(0.0)));
    assert_eq!(month["scores"]["said_fixed"]["value"], json!(100.0));
    assert_eq!(month["causes"], json!([{"cause": "explanation", "n": 1}]));
}

#[tokio::test]
async fn acceptance_h2_08_a_low_score_is_alerted_escalated_resolved_and_verified() {
    let shop = staffed().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:00").await;
    // Monday 15:00: two opening hours end at 17:00.
    shop.sends(&link, &[("overall", "1"), ("fixed", "no"), ("comment", "It still rattles.")]).await;
    shop.drain().await;
    let (manager, director) = ("mgr-01@gz.example", "dir-01@gz.example");
    // Other letters of the day reach them too.
    let alerts = |address: &str| shop.inbox(address).iter().filter(|mail| mail.text.contains("H-1")).count();
    assert_eq!(alerts(manager), 1, "the alert");
    assert!(shop.inbox(manager).iter().any(|mail| mail.text.contains("It still rattles.")));
    shop.wait_until("2026-03-02T17:01").await;
    assert_eq!((alerts(manager), alerts(director)), (2, 0), "not acknowledged: the manager again");
    shop.leaps_to("2026-03-03T15:01");
    shop.drain().await;
    assert_eq!((alerts(manager), alerts(director)), (2, 1), "not contacted: the director");
    shop.advance("1h").await;
    assert_eq!(alerts(director), 1, "each once");

    let path = format!("/v1/cases/{}", only_case(&shop).await["id"].as_str().expect("an id"));
    let does = |deed: &str, body: Value| {
        let (shop, path) = (&shop, format!("{path}/{deed}"));
        async move { shop.does("POST", &path, body).await }
    };
    let (status, early) = does("resolve", json!({"cause": "quality", "resolution": "x"})).await;
    assert_eq!((status, &early["code"]), (409, &json!("wrong_state")));
    assert_eq!(does("acknowledge", json!({})).await.1["state"], "acknowledged");
    shop.drain().await;
    assert_eq!(
        does("contact", json!({"note": "Apologised; she brings the car on Wednesday."})).await.1["state"],
        "contacted"
    );
    let (status, empty) = does("resolve", json!({"cause": "quality"})).await;
    assert_eq!((status, &empty["code"]), (422, &json!("empty_case")), "{empty}");
    let resolved = json!({"cause": "quality", "resolution": "Tightened the heat shield.", "compensation": "Car wash", "by": "mgr-01"});
    let (status, case) = does("resolve", resolved).await;
    assert_eq!(
        (status, &case["state"], &case["verify_by"]),
        (200, &json!("resolved"), &json!("2026-03-13T08:01:00.000000Z"))
    );
    let (status, own) = does("verify", json!({"by": "mgr-01"})).await;
    assert_eq!((status, &own["code"]), (422, &json!("own_work")), "{own}");
    let tasks = shop.items("/v1/calls").await;
    let open: Vec<_> =
        tasks.iter().filter(|task| task["state"] != "withdrawn").map(|task| task["type"].clone()).collect();
    assert_eq!(open, ["complaint"], "somebody else calls in ten days: {tasks:?}");
    let (status, verified) = does("verify", json!({"by": "agt-01", "note": "She is content."})).await;
    assert_eq!((status, &verified["state"], &verified["verified_by"]), (200, &json!("verified"), &json!("agt-01")));
    shop.leaps_to("2026-03-20T10:00");
    shop.drain().await;
    assert_eq!(alerts(director), 1, "nothing more falls due");
    let history = verified["history"].as_array().expect("a list").iter();
    let mut history: Vec<&str> = history.map(|note| note["what"].as_str().expect("a word")).collect();
    // Ids of one millisecond have no order.
    history.sort_unstable();
    assert_eq!(history, ["acknowledged", "contacted", "escalated", "escalated", "raised", "resolved", "verified"]);
}

#[tokio::test]
async fn a_middling_score_is_a_soft_case_that_nobody_is_alarmed_about() {
    let shop = staffed().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:00").await;
    shop.sends(&link, &[("overall", "3"), ("fixed", "yes")]).await;
    shop.leaps_to("2026-03-09T10:00");
    shop.drain().await;
    let case = only_case(&shop).await;
    assert_eq!((&case["severity"], &case["escalation"], &case["state"]), (&json!("soft"), &json!(0), &json!("raised")));
    let told = |address: &str| shop.inbox(address).iter().any(|mail| mail.text.contains("R-1"));
    assert!(!told("mgr-01@gz.example") && !told("dir-01@gz.example"));
}

#[tokio::test]
async fn an_unverified_case_is_escalated_after_ten_days_and_may_be_opened_again() {
    let shop = staffed().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:00").await;
    shop.sends(&link, &[("overall", "5"), ("contact_me", "on")]).await;
    let path = format!("/v1/cases/{}", only_case(&shop).await["ref"].as_str().expect("a ref"));
    shop.does("POST", &format!("{path}/contact"), json!({})).await;
    shop.does("POST", &format!("{path}/resolve"), json!({"cause": "other", "resolution": "Sent the service book."}))
        .await;
    shop.drain().await;
    shop.leaps_to("2026-03-12T15:01");
    shop.drain().await;
    assert_eq!(only_case(&shop).await["escalation"], 1);
    let (status, again) = shop.does("POST", &format!("{path}/reopen"), json!({"note": "It never arrived."})).await;
    assert_eq!((status, &again["state"], &again["reopened"]), (200, &json!("reopened"), &json!(1)));
    assert_eq!(again["root_cause"], "other");
    shop.drain().await;
}

#[tokio::test]
async fn an_unknown_cause_field_or_person_is_named() {
    let shop = staffed().await;
    let (status, faults) =
        shop.does("POST", "/v1/cases", json!({"dealership": "nowhere", "customer": "C-1", "words": "x"})).await;
    assert_eq!((status, &faults["code"]), (422, &json!("unknown_dealership")));
    shop.asked(&anna(), "R-1", "2026-03-02T10:00").await;
    let (_, case) = shop
        .does(
            "POST",
            "/v1/cases",
            json!({"dealership": "gz-tianhe", "customer": "C-1", "words": "Too dear.", "cause": "price"}),
        )
        .await;
    let path = format!("/v1/cases/{}", case["id"].as_str().expect("an id"));
    for (deed, body, code) in [
        ("assign", json!({"to": "nobody"}), "unknown_staff"),
        ("resolve", json!({"cause": "mood", "resolution": "x"}), "unknown_cause"),
        ("note", json!({}), "required"),
        ("note", json!({"note": "x", "nota": 1}), "unknown_field"),
    ] {
        let (status, faults) = shop.does("POST", &format!("{path}/{deed}"), body).await;
        assert_eq!((status, &faults["code"]), (422, &json!(code)), "{deed} {faults}");
    }
    assert_eq!(shop.does("POST", &format!("{path}/dance"), json!({})).await.0, 404);
    assert_eq!(shop.does("POST", &format!("{path}/assign"), json!({"to": "dir-01"})).await.1["owner"], "dir-01");
    shop.drain().await;
}
