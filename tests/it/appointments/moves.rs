//! Another time for a visit: by a digit somebody is to call, by the link one is taken where the book is kept here.
use aftercare::appointments::actions::Acted;
use serde_json::{Value, json};

use super::acts::Act;
use crate::shop::{Customer, Opening, Shop, anna, fang, local};

const SECRET: &str = "what the gateway shows us";
const ANNA: &str = "+8613900001234";

/// A shop that keeps its own book and reads what is texted back.
fn keeps_its_book() -> Opening {
    Shop::opening()
        .dealership("gz-tianhe", "rules", json!({"appointments": {"book": "here"}}))
        .setting("INBOUND__SMS__SECRET", SECRET)
}

/// The path of the page in the newest mail.
fn page_of(shop: &Shop, address: &str) -> String {
    let mail = shop.inbox(address).pop().expect("a mail").text;
    let start = mail.find("/a/").unwrap_or_else(|| panic!("no link in {mail}"));
    mail[start..].split_whitespace().next().expect("a link").to_owned()
}

/// The times that a page offers.
fn offered(page: &str) -> Vec<String> {
    let begins = "name=\"slot\" value=\"";
    page.match_indices(begins)
        .map(|(at, _)| page[at + begins.len()..].split('"').next().expect("a time").to_owned())
        .collect()
}

impl Shop {
    async fn texts_back(&self, id: &str, text: &str) -> Value {
        let body = json!({"id": id, "from": ANNA, "to": "+8610690000", "text": text});
        let (status, answer) = self.call("POST", "/in/http/inbound", SECRET, Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["taken_for"].clone()
    }
    /// What is to be called about a visit, and why.
    async fn to_call(&self) -> Vec<String> {
        let open = self.items("/v1/calls?limit=100").await;
        let open = open.iter().filter(|task| matches!(task["state"].as_str(), Some("scheduled" | "ready")));
        let mut tasks: Vec<String> =
            open.map(|task| format!("{} {}", task["type"], task["planned_because"]).replace('"', "")).collect();
        tasks.sort();
        tasks
    }
    async fn has_capacity(&self, date: &str, available: f64) {
        self.hears(
            json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "capacity.set", "dealership": "gz-tianhe",
            "data": {"date": date, "available_hours": available}}),
        )
        .await;
    }
}

#[tokio::test]
async fn acceptance_28_digit_two_is_a_call_that_waits_and_by_link_a_new_time_is_taken_and_the_calendar_follows() {
    let shop = keeps_its_book().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.inbox("anna@example.com")[0].calendar("SEQUENCE"), "0");
    let path = page_of(&shop, "anna@example.com");

    assert_eq!(shop.texts_back("in-1", "2").await, "move");
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "move_requested");
    assert_eq!(shop.to_call().await, ["callback move_requested"]);
    shop.advance("5m").await;

    let (status, page) = shop.opens(&path).await;
    let times = offered(&page);
    assert!(status == 200 && !page.contains("<script"), "{page}");
    assert!(times.contains(&"2026-03-04T06:00:00.000000Z".to_owned()), "{times:?}");
    assert!(!times.contains(&"2026-03-05T01:30:00.000000Z".to_owned()), "the time that they have is none to move to");
    assert_eq!(shop.get("/v1/appointments/A-1").await["revision"], 0, "looking changes nothing");
    let (status, page) = shop.sends(&path, &[("do", "take")]).await;
    assert!(status == 422 && page.contains("Please choose a time first."), "{page}");

    let take = [("do", "take"), ("slot", "2026-03-04T06:00:00.000000Z")];
    for _ in 0..2 {
        let (status, page) = shop.sends(&path, &take).await;
        assert!(status == 200 && page.contains("Moved.") && page.contains("Wed, Mar 4, 2:00 PM"), "{page}");
    }
    let shown = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&shown["state"], &shown["revision"]), (&json!("booked"), &json!(1)));
    assert_eq!(shown["end_at"], Value::Null, "no end was ever said");
    assert!(shop.to_call().await.is_empty(), "nobody has to call any more");
    shop.drain().await;
    let mails = shop.inbox("anna@example.com");
    let change = mails.last().expect("a change");
    assert_eq!((mails.len(), change.calendar("SEQUENCE").as_str()), (2, "1"));
    assert_eq!(change.calendar("UID"), mails[0].calendar("UID"));
    // The reminder of the old time is gone, and there is one of the new time: a day before it.
    let reminders = shop.items("/v1/notices?subject=A-1&kind=appointment.reminder").await;
    let of = |state: &str| reminders.iter().filter(|one| one["state"] == state).collect::<Vec<_>>();
    assert_eq!((of("withdrawn").len(), of("waiting").len(), reminders.len()), (1, 1, 2), "{reminders:?}");
    assert_eq!(of("waiting")[0]["not_before"], "2026-03-03T06:00:00.000000Z");
}

