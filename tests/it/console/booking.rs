//! Booking by hand: somebody calls, their history is looked up, what is wrong with the time is said, and it is booked once.
use aftercare::{
    console::policy::Role,
    surveys::{self, actions::OnThePhone},
};
use serde_json::{Value, json};

use super::seat::{Seat, Shown};
use crate::shop::{
    Shop, anna, fang,
    workshop::{fact, opened},
};

const PAGE: &str = "/console/book";
const FANG: &str = "+8613800005678";

/// A shop that keeps its own book.
async fn keeps_its_book() -> Shop {
    Shop::opening().dealership("gz-tianhe", "rules", json!({"appointments": {"book": "here"}})).open().await
}

fn query(phone: &str) -> String {
    format!("{PAGE}?phone={}", url::form_urlencoded::byte_serialize(phone.as_bytes()).collect::<String>())
}

/// Anna says on the telephone how content she was with a visit.
async fn scores(shop: &Shop, reference: &str, overall: i64) {
    let id = shop.get(&format!("/v1/repair-orders/{reference}")).await["id"].as_str().expect("an id").to_owned();
    let said = json!({"fixed": true, "overall": overall});
    let said = said.as_object().expect("answers").clone();
    let answers = surveys::actions::read(shop.app.questionnaires.current(), "", &said).expect("answers");
    let at = shop.now();
    shop.at_the_desk(move |desk| {
        let (id, answers) = (id.clone(), answers.clone());
        Box::pin(async move {
            let said = OnThePhone { repair_order_id: &id, answers: &answers, interviewer_id: None, at };
            surveys::actions::record_answers(desk, &said).await.map(|_| ())
        })
    })
    .await;
}

/// Sends the page's form with what was typed.
async fn books(seat: &mut Seat<'_>, page: &Shown, typed: &[(&str, &str)]) -> Shown {
    let (key, customer) = (page.field("key"), page.field("customer"));
    let mut fields = vec![("key", key.as_str()), ("customer", customer.as_str())];
    fields.extend_from_slice(typed);
    seat.send(PAGE, &fields).await
}

#[tokio::test]
async fn acceptance_02_somebody_new_is_booked_by_hand_without_any_other_system() {
    let shop = keeps_its_book().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let nobody = li.open(&query("139 0000 7777")).await;
    assert!(nobody.says("New customer") && nobody.field("phone") == "139 0000 7777", "{}", nobody.text());
    let typed = [
        ("name", "李娜"),
        ("salutation", "女士"),
        ("phone", "139 0000 7777"),
        ("language", "zh-CN"),
        ("plate", "粤B88888"),
        ("model", "NX350h"),
        ("year", "2025"),
        ("start", "2026-03-03T14:00"),
        ("hours", "1.5"),
        ("service", "4万公里保养"),
        ("words", "冷车异响"),
        ("advisor", "adv-01"),
    ];
    let booked = books(&mut li, &nobody, &typed).await;
    assert_eq!(booked.status, 303, "{}", booked.text());
    let to = booked.location.expect("a page");
    let page = li.open(&to).await;
    assert!(page.says("李娜") && page.says("Booked: the confirmation is under messages."), "{}", page.text());
    // The same form again is the same booking.
    assert_eq!(books(&mut li, &nobody, &typed).await.location.as_deref(), Some(to.as_str()));
    shop.drain().await;
    let listed = shop.items("/v1/appointments?dealership=gz-tianhe").await;
    let [one] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((&one["state"], &one["channel"]), (&json!("booked"), &json!("phone")));
    assert_eq!((&one["vehicle"]["plate"], &one["advisor"]["ref"]), (&json!("粤B88888"), &json!("adv-01")));
    assert_eq!(one["customer_words"], "冷车异响");
    assert_eq!(shop.phone("+8613900007777").len(), 1, "one confirmation");
}

