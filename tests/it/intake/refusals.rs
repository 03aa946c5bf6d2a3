//! What is refused: a problem that says where, and nothing is stored.
use serde_json::{Value, json};

use super::door::{Door, at, booked, booking, event, with, without};

#[tokio::test]
async fn each_mistake_is_named_by_its_pointer_and_nothing_is_stored() {
    let door = Door::open().await;
    let good = || booked("e1", "10:00");
    let cases: Vec<(Value, &str, &str)> = vec![
        (without(good(), "/specversion"), "/specversion", "required"),
        (with(good(), "/specversion", json!("0.3")), "/specversion", "unknown_specversion"),
        (with(good(), "/id", json!("a\u{7}b")), "/id", "control_character"),
        (with(good(), "/id", json!("x".repeat(201))), "/id", "too_long"),
        (with(good(), "/id", json!("")), "/id", "required"),
        (with(good(), "/id", json!(17)), "/id", "wrong_type"),
        (without(good(), "/source"), "/source", "required"),
        (with(good(), "/source", json!("not a uri")), "/source", "not_a_uri_reference"),
        (with(good(), "/source", json!("/a%zz")), "/source", "not_a_uri_reference"),
        (without(good(), "/type"), "/type", "required"),
        (with(good(), "/subject", json!(5)), "/subject", "wrong_type"),
        (without(good(), "/time"), "/time", "required"),
        (with(good(), "/time", json!("2026-03-05T10:12:00")), "/time", "not_a_time"),
        (with(good(), "/time", json!("2026-03-05T11:10:01+08:00")), "/time", "time_in_future"),
        (without(good(), "/dealership"), "/dealership", "unknown_dealership"),
        (with(good(), "/dealership", json!("nowhere")), "/dealership", "unknown_dealership"),
        (with(good(), "/dealership", json!("")), "/dealership", "unknown_dealership"),
        (with(good(), "/dealership", json!(7)), "/dealership", "wrong_type"),
        (with(good(), "/data/ref", json!(" ")), "/data/ref", "required"),
        (
            with(good(), "/data/customer", json!({"ref": "", "phones": [{"number": "12"}]})),
            "/data/customer/ref",
            "required",
        ),
        (without(good(), "/data"), "/data", "required"),
        (with(good(), "/data", json!([])), "/data", "wrong_type"),
        (without(good(), "/data/ref"), "/data/ref", "required"),
        (with(good(), "/data/ref", json!("r".repeat(201))), "/data/ref", "too_long"),
        (without(good(), "/data/start_at"), "/data/start_at", "required"),
        (with(good(), "/data/start_at", json!("tomorrow")), "/data/start_at", "not_a_time"),
        (with(good(), "/data/end_at", json!("2026-03-07T09:29:59+08:00")), "/data/end_at", "ends_before_it_starts"),
        (without(good(), "/data/customer"), "/data/customer", "required"),
        (with(good(), "/data/customer", json!({"name": "王芳"})), "/data/customer/ref", "required"),
        (
            with(good(), "/data/customer/name", json!("Bob\r\nBcc: x@example.com")),
            "/data/customer/name",
            "control_character",
        ),
        (with(good(), "/data/customer/name", json!("a\u{0}b")), "/data/customer/name", "unstorable_text"),
        (with(good(), "/data/note", json!({"x": ["\u{0}"]})), "/data/note/x/0", "unstorable_text"),
        (with(good(), "/data/customer/phones", json!("139")), "/data/customer/phones", "wrong_type"),
        (
            with(good(), "/data/customer/phones/1/number", json!("1-800-FLOWERS")),
            "/data/customer/phones/1/number",
            "phone_letters",
        ),
        (
            with(good(), "/data/customer/phones/0/number", json!("139\r\n0000 1234")),
            "/data/customer/phones/0/number",
            "phone_letters",
        ),
        (
            with(good(), "/data/customer/email", json!("a@example.com\r\nx")),
            "/data/customer/email",
            "control_character",
        ),
        (with(good(), "/data/customer/time_zone", json!("Mars/Base")), "/data/customer/time_zone", "unknown_time_zone"),
        (with(good(), "/data/services", json!([{"hours": -1}])), "/data/services/0/hours", "wrong_type"),
        (with(good(), "/data/is_comeback", json!("no")), "/data/is_comeback", "wrong_type"),
        (with(good(), "/data/revision", json!(-2)), "/data/revision", "wrong_type"),
        (event("e1", "cancelled", "10:00", json!({"ref": "A-1"})), "/data/at", "required"),
        (json!("an event"), "", "wrong_type"),
    ];
    for (body, pointer, code) in cases {
        let (status, problem) = door.send(body.to_string()).await;
        assert_eq!(status, 422, "{pointer} {code}: {problem}");
        let named = problem["errors"]
            .as_array()
            .is_some_and(|all| all.iter().any(|e| e["pointer"] == pointer && e["code"] == code));
        assert!(named, "{pointer} {code}: {problem}");
    }
    // All at once, in a batch by index.
    let two = with(with(good(), "/id", json!("")), "/data/customer/phones/0/number", json!("abc"));
    let (status, problem) = door.send(json!([good(), two, with(good(), "/time", json!(0))]).to_string()).await;
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!((status.as_u16(), pointers), (422, vec!["/1/id", "/1/data/customer/phones/0/number", "/2/time"]));
    assert_eq!(problem["code"], "invalid");
    assert_eq!(
        (door.count("events").await, door.count("customers").await, door.count("appointments").await),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_before_it_costs_anything() {
    let door = Door::open().await;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let twice = r#"{"specversion":"1.0","id":"a","id":"b"}"#;
    for body in ["", "{", "nonsense", "{\"a\":1}}", deep.as_str(), twice] {
        let (status, problem) = door.send(body).await;
        assert_eq!(
            (status.as_u16(), problem["code"].as_str()),
            (400, Some("unreadable")),
            "{}",
            &body[..body.len().min(30)]
        );
    }
    assert_eq!(door.send(b"{\"a\":\"\xff\"}".to_vec()).await.0, 400);
    let lone = booked("e1", "10:00").to_string().replace("brake squeal", r"\ud800");
    let (status, problem) = door.send(lone).await;
    assert_eq!((status.as_u16(), problem["errors"][0]["pointer"].as_str()), (422, Some("/data/customer_words")));

    let many: Vec<Value> = (0..1001).map(|n| booked(&format!("e{n}"), "10:00")).collect();
    let (status, problem) = door.send(json!(many).to_string()).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (422, &json!("/1000")));
    assert_eq!(problem["code"], "too_many_events");

    let huge = with(booked("e1", "10:00"), "/data/customer_words", json!("x".repeat(5 << 20)));
    assert_eq!(door.send(huge.to_string()).await.0, 413);
    assert_eq!(door.count("events").await, 0);
}

#[tokio::test]
async fn media_types_are_those_of_the_contract() {
    let door = Door::open().await;
    let one = booked("e1", "10:00");
    let kind = |media: &'static str| [("content-type", media)];
    for media in ["text/plain", "application/xml", "", "application/json; charset=gbk", "application/cloudevents+avro"]
    {
        assert_eq!(door.send_as(&kind(media), &one).await, 415, "{media}");
    }
    assert_eq!(
        door.send_as(&[("content-type", "application/json"), ("ce-id", "e1"), ("ce-specversion", "1.0")], &booking(7))
            .await,
        415
    );
    assert_eq!(door.send_as(&[], &with(one.clone(), "/data_base64", json!("AAAA"))).await, 415);
    assert_eq!(door.send_as(&[], &with(one.clone(), "/datacontenttype", json!("application/xml"))).await, 415);
    assert_eq!(door.send_as(&kind("application/cloudevents+json"), &json!([one])).await, 422);
    assert_eq!(door.send_as(&kind("application/cloudevents-batch+json"), &one).await, 422);
    assert_eq!(door.count("events").await, 0);

    let named = with(one.clone(), "/datacontenttype", json!("application/json; charset=utf-8"));
    assert_eq!(door.send_as(&kind("application/cloudevents+json; charset=UTF-8"), &named).await, 202);
    assert_eq!(door.send_as(&kind("application/cloudevents-batch+json"), &json!([booked("e2", "10:00")])).await, 202);
    assert_eq!(door.send_as(&kind("application/json"), &json!([booked("e3", "10:00")])).await, 202);
    assert_eq!(door.send_as(&kind("application/json"), &json!([])).await, 202);
    assert_eq!(door.count("events").await, 3);
}

#[tokio::test]
async fn a_key_of_one_dealership_speaks_for_it_alone() {
    let door = Door::open().await;
    let key = door.key_for(Some("gz-tianhe")).await;
    let unnamed = without(booked("e1", "10:00"), "/dealership");
    assert_eq!(door.send_with(&key, &unnamed).await.0, 202);
    assert_eq!(door.appointment().await["dealership"], "gz-tianhe");
    for foreign in ["la-torrance", "nowhere"] {
        let batch = json!([booked("e2", "10:00"), with(booked("e3", "10:00"), "/dealership", json!(foreign))]);
        let (status, problem) = door.send_with(&key, &batch).await;
        assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("forbidden")));
    }
    assert_eq!(door.count("events").await, 1);

    // Reading is within the key's dealership as well: another's is not there.
    let abroad = with(event("e4", "arrived", "10:30", at("10:30")), "/dealership", json!("la-torrance"));
    door.tell(with(abroad, "/data/ref", json!("B-1"))).await;
    door.tell(with(with(booked("e5", "10:00"), "/dealership", json!("la-torrance")), "/source", json!("/dms/la")))
        .await;
    assert_eq!(door.get_with(&key, "/v1/appointments/B-1").await.0, 404);
    assert_eq!(door.get_with(&key, "/v1/appointments/A-1").await.0, 200);
    assert_eq!(door.get_with(&key, "/v1/customers/C-1").await.0, 200);
    let (status, problem) = door.get("/v1/appointments/A-1").await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("ambiguous_ref")));
    let (status, there) = door.get("/v1/appointments/A-1?dealership=la-torrance").await;
    assert_eq!(status, 200);
    assert_eq!(door.get_with(&key, &format!("/v1/appointments/{}", there["id"].as_str().unwrap())).await.0, 404);
    assert_eq!(
        door.get_with(&door.key_for(None).await, &format!("/v1/appointments/{}", there["id"].as_str().unwrap()))
            .await
            .0,
        200
    );
    assert_eq!(door.get("/v1/customers/C-1").await.0, 409);
    assert_eq!(door.get("/v1/customers/nobody").await.0, 404);
}
