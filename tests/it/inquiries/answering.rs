//! Two people at one inquiry, repeats, and what people decide.
use super::*;

#[tokio::test]
async fn two_agents_answer_in_the_same_second_and_one_reply_leaves() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    let thread = shop.get("/v1/inquiries/W-1").await;
    let seen = thread["thread"].as_array().expect("a thread").last().expect("an entry")["id"].clone();
    let body = |by: &str, text: &str| json!({"text": text, "by": by, "seen": seen});
    let (one, other) = (body("adv-01", "At ten."), body("adv-02", "At noon."));
    let (first, second) = tokio::join!(write(&shop, "W-1", &one), write(&shop, "W-1", &other));
    let mut outcomes = [said(first.0, &first.1), said(second.0, &second.1)];
    outcomes.sort();
    assert_eq!(outcomes, ["201 pending", "409 newer_reply"]);
    shop.drain().await;
    assert_eq!(shop.inbox("anna@example.com").len(), 2, "the acknowledgement and one answer");
}

#[tokio::test]
async fn an_answer_is_refused_when_the_customer_has_written_meanwhile() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    let thread = shop.get("/v1/inquiries/W-1").await;
    let seen = thread["thread"][0]["id"].clone();
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": "W-2", "thread_ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "Never mind.", "customer": anna().data}}))
        .await;
    let (status, answer) = write(&shop, "W-1", &json!({"text": "At ten.", "by": "adv-01", "seen": seen})).await;
    assert_eq!(said(status, &answer), "409 newer_message");
    shop.drain().await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_its_reason() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    for (body, expected) in [
        (json!({"text": " ", "by": "adv-01"}), "422 wrong_length"),
        (json!({"text": "It costs [[price]].", "by": "adv-01"}), "422 prompt_unfilled"),
        (json!({"text": "Hello", "by": "nobody"}), "422 unknown_staff"),
        (json!({"text": "Hello", "by": "adv-01", "channel": "sms"}), "422 channel_not_possible"),
        (json!({"text": "Hello", "by": "adv-01", "attachments": [{}]}), "400 unreadable"),
        (json!({"text": "Hello", "by": "adv-01", "canned": "price"}), "422 not_possible"),
        (json!({"by": "adv-01", "canned": "price"}), "422 unknown_canned_reply"),
        (json!({"text": "Hello"}), "400 unreadable"),
        (json!({"by": "adv-01"}), "422 wrong_length"),
    ] {
        let (status, answer) = write(&shop, "W-1", &body).await;
        assert_eq!(said(status, &answer), expected, "{body}");
    }
    assert_eq!(answers(&shop, "W-9", "Hello").await, "404 not_found");
    let foreign = shop.key_for(Some("sh-pudong")).await;
    let (status, _) = shop.call("GET", "/v1/inquiries/W-1", &foreign, None).await;
    assert_eq!(status, 404);
    let (status, list) = shop.call("GET", "/v1/inquiries?state=open", &foreign, None).await;
    assert_eq!((status, list["items"].as_array().map(Vec::len)), (200, Some(0)));
}

#[tokio::test]
async fn a_reply_for_later_yields_when_the_customer_writes_first() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    asks(&shop, &anna(), "W-3", "And the wipers, too.").await;
    for reference in ["W-1", "W-3"] {
        let later = json!({"text": "Good morning.", "by": "adv-01", "send_at": local("2026-03-02T11:00")});
        let (status, answer) = write(&shop, reference, &later).await;
        assert_eq!(said(status, &answer), "201 scheduled");
    }
    shop.advance("5m").await;
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": "W-2", "thread_ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "Also a scratch.", "customer": anna().data}}))
        .await;
    shop.wait_until("2026-03-02T11:00").await;
    let state = async |reference: &str| {
        let thread = shop.get(&format!("/v1/inquiries/{reference}")).await;
        let entries = thread["thread"].as_array().expect("a thread").clone();
        entries.iter().find(|entry| entry["author"] == "person").expect("a reply")["state"].clone()
    };
    assert_eq!((state("W-1").await, state("W-3").await), (json!("withdrawn"), json!("accepted")));
}

