//! Roles that end, by a later word or by themselves, while something is still to be said.
use serde_json::json;

use super::{DAUGHTER, VIN, as_role, car, daughter, father, household, mother, person};
use crate::shop::{Shop, workshop::fact};

/// The car is ready at an hour at which nothing may ring.
async fn ready_at_night() -> Shop {
    let shop = Shop::open().await;
    shop.hears(household()).await;
    shop.visits("R-1", &father()).await;
    shop.leaps_to("2026-03-02T22:30");
    shop.is_ready("R-1").await;
    assert_eq!(shop.said("R-1").await, [""; 0], "she sleeps");
    shop.leaps_by("10m");
    shop
}

#[tokio::test]
async fn what_waits_for_a_driver_who_is_it_no_more_goes_to_the_next_one() {
    let shop = ready_at_night().await;
    let son = person("F-4", "Paul Weber", "139 0000 0004");
    shop.hears(car(&father(), &[as_role(son, "driver"), as_role(mother(), "payer")])).await;
    assert_eq!(shop.people().await, ["owner F-1", "driver F-4", "payer F-3"]);
    shop.leaps_to("2026-03-03T09:30");
    shop.drain().await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-4 driver"]);
    assert!(shop.phone(DAUGHTER).is_empty(), "who drives it no more hears nothing");
}

#[tokio::test]
async fn where_nobody_drives_it_any_more_the_customer_of_the_visit_is_told() {
    let shop = ready_at_night().await;
    let ended = json!({"vin": VIN, "role": "driver", "customer": {"ref": "F-2"}});
    shop.hears(fact("ownership.ended", ended)).await;
    assert_eq!(shop.people().await, ["owner F-1", "payer F-3"], "the others keep their roles");
    shop.leaps_to("2026-03-03T09:30");
    shop.drain().await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-1 -"]);
    assert!(shop.phone(DAUGHTER).is_empty());
    let told = |record: Vec<serde_json::Value>, word: &str| record.iter().filter(|line| line["what"] == word).count();
    let of = |customer: &str| format!("/v1/timeline?limit=500&customer={customer}");
    assert_eq!(told(shop.items(&of("F-2")).await, "vehicle.role_ended"), 1);
    assert_eq!(told(shop.items(&of("F-1")).await, "notice.readdressed"), 1);
}

#[tokio::test]
async fn a_sold_car_has_no_people_and_an_older_word_brings_none_back() {
    let shop = Shop::open().await;
    let mut before = household();
    before["time"] = json!(shop.now());
    shop.hears(household()).await;
    shop.leaps_by("1h");
    shop.hears(fact("ownership.ended", json!({"vin": VIN}))).await;
    assert_eq!(shop.people().await, [""; 0]);
    shop.hears(before).await;
    assert_eq!(shop.people().await, [""; 0], "it is older than the sale");
    shop.leaps_by("1h");
    shop.visits("R-1", &person("X-9", "Otto Kranz", "139 0000 0009")).await;
    shop.is_ready("R-1").await;
    assert_eq!(shop.said("R-1").await, ["repair.ready X-9 -"]);
}

#[tokio::test]
async fn a_list_is_the_whole_of_a_role_and_an_empty_one_ends_all() {
    let shop = Shop::open().await;
    shop.hears(household()).await;
    shop.leaps_by("1m");
    shop.hears(car(&father(), &[as_role(father(), "payer")])).await;
    assert_eq!(shop.people().await, ["owner F-1", "driver F-2", "payer F-1"], "of drivers nothing was said");
    shop.leaps_by("1m");
    shop.hears(fact("vehicle.upserted", json!({"vin": VIN, "odometer": 12_000}))).await;
    assert_eq!(shop.people().await.len(), 3, "and nothing at all here");
    shop.leaps_by("1m");
    shop.hears(car(&father(), &[])).await;
    assert_eq!(shop.people().await, ["owner F-1"]);
    shop.leaps_by("1m");
    shop.hears(car(&father(), &[as_role(mother(), "owner"), as_role(daughter(), "driver")])).await;
    assert_eq!(shop.people().await, ["owner F-3", "driver F-2"], "an owner may stand among the people too");
}
