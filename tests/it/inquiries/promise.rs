//! Acceptance row 1, to the minute.
use super::*;

#[tokio::test]
async fn acceptance_01_a_question_on_saturday_evening_is_answered_by_sunday_evening_or_that_is_on_record() {
    let shop = tianhe(saturday()).await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold. Can you look at it on Monday?").await;
    // Acknowledged at once; on arrival the manager is told, before the doors close at 18:00.
    assert_eq!(shop.subjects("anna@example.com").len(), 1, "the acknowledgement");
    insta::assert_snapshot!("acknowledgement", shop.inbox("anna@example.com")[0].text);
    assert_eq!(shop.subjects(MANAGER).len(), 1);
    insta::assert_snapshot!("at_risk", shop.inbox(MANAGER)[0].text);
    assert_eq!(clocks(&shop, "W-1").await, ["07 17:50 due 08 17:50 stopped - breached -"]);
    assert_eq!(shop.get("/v1/inquiries/W-1").await["state"], "new");

    // The acknowledgement alone is no answer: until the last minute nothing, then the breach, once.
    shop.wait_until("2026-03-08T17:49").await;
    assert_eq!(clocks(&shop, "W-1").await, ["07 17:50 due 08 17:50 stopped - breached -"]);
    let before = shop.subjects(MANAGER).len();
    shop.wait_until("2026-03-08T17:50").await;
    assert_eq!(clocks(&shop, "W-1").await, ["07 17:50 due 08 17:50 stopped - breached 08 17:50"]);
    assert_eq!(shop.subjects(MANAGER).len(), before + 1);
    assert_eq!(shop.subjects(DIRECTOR).len(), 1);
    insta::assert_snapshot!("breached", shop.inbox(DIRECTOR)[0].text);
    let mails = shop.inbox("anna@example.com");
    assert_eq!(mails.len(), 2, "the apology");
    insta::assert_snapshot!("apology", mails[1].text);
    // The call that it promises is in the queue.
    assert_eq!(tasks(&shop).await, ["inquiry_rescue 09 11:00"]);

    shop.wait_until("2026-03-08T23:00").await;
    let breaches = record(&shop, "C-1").await.into_iter().filter(|line| line.contains("inquiry.breached")).count();
    assert_eq!(breaches, 1);
    insta::assert_snapshot!("record", record(&shop, "C-1").await.join("\n"));
}

/// The calls that are planned, and by when.
async fn tasks(shop: &Shop) -> Vec<String> {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let rows: Vec<(String, aftercare::clock::Timestamp)> =
        tx.sql("SELECT type, due_at FROM call_tasks ORDER BY id").all().await.expect("tasks");
    rows.into_iter().map(|(kind, at)| format!("{kind} {}", on_the_wall(&at.to_string()))).collect()
}

#[tokio::test]
async fn acceptance_01_an_answer_at_17_49_keeps_the_promise() {
    let shop = tianhe(saturday()).await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    shop.wait_until("2026-03-08T17:49").await;
    assert_eq!(answers(&shop, "W-1", "Please come on Monday at ten.\n\nWe will check the pads.").await, "201 pending");
    assert_eq!(clocks(&shop, "W-1").await, ["07 17:50 due 08 17:50 stopped - breached -"], "written is not sent");
    shop.drain().await;
    assert_eq!(clocks(&shop, "W-1").await, ["07 17:50 due 08 17:50 stopped 08 17:49 breached -"]);
    assert_eq!(shop.get("/v1/inquiries/W-1").await["state"], "answered");
    insta::assert_snapshot!("answer", shop.inbox("anna@example.com").pop().expect("an answer").text);
    shop.wait_until("2026-03-08T23:00").await;
    assert!(record(&shop, "C-1").await.iter().all(|line| !line.contains("breached")));
    assert!(shop.subjects(DIRECTOR).is_empty());
}

#[tokio::test]
async fn acceptance_01_an_answer_that_comes_back_lets_the_clock_run_from_where_it_began() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal when cold.").await;
    shop.wait_until("2026-03-02T11:00").await;
    answers(&shop, "W-1", "Please come at ten.").await;
    shop.drain().await;
    assert_eq!(clocks(&shop, "W-1").await, ["02 10:00 due 03 10:00 stopped 02 11:00 breached -"]);
    // It bounces in hour 3: the clock shows hour 3, and whoever answered is told.
    shop.wait_until("2026-03-02T13:00").await;
    comes_back(&shop, "W-1").await;
    assert_eq!(clocks(&shop, "W-1").await, ["02 10:00 due 03 10:00 stopped - breached -"]);
    assert_eq!(shop.get("/v1/inquiries/W-1").await["state"], "assigned");
    insta::assert_snapshot!("came_back", shop.inbox(ADVISOR).pop().expect("a warning").text);
    shop.wait_until("2026-03-03T10:00").await;
    assert_eq!(clocks(&shop, "W-1").await, ["02 10:00 due 03 10:00 stopped - breached 03 10:00"]);
}