#[tokio::test]
async fn what_people_decide() {
    let shop = tianhe("2026-03-02T10:00").await;
    for (reference, words) in
        [("W-1", "My brakes squeal."), ("W-2", "Buy pills"), ("W-3", "It is me again."), ("W-4", "Hello")]
    {
        asks(&shop, &anna(), reference, words).await;
    }
    assert_eq!(does(&shop, "W-1", "close", json!({"reason": "no time"})).await, "409 unanswered");
    assert_eq!(does(&shop, "W-2", "spam", json!({"reason": "pills"})).await, "200 spam");
    assert_eq!(does(&shop, "W-2", "assign", json!({"staff": "adv-01"})).await, "409 over");
    assert_eq!(does(&shop, "W-3", "merge", json!({"into": "W-1", "reason": "same matter"})).await, "200 new");
    assert_eq!(clocks(&shop, "W-1").await.len(), 1, "one promise for both");
    assert_eq!(does(&shop, "W-1", "claim", json!({"staff": "adv-02"})).await, "200 new");
    assert_eq!(does(&shop, "W-1", "claim", json!({"staff": "adv-01"})).await, "409 claimed");
    assert_eq!(answers(&shop, "W-1", "At ten.").await, "409 claimed");
    shop.advance("11m").await;
    assert_eq!(answers(&shop, "W-1", "At ten.").await, "201 pending");
    shop.drain().await;
    assert_eq!(does(&shop, "W-1", "close", json!({"reason": "settled"})).await, "200 closed");
    let thread = shop.get("/v1/inquiries/W-1").await["thread"].clone();
    let second =
        thread.as_array().expect("a thread").iter().filter(|entry| entry["author"] == "customer").nth(1).expect("two")
            ["id"]
            .clone();
    assert_eq!(does(&shop, "W-1", "split", json!({"entry": second})).await, "200 answered");
    assert_eq!(does(&shop, "W-4", "assign", json!({"staff": "adv-02"})).await, "200 assigned");
    shop.wait_until("2026-03-03T12:00").await;
    assert_eq!(shop.get("/v1/inquiries/W-2").await["breached_at"], Value::Null, "spam is no broken promise");
}

#[tokio::test]
async fn the_same_key_is_the_same_answer() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    let send = async |text: &str| {
        let body = json!({"text": text, "by": "adv-01"});
        shop.keyed("POST", "/v1/inquiries/W-1/replies", "k-1", &body).await
    };
    let (first, again, other) = (send("At ten.").await, send("At ten.").await, send("At noon.").await);
    assert_eq!((first.0, again.0, other.0), (201, 201, 422));
    assert_eq!(first.1["id"], again.1["id"]);
    shop.drain().await;
    assert_eq!(shop.inbox("anna@example.com").len(), 2, "the acknowledgement and one answer");
}

#[tokio::test]
async fn a_reply_for_later_goes_where_its_thread_goes() {
    let shop = tianhe("2026-03-02T10:00").await;
    for (reference, words) in [("W-1", "My brakes squeal."), ("W-2", "It is me again.")] {
        asks(&shop, &anna(), reference, words).await;
    }
    let later = async |reference: &str, at: &str, text: &str| {
        let body = json!({"text": text, "by": "adv-01", "send_at": local(at)});
        let path = format!("/v1/inquiries/{reference}/replies");
        let (status, answer) = shop.keyed("POST", &path, "k-1", &body).await;
        assert_eq!(said(status, &answer), "201 scheduled");
    };
    shop.advance("5m").await;
    // Both under one key, which no thread can have twice.
    later("W-1", "2026-03-02T12:00", "At noon.").await;
    later("W-2", "2026-03-02T11:00", "At eleven.").await;
    assert_eq!(does(&shop, "W-2", "merge", json!({"into": "W-1", "reason": "same matter"})).await, "200 assigned");
    let states = async |reference: &str| {
        let thread = shop.get(&format!("/v1/inquiries/{reference}")).await;
        let entries = thread["thread"].as_array().expect("a thread").clone();
        let by_people = entries.iter().filter(|entry| entry["author"] == "person");
        by_people.map(|entry| format!("{} {}", entry["text"], entry["state"])).collect::<Vec<_>>()
    };
    shop.wait_until("2026-03-02T11:01").await;
    assert_eq!(states("W-1").await, [r#""At noon." "scheduled""#, r#""At eleven." "accepted""#]);
    // The second question is another matter: what was written since is about it.
    let thread = shop.get("/v1/inquiries/W-1").await["thread"].clone();
    let mut asked = thread.as_array().expect("a thread").iter().filter(|entry| entry["author"] == "customer");
    let second = asked.next_back().expect("two")["id"].clone();
    let path = "/v1/inquiries/W-1/split";
    let (status, apart) = shop.send("POST", path, &json!({"entry": second})).await;
    assert_eq!(status, 200, "{apart}");
    let apart = apart["id"].as_str().expect("an id").to_owned();
    assert_eq!(states(&apart).await, [r#""At noon." "scheduled""#, r#""At eleven." "accepted""#]);
    shop.wait_until("2026-03-02T12:01").await;
    assert_eq!(states(&apart).await, [r#""At noon." "accepted""#, r#""At eleven." "accepted""#]);
}

#[tokio::test]
async fn a_key_that_is_no_plain_text_is_refused_and_not_dropped() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    let body = json!({"text": "At ten.", "by": "adv-01"});
    let long = "k".repeat(201);
    for key in ["schlüssel", "", long.as_str()] {
        let (status, answer) = shop.keyed("POST", "/v1/inquiries/W-1/replies", key, &body).await;
        assert_eq!(said(status, &answer), "422 idempotency_key", "{key}");
    }
    assert_eq!(shop.get("/v1/inquiries/W-1").await["answered_at"], Value::Null);
}
