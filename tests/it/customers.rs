//! People and vehicles by themselves: refreshed, merged, sold, recalled; how somebody wishes to be written to.
use serde_json::{Value, json};

use aftercare::{calls::CallType, db::Sql};

use crate::{
    calls::desk::subject,
    shop::{Shop, anna, local},
};

#[expect(clippy::needless_pass_by_value, reason = "given as it is written")]
fn event(kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": kind, "dealership": "gz-tianhe", "data": data})
}
fn at(event: Value, time: &str) -> Value {
    let mut event = event;
    event["time"] = json!(local(time));
    event
}

/// What the record says of a customer, in order.
async fn record(shop: &Shop, reference: &str) -> Vec<String> {
    let lines = shop.items(&format!("/v1/timeline?limit=500&customer={reference}")).await;
    lines.iter().map(|line| line["what"].as_str().expect("a word").to_owned()).collect()
}

#[tokio::test]
async fn acceptance_13_preferred_channel_time_and_language_are_honoured() {
    let shop = Shop::open().await;
    let customer = anna().with("preferred_channel", "email").with("language", "ja").with("call_hours", "18:00-20:00");
    let id = shop.knows(&customer).await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
    assert_eq!(shop.phone("+8613900001234"), [""; 0]);
    assert!(shop.inbox("anna@example.com")[0].text.contains("ご予約"), "{}", shop.inbox("anna@example.com")[0].text);
    let task = shop.new_task(CallType::FollowUp, id, &subject(1)).await;
    shop.plan(vec![task]).await;
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up scheduled call_hours"]);
    shop.wait_until("2026-03-02T17:59").await;
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up scheduled call_hours"]);
    shop.wait_until("2026-03-02T18:01").await;
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up ready"]);
}

#[tokio::test]
async fn acceptance_37_the_same_phone_is_a_suggestion_and_no_silent_merge() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    let other = anna().at("A-9").with("ref", "C-9").with("name", "Ana Veber").with("email", Value::Null);
    shop.book(&other, "2026-03-21T09:30").await;
    let suggested = shop.items("/v1/customers/C-9/merge-suggestions").await;
    assert_eq!((&suggested[0]["ref"], &suggested[0]["because"]), (&json!("C-1"), &json!("same_phone")));
    assert_eq!(shop.items("/v1/customers/C-1/merge-suggestions").await[0]["ref"], "C-9");
    assert_ne!(shop.get("/v1/customers/C-1").await["id"], shop.get("/v1/customers/C-9").await["id"]);
    // Told again, it is no news.
    shop.book(&other.clone().at("A-10"), "2026-03-22T09:30").await;
    let suggestions = record(&shop, "C-1").await.into_iter().filter(|what| what == "customer.merge_suggested").count();
    assert_eq!((suggestions, shop.items("/v1/customers/C-9/merge-suggestions").await.len()), (1, 1));
    // A person decides.
    assert_eq!(post(&shop, "/v1/customers/C-9/merge", json!({"into": "C-1"})).await.0, 200);
    assert_eq!(shop.get("/v1/customers/C-9").await["id"], shop.get("/v1/customers/C-1").await["id"]);
    assert!(shop.items("/v1/customers/C-1/merge-suggestions").await.is_empty());
}

async fn post(shop: &Shop, path: &str, body: Value) -> (u16, Value) {
    let key = shop.key_for(None).await;
    shop.call("POST", path, &key, Some(&body)).await
}

