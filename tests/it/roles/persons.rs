//! The person who is addressed in a role has their own rights: they say STOP, they are erased, they are one with somebody else.
use aftercare::{
    fsck,
    http::Access,
    rights::{self, Journal},
};
use serde_json::json;

use super::{DAUGHTER, VIN, as_role, car, daughter, father, household, mother};
use crate::shop::{Shop, workshop::fact};

const SECRET: &str = "a-secret-of-the-gateway";

#[tokio::test]
async fn a_driver_who_said_stop_is_not_written_to_and_nobody_is_in_their_place() {
    let shop = Shop::opening().setting("INBOUND__SMS__SECRET", SECRET).open().await;
    shop.hears(household()).await;
    let text = json!({"id": "in-1", "from": DAUGHTER, "to": "+8610690000", "text": "STOP"});
    assert_eq!(shop.call("POST", "/in/http/inbound", SECRET, Some(&text)).await.0, 200);
    shop.drain().await;
    let before = shop.phone(DAUGHTER).len();
    shop.visits("R-1", &father()).await;
    let items = json!({"items": [{"code": "BP", "name": "Brake pads", "severity": "safety", "amount": 800}]});
    shop.order("work_found", "R-1", items).await;
    shop.is_ready("R-1").await;
    assert_eq!(shop.phone(DAUGHTER).len(), before, "{:?}", shop.phone(DAUGHTER));
    let said = shop.said("R-1").await;
    assert!(said.iter().any(|line| line == "repair.work_found F-3 payer"), "her word is hers alone: {said:?}");
    assert!(said.iter().all(|line| !line.starts_with("repair.ready") || line.ends_with("F-2 driver")), "{said:?}");
    assert!(shop.phone("+8613900000001").is_empty(), "what is not for the father's ears stays so");
}

#[tokio::test]
async fn who_owns_it_and_drives_it_is_told_once() {
    let shop = Shop::open().await;
    shop.hears(household()).await;
    let (status, answer) = shop.does("POST", "/v1/customers/F-2/merge", json!({"into": "F-1"})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(shop.people().await, ["owner F-1", "driver F-1", "payer F-3"]);
    shop.visits("R-1", &father()).await;
    shop.is_handed_back("R-1").await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-1 driver"]);
    assert_eq!(shop.called().await, ["follow_up F-1"]);
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn an_erased_driver_is_gone_from_the_car_and_the_others_are_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("erasures");
    let shop = Shop::opening().setting("DATABASE__ERASURE_JOURNAL", file.to_str().expect("a path")).open().await;
    shop.hears(household()).await;
    shop.visits("R-1", &father()).await;
    shop.leaps_to("2026-03-02T22:30");
    shop.is_ready("R-1").await;
    let told = {
        let mut tx = shop.app.db.read().await.expect("a connection");
        aftercare::customers::actions::one(&mut tx, &Access::All, "F-2", None).await.expect("she is known")
    };
    let export = rights::actions::export(&shop.app, told.id).await.expect("an export");
    assert_eq!(
        (&export["vehicle_people"][0]["role"], &export["vehicle_people"][0]["plate"]),
        (&json!("driver"), &json!("粤A12345"))
    );
    let journal = Journal::of(&shop.app.config, &shop.app.db).expect("a journal");
    rights::actions::erase(&shop.app, &journal, &told, "operator").await.expect("erased");
    assert_eq!(shop.people().await, ["owner F-1", "payer F-3"]);
    shop.leaps_to("2026-03-03T09:30");
    shop.drain().await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-1 -"]);
    assert!(shop.phone(DAUGHTER).is_empty());

    // Tonight's file still names her: what it says of the car and of the others is taken, and nothing of her.
    let mut again = car(&father(), &[as_role(daughter(), "driver"), as_role(mother(), "payer")]);
    again["data"]["vehicle"]["odometer"] = json!(41_000);
    shop.hears(again).await;
    shop.leaps_by("1m");
    shop.hears(car(&father(), &[as_role(daughter(), "driver")])).await;
    assert_eq!(shop.people().await, ["owner F-1", "payer F-3"]);
    assert_eq!(shop.get(&format!("/v1/vehicles/{VIN}")).await["odometer"], json!(41_000));
    let key = shop.key_for(None).await;
    assert_eq!(shop.call("GET", "/v1/customers/F-2", &key, None).await.0, 404);
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn an_erased_owner_leaves_the_driver_hers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("erasures");
    let shop = Shop::opening().setting("DATABASE__ERASURE_JOURNAL", file.to_str().expect("a path")).open().await;
    shop.hears(household()).await;
    let owner = {
        let mut tx = shop.app.db.read().await.expect("a connection");
        aftercare::customers::actions::one(&mut tx, &Access::All, "F-1", None).await.expect("he is known")
    };
    let journal = Journal::of(&shop.app.config, &shop.app.db).expect("a journal");
    rights::actions::erase(&shop.app, &journal, &owner, "operator").await.expect("erased");
    assert_eq!(shop.people().await, ["driver F-2", "payer F-3"]);
    shop.hears(fact("campaign.vehicle_open", json!({"vin": VIN, "campaign_no": "SB-1", "name": "Airbag"}))).await;
    shop.visits("R-1", &mother()).await;
    shop.is_ready("R-1").await;
    assert_eq!(shop.said("R-1").await, ["repair.ready F-2 driver"]);
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}
