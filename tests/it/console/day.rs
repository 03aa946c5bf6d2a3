//! The page of the day: who comes, whom to greet as whom, what is missing, who should be here by now.
use aftercare::console::policy::Role;
use serde_json::json;

use crate::shop::{Shop, anna, fang, with};

/// Anna at nine, a guest of honour who needs a way home; Fang at eleven, without a telephone, VIN and model.
async fn with_two_visits() -> Shop {
    let shop = Shop::open().await;
    let honoured = anna().with("vip", true).with("needs", json!(["transport", "mobility"]));
    let mut whole = honoured.books("2026-03-03T09:00", shop.now());
    whole["data"]["customer_words"] = json!("brake squeal when cold");
    shop.hears(with(whole, "is_comeback", json!(true))).await;
    let mut bare = fang().with("phones", json!([])).books("2026-03-03T11:00", shop.now());
    bare["data"]["vehicle"] = json!({"plate": "粤A54321"});
    bare["data"]["parts_required"] = json!([{"name": "wiper blade", "available": false}]);
    shop.hears(bare).await;
    shop
}

#[tokio::test]
async fn acceptance_12_the_day_has_everybody_who_comes_and_how_to_greet_them() {
    let shop = with_two_visits().await;
    let mut chen = shop.seat("adv-01", &[Role::Advisor]).await;
    let home = chen.open("/console").await;
    assert_eq!(home.location.as_deref(), Some("/console/day"), "an advisor begins with the day");
    let day = chen.open("/console/day?date=2026-03-03").await;
    for words in ["Anna Weber", "comeback", "VIP", "help with walking", "a way home", "brake squeal when cold"] {
        assert!(day.says(words), "{words}: {}", day.text());
    }
    for words in ["no telephone", "no VIN", "no model", "parts not ready"] {
        assert!(day.says(words), "{words}: {}", day.text());
    }
    assert!(day.says("To come 2 Here 0 Should be here 0 Something missing 1"), "{}", day.text());
    let other = chen.open(&day.link("/console/day?date=2026-03-04").expect("the day after")).await;
    assert!(other.says("Nobody is booked for this day."), "{}", other.text());

    // The list that is sent says the same as the page.
    shop.wait_until("2026-03-03T08:30").await;
    let mut lists = shop.items("/v1/messages?limit=500").await;
    lists.retain(|message| message["kind"] == "staff.day_list");
    let text = lists.pop().expect("a list")["text"].as_str().expect("a text").to_owned();
    assert!(text.contains("VIP") || text.contains("贵宾"), "{text}");
    assert!(text.contains("needs help") || text.contains("需要协助"), "{text}");
}

#[tokio::test]
async fn who_comes_is_here_and_who_does_not_is_late() {
    let shop = with_two_visits().await;
    shop.wait_until("2026-03-03T08:55").await;
    shop.hears(anna().happens("arrived", shop.now())).await;
    shop.wait_until("2026-03-03T11:31").await;
    let mut chen = shop.seat("adv-01", &[Role::Advisor]).await;
    let day = chen.open("/console/day").await;
    assert!(day.html.contains("data-live=\"/console/day/live?whose=all\""), "a screen left open goes on with the days");
    assert!(day.says("To come 0 Here 1 Should be here 1"), "{}", day.text());
    assert!(day.says("not here yet") && day.says("31 min late"), "{}", day.text());
}

#[tokio::test]
async fn acceptance_33_what_somebody_needs_is_noted_and_kept_until_their_system_says_otherwise() {
    let shop = with_two_visits().await;
    let mut chen = shop.seat("adv-01", &[Role::Advisor]).await;
    let found = chen.open("/console/customers?q=%E7%B2%A4A54321").await;
    let page = found.link("/console/customers/cus_").expect("Fang");
    assert!(!chen.open(&page).await.html.contains("value=\"language\" checked"));
    let done = chen.send(&format!("{page}/needs"), &[("need", "language"), ("need", "levitation")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let after = chen.open(&done.location.expect("a page")).await;
    assert!(after.says("Noted.") && after.html.contains("value=\"language\" checked"), "{}", after.html);
    let id = page.rsplit('/').next().expect("an id");
    let shown = shop.get(&format!("/v1/customers/{id}")).await;
    assert_eq!((&shown["vip"], &shown["needs"]), (&json!(false), &json!(["language"])));
    // A system that says nothing of it leaves it; one that does is followed.
    shop.hears(fang().books("2026-03-03T11:00", shop.now().plus(jiff::SignedDuration::from_mins(1)))).await;
    assert_eq!(shop.get(&format!("/v1/customers/{id}")).await["needs"], json!(["language"]));
    let later = shop.now().plus(jiff::SignedDuration::from_mins(2));
    shop.hears(fang().with("needs", json!([])).books("2026-03-03T11:00", later)).await;
    assert_eq!(shop.get(&format!("/v1/customers/{id}")).await["needs"], json!([]));
    // Who is of another dealership is not there.
    let nobody = chen.send("/console/customers/cus_019cb187e84071ad9c78f68ed0420f39/needs", &[]).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn the_hours_of_a_day_are_the_same_for_everybody_who_looks() {
    let shop = with_two_visits().await;
    // The workshop's system counts less than we know of: two visits of an hour and a half.
    let stated = json!({"dealership": "gz-tianhe", "available_hours": 10, "booked_hours": 1});
    let (status, day) = shop.put("/v1/capacity/2026-03-03", &stated).await;
    assert_eq!((status, &day["booked_hours"], &day["bookable_hours"]), (200, &json!(3.0), &json!(5.0)), "{day}");
    let mut chen = shop.seat("adv-02", &[Role::Advisor]).await;
    for whose in ["all", "mine"] {
        let page = chen.open(&format!("/console/day?date=2026-03-03&whose={whose}")).await;
        assert!(page.says("3 / 10"), "{whose}: {}", page.text());
    }
}