#[tokio::test]
async fn everything_of_somebody_who_was_merged_is_read_through_the_one_who_is_left() {
    let shop = Shop::open().await;
    let consent = |action: &str, time: &str| json!([{"purpose": "marketing", "action": action, "at": local(time), "source": "form"}]);
    shop.book(&anna().with("consents", consent("revoke", "2026-02-01T10:00")), "2026-03-20T09:30").await;
    let other = anna().at("A-9").with("ref", "C-9").with("consents", consent("grant", "2026-02-20T10:00"));
    shop.book(&other, "2026-03-21T09:30").await;
    let suppression = json!({"customer": "C-9", "scope": "survey", "reason": "asked on the phone"});
    assert_eq!(post(&shop, "/v1/suppressions", suppression).await.0, 201);
    let (first, second) = (shop.customer("C-1").await, shop.customer("C-9").await);

    shop.hears(event("customer.merged", json!({"ref": "C-1", "into_ref": "C-9"}))).await;
    assert_eq!(shop.customer("C-1").await, second);
    assert_eq!(shop.get("/v1/appointments/A-1").await["customer"], shop.get("/v1/appointments/A-9").await["customer"]);
    // The yes was younger than the no, and the strictest of the two is kept.
    let ledger = shop.items("/v1/customers/C-9/consents").await;
    let words: Vec<_> = ledger.iter().map(|word| word["action"].as_str().expect("a word")).collect();
    assert_eq!(words, ["revoke", "grant", "revoke"]);
    assert_eq!(shop.items("/v1/suppressions?customer=C-1").await.len(), 1);
    let (by_old, by_new) = (record(&shop, "C-1").await, record(&shop, "C-9").await);
    assert_eq!(by_old, by_new);
    assert_eq!(by_new.iter().filter(|what| *what == "appointment.booked").count(), 2);
    // Said twice, it is no news; and what is told of the old ref later is the new one's.
    shop.hears(event("customer.merged", json!({"ref": "C-1", "into_ref": "C-9"}))).await;
    shop.hears(event("customer.upserted", json!({"ref": "C-1", "name": "Anna Weber-Li"}))).await;
    assert_eq!(shop.get("/v1/customers/C-9").await["name"], "Anna Weber-Li");
    // Whoever was merged before goes along.
    shop.hears(event("customer.merged", json!({"ref": "C-9", "into_ref": "C-20"}))).await;
    assert_eq!(shop.customer("C-1").await, shop.customer("C-20").await);
    let living = "SELECT (SELECT CAST(count(*) AS BIGINT) FROM appointments WHERE customer_id IN ($1, $2))
        + (SELECT CAST(count(*) AS BIGINT) FROM notices WHERE customer_id IN ($1, $2))
        + (SELECT CAST(count(*) AS BIGINT) FROM suppressions WHERE customer_id IN ($1, $2))";
    let mut tx = shop.app.db.read().await.expect("a connection");
    let (left,): (i64,) = tx.sql(living).bind(first).bind(second).one().await.expect("a count");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn who_is_left_is_a_guest_of_honour_and_needs_what_either_needed() {
    let shop = Shop::open().await;
    let first = anna().with("vip", true).with("needs", json!(["transport"]));
    shop.book(&first, "2026-03-20T09:30").await;
    shop.book(&anna().at("A-9").with("ref", "C-9").with("needs", json!(["mobility"])), "2026-03-21T09:30").await;
    assert_eq!(post(&shop, "/v1/customers/C-1/merge", json!({"into": "C-9"})).await.0, 200);
    let left = shop.get("/v1/customers/C-9").await;
    assert_eq!((&left["vip"], &left["needs"]), (&json!(true), &json!(["mobility", "transport"])), "{left}");
}

async fn merged(shop: &Shop) -> i64 {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let counted = "SELECT CAST(count(*) AS BIGINT) FROM customers WHERE merged_into IS NOT NULL";
    let (count,): (i64,) = tx.sql(counted).one().await.expect("a count");
    count
}

#[tokio::test]
async fn two_who_are_made_one_both_ways_at_once_are_one_and_nobody_becomes_who_was_erased() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    shop.book(&anna().at("A-9").with("ref", "C-9"), "2026-03-21T09:30").await;
    let one = shop.customer("C-1").await.to_string();
    // Whoever says so has read of the two before; meanwhile one of them is erased, or made one with the other.
    let says = Box::pin(post(&shop, "/v1/customers/C-9/merge", json!({"into": "C-1"})));
    let (status, answer) =
        shop.meanwhile(["UPDATE customers SET erased_at = heard_at WHERE id = $1"], &one, says).await;
    assert_eq!((status, &answer["code"], merged(&shop).await), (409, &json!("not_two"), 0), "{answer}");
    let says = Box::pin(post(&shop, "/v1/customers/C-9/merge", json!({"into": "C-1"})));
    let otherwise = [
        "UPDATE customers SET erased_at = NULL WHERE id = $1",
        "UPDATE customers SET merged_into = (SELECT o.id FROM customers o WHERE o.ref = 'C-9'), merged_at = heard_at WHERE id = $1",
    ];
    let (status, answer) = shop.meanwhile(otherwise, &one, says).await;
    // On SQLite they may have been one already when they were looked at.
    assert!(status == 409 || shop.app.db.is_sqlite(), "{answer}");
    assert_eq!(merged(&shop).await, 1);
    assert_eq!(shop.customer("C-9").await, shop.customer("C-1").await);
}

