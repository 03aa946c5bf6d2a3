//! What is looked at when something is booked: written down, shown, and never a reason to refuse.
use serde_json::{Value, json};

use crate::shop::{Customer, Shop, anna, fang, local, with};

#[expect(clippy::needless_pass_by_value, reason = "given as it is written")]
fn event(kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": kind, "dealership": "gz-tianhe", "data": data})
}

fn of_hours(customer: &Customer, start: &str, hours: f64) -> Value {
    with(
        customer.books(start, local("2026-03-02T10:00")),
        "services",
        json!([{"code": "S", "name": "service", "hours": hours}]),
    )
}

impl Shop {
    async fn warnings(&self, reference: &str) -> Value {
        self.get(&format!("/v1/appointments/{reference}")).await["warnings"].clone()
    }
    async fn codes(&self, reference: &str) -> Vec<String> {
        let warnings = self.warnings(reference).await;
        warnings.as_array().expect("a list").iter().map(|w| w["code"].as_str().expect("a code").to_owned()).collect()
    }
}

#[tokio::test]
async fn acceptance_19_more_than_four_fifths_of_a_day_is_a_warning() {
    let shop = Shop::open().await;
    shop.hears(event("capacity.set", json!({"date": "2026-03-05", "available_hours": 40.0}))).await;
    shop.hears(of_hours(&anna(), "2026-03-05T09:00", 31.0)).await;
    shop.hears(of_hours(&fang(), "2026-03-05T11:00", 1.0)).await;
    assert_eq!((shop.codes("A-1").await.len(), shop.codes("A-2").await.len()), (0, 0), "80 % is full, not too full");
    shop.hears(of_hours(&anna().at("A-4"), "2026-03-05T14:00", 1.0)).await;
    assert_eq!(
        shop.warnings("A-4").await,
        json!([{"code": "load", "date": "2026-03-05", "booked_hours": 33.0, "available_hours": 40.0, "full": 80}])
    );
    assert!(shop.timeline("A-4").await.contains(&"appointment.warning load".to_owned()));
    shop.drain().await;
    assert_eq!(shop.notices("A-4").await[0], "confirmation done", "it is booked all the same");
}

#[tokio::test]
async fn acceptance_20_what_the_sender_counts_as_booked_counts_and_the_youngest_word_about_a_day() {
    let shop = Shop::open().await;
    let capacity = |hours: f64, booked: f64| json!({"date": "2026-03-05", "team": "A", "available_hours": hours, "booked_hours": booked});
    shop.hears(event("capacity.set", capacity(10.0, 9.0))).await;
    let mut older = event("capacity.set", capacity(100.0, 0.0));
    older["time"] = json!(local("2026-03-02T09:00"));
    shop.hears(older).await;
    shop.hears(of_hours(&anna(), "2026-03-05T09:00", 1.0)).await;
    assert_eq!(shop.codes("A-1").await, ["load"]);
    shop.drain().await;
}

