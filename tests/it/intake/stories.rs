//! What facts do to appointments, customers and vehicles.
use serde_json::{Value, json};

use super::door::{Door, at, booked, booking, event, with, without};

#[tokio::test]
async fn a_booking_is_stored_once_and_can_be_read() {
    let door = Door::open().await;
    let first = booked("e1", "10:00");
    assert_eq!(door.tell(first.clone()).await, "accepted");
    assert_eq!(door.tell(first.clone()).await, "duplicate");
    let respelt: Value = serde_json::from_str(&first.to_string().replace("1.5", "1.50")).unwrap();
    assert_eq!(door.tell(respelt).await, "duplicate");
    let appointment = door.appointment().await;
    for (pointer, wanted) in [
        ("/state", json!("booked")),
        ("/revision", json!(0)),
        ("/start_at", json!("2026-03-07T01:30:00.000000Z")),
        ("/dealership", json!("gz-tianhe")),
        ("/customer/ref", json!("C-1")),
        ("/customer/name", json!("王芳")),
        ("/vehicle/plate", json!("粤A12345")),
        ("/advisor/ref", json!("adv-07")),
        ("/advisor/name", json!(null)),
        ("/services/0/hours", json!(1.5)),
        ("/customer_words", json!("brake squeal\nwhen cold")),
        ("/booked_at", json!("2026-03-05T01:59:40.000000Z")),
    ] {
        assert_eq!(appointment.pointer(pointer), Some(&wanted), "{pointer}");
    }
    assert_eq!(door.phones().await, ["+8613900001234 unknown -", "+862088881234 unknown -"]);
    assert_eq!(door.get(&format!("/v1/appointments/{}", appointment["id"].as_str().unwrap())).await.1, appointment);
    assert_eq!((door.count("events").await, door.count("appointments").await, door.count("vehicles").await), (1, 1, 1));
    assert_eq!(door.lines("appointment.").await, ["appointment.booked"]);
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let door = Door::open().await;
    let unknown = with(booked("e3", "10:01"), "/type", json!("parts.teleported"));
    let batch =
        json!([booked("e1", "10:00"), booked("e1", "10:00"), event("e2", "confirmed", "10:01", at("10:01")), unknown]);
    let (status, answer) = door.send(batch.to_string()).await;
    assert_eq!(status, 202);
    assert_eq!(
        answer,
        json!({"accepted": 3, "duplicates": 1, "events": [{"id": "e1", "status": "accepted"}, {"id": "e1", "status": "duplicate"},
            {"id": "e2", "status": "accepted"}, {"id": "e3", "status": "stored"}]})
    );
    assert_eq!(
        door.outcomes().await,
        ["appointment.booked applied", "appointment.confirmed applied", "parts.teleported stored"]
    );
    assert_eq!(door.appointment().await["state"], "confirmed");

    // An id that was used for something else: before, or twice in this batch.
    let other = with(booked("e1", "10:00"), "/data/channel", json!("web"));
    for batch in [
        json!([booked("e9", "10:02"), other]),
        json!([booked("e9", "10:02"), booked("e8", "10:02"), booked("e8", "10:03")]),
    ] {
        let (status, problem) = door.send(batch.to_string()).await;
        assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("event_id_reused")));
    }
    assert_eq!(door.count("events").await, 3);
    // Of another source it is another event.
    assert_eq!(door.tell(with(booked("e1", "10:04"), "/source", json!("/web"))).await, "accepted");
}

#[tokio::test]
async fn a_thousand_events_are_one_unit() {
    let door = Door::open().await;
    let event = |n: usize| {
        let data =
            with(with(booking(7), "/ref", json!(format!("A-{n}"))), "/customer/ref", json!(format!("C-{}", n % 400)));
        event(&format!("e{n}"), "booked", "10:00", with(data, "/vehicle/vin", json!(format!("VIN{}", n % 500))))
    };
    let batch: Vec<Value> = (0..1000).map(event).collect();
    let (status, answer) = door.send(json!(batch).to_string()).await;
    assert_eq!((status.as_u16(), &answer["accepted"]), (202, &json!(1000)));
    assert_eq!(
        (door.count("appointments").await, door.count("customers").await, door.count("vehicles").await),
        (1000, 400, 500)
    );
    let (_, again) = door.send(json!(batch).to_string()).await;
    assert_eq!(again["duplicates"], 1000);
}

