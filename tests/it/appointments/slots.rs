//! Bookable times as data: what the door answers for a week that some have booked in.
use serde_json::{Value, json};

use crate::shop::{Shop, anna, fang, local, with};

/// A shop of one advisor and a stated Thursday.
async fn stated(hours: f64) -> Shop {
    let rules = json!({"appointments": {"hours": {"40k": 1.5}}});
    let shop = Shop::opening().dealership("gz-tianhe", "rules", rules).open().await;
    shop.hears(
        json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "capacity.set", "dealership": "gz-tianhe",
        "data": {"date": "2026-03-05", "available_hours": hours}}),
    )
    .await;
    shop
}

impl Shop {
    async fn slots(&self, query: &str) -> Value {
        self.get(&format!("/v1/slots?dealership=gz-tianhe&limit=500&{query}")).await
    }
    async fn starts(&self, query: &str) -> Vec<String> {
        let found = self.slots(query).await;
        let items = found["items"].as_array().expect("items");
        items.iter().map(|slot| slot["start_at"].as_str().expect("a time")[5..16].to_owned()).collect()
    }
}

#[tokio::test]
async fn acceptance_21_times_are_offered_half_an_hour_from_every_arrival_of_the_advisor() {
    let shop = stated(40.0).await;
    shop.book(&anna(), "2026-03-05T10:00").await;
    let day = "from=2026-03-05&to=2026-03-05&advisor=adv-01";
    let starts = shop.starts(day).await;
    // UTC: 10:00 in Guangzhou is 02:00.
    assert!(starts.contains(&"03-05T01:30".to_owned()) && starts.contains(&"03-05T02:30".to_owned()), "{starts:?}");
    assert!(!starts.contains(&"03-05T02:00".to_owned()), "{starts:?}");
    // The visit itself is in nobody's way when it is moved, and keeps its length.
    let moving = shop.slots("from=2026-03-05&to=2026-03-05&appointment=A-1").await;
    assert_eq!(moving["hours"], 1.5);
    let starts = moving["items"].as_array().expect("items");
    assert!(starts.iter().any(|slot| slot["start_at"] == "2026-03-05T02:00:00.000000Z"), "{moving}");
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_20_what_remains_of_a_day_stands_beside_the_times() {
    let shop = stated(10.0).await;
    shop.hears(with(
        anna().books("2026-03-05T10:00", local("2026-03-02T10:00")),
        "services",
        json!([{"code": "S", "hours": 6.5}]),
    ))
    .await;
    let found = shop.slots("from=2026-03-05&to=2026-03-06&service=40K").await;
    assert_eq!(found["hours"], 1.5, "{found}");
    let day = &found["days"][0];
    assert_eq!(
        [&day["date"], &day["available_hours"], &day["booked_hours"], &day["bookable_hours"], &day["remaining_hours"]],
        [&json!("2026-03-05"), &json!(10.0), &json!(6.5), &json!(1.5), &json!(3.5)]
    );
    assert_eq!(found["days"][1]["remaining_hours"], Value::Null, "nobody has stated that day");
    assert!(found["items"][0]["start_at"].as_str().expect("a time").starts_with("2026-03-05"), "{found}");
    // A quarter of an hour more than four fifths: that day is full, the next is not known to be.
    let more = shop.starts("from=2026-03-05&to=2026-03-06&hours=1.75").await;
    assert!(more.iter().all(|start| start.starts_with("03-06")) && !more.is_empty(), "{more:?}");
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_25_parts_on_their_way_to_the_car_make_an_earlier_time_conditional() {
    let shop = stated(40.0).await;
    shop.book(&fang(), "2026-03-20T10:00").await;
    let ordered = |eta: Value| {
        let lines = json!([{"line_ref": "1", "part_no": "04465", "name": "pads", "qty": 1}]);
        json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "parts.ordered", "dealership": "gz-tianhe",
            "data": {"order_ref": "P-1", "customer": {"ref": "C-2"}, "vehicle": {"vin": "JTHBJ46G9A2345679"}, "eta": eta, "lines": lines}})
    };
    shop.hears(ordered(json!("2026-03-06T10:00:00+08:00"))).await;
    let found = shop.slots("from=2026-03-05&to=2026-03-06&vehicle=JTHBJ46G9A2345679").await;
    let conditional = |on: &str| {
        let items = found["items"].as_array().expect("items");
        let of_day = items.iter().filter(|slot| slot["start_at"].as_str().expect("a time") >= on);
        of_day.map(|slot| slot["conditional"] == true).collect::<Vec<_>>()
    };
    assert!(conditional("2026-03-06T02:00").iter().all(|conditional| !conditional), "{found}");
    assert!(conditional("2026-03-05")[0] && conditional("2026-03-05").contains(&false), "{found}");
    let free = shop.slots("from=2026-03-05&to=2026-03-05").await;
    assert_eq!(free["items"][0]["conditional"], false);
    shop.drain().await;
}

#[tokio::test]
async fn a_list_of_times_comes_page_by_page_and_what_is_wrong_with_a_question_is_said() {
    let shop = stated(40.0).await;
    let all = shop.starts("from=2026-03-04&to=2026-03-06").await;
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page =
            shop.get(&format!("/v1/slots?dealership=gz-tianhe&from=2026-03-04&to=2026-03-06&limit=10{after}")).await;
        let items = page["items"].as_array().expect("items");
        paged.extend(items.iter().map(|slot| slot["start_at"].as_str().expect("a time")[5..16].to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all);
    assert!(all.iter().all(|start| start.as_str() > "03-02T02:00"));
    let key = shop.key_for(Some("gz-tianhe")).await;
    for (query, pointer, code) in [
        ("from=2026-03-05&to=2026-04-20", "/to", "span_too_long"),
        ("from=2026-03-05&to=2026-03-01", "/to", "ends_before_it_starts"),
        ("from=Thursday", "/from", "not_a_time"),
        ("hours=-1", "/hours", "not_hours"),
        ("hours=NaN", "/hours", "not_hours"),
        ("advisor=nobody", "/advisor", "unknown_advisor"),
        ("after=2", "/after", "not_a_time"),
    ] {
        let (status, answer) = shop.call("GET", &format!("/v1/slots?{query}"), &key, None).await;
        let fault = &answer["errors"][0];
        assert_eq!(
            (status, fault["pointer"].as_str(), fault["code"].as_str()),
            (422, Some(pointer), Some(code)),
            "{query}: {answer}"
        );
    }
    let (status, _) = shop.call("GET", "/v1/slots?dealership=tk-minato", &key, None).await;
    assert_eq!(status, 404, "somebody else's book");
    let (status, _) = shop.call("GET", "/v1/slots?vehicle=NOBODYS", &key, None).await;
    assert_eq!(status, 404);
    assert!(shop.starts("from=2026-02-01&to=2026-02-05").await.is_empty(), "what is past is not offered");
    shop.drain().await;
}