#[tokio::test]
async fn a_day_of_which_nothing_is_known_and_a_capacity_that_is_none() {
    let shop = Shop::open().await;
    shop.hears(of_hours(&anna(), "2026-03-05T09:00", 300.0)).await;
    assert!(shop.codes("A-1").await.is_empty());
    for (data, pointer) in [
        (json!({"date": "5 March", "available_hours": 1}), "/data/date"),
        (json!({"date": "2026-03-05"}), "/data/available_hours"),
        (json!({"date": "2026-03-05", "available_hours": -1}), "/data/available_hours"),
    ] {
        let mut wrong = event("capacity.set", data);
        wrong["id"] = json!("w");
        wrong["time"] = json!(shop.now());
        let (status, answer) = shop.call("POST", "/v1/events", &shop.key_for(None).await, Some(&wrong)).await;
        assert_eq!((status, answer["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{answer}");
    }
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_21_arrivals_of_one_advisor_are_half_an_hour_apart() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:00").await;
    shop.book(&fang(), "2026-03-05T09:20").await;
    assert!(shop.codes("A-1").await.is_empty());
    assert_eq!(shop.warnings("A-2").await, json!([{"code": "spacing", "with": "A-1", "minutes": 20, "apart": 30}]));
    // Half an hour is enough; so is another advisor; and moved away it is in nobody's way.
    shop.moves(&fang(), "2026-03-05T09:30").await;
    assert!(shop.codes("A-2").await.is_empty());
    let other = anna().at("A-4").with("ref", "C-4");
    shop.hears(with(other.books("2026-03-05T09:10", shop.now()), "advisor_ref", "adv-02")).await;
    assert!(shop.codes("A-4").await.is_empty());
    shop.cancels(&anna()).await;
    shop.book(&anna().at("A-5"), "2026-03-05T08:50").await;
    assert!(shop.codes("A-5").await.is_empty(), "the other one was called off");
    shop.drain().await;
}

/// BR-06, BR-07, BR-08: the figures are the dealership's own where it has said them.
#[tokio::test]
async fn a_dealership_has_its_own_spacing_fullness_and_wait() {
    let rules = json!({"appointments": {"apart_minutes": 15, "full_percent": 50, "wait_days": 1}});
    let shop = Shop::opening().dealership("gz-tianhe", "rules", rules).open().await;
    shop.hears(event("capacity.set", json!({"date": "2026-03-05", "available_hours": 4.0}))).await;
    shop.hears(of_hours(&anna(), "2026-03-05T09:00", 2.0)).await;
    assert!(shop.codes("A-1").await.is_empty(), "half of the day may be booked");
    // Who looks for a time finds none on the day that is full, and a quarter of an hour apart on the one before.
    let slots = async |day: &str| {
        let path = format!("/v1/slots?dealership=gz-tianhe&hours=0.5&from={day}&to={day}");
        let found = shop.get(&path).await["items"].take();
        found.as_array().expect("items").iter().map(|slot| slot["start_at"].to_string()).collect::<Vec<String>>()
    };
    assert!(slots("2026-03-05").await.is_empty());
    let starts = slots("2026-03-04").await;
    assert!(starts.len() > 8 && starts[1].contains("T01:15"), "{starts:?}");
    shop.hears(of_hours(&fang(), "2026-03-05T09:15", 0.5)).await;
    let full = json!({"code": "load", "date": "2026-03-05", "booked_hours": 2.5, "available_hours": 4.0, "full": 50});
    assert_eq!(shop.warnings("A-2").await, json!([full]), "a quarter of an hour is enough here");
    let late = anna().at("A-4").with("ref", "C-4");
    shop.hears(event_as(&late, "requested", "2026-03-04T10:00")).await;
    shop.hears(event_as(&late, "proposed", "2026-03-05T09:20")).await;
    assert_eq!(shop.codes("A-4").await, ["spacing", "load", "late_slot"]);
    let warnings = shop.warnings("A-4").await;
    assert_eq!(
        (&warnings[0]["minutes"], &warnings[0]["apart"], &warnings[2]["most"]),
        (&json!(5), &json!(15), &json!(1))
    );
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_25_a_part_that_is_not_there_makes_the_confirmation_conditional() {
    let shop = Shop::open().await;
    shop.hears(with(anna().books("2026-03-05T09:00", shop.now()), "parts_ready", false)).await;
    let part = json!([{"part_no": "04465", "name": "pads", "qty": 2, "available": false}]);
    shop.hears(with(fang().books("2026-03-05T11:00", shop.now()), "parts_required", part)).await;
    shop.drain().await;
    let shown = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&shown["conditional"], shop.codes("A-1").await), (&json!(true), vec!["parts_not_ready".to_owned()]));
    assert_eq!(shop.codes("A-2").await, ["parts_not_ready"]);
    let mail = shop.inbox("anna@example.com").pop().expect("a mail");
    assert!(mail.text.contains("depends on its arrival") && !mail.text.contains("is confirmed"), "{}", mail.text);
    // It has come in: what is said next is said without conditions.
    shop.hears(with(anna().moves_to("2026-03-06T09:00"), "parts_ready", true)).await;
    shop.drain().await;
    let mail = shop.inbox("anna@example.com").pop().expect("a mail");
    assert!(!mail.text.contains("depends on its arrival"), "{}", mail.text);
    assert!(shop.codes("A-1").await.is_empty());
}

#[tokio::test]
async fn acceptance_27_a_slot_more_than_three_working_days_after_the_request_is_flagged() {
    // Monday; Sunday is closed.
    for (slot, codes) in [("2026-03-05T10:00", &[][..]), ("2026-03-06T10:00", &["late_slot"][..])] {
        let shop = Shop::open().await;
        shop.hears(event_as(&anna(), "requested", "2026-03-03T10:00")).await;
        shop.hears(event_as(&anna(), "proposed", slot)).await;
        assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "proposed");
        assert_eq!(shop.codes("A-1").await, codes, "{slot}");
        shop.book(&anna(), slot).await;
        assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "booked");
        assert_eq!(shop.codes("A-1").await, codes, "{slot}");
        shop.drain().await;
    }
    // Who books far ahead without having to ask wants it so.
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-27T10:00").await;
    assert!(shop.codes("A-1").await.is_empty());
    shop.drain().await;
}

