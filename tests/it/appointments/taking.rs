//! What a booking has to say: what is missing is on it, somebody asks for it, and what comes later completes it.
use aftercare::console::policy::Role;
use serde_json::{Value, json};

use crate::shop::{Shop, anna, with, workshop::fact};

const PAGE: &str = "/console/book";

async fn keeps_its_book() -> Shop {
    Shop::opening().dealership("gz-tianhe", "rules", json!({"appointments": {"book": "here"}})).open().await
}

/// Somebody new is booked at the desk, with what the caller said so far.
async fn taken(shop: &Shop, said: &[(&str, &str)]) -> Value {
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let page = li.open(&format!("{PAGE}?phone=13900007777")).await;
    let (key, customer) = (page.field("key"), page.field("customer"));
    let mut fields = vec![("key", key.as_str()), ("customer", customer.as_str())];
    fields.extend([("start", "2026-03-05T14:00"), ("service", "4万公里保养"), ("language", "zh-CN")]);
    fields.extend_from_slice(said);
    let booked = li.send(PAGE, &fields).await;
    assert_eq!(booked.status, 303, "it is saved all the same: {}", booked.text());
    shop.drain().await;
    shop.items("/v1/appointments?dealership=gz-tianhe").await[0].clone()
}

async fn to_call(shop: &Shop) -> Vec<String> {
    let open = shop.items("/v1/calls?limit=100").await;
    let open = open.iter().filter(|task| matches!(task["state"].as_str(), Some("scheduled" | "ready")));
    open.map(|task| format!("{} {}", task["type"], task["planned_because"]).replace('"', "")).collect()
}

#[tokio::test]
async fn acceptance_35_without_a_model_code_it_is_saved_incomplete_somebody_asks_and_a_later_word_completes_it() {
    let shop = keeps_its_book().await;
    let said = [
        ("name", "李娜"),
        ("phone", "139 0000 1234"),
        ("phone2", "020-8888 1234"),
        ("plate", "粤B88888"),
        ("year", "2025"),
    ];
    let booked = taken(&shop, &said).await;
    assert_eq!(
        (&booked["state"], &booked["incomplete"], &booked["missing"]),
        (&json!("booked"), &json!(true), &json!(["model_code"]))
    );
    assert_eq!(to_call(&shop).await, ["callback booking_incomplete"]);
    let reference = booked["ref"].as_str().expect("a ref");
    assert!(shop.timeline(reference).await.iter().any(|line| line.starts_with("appointment.incomplete")));
    // Both numbers, as they are dialled everywhere.
    let customer = shop.get(&format!("/v1/customers/{}", booked["customer"]["id"].as_str().expect("an id"))).await;
    let numbers: Vec<&str> = customer["contact_points"]
        .as_array()
        .expect("numbers")
        .iter()
        .filter(|point| point["type"] == "phone")
        .map(|point| point["value"].as_str().expect("a number"))
        .collect();
    assert_eq!(numbers, ["+8613900001234", "+862088881234"]);
    assert_eq!(shop.items("/v1/appointments?dealership=gz-tianhe&incomplete=true").await.len(), 1);

    // At the desk it stands on the page, with a field for what is missing.
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let page = li.open(PAGE).await;
    assert!(page.says("Bookings that lack something") && page.says("model code"), "{}", page.text());
    assert!(!page.html.contains("name=\"year\"") && page.html.contains("name=\"model\""), "{}", page.html);
    let id = page.field("appointment");
    shop.leaps_by("1m");
    assert_eq!(li.send("/console/book/complete", &[("appointment", &id), ("model", "NX350h")]).await.status, 303);
    shop.drain().await;
    let booked = shop.get(&format!("/v1/appointments/{reference}")).await;
    assert_eq!((&booked["incomplete"], &booked["missing"]), (&json!(false), &json!([])));
    assert!(to_call(&shop).await.is_empty(), "nobody has to ask any more");
    assert!(!li.open(PAGE).await.says("Bookings that lack something"));
    assert_eq!(shop.phone("+8613900001234").len(), 1, "its customer heard of the booking, and of nothing else");
}

#[tokio::test]
async fn what_is_told_of_the_car_or_the_person_by_itself_completes_it_too() {
    let shop = keeps_its_book().await;
    let booked = taken(&shop, &[("name", "李娜"), ("phone", "139 0000 7777"), ("plate", "粤B88888")]).await;
    assert_eq!(booked["missing"], json!(["model_code", "model_year"]));
    let car = json!({"plate": "粤B88888", "model_code": "NX350h"});
    shop.advance("1m").await;
    shop.hears(fact("vehicle.upserted", car.clone())).await;
    let reference = booked["ref"].as_str().expect("a ref");
    assert_eq!(shop.get(&format!("/v1/appointments/{reference}")).await["missing"], json!(["model_year"]));
    assert_eq!(to_call(&shop).await, ["callback booking_incomplete"], "one call, whatever is missing");
    let mut whole = car;
    whole["model_year"] = json!(2025);
    shop.hears(fact("vehicle.upserted", whole)).await;
    assert_eq!(shop.get(&format!("/v1/appointments/{reference}")).await["incomplete"], false);
    assert!(to_call(&shop).await.is_empty());
    shop.drain().await;
}

#[tokio::test]
async fn what_another_system_took_it_completes_itself() {
    let shop = Shop::open().await;
    let event = with(anna().books("2026-03-05T09:30", shop.now()), "vehicle", json!({"plate": "粤A99999"}));
    shop.hears(event.clone()).await;
    shop.drain().await;
    let booked = shop.get("/v1/appointments/A-1").await;
    assert_eq!(booked["missing"], json!(["model_code", "model_year"]));
    assert!(to_call(&shop).await.is_empty(), "the advisor reads of it the evening before");
    shop.advance("1m").await;
    let mut whole = event;
    whole["time"] = Value::Null;
    whole["data"]["vehicle"] = json!({"plate": "粤A99999", "model_code": "ES300h", "model_year": 2024});
    shop.hears(whole).await;
    assert_eq!(shop.get("/v1/appointments/A-1").await["incomplete"], false);
    shop.drain().await;
    assert_eq!(shop.inbox("anna@example.com").len(), 1, "nothing new was said");
}

#[tokio::test]
async fn the_hours_of_a_day_are_stated_by_hand() {
    let shop = Shop::open().await;
    let put = async |date: &str, body: Value| shop.put(&format!("/v1/capacity/{date}"), &body).await;
    let (status, day) = put("2026-03-05", json!({"dealership": "gz-tianhe", "team": "A", "available_hours": 30})).await;
    assert_eq!((status, &day["available_hours"]), (200, &json!(30.0)), "{day}");
    shop.leaps_by("1s");
    let (_, day) =
        put("2026-03-05", json!({"dealership": "gz-tianhe", "team": "B", "available_hours": 10, "booked_hours": 4}))
            .await;
    assert_eq!(
        (&day["available_hours"], &day["booked_hours"], &day["bookable_hours"]),
        (&json!(40.0), &json!(4.0), &json!(28.0))
    );
    for (date, body, pointer) in [
        ("5 March", json!({"dealership": "gz-tianhe", "available_hours": 1}), "/date"),
        ("2026-03-05", json!({"dealership": "gz-tianhe"}), "/available_hours"),
        ("2026-03-05", json!({"dealership": "nowhere", "available_hours": 1}), "/dealership"),
    ] {
        let (status, answer) = put(&date.replace(' ', "%20"), body).await;
        assert_eq!((status, answer["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{answer}");
    }
}