#[tokio::test]
async fn who_wants_another_time_again_is_called_again_and_may_keep_theirs_or_not_come() {
    let shop = keeps_its_book().open().await;
    let agent = shop.employs("agt-1", &["en"]).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let says = async |outcome: &str| {
        let id = shop.takes(agent).await;
        let word = json!({"telephony_result": "answered", "outcome": outcome});
        assert_eq!(shop.says(agent, &id, word).await, format!("done {outcome}"));
        shop.drain().await;
        shop.advance("10m").await;
        shop.get("/v1/appointments/A-1").await["state"].clone()
    };
    assert_eq!(shop.texts_back("in-1", "2").await, "move");
    assert_eq!(says("appointment_confirmed").await, "confirmed", "they keep the time that they have");
    assert!(shop.to_call().await.is_empty());
    assert_eq!(shop.act("A-1", Act::AskToMove).await, Acted::Done);
    assert_eq!(shop.act("A-1", Act::AskToMove).await, Acted::Again);
    assert_eq!(shop.to_call().await, ["callback move_requested"], "one call, however often they ask before it");
    assert_eq!(says("completed_satisfied").await, "move_requested", "no time was found yet");
    // Nobody is called more than twice a day.
    shop.wait_until("2026-03-03T10:30").await;
    assert_eq!(shop.act("A-1", Act::AskToMove).await, Acted::Again);
    assert_eq!(shop.to_call().await, ["callback move_requested"], "they ask again");
    assert_eq!(says("appointment_cancelled").await, "cancelled");
    assert!(shop.to_call().await.is_empty());
    // It is a word about a visit.
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en"]).await;
    shop.book(&anna(), "2026-03-05T10:00").await;
    shop.drain().await;
    shop.wait_until("2026-03-05T10:31").await;
    let id = shop.takes(agent).await;
    let word = json!({"telephony_result": "answered", "outcome": "appointment_cancelled"});
    assert_eq!(shop.says(agent, &id, word).await, "422 wrong_outcome");
}

#[tokio::test]
async fn of_two_who_are_given_one_time_at_once_the_second_is_seen_to_be() {
    let shop = keeps_its_book().open().await;
    let body = |customer: &Customer| json!({"dealership": "gz-tianhe", "start_at": local("2026-03-05T14:00"), "customer": customer.data, "advisor_ref": "adv-01"});
    // Who is known already, so that neither waits for the other's new row.
    for (key, customer) in [("k-0", anna()), ("k-1", fang())] {
        let mut before = body(&customer);
        before["start_at"] = json!(local(if key == "k-0" { "2026-03-10T10:00" } else { "2026-03-11T10:00" }));
        assert_eq!(shop.keyed("POST", "/v1/appointments", key, &before).await.0, 201);
    }
    let (one, other) = (body(&anna()), body(&fang()));
    let (one, other) = tokio::join!(
        shop.keyed("POST", "/v1/appointments", "k-2", &one),
        shop.keyed("POST", "/v1/appointments", "k-3", &other)
    );
    let warned =
        [&one.1, &other.1].iter().filter(|booked| !booked["warnings"].as_array().expect("a list").is_empty()).count();
    assert_eq!(warned, 1, "{} {}", one.1, other.1);
    shop.drain().await;
}

#[tokio::test]
async fn of_two_who_want_the_last_time_one_gets_it_and_the_other_keeps_theirs_and_is_offered_others() {
    let shop = keeps_its_book().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.book(&fang(), "2026-03-05T11:00").await;
    // Friday has room for one of them: an hour and a half of the two hours that it has.
    shop.has_capacity("2026-03-06", 2.0).await;
    shop.drain().await;
    let (one, other) = (page_of(&shop, "anna@example.com"), page_of(&shop, "wang@example.com"));
    let friday = |hour: u8| format!("2026-03-06T0{hour}:00:00.000000Z");
    for page in [&one, &other] {
        let (_, page) = shop.opens(page).await;
        assert!([2, 6].iter().all(|hour| offered(&page).contains(&friday(*hour))), "{page}");
    }
    let (first, second) = (friday(2), friday(6));
    let take = [[("do", "take"), ("slot", &*first)], [("do", "take"), ("slot", &*second)]];
    let (first_told, second_told) = tokio::join!(shop.sends(&one, &take[0]), shop.sends(&other, &take[1]));
    let mut answers = [first_told, second_told];
    answers.sort_by_key(|(status, _)| *status);
    assert_eq!(answers.each_ref().map(|(status, _)| *status), [200, 409], "{}", answers[1].1);
    let refused = &answers[1].1;
    assert!(refused.contains("has just been taken") || refused.contains("刚被约走"), "{refused}");
    let others = offered(refused);
    assert!(!others.is_empty() && !others.iter().any(|time| time.starts_with("2026-03-06")), "{others:?}");
    let mut starts = Vec::new();
    for reference in ["A-1", "A-2"] {
        starts.push(
            shop.get(&format!("/v1/appointments/{reference}")).await["start_at"].as_str().expect("a time")[..10]
                .to_owned(),
        );
    }
    starts.sort();
    assert_eq!(starts, ["2026-03-05", "2026-03-06"]);
    shop.drain().await;
    let told = shop.inbox("anna@example.com").len() + shop.inbox("wang@example.com").len();
    assert_eq!(told, 3, "two confirmations, one change");
}

