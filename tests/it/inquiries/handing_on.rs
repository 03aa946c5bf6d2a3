//! Whose an inquiry is: the last advisor of the vehicle, a turn for everybody, the manager at 90 %; what belongs together or apart.
use aftercare::console::policy::Role;

use super::*;

async fn owner(shop: &Shop, reference: &str) -> String {
    let thread = shop.get(&format!("/v1/inquiries/{reference}")).await;
    thread["owner"]["ref"].as_str().unwrap_or("nobody").to_owned()
}

#[tokio::test]
async fn the_advisor_who_last_had_the_car_gets_it_and_otherwise_everybody_in_turn() {
    let shop = tianhe("2026-03-02T09:00").await;
    shop.book(&anna(), "2026-03-03T09:30").await;
    let about_the_car = json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "My brakes squeal.", "customer": anna().data,
            "vehicle": {"vin": "JTHBJ46G9A2345678"}}});
    shop.hears(about_the_car).await;
    for reference in ["W-2", "W-3", "W-4"] {
        asks(&shop, &crate::shop::fang(), reference, &format!("Question {reference}")).await;
    }
    shop.wait_until("2026-03-02T09:20").await;
    assert_eq!(owner(&shop, "W-1").await, "adv-01");
    let mut others = [owner(&shop, "W-2").await, owner(&shop, "W-3").await, owner(&shop, "W-4").await];
    others.sort();
    assert!(others.iter().all(|owner| owner.starts_with("adv-")), "{others:?}");
    assert_ne!(others[0], others[2], "not all of them to one: {others:?}");
}

#[tokio::test]
async fn at_ninety_percent_with_no_owner_the_manager_has_it_with_a_draft() {
    // Nobody to whom a rule could give it.
    let shop = Shop::opening().open().await;
    shop.leaps_to("2026-03-03T12:00");
    for reference in ["adv-01", "adv-02", "adv-03", "adv-04"] {
        let body = json!({"dealership": "gz-tianhe", "name": reference, "roles": ["parts"], "active": true});
        shop.put(&format!("/v1/staff/{reference}"), &body).await;
    }
    let body = json!({"dealership": "gz-tianhe", "name": "Lin", "roles": ["service_manager"], "languages": ["en"], "email": MANAGER, "active": true});
    assert_eq!(shop.put("/v1/staff/mgr-01", &body).await.0, 200);
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    shop.wait_until("2026-03-04T09:35").await;
    assert_eq!(owner(&shop, "W-1").await, "nobody");
    shop.wait_until("2026-03-04T09:37").await;
    let thread = shop.get("/v1/inquiries/W-1").await;
    assert_eq!(owner(&shop, "W-1").await, "mgr-01");
    let draft = thread["draft"].as_str().expect("a draft");
    assert!(draft.contains("Brake noise") && draft.contains("[["), "{draft}");
    assert!(!shop.subjects(MANAGER).is_empty(), "and is told");
    let mut lin = shop.seat("mgr-01", &[Role::ServiceManager]).await;
    let page = lin.open("/console/inquiries").await.link("/console/inquiries/inq_").expect("a thread");
    assert!(lin.open(&page).await.says("Brake noise"));
}

#[tokio::test]
async fn threads_are_merged_and_split_on_their_pages() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    asks(&shop, &anna(), "W-2", "And where do I park?").await;
    let id = shop.get("/v1/inquiries/W-2").await["id"].as_str().expect("an id").to_owned();
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let path = format!("/console/inquiries/{id}");
    let nobody = chen.send(&format!("{path}/merge"), &[("into", "W-77"), ("reason", "same")]).await;
    assert!(
        nobody.status == 422 && nobody.says("There is no other open inquiry of that number here."),
        "{}",
        nobody.text()
    );
    let merged = chen.does(&format!("{path}/merge"), &[("into", "W-1"), ("reason", "same matter")]).await;
    assert!(merged.says("Merged") && merged.says("And where do I park?"), "{}", merged.text());
    assert_eq!(clocks(&shop, "W-1").await.len(), 1, "one promise for both");
    let entry = merged.field("entry");
    let first = shop.get("/v1/inquiries/W-1").await["id"].as_str().expect("an id").to_owned();
    let apart = chen.does(&format!("/console/inquiries/{first}/split"), &[("entry", &entry)]).await;
    assert!(apart.says("This is an inquiry of its own now.") && !apart.says("My brakes squeal."), "{}", apart.text());
    assert_eq!(shop.items("/v1/inquiries?state=open").await.len(), 2);
}