#[tokio::test]
async fn the_revision_counts_what_a_customer_can_see() {
    let door = Door::open().await;
    door.tell(booked("e1", "10:00")).await;
    door.tell(event("e2", "booked", "10:01", with(booking(7), "/customer_words", json!("and the horn")))).await;
    assert_eq!(door.appointment().await["revision"], 0, "the same again");
    door.tell(event("e3", "booked", "10:02", booking(8))).await;
    let moved = door.appointment().await;
    assert_eq!(
        (&moved["revision"], &moved["start_at"], &moved["state"]),
        (&json!(1), &json!("2026-03-08T01:30:00.000000Z"), &json!("booked"))
    );
    door.tell(event("e4", "cancelled", "10:03", with(at("10:03"), "/reason", json!("travels")))).await;
    let cancelled = door.appointment().await;
    assert_eq!(
        (&cancelled["revision"], &cancelled["state"], &cancelled["cancel_reason"]),
        (&json!(2), &json!("cancelled"), &json!("travels"))
    );
    door.tell(event("e5", "cancelled", "10:04", at("10:04"))).await;
    assert_eq!(door.appointment().await["revision"], 2, "cancelled already");
    door.tell(event("e6", "booked", "10:05", booking(8))).await;
    let again = door.appointment().await;
    assert_eq!(
        (&again["revision"], &again["state"], &again["cancelled_at"]),
        (&json!(3), &json!("booked"), &json!(null))
    );
    assert_eq!(
        door.lines("appointment.").await,
        [
            "appointment.booked",
            "appointment.booked",
            "appointment.rescheduled",
            "appointment.cancelled",
            "appointment.cancelled",
            "appointment.booked"
        ]
    );
}

#[tokio::test]
async fn stale_news_is_taken_and_changes_nothing() {
    let door = Door::open().await;
    door.tell(booked("e1", "10:00")).await;
    assert_eq!(door.tell(event("e2", "rescheduled", "09:59", booking(9))).await, "accepted");
    assert_eq!(door.appointment().await["start_at"], "2026-03-07T01:30:00.000000Z");
    door.tell(event("e3", "rescheduled", "10:00", booking(8))).await;
    assert_eq!(door.appointment().await["start_at"], "2026-03-08T01:30:00.000000Z", "equal times: in order of arrival");

    // Where both carry the sender's revision, it decides, not the time.
    let revised = |day, revision: i64| with(booking(day), "/revision", json!(revision));
    door.tell(event("e4", "rescheduled", "10:10", revised(10, 5))).await;
    door.tell(event("e5", "rescheduled", "10:20", revised(11, 4))).await;
    assert_eq!(door.appointment().await["start_at"], "2026-03-10T01:30:00.000000Z");
    door.tell(event("e6", "rescheduled", "10:05", revised(12, 6))).await;
    assert_eq!(door.appointment().await["start_at"], "2026-03-12T01:30:00.000000Z");

    door.tell(event("e7", "arrived", "10:30", at("10:30"))).await;
    assert_eq!(door.tell(event("e8", "cancelled", "10:31", at("10:31"))).await, "accepted");
    assert_eq!(door.appointment().await["state"], "arrived");
    assert_eq!(
        door.lines("event.stale").await,
        ["event.stale older_than_known", "event.stale older_than_known", "event.stale already_arrived"]
    );
    let stale = door.outcomes().await.into_iter().filter(|o| o.ends_with("stale")).count();
    assert_eq!(stale, 3);
}

#[tokio::test]
async fn a_fact_about_something_unknown_creates_it_and_its_older_booking_fills_in() {
    let door = Door::open().await;
    door.tell(event("e2", "arrived", "10:30", at("10:30"))).await;
    let arrived = door.appointment().await;
    assert_eq!(
        (&arrived["state"], &arrived["start_at"], &arrived["customer"]),
        (&json!("arrived"), &json!(null), &json!(null))
    );
    door.tell(booked("e1", "10:00")).await;
    let filled = door.appointment().await;
    assert_eq!((&filled["state"], &filled["start_at"]), (&json!("arrived"), &json!("2026-03-07T01:30:00.000000Z")));
    assert_eq!((&filled["customer"]["ref"], &filled["revision"]), (&json!("C-1"), &json!(0)));
    assert_eq!(door.outcomes().await, ["appointment.booked applied", "appointment.arrived applied"]);
    // Data that is there is not overwritten by what is older.
    door.tell(event("e3", "booked", "10:01", booking(9))).await;
    assert_eq!(door.appointment().await["start_at"], "2026-03-07T01:30:00.000000Z");
}