/// Where a merge has to decide what becomes of somebody's rows: a table that is new here is to be added to the merge, or to
/// the words on why it stays.
#[tokio::test]
async fn no_table_with_a_customer_is_forgotten_by_a_merge() {
    const TABLES: Sql = Sql {
        sqlite: "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) p ON p.name = 'customer_id' WHERE m.type = 'table' ORDER BY m.name",
        postgres: "SELECT CAST(table_name AS TEXT) FROM information_schema.columns WHERE column_name = 'customer_id' AND table_schema = 'public'
            ORDER BY table_name",
    };
    let shop = Shop::open().await;
    let mut tx = shop.app.db.read().await.expect("a connection");
    let tables: Vec<(String,)> = tx.sql(TABLES).all().await.expect("rows");
    let mut tables: Vec<String> = tables.into_iter().map(|(name,)| name).collect();
    tables.sort();
    let moved = [
        "appointments",
        "call_attempts",
        "call_tasks",
        "cases",
        "contact_points",
        "inbound_messages",
        "inbound_texts",
        "inquiries",
        "messages",
        "notices",
        "parts_orders",
        "repair_orders",
        "suppressions",
        "survey_responses",
        "surveys",
        "triggered_messages",
        "vehicle_people",
    ];
    // Copied; of nobody who can be merged any more; dropped with who was merged; sealed, and read through `merged_into`.
    let others = ["consents", "erased_marks", "merge_suggestions", "timeline"];
    let mut decided: Vec<String> = moved.into_iter().chain(others).map(str::to_owned).collect();
    decided.sort();
    assert_eq!(tables, decided);
}

