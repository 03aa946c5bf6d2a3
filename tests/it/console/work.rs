//! An advisor's morning and a manager's review: inquiries, a customer's page, a message, parts, cases, the outbox.
use aftercare::{clock::Clock, console::policy::Role};
use serde_json::json;

use crate::{
    fakes::smtp::Act,
    shop::{Shop, anna, local, workshop::ordered},
};

async fn asks(shop: &Shop, reference: &str, words: &str) {
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": reference, "channel": "web", "received_at": shop.now(), "body": words, "customer": anna().data}}))
        .await;
    shop.drain().await;
}

#[tokio::test]
async fn an_inquiry_is_answered_from_its_page_and_the_clock_stops() {
    let shop = Shop::open().await;
    asks(&shop, "W-1", "My brakes <b>squeal</b>.").await;
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let list = chen.open("/console/inquiries").await;
    assert!(
        list.says("1 waits for an answer") && list.says("Anna Weber") && list.says("due in 1 d"),
        "{}",
        list.text()
    );
    assert!(list.html.contains("&lt;b&gt;squeal"), "what a customer writes stays text");
    let page = list.link("/console/inquiries/inq_").expect("a thread");
    let thread = chen.open(&page).await;
    let (seen, key) = (thread.field("seen"), thread.field("key"));
    let form = |text: &'static str| [("text", text), ("seen", seen.as_str()), ("key", key.as_str())];
    let prompt = chen.send(&format!("{page}/reply"), &form("It costs [[price]].")).await;
    assert!(prompt.status == 422 && prompt.says("There is still a place to fill in: price"), "{}", prompt.text());
    assert!(prompt.html.contains("It costs [[price]]."), "nothing that was typed is lost");
    let sent = chen.does(&format!("{page}/reply"), &form("Please come in at ten.")).await;
    assert!(sent.says("On its way.") && sent.says("Please come in at ten."), "{}", sent.text());
    shop.drain().await;
    assert!(chen.open("/console/inquiries?tab=answered").await.says("Anna Weber"));
    assert!(chen.open("/console/inquiries").await.says("0 wait for an answer"));
    assert_eq!(shop.inbox("anna@example.com").len(), 2, "the acknowledgement and the answer");
}

#[tokio::test]
async fn an_answer_that_falls_due_while_the_doors_are_closed_is_wanted_before_they_close() {
    let shop = Shop::opening().clock(Clock::fixed(local("2026-03-07T17:50"))).open().await;
    asks(&shop, "W-1", "Have you time on Tuesday?").await;
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let page = chen.open("/console/inquiries").await.link("/console/inquiries/inq_").expect("a thread");
    let thread = chen.open(&page).await;
    assert!(thread.says("closed then: answer before 18:00"), "{}", thread.text());
    // Too late for today: nothing is said of a time that is over.
    shop.app.ids.clock.set(local("2026-03-07T18:01"));
    let closed = chen.open(&page).await;
    assert!(!closed.says("closed then"), "{}", closed.text());
}

#[tokio::test]
async fn who_wrote_first_is_named_and_both_texts_are_on_the_page() {
    let shop = Shop::open().await;
    asks(&shop, "W-1", "My brakes squeal.").await;
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let page = chen.open("/console/inquiries").await.link("/console/inquiries/inq_").expect("a thread");
    let seen = chen.open(&page).await.field("seen");
    let mut lin = shop.seat("adv-8", &[Role::Advisor]).await;
    assert_eq!(lin.send(&format!("{page}/claim"), &[]).await.status, 204);
    assert!(chen.open(&page).await.says("adv-8 is writing an answer."));
    let claimed = chen.send(&format!("{page}/reply"), &[("text", "At ten."), ("seen", &seen)]).await;
    assert!(claimed.status == 409 && claimed.says("adv-8 is answering this just now."), "{}", claimed.text());
    assert_eq!(lin.send(&format!("{page}/reply"), &[("text", "At noon."), ("seen", &seen)]).await.status, 303);
    let late = chen.send(&format!("{page}/reply"), &[("text", "At ten."), ("seen", &seen)]).await;
    assert!(late.status == 409 && late.says("Another answer went out since"), "{}", late.text());
    assert!(late.says("At noon.") && late.html.contains("At ten."));
}

#[tokio::test]
async fn a_customers_page_tells_what_was_said_and_what_is_still_to_come() {
    let shop = Shop::open().await;
    let id = shop.knows(&anna()).await;
    shop.drain().await;
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    for typed in ["139 0000 1234", "anna", "粤A12345", "C-1", "anna@example.com"] {
        let query = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
        let found = chen.open(&format!("/console/customers?q={query}")).await;
        assert!(found.html.contains(&format!("/console/customers/{id}")), "{typed}: {}", found.text());
    }
    assert!(chen.open("/console/customers?q=weber").await.says("Nobody was found."));
    let page = chen.open(&format!("/console/customers/{id}")).await;
    for words in [
        "Anna Weber",
        "Appointment confirmation",
        "Appointment reminder",
        "Appointment booked",
        "ES300h",
        "+8613900001234",
    ] {
        assert!(page.says(words), "{words}: {}", page.text());
    }
    let mut agent = shop.seat("agt-9", &[Role::Agent]).await;
    let masked = agent.open(&format!("/console/customers/{id}")).await;
    assert!(!masked.html.contains("13900001234") && masked.says("+86139••••1234"), "{}", masked.text());
}