fn event_as(customer: &Customer, what: &str, start: &str) -> Value {
    let mut event = customer.moves_to(start);
    event["type"] = json!(format!("appointment.{what}"));
    event
}

#[tokio::test]
async fn what_is_booked_already_is_not_asked_for_again() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:00").await;
    shop.advance("1m").await;
    shop.hears(event_as(&anna(), "requested", "2026-03-06T09:00")).await;
    let shown = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&shown["state"], shown["start_at"].as_str()), (&json!("booked"), Some("2026-03-05T01:00:00.000000Z")));
    assert!(shop.timeline("A-1").await.contains(&"event.stale already_booked".to_owned()));
    shop.drain().await;
}

async fn repaired(shop: &Shop, at: &str, jobs: Value) {
    let car = json!({"vin": "JTHBJ46G9A2345678", "plate": "粤A12345"});
    let order = json!({"ref": "R-1", "opened_at": local(at), "customer": {"ref": "C-1"}, "vehicle": car, "jobs": jobs});
    let mut opened = event("repair_order.opened", order);
    opened["time"] = json!(local(at));
    shop.hears(opened).await;
}

#[tokio::test]
async fn acceptance_24_the_same_work_twelve_days_later_is_a_comeback() {
    let shop = Shop::open().await;
    repaired(&shop, "2026-02-21T10:00", json!([{"code": "S", "name": "service"}])).await;
    shop.book(&anna(), "2026-03-05T09:00").await;
    shop.drain().await;
    let shown = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&shown["is_comeback"], &shown["original_ref"]), (&json!(true), &json!("R-1")));
    assert_eq!(shown["warnings"], json!([{"code": "comeback", "original": "R-1"}]));
    assert!(shop.notices("A-1").await.contains(&"staff.comeback done".to_owned()), "{:?}", shop.notices("A-1").await);
    // Moved, it is the same comeback, and nobody is told twice.
    shop.moves(&anna(), "2026-03-06T09:00").await;
    shop.drain().await;
    let told = shop.notices("A-1").await;
    assert_eq!(told.iter().filter(|notice| notice.starts_with("staff.comeback")).count(), 1, "{told:?}");
}

/// BR-09: the service manager, and whoever has the skill, once each; who is both is one reader.
#[tokio::test]
async fn acceptance_24_the_technical_lead_is_told_of_a_comeback_too() {
    let shop = Shop::open().await;
    let works = |role: &str, name: &str| {
        json!({"dealership": "gz-tianhe", "name": name, "roles": [role], "languages": ["en"], "skills": ["technical_lead"],
            "email": format!("{name}@gz-tianhe.example")})
    };
    for (reference, role, name) in [("tec-01", "supervisor", "lead"), ("mgr-07", "service_manager", "both")] {
        let path = format!("/v1/staff/{reference}?dealership=gz-tianhe");
        assert_eq!(shop.put(&path, &works(role, name)).await.0, 200);
    }
    repaired(&shop, "2026-02-21T10:00", json!([{"code": "S", "name": "service"}])).await;
    shop.book(&anna(), "2026-03-05T09:00").await;
    shop.drain().await;
    for name in ["lead", "both"] {
        let told = shop.subjects(&format!("{name}@gz-tianhe.example"));
        assert_eq!(
            told.iter().filter(|subject| subject.to_lowercase().contains("comeback")).count(),
            1,
            "{name}: {told:?}"
        );
    }
}

#[tokio::test]
async fn acceptance_24_forty_days_later_it_is_not_unless_the_advisor_says_so() {
    let shop = Shop::open().await;
    repaired(&shop, "2026-01-24T10:00", json!([{"code": "S", "name": "service"}])).await;
    shop.book(&anna(), "2026-03-05T09:00").await;
    assert!(shop.codes("A-1").await.is_empty());
    shop.hears(with(anna().at("A-4").books("2026-03-06T09:00", shop.now()), "is_comeback", true)).await;
    shop.drain().await;
    assert_eq!(shop.warnings("A-4").await, json!([{"code": "comeback", "original": null}]));
    assert!(shop.notices("A-4").await.contains(&"staff.comeback done".to_owned()));
}

#[tokio::test]
async fn acceptance_24_other_work_on_the_same_car_is_no_comeback() {
    let shop = Shop::open().await;
    repaired(&shop, "2026-02-21T10:00", json!([{"code": "TYR", "name": "tyres"}])).await;
    shop.book(&anna(), "2026-03-05T09:00").await;
    assert!(shop.codes("A-1").await.is_empty());
    shop.drain().await;
}