#[tokio::test]
async fn acceptance_36_the_history_is_on_the_page_before_anything_is_booked() {
    let shop = keeps_its_book().await;
    for n in 1..=6 {
        let jobs = json!([{"code": format!("J-{n}"), "name": format!("Work {n}")}]);
        shop.hears(opened(&json!({"ref": format!("R-{n}"), "jobs": jobs}))).await;
    }
    let pads = json!({"code": "BP", "name": "Brake pads", "severity": "safety"});
    shop.repair("work_found", &json!({"items": [pads]})).await;
    shop.repair("work_declined", &json!({"items": ["BP"], "by": "customer", "via": "phone"})).await;
    shop.hears(fact("repair_order.delivered", json!({"ref": "R-6", "at": shop.now()}))).await;
    scores(&shop, "R-6", 2).await;
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let page = chen.open(&query("139 0000 1234")).await;
    assert!(page.says("Anna Weber") && page.says("ES300h"), "{}", page.text());
    let seen: Vec<bool> = (1..=6).map(|n| page.says(&format!("Work {n}"))).collect();
    assert_eq!(seen, [false, true, true, true, true, true], "the last five: {}", page.text());
    assert!(page.says("Brake pads") && page.says("safety"), "{}", page.text());
    assert!(page.says("2 of 5"), "{}", page.text());
}

#[tokio::test]
async fn what_speaks_against_a_time_is_said_once_and_then_it_is_booked_all_the_same() {
    let shop = keeps_its_book().await;
    shop.hears(opened(&json!({"jobs": [{"code": "BRK", "name": "Brakes"}]}))).await;
    shop.repair("delivered", &json!({})).await;
    shop.hears(fang().books("2026-03-05T09:40", shop.now())).await;
    shop.drain().await;
    let before = shop.inbox("anna@example.com").len();
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let page = chen.open(&query("粤A12345")).await;
    let typed = [
        ("car", "vin:JTHBJ46G9A2345678"),
        ("start", "2026-03-05T10:00"),
        ("service", "Brakes"),
        ("code", "brk"),
        ("advisor", "adv-01"),
    ];
    let warned = books(&mut chen, &page, &typed).await;
    assert_eq!(warned.status, 200);
    for words in ["20 minutes before or after", "It looks like the same trouble again (R-1)", "Book all the same"] {
        assert!(warned.says(words), "{words}: {}", warned.text());
    }
    assert!(warned.html.contains("value=\"2026-03-05T10:00\"") && warned.html.contains("value=\"brk\""));
    assert_eq!(shop.items("/v1/appointments?dealership=gz-tianhe").await.len(), 1, "nothing is stored by looking");
    let seen = warned.field("seen");
    let mut again = typed.to_vec();
    again.push(("seen", &seen));
    assert_eq!(books(&mut chen, &warned, &again).await.status, 303);
    shop.drain().await;
    let listed = shop.items("/v1/appointments?dealership=gz-tianhe&comeback=true").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(shop.inbox("anna@example.com").len(), before + 1);
}

#[tokio::test]
async fn where_another_system_keeps_the_book_nothing_is_booked_here() {
    let shop = Shop::open().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    assert!(li.open(PAGE).await.html.contains("name=\"phone\""), "nobody else has told of an appointment");
    let page = li.open(&query("139 0000 7777")).await;
    shop.hears(anna().books("2026-03-20T09:30", shop.now())).await;
    assert!(li.open(PAGE).await.says("Another system keeps this dealership's book"));
    let typed = [("name", "X"), ("phone", "139 0000 7777"), ("start", "2026-03-06T10:00"), ("service", "S")];
    let late = books(&mut li, &page, &typed).await;
    assert_eq!(late.status, 409, "{}", late.text());
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let settings = boss.open("/console/settings").await;
    assert!(settings.says("here, unless another system tells of them"), "{}", settings.text());
}