#[tokio::test]
async fn a_message_is_seen_before_it_is_sent_and_sent_once() {
    let shop = Shop::open().await;
    let id = shop.knows(&anna()).await;
    shop.drain().await;
    let before = shop.inbox("anna@example.com").len();
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let empty = chen.open(&format!("/console/send?customer={id}")).await;
    assert!(empty.says("Choose what to send"), "{}", empty.text());
    let query =
        format!("/console/send?customer={id}&kind=appointment.reminder&subject=appointment%3AA-1&channel=email");
    let seen = chen.open(&query).await;
    assert!(seen.says("What will happen") && seen.says("Goes at once."), "{}", seen.text());
    assert_eq!(shop.inbox("anna@example.com").len(), before, "looking sends nothing");
    let (id_text, key) = (id.to_string(), seen.field("key"));
    let form = [
        ("customer", id_text.as_str()),
        ("key", key.as_str()),
        ("kind", "appointment.reminder"),
        ("subject", "appointment:A-1"),
        ("channel", "email"),
    ];
    let sent = chen.does("/console/send", &form).await;
    assert!(sent.says("Done: see it under messages"), "{}", sent.text());
    assert_eq!(chen.send("/console/send", &form).await.status, 303);
    shop.drain().await;
    assert_eq!(shop.inbox("anna@example.com").len(), before + 1);
    let other = chen.open(&query).await;
    let again = [("customer", id_text.as_str()), ("key", &other.field("key")), form[2], form[3], form[4]];
    let refused = chen.send("/console/send", &again).await;
    assert!(refused.status == 409 && refused.says("less than 10 minutes ago"), "{}", refused.text());
}

#[tokio::test]
async fn what_failed_says_why_and_what_to_do_and_is_tried_again_by_hand() {
    let shop = Shop::opening()
        .mail(|n| if n == 0 { Act::AtRcpt("550 5.1.1 no such user") } else { Act::Accept })
        .without_sms()
        .open()
        .await;
    shop.knows(&anna()).await;
    shop.drain().await;
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let outbox = boss.open("/console/outbox").await;
    assert!(
        outbox.says("Appointment confirmation")
            && outbox.says("No such mailbox")
            && outbox.says("Ask the customer for another address."),
        "{}",
        outbox.text()
    );
    let page = outbox.link("/console/outbox/msg_").expect("a message");
    let one = boss.open(&page).await;
    assert!(one.says("550 5.1.1 no such user") || one.says("5.1.1"), "{}", one.text());
    assert_eq!(boss.send(&format!("{page}/retry"), &[]).await.status, 303);
    shop.drain().await;
    assert!(boss.open(&page).await.says("sent"));
}

#[tokio::test]
async fn a_case_goes_from_raised_to_verified_by_somebody_else() {
    let shop = Shop::open().await;
    shop.knows(&anna()).await;
    let raised = json!({"dealership": "gz-tianhe", "customer": "C-1", "words": "Nobody explained the bill."});
    let (status, case) = shop.does("POST", "/v1/cases", raised).await;
    assert_eq!(status, 201, "{case}");
    let page = format!("/console/cases/{}", case["id"].as_str().expect("an id"));
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let board = boss.open("/console/cases").await;
    assert!(board.says("Anna Weber") && board.says("Nobody explained the bill."), "{}", board.text());
    assert!(boss.does(&format!("{page}/acknowledge"), &[]).await.says("acknowledged"));
    assert!(boss.does(&format!("{page}/contact"), &[("note", "Called at ten.")]).await.says("Called at ten."));
    let empty = boss.send(&format!("{page}/resolve"), &[("resolution", "")]).await;
    assert!(empty.status == 422 && empty.says("Say what was done and why it happened."), "{}", empty.text());
    let done = boss
        .does(
            &format!("{page}/resolve"),
            &[("cause", "explanation"), ("resolution", "Went through the bill together.")],
        )
        .await;
    assert!(done.says("resolved"), "{}", done.text());
    let own = boss.send(&format!("{page}/verify"), &[]).await;
    assert!(own.status == 422 && own.says("Somebody else must verify this."), "{}", own.text());
    let mut lead = shop.seat("sup-9", &[Role::Supervisor]).await;
    assert!(lead.does(&format!("{page}/verify"), &[("note", "She is content.")]).await.says("Settled and verified"));
}

#[tokio::test]
async fn the_parts_board_says_what_is_late_and_whose_turn_it_is() {
    let shop = Shop::open().await;
    shop.hears(ordered(&json!({"eta": "2026-03-03T10:00:00+08:00"}))).await;
    let mut he = shop.seat("prt-9", &[Role::Parts]).await;
    let board = he.open("/console/parts").await;
    assert!(board.says("Water pump") && board.says("16100") && !board.says("overdue"), "{}", board.text());
    shop.wait_until("2026-03-04T10:00").await;
    assert_eq!(he.sign_in("prt-9", super::seat::PASSWORD).await.status, 303, "after two days");
    let late = he.open("/console/parts").await;
    assert!(late.says("overdue"), "{}", late.text());
    shop.part("1", "received", &json!({"qty": 1})).await;
    let half = he.open("/console/parts?tab=here").await;
    assert!(half.says("waits for the rest of the order: 1 of 2 here"), "{}", half.text());
    assert!(he.open("/console/parts").await.says("1 of 2 here"), "beside the line that is still to come too");
    shop.part("2", "received", &json!({"qty": 2})).await;
    let here = he.open("/console/parts?tab=here").await;
    assert!(here.says("Water pump") && here.says("Advisor") && here.says("worth 820"), "{}", here.text());
    assert!(!here.says("of 2 here"), "{}", here.text());
}