#[tokio::test]
async fn customers_are_refreshed_by_younger_events_only() {
    let door = Door::open().await;
    door.tell(booked("e1", "10:00")).await;
    let phones = |numbers: &[&str]| numbers.iter().map(|n| json!({"number": n})).collect::<Vec<_>>();
    let tell = |id: &'static str, time: &'static str, source: &'static str, customer: Value| {
        let data = with(with(booking(7), "/customer", customer), "/ref", json!(id));
        door.tell(with(event(id, "booked", time, data), "/source", json!(source)))
    };
    tell("e2", "09:59", "/dms/gz-tianhe", json!({"ref": "C-1", "name": "older"})).await;
    tell("e3", "10:01", "/web", json!({"ref": "C-1", "phones": phones(&["13700007777", "13700007777"])})).await;
    let customer = door.get("/v1/customers/C-1").await.1;
    assert_eq!(
        (&customer["name"], &customer["language"]),
        (&json!("王芳"), &json!("zh-CN")),
        "absent keys leave values"
    );
    assert_eq!(door.phones().await.len(), 3, "another source has its own list");

    tell(
        "e4",
        "10:02",
        "/dms/gz-tianhe",
        json!({"ref": "C-1", "name": "王芳芳", "phones": phones(&["020-8888 1234", "12345", ""])}),
    )
    .await;
    assert_eq!(
        door.phones().await,
        ["+862088881234 unknown -", "+8613700007777 unknown -", "12345 invalid not_a_number"]
    );
    assert_eq!(door.lines("customer.").await, ["customer.phone_invalid not_a_number"]);
    tell("e5", "10:03", "/dms/gz-tianhe", json!({"ref": "C-1", "phones": phones(&["139 0000 1234", "12345"])})).await;
    assert_eq!(door.lines("customer.").await.len(), 1, "said once");
    assert!(door.phones().await.contains(&"+8613900001234 unknown -".to_owned()), "it came back");

    tell(
        "e6",
        "10:04",
        "/web",
        json!({"phones": phones(&["12", "13600001111"]), "name": "x", "email": "not an address"}),
    )
    .await;
    let (status, nameless) = door.get("/v1/customers/phone:%2B8613600001111").await;
    assert_eq!((status.as_u16(), &nameless["name"]), (200, &json!("x")));
    assert_eq!(door.count("customers").await, 2);
}

#[tokio::test]
async fn a_vehicle_known_by_its_plate_adopts_the_vin() {
    let door = Door::open().await;
    door.tell(event("e1", "booked", "10:00", without(booking(7), "/vehicle/vin"))).await;
    let before = door.appointment().await["vehicle"]["id"].clone();
    door.tell(event("e2", "booked", "10:01", booking(7))).await;
    let after = door.appointment().await["vehicle"].clone();
    assert_eq!((&after["id"], &after["vin"]), (&before, &json!("JTHBJ46G9A2345678")));
    door.tell(event(
        "e3",
        "booked",
        "10:02",
        with(booking(7), "/vehicle", json!({"vin": "jthbj46g9a2345678", "plate": "粤B1"})),
    ))
    .await;
    assert_eq!(door.appointment().await["vehicle"]["plate"], "粤B1");
    assert_eq!(door.count("vehicles").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_senders_tell_of_the_same_customer_at_once() {
    let door = std::sync::Arc::new(Door::open().await);
    let tasks = (0..40).map(|n| {
        let door = std::sync::Arc::clone(&door);
        tokio::spawn(async move {
            let data = with(booking(7), "/ref", json!(format!("A-{}", n % 8)));
            door.tell(event(&format!("e{n}"), "booked", "10:00", data)).await
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert_eq!(task.await.expect("no panic"), "accepted");
    }
    assert_eq!(
        (door.count("customers").await, door.count("vehicles").await, door.count("appointments").await),
        (1, 1, 8)
    );
}