#[tokio::test]
async fn a_time_of_the_same_advisor_that_went_while_the_page_was_open_is_not_given_twice() {
    let shop = keeps_its_book().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let path = page_of(&shop, "anna@example.com");
    shop.book(&fang(), "2026-03-06T10:10").await;
    shop.drain().await;
    for (time, status) in [
        ("2026-03-06T02:00:00.000000Z", 409), // ten minutes before the other arrival
        ("2026-03-08T02:00:00.000000Z", 409), // a Sunday
        ("2026-03-02T01:00:00.000000Z", 409), // past
        ("2026-03-06T02:15:00.000000Z", 409), // no half hour
        ("tomorrow", 422),
    ] {
        assert_eq!(shop.sends(&path, &[("do", "take"), ("slot", time)]).await.0, status, "{time}");
    }
    assert_eq!(shop.get("/v1/appointments/A-1").await["revision"], 0);
    assert_eq!(shop.sends(&path, &[("do", "take"), ("slot", "2026-03-06T03:00:00.000000Z")]).await.0, 200);
    assert_eq!(shop.get("/v1/appointments/A-1").await["revision"], 1);
    shop.drain().await;
}

#[tokio::test]
async fn where_another_system_keeps_the_book_three_wishes_wait_until_it_answers() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    shop.drain().await;
    let path = page_of(&shop, "anna@example.com");
    let (_, page) = shop.opens(&path).await;
    assert!(offered(&page).is_empty() && page.matches("name=\"wishes\"").count() == 3, "{page}");
    let wishes = [("do", "move"), ("wishes", "Monday after 16:00"), ("wishes", ""), ("wishes", "Tuesday")];
    assert!(shop.sends(&path, &wishes).await.1.contains("your advisor will contact you"));
    // A time that was made up is none that we could give.
    let (_, page) = shop.sends(&path, &[("do", "take"), ("slot", "2026-03-18T02:00:00.000000Z")]).await;
    assert!(page.contains("can no longer be changed here"), "{page}");
    let lines = shop.items("/v1/timeline?limit=500&appointment=A-1").await;
    assert!(lines.iter().any(|line| line["what"] == "appointment.times_wished"), "{lines:?}");
    assert_eq!(shop.get("/v1/appointments/A-1").await["wishes"], "Monday after 16:00\nTuesday");
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "move_requested");
    assert_eq!(shop.to_call().await, ["callback move_requested"]);
    shop.advance("1m").await;
    shop.moves(&anna(), "2026-03-23T16:30").await;
    shop.drain().await;
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "booked");
    assert!(shop.to_call().await.is_empty());
    assert_eq!(shop.inbox("anna@example.com").len(), 2, "told of the change");
}

#[tokio::test]
async fn parts_that_lie_there_learn_that_their_visit_was_called_off_by_the_link() {
    let shop = Shop::open().await;
    let of_parts = |what: &str, data: Value| {
        json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": format!("parts.{what}"),
        "dealership": "gz-tianhe", "data": data})
    };
    let lines = json!([{"line_ref": "1", "part_no": "04465", "name": "pads", "qty": 1}]);
    let car = json!({"vin": "JTHBJ46G9A2345678"});
    shop.hears(of_parts(
        "ordered",
        json!({"order_ref": "P-1", "customer": anna().data, "vehicle": car, "lines": lines}),
    ))
    .await;
    shop.hears(of_parts("received", json!({"order_ref": "P-1", "line_ref": "1", "qty": 1, "at": shop.now()}))).await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    shop.drain().await;
    assert!(shop.get("/v1/parts-orders/P-1").await["booked_at"].is_string());
    let path = page_of(&shop, "anna@example.com");
    shop.advance("1m").await;
    assert_eq!(shop.sends(&path, &[("do", "cancel")]).await.0, 200);
    assert_eq!(shop.get("/v1/parts-orders/P-1").await["booked_at"], Value::Null, "whose turn it is begins anew");
    shop.drain().await;
}
