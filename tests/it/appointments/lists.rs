//! What people here are handed every day.
use serde_json::{Value, json};

use crate::shop::{Shop, anna, fang, with};

impl Shop {
    /// The newest list of a kind: to whom, and its text.
    async fn list(&self, kind: &str) -> Option<(String, String)> {
        let mut items = self.items("/v1/messages?limit=500").await;
        items.retain(|message| message["kind"] == kind);
        let last = items.pop()?;
        let text = |key: &str| last[key].as_str().expect("a text").to_owned();
        Some((text("to"), text("text")))
    }
}

async fn with_tomorrow() -> Shop {
    let shop = Shop::open().await;
    let parts =
        json!([{"part_no": "04465-33471", "name": "brake pads", "qty": 2}, {"name": "oil filter", "available": false}]);
    let mut whole = with(anna().books("2026-03-03T09:00", shop.now()), "parts_required", parts);
    whole["data"]["customer_words"] = json!("brake squeal when cold");
    shop.hears(whole).await;
    let mut bare = fang().with("phones", json!([])).books("2026-03-03T11:00", shop.now());
    bare["data"]["vehicle"] = json!({"plate": "粤A54321"});
    bare["data"]["parts_required"] = json!(["wiper blade"]);
    shop.hears(bare).await;
    shop
}

#[tokio::test]
async fn acceptance_23_what_is_missing_about_tomorrows_customers_is_told_the_evening_before() {
    let shop = with_tomorrow().await;
    shop.wait_until("2026-03-02T16:59").await;
    assert!(shop.list("staff.pre_arrival").await.is_none());
    shop.wait_until("2026-03-02T17:00").await;
    let (to, text) = shop.list("staff.pre_arrival").await.expect("a list");
    insta::assert_snapshot!(format!("{to}\n{text}"));
}

#[tokio::test]
async fn acceptance_29_the_parts_of_tomorrows_bookings_are_listed_at_four() {
    let shop = with_tomorrow().await;
    shop.wait_until("2026-03-02T15:59").await;
    assert!(shop.list("staff.parts_pick_list").await.is_none());
    shop.wait_until("2026-03-02T16:00").await;
    let (to, text) = shop.list("staff.parts_pick_list").await.expect("a list");
    insta::assert_snapshot!(format!("{to}\n{text}"));
}

#[tokio::test]
async fn acceptance_38_the_advisors_list_has_the_work_and_the_customers_words() {
    let shop = with_tomorrow().await;
    shop.wait_until("2026-03-03T08:30").await;
    let (to, text) = shop.list("staff.day_list").await.expect("a list");
    insta::assert_snapshot!(format!("{to}\n{text}"));
    let confirmation = shop.inbox("anna@example.com").into_iter().next().expect("a mail").text;
    assert!(
        confirmation.contains("40,000 km service") && confirmation.contains("brake squeal when cold"),
        "{confirmation}"
    );
}

#[tokio::test]
async fn on_saturday_monday_is_the_next_day_and_on_sunday_nobody_is_handed_anything() {
    let shop = Shop::open().await;
    let parts = json!(["oil filter"]);
    shop.hears(with(anna().books("2026-03-09T09:00", shop.now()), "parts_required", parts)).await;
    shop.wait_until("2026-03-07T15:59").await;
    assert!(shop.list("staff.parts_pick_list").await.is_none());
    shop.wait_until("2026-03-07T16:00").await;
    assert!(shop.list("staff.parts_pick_list").await.is_some());
    let lists = |items: Vec<Value>| items.iter().filter(|item| item["kind"] == "staff.parts_pick_list").count();
    shop.wait_until("2026-03-08T18:00").await;
    assert_eq!(lists(shop.items("/v1/messages?limit=500").await), 1);
}

#[tokio::test]
async fn a_list_nobody_made_in_time_is_not_made_up_for() {
    let shop = with_tomorrow().await;
    shop.leaps_to("2026-03-04T10:00");
    shop.drain().await;
    assert!(shop.list("staff.parts_pick_list").await.is_none() && shop.list("staff.pre_arrival").await.is_none());
}