#[tokio::test]
async fn a_mail_server_that_refuses_the_answer_stops_no_clock() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna().with("email", "gone@"), "W-1", "Hello?").await;
    assert_eq!(answers(&shop, "W-1", "Hello.").await, "409 no_address");
    let (status, answer) =
        write(&shop, "W-1", &json!({"text": "Told her by phone.", "by": "adv-01", "channel": "phone"})).await;
    assert_eq!(said(status, &answer), "201 accepted");
    assert_eq!(clocks(&shop, "W-1").await, ["02 10:00 due 03 10:00 stopped 02 10:00 breached -"]);
}

#[tokio::test]
async fn a_question_after_the_answer_opens_another_clock_and_the_same_again_does_not() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    answers(&shop, "W-1", "Since when?").await;
    shop.drain().await;
    shop.advance("30m").await;
    let joins = json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": "W-2", "thread_ref": "W-1", "channel": "web", "received_at": shop.now(), "body": "Since Friday.", "customer": anna().data}});
    shop.hears(joins.clone()).await;
    shop.hears(joins).await;
    shop.drain().await;
    assert_eq!(
        clocks(&shop, "W-1").await,
        ["02 10:00 due 03 10:00 stopped 02 10:00 breached -", "02 10:30 due 03 10:30 stopped - breached -"]
    );
    assert_eq!(shop.items("/v1/inquiries?state=open").await.len(), 1);
}

#[tokio::test]
async fn nobody_takes_it_somebody_is_given_it_and_who_is_silent_loses_it() {
    let shop = tianhe("2026-03-02T09:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    let owner = async || shop.get("/v1/inquiries/W-1").await["owner"]["ref"].as_str().unwrap_or("nobody").to_owned();
    shop.wait_until("2026-03-02T09:14").await;
    assert_eq!(owner().await, "nobody");
    shop.wait_until("2026-03-02T09:15").await;
    let first = owner().await;
    assert_ne!(first, "nobody");
    shop.wait_until("2026-03-02T11:15").await;
    assert_eq!(owner().await, "nobody", "silent for two opening hours");
    shop.wait_until("2026-03-02T11:30").await;
    assert!(![first.as_str(), "nobody"].contains(&owner().await.as_str()));
}

#[tokio::test]
async fn before_closing_the_manager_has_the_list_of_what_falls_due_before_the_doors_open() {
    let shop = tianhe("2026-03-07T15:00").await;
    asks(&shop, &anna(), "W-1", "My brakes squeal.").await;
    shop.wait_until("2026-03-07T17:00").await;
    let list =
        shop.inbox(MANAGER).into_iter().find(|mail| mail.text.contains("fall due before we open")).expect("a list");
    insta::assert_snapshot!("closing_sweep", list.text);
}

#[tokio::test]
async fn the_sealed_report_has_the_evidence_of_each_promise_and_one_altered_byte_names_its_row() {
    let shop = tianhe("2026-03-02T10:00").await;
    for reference in ["W-1", "W-2"] {
        asks(&shop, &anna(), reference, &format!("My brakes squeal, {reference}.")).await;
    }
    shop.advance("30m").await;
    answers(&shop, "W-2", "Since when?").await;
    shop.drain().await;
    shop.wait_until("2026-03-03T11:00").await;
    let path = "/v1/reports/sla?dealership=gz-tianhe&month=2026-03&format=sealed";
    let (_, file) = shop.downloads(path).await;
    assert_eq!(aftercare::inquiries::proof::verify(&file).expect("as it was sealed").rows, 2);
    let text = String::from_utf8(file).expect("UTF-8");
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let row = |reference: &str| {
        let row = rows.iter().find(|row| row["content"]["ref"] == reference).expect("a row");
        row["content"].clone()
    };
    let (kept, broken) = (row("W-2"), row("W-1"));
    assert_eq!((&kept["in_time"], &broken["in_time"]), (&json!(true), &json!(false)));
    assert_eq!(kept["answered_by"], "person");
    for evidence in ["reply_written_at", "human_reply_at", "answered_at"] {
        assert_eq!(kept[evidence].as_str().map(on_the_wall).as_deref(), Some("02 10:30"), "{evidence}");
        assert_eq!(broken[evidence], Value::Null, "{evidence}");
    }
    let altered = text.replacen("\"in_time\":false", "\"in_time\":true", 1);
    let named = aftercare::inquiries::proof::verify(altered.as_bytes()).expect_err("altered");
    assert!(named.to_string().ends_with("was altered: inquiry W-1"), "{named}");
}