#[tokio::test]
async fn a_system_books_once_for_each_key_and_is_told_what_is_wrong() {
    let shop = keeps_its_book().await;
    let key = shop.key_for(Some("gz-tianhe")).await;
    let wanted = json!({"start_at": "2026-03-05T10:00:00+08:00", "services": [{"code": "S", "name": "Service", "hours": 1}],
        "customer": fang().data, "vehicle": {"plate": "粤A54321", "model_code": "RX350h"}});
    let book = async |once: Option<&str>, body: &Value| {
        shop.call_once("POST", "/v1/appointments", (&key, once), Some(body)).await
    };
    let (status, _, problem) = book(None, &wanted).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("idempotency_key")));
    let (status, _, seen) = shop.call_once("POST", "/v1/appointments?preview=true", (&key, None), Some(&wanted)).await;
    assert_eq!((status, &seen["state"]), (200, &json!("booked")), "{seen}");
    assert!(shop.items("/v1/appointments").await.is_empty());
    let (status, replayed, first) = book(Some("k-1"), &wanted).await;
    assert_eq!((status, replayed), (201, false), "{first}");
    let (status, replayed, again) = book(Some("k-1"), &wanted).await;
    assert_eq!((status, replayed, &again["id"]), (201, true, &first["id"]));
    let mut other = wanted.clone();
    other["start_at"] = json!("2026-03-06T10:00:00+08:00");
    let (status, _, problem) = book(Some("k-1"), &other).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("idempotency_key_reused")), "{problem}");
    other["start_at"] = json!("2026-03-01T10:00:00+08:00");
    let (status, _, problem) = book(Some("k-2"), &other).await;
    assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("/start_at")), "{problem}");
    let (status, _, problem) = book(Some("k-3"), &json!({"start_at": "soon", "customer": {"name": "X"}})).await;
    let pointers: Vec<&str> =
        problem["errors"].as_array().expect("errors").iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!((status, pointers), (422, vec!["/start_at", "/customer/ref"]), "{problem}");
    shop.drain().await;
    assert_eq!(shop.items("/v1/appointments").await.len(), 1);
    assert_eq!(shop.phone(FANG).len(), 1);
    // A key for every dealership has its keys at each: nothing of the one is found at the other.
    let everywhere = shop.key_for(None).await;
    for (dealership, at) in [("gz-tianhe", "2026-03-09T10:00:00+08:00"), ("tk-minato", "2026-03-09T10:00:00+09:00")] {
        let mut body = wanted.clone();
        (body["dealership"], body["start_at"]) = (json!(dealership), json!(at));
        for replayed in [false, true] {
            let told = shop.call_once("POST", "/v1/appointments", (&everywhere, Some("k-9")), Some(&body)).await;
            assert_eq!((told.0, told.1, &told.2["dealership"]), (201, replayed, &json!(dealership)), "{}", told.2);
        }
    }
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_20_the_times_of_the_next_days_stand_on_the_page_with_what_remains_and_one_is_picked() {
    let shop = keeps_its_book().await;
    let capacity = json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "capacity.set", "dealership": "gz-tianhe",
        "data": {"date": "2026-03-03", "available_hours": 10.0}});
    shop.hears(capacity).await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let page = li.open(&query("139 0000 7777")).await;
    assert!(page.says("8.0 h may still be booked, 10.0 of 10.0 h are free"), "{}", page.text());
    // For nine hours that day has no room any more: the page is drawn again, and nothing is missing yet.
    let long = books(&mut li, &page, &[("name", "李娜"), ("hours", "9"), ("then", "times")]).await;
    assert_eq!(long.status, 200);
    assert!(!long.html.contains("value=\"2026-03-03T") && long.html.contains("value=\"2026-03-04T01:00:00.000000Z\""));
    assert!(long.html.contains("value=\"李娜\""), "what was typed stays");
    let picked = [
        ("name", "李娜"),
        ("phone", "139 0000 7777"),
        ("plate", "粤B88888"),
        ("model", "NX350h"),
        ("slot", "2026-03-03T06:00:00.000000Z"),
        ("start", ""),
        ("hours", "1.5"),
        ("service", "4万公里保养"),
        ("advisor", "adv-01"),
    ];
    assert_eq!(books(&mut li, &page, &picked).await.status, 303);
    shop.drain().await;
    let listed = shop.items("/v1/appointments?dealership=gz-tianhe").await;
    assert_eq!(listed[0]["start_at"], "2026-03-03T06:00:00.000000Z");
    // Taken, it is offered no more to the same advisor, and the room of that day has become less.
    let fang = li.open(&query("138 0000 5678")).await;
    let again = books(&mut li, &fang, &[("advisor", "adv-01"), ("then", "times")]).await;
    assert!(again.says("6.5 h may still be booked, 8.5 of 10.0 h are free"), "{}", again.text());
    assert!(!again.html.contains("value=\"2026-03-03T06:00:00.000000Z\""));
    assert!(again.html.contains("value=\"2026-03-03T06:30:00.000000Z\""));
    // Neither picked nor typed: it is said.
    let neither =
        books(&mut li, &fang, &[("name", "王芳"), ("phone", "138 0000 5678"), ("slot", "other"), ("service", "S")])
            .await;
    assert_eq!(neither.status, 422, "{}", neither.text());
}