#[tokio::test]
async fn a_recall_is_told_to_the_owner_until_it_is_done_or_the_car_is_sold() {
    let shop = Shop::open().await;
    let customer = json!({"ref": "C-1", "name": "Anna Weber", "salutation": "Ms", "language": "en", "email": "anna@example.com",
        "phones": [{"number": "139 0000 1234"}]});
    let vin = "JTHBJ46G9A2345678";
    let vehicle = json!({"vin": vin, "plate": "粤A12345", "model_code": "ES300h", "customer": customer, "next_service_km": 40000});
    shop.hears(event("vehicle.upserted", vehicle)).await;
    shop.drain().await;
    let opt_out = json!({"customer": "C-1", "scope": "marketing", "reason": "asked"});
    assert_eq!(post(&shop, "/v1/suppressions", opt_out).await.0, 201);
    shop.hears(event("campaign.vehicle_open", json!({"vin": vin, "campaign_no": "26-01", "name": "Fuel pump"}))).await;
    shop.drain().await;
    assert!(shop.phone("+8613900001234")[0].contains("26-01"), "{:?}", shop.phone("+8613900001234"));
    assert_eq!(shop.inbox("anna@example.com").len(), 1);

    // The next two come at night, and wait for the morning: one is done by then.
    shop.leaps_to("2026-03-02T23:00");
    shop.hears(event("campaign.vehicle_open", json!({"vin": vin, "campaign_no": "26-02"}))).await;
    shop.hears(event("campaign.vehicle_open", json!({"vin": vin, "campaign_no": "26-03"}))).await;
    shop.hears(event("campaign.vehicle_closed", json!({"vin": vin, "campaign_no": "26-02"}))).await;
    // An older word about it changes nothing.
    let late = at(event("campaign.vehicle_open", json!({"vin": vin, "campaign_no": "26-02"})), "2026-03-02T22:00");
    shop.hears(late).await;
    shop.wait_until("2026-03-03T09:10").await;
    let told = shop.phone("+8613900001234");
    assert!(told.iter().all(|text| !text.contains("26-02")), "{told:?}");
    assert!(told.last().expect("a text").contains("26-0"), "{told:?}");

    shop.leaps_to("2026-03-03T23:00");
    let before = shop.phone("+8613900001234").len();
    shop.hears(event("campaign.vehicle_open", json!({"vin": vin, "campaign_no": "26-04"}))).await;
    let id = shop.customer("C-1").await;
    let vehicle = shop.get("/v1/timeline?vehicle=JTHBJ46G9A2345678&limit=1").await["items"][0]["vehicle"].clone();
    let about = vehicle.as_str().expect("an id").to_owned();
    let task = shop.new_task(CallType::PartsArrived, id, &about).await;
    shop.plan(vec![task]).await;
    shop.hears(event("ownership.ended", json!({"vin": vin}))).await;
    shop.wait_until("2026-03-04T09:10").await;
    assert_eq!(shop.phone("+8613900001234").len(), before);
    assert_eq!(shop.tasks(&about).await, ["parts_arrived withdrawn ownership_ended"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_word_about_somebody_is_named() {
    let shop = Shop::open().await;
    let key = shop.key_for(None).await;
    for (kind, data, fault) in [
        (
            "customer.upserted",
            json!({"ref": "C-1", "preferred_channel": "pigeon"}),
            "/data/preferred_channel unknown_value",
        ),
        ("customer.upserted", json!({"ref": "C-1", "call_hours": "evening"}), "/data/call_hours not_hours"),
        (
            "customer.upserted",
            json!({"ref": "C-1", "consents": [{"purpose": "all", "at": "2026-03-01T00:00:00Z"}]}),
            "/data/consents/0/purpose unknown_value",
        ),
        (
            "customer.upserted",
            json!({"ref": "C-1", "consents": [{"purpose": "marketing"}]}),
            "/data/consents/0/at required",
        ),
        ("customer.upserted", json!({"name": "Nobody"}), "/data/ref required"),
        ("customer.merged", json!({"ref": "C-1", "into_ref": "C-1"}), "/data/into_ref merged_into_itself"),
        ("customer.merged", json!({"ref": "C-1"}), "/data/into_ref required"),
        ("vehicle.upserted", json!({"model_code": "ES300h"}), "/data/vin required"),
        ("campaign.vehicle_open", json!({"vin": "X"}), "/data/campaign_no required"),
    ] {
        let mut event = event(kind, data);
        (event["id"], event["time"]) = (json!("wrong"), json!(shop.now()));
        let (status, answer) = shop.call("POST", "/v1/events", &key, Some(&event)).await;
        let said = answer["errors"].as_array().into_iter().flatten();
        let said: Vec<_> = said
            .map(|fault| {
                format!("{} {}", fault["pointer"].as_str().unwrap_or(""), fault["code"].as_str().unwrap_or(""))
            })
            .collect();
        assert_eq!((status, said), (422, vec![fault.to_owned()]), "{answer}");
    }
}

#[tokio::test]
async fn an_older_word_about_somebody_is_on_record_and_changes_nothing() {
    let shop = Shop::open().await;
    shop.hears(event("customer.upserted", json!({"customer": {"ref": "C-1", "name": "Anna Weber"}}))).await;
    shop.hears(at(event("customer.upserted", json!({"ref": "C-1", "name": "Anna Old"})), "2026-03-01T10:00")).await;
    assert_eq!(shop.get("/v1/customers/C-1").await["name"], "Anna Weber");
    assert_eq!(record(&shop, "C-1").await, ["customer.upserted", "event.stale"]);
}
