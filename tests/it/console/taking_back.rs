//! Undo rather than "are you sure?": an outcome is taken back while nothing has followed from it; and switching between shops.
use aftercare::{calls::CallType, console::policy::Role};

use super::{
    seat::Seat,
    shift::{morning, takes},
};
use crate::{
    calls::desk::subject,
    shop::{
        Shop, anna, fang,
        workshop::{fact, opened},
    },
};

async fn says(seat: &mut Seat<'_>, call: &str, key: &str, more: &[(&str, &str)]) -> super::seat::Shown {
    let mut fields = vec![("key", key)];
    fields.extend_from_slice(more);
    seat.does(&format!("{call}/outcome"), &fields).await
}

/// Takes a call, reaches nobody, and has the next one on the screen: both, and the page.
async fn goes_on(seat: &mut Seat<'_>) -> (String, String, super::seat::Shown) {
    let (first, page) = takes(seat).await;
    let next = says(seat, &first, &page.field("key"), &[("outcome", "no_answer")]).await;
    let id = next.html.split("/console/calls/tsk_").nth(1).expect("a task")[..32].to_owned();
    (first, format!("/console/calls/tsk_{id}"), next)
}

#[tokio::test]
async fn an_outcome_is_taken_back_and_nothing_has_followed_from_it() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let (first, page) = takes(&mut li).await;
    let key = page.field("key");
    let next = says(&mut li, &first, &key, &[("outcome", "answered:dnc_all"), ("note", "never again")]).await;
    assert!(next.says("Saved. Here is the next call.") && next.says("Undo"), "{}", next.text());
    shop.drain().await;
    let task = shop.get(&format!("/v1/calls/{}", &first["/console/calls/".len()..])).await;
    assert_eq!((&task["state"], &task["reason"]), (&"scheduled".into(), &"word_kept".into()), "{task}");
    // Hu does not get it meanwhile, and a supervisor does not pull it away.
    let mut lead = shop.seat("sup-9", &[Role::Supervisor]).await;
    assert_eq!(lead.send(&format!("{first}/hold"), &[("reason", "x")]).await.status, 409);
    let back = li.does(&format!("{first}/undo"), &[]).await;
    assert!(back.says("Taken back: the call is yours again."), "{}", back.text());
    assert!(
        back.html.contains("never again") && back.html.contains("value=\"answered:dnc_all\" required checked"),
        "{}",
        back.html
    );
    let twice = li.does(&format!("{first}/undo"), &[]).await;
    assert!(twice.says("Taken back: the call is yours again."), "pressed twice: {}", twice.text());
    let queue = li.open("/console/calls").await;
    assert!(queue.says("Anna Weber") && !queue.says("agt-9 Li has it"), "the next one waits again: {}", queue.text());
    let key = back.field("key");
    let saved =
        says(&mut li, &first, &key, &[("outcome", "answered:parts_declined"), ("note", "thinks about it")]).await;
    assert_eq!(saved.status, 200);
    shop.leaps_by("11s");
    shop.drain().await;
    let task = shop.get(&format!("/v1/calls/{}", &first["/console/calls/".len()..])).await;
    assert_eq!((&task["state"], &task["calls"][0]["outcome"]), (&"done".into(), &"parts_declined".into()), "{task}");
    assert_eq!(task["calls"].as_array().map(Vec::len), Some(1), "one call, however often its word was said");
    let late = li.does(&format!("{first}/undo"), &[]).await;
    assert!(late.says("That outcome is on record already"), "{}", late.text());
}

#[tokio::test]
async fn who_says_the_next_word_has_made_up_their_mind_about_the_one_before() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let (first, second, next) = goes_on(&mut li).await;
    let key = next.field("key");
    says(&mut li, &second, &key, &[("outcome", "no_answer")]).await;
    let task = shop.get(&format!("/v1/calls/{}", &first["/console/calls/".len()..])).await;
    assert_eq!((&task["state"], &task["reason"]), (&"scheduled".into(), &"no_answer".into()), "{task}");
    let late = li.does(&format!("{first}/undo"), &[]).await;
    assert!(late.says("That outcome is on record already"), "{}", late.text());
    let back = li.does(&format!("{second}/undo"), &[]).await;
    assert!(back.says("Taken back"), "{}", back.text());
}

/// The dealership's system sends other telephones, or a person says that two customers are one, while the word waits.
#[tokio::test]
async fn a_word_stands_whosever_number_it_is_by_then() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let (first, page) = takes(&mut li).await;
    assert!(page.says("Call 王芳"), "{}", page.text());
    let task = &first["/console/calls/".len()..];
    let number = page.field("number");
    says(&mut li, &first, &page.field("key"), &[("outcome", "no_answer"), ("number", &number)]).await;
    let said_at = shop.now();
    let other = serde_json::json!([{"number": "137 0000 1111", "label": "mobile"}]);
    shop.hears(fact("customer.upserted", fang().with("phones", other).data)).await;
    shop.leaps_by("11s");
    shop.drain().await;
    let kept = shop.get(&format!("/v1/calls/{task}")).await;
    assert_eq!((&kept["state"], &kept["reason"]), (&"scheduled".into(), &"no_answer".into()), "{kept}");
    assert_eq!(
        kept["calls"][0]["ended_at"],
        serde_json::json!(said_at),
        "the moment for taking it back makes no call longer"
    );
    assert_eq!(aftercare::fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_form_twice_at_once_is_said_once() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let mut twin = shop.stranger();
    assert_eq!(twin.sign_in("agt-9", super::seat::PASSWORD).await.status, 303);
    let (first, page) = takes(&mut li).await;
    let (key, path) = (page.field("key"), format!("{first}/outcome"));
    let said = [("outcome", "no_answer"), ("then", "queue"), ("key", key.as_str())];
    let (one, other) = tokio::join!(li.send(&path, &said), twin.send(&path, &said));
    for answer in [one, other] {
        let to = answer.location.unwrap_or_default();
        assert!(answer.status == 303 && to.starts_with("/console/calls?done=saved&undo="), "{} {to}", answer.status);
    }
    shop.leaps_by("11s");
    shop.drain().await;
    let task = shop.get(&format!("/v1/calls/{}", &first["/console/calls/".len()..])).await;
    assert_eq!((task["calls"].as_array().map(Vec::len), &task["reason"]), (Some(1), &"no_answer".into()), "{task}");
}

#[tokio::test]
async fn what_vanished_meanwhile_and_what_was_dialled_meanwhile_are_kept_apart() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let (first, second, _) = goes_on(&mut li).await;
    assert_eq!(li.send(&format!("{second}/stage"), &[("stage", "dialing")]).await.status, 204);
    let busy = li.does(&format!("{first}/undo"), &[]).await;
    assert!(busy.says("Finish the call that you have dialled first."), "{}", busy.text());
    // Nobody else takes another's word back.
    let mut hu = shop.seat("agt-8", &[Role::Agent]).await;
    assert!(hu.does(&format!("{first}/undo"), &[]).await.says("That outcome is on record already"));
}

#[tokio::test]
async fn a_customer_whose_word_is_being_saved_is_not_rung_about_something_else() {
    let shop = morning().await;
    let anna = shop.knows(&anna()).await;
    let task = shop.new_task(CallType::PartsArrived, anna, &subject(9)).await;
    shop.plan(vec![task]).await;
    shop.drain().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    // Fang, then Anna about her part; what is left is Anna's follow-up, and she has just said that nobody is to call.
    for _ in 0..2 {
        let (call, page) = takes(&mut li).await;
        let key = page.field("key");
        let word = if page.says("Call Anna Weber") { "answered:dnc_all" } else { "no_answer" };
        let then = [("outcome", word), ("then", "queue"), ("key", key.as_str())];
        assert_eq!(li.send(&format!("{call}/outcome"), &then).await.status, 303);
    }
    let taken = li.send("/console/calls/next", &[]).await;
    assert_eq!(taken.location.as_deref(), Some("/console/calls?done=nothing"));
}

#[tokio::test]
async fn somebody_who_works_at_two_shops_goes_from_one_to_the_other_and_sees_one_at_a_time() {
    let shop = Shop::open().await;
    shop.hears(opened(&serde_json::json!({}))).await;
    let gz = shop.get("/v1/customers/C-1?dealership=gz-tianhe").await["id"].as_str().expect("an id").to_owned();
    shop.account("mgr-9", &[Role::ServiceManager]).await;
    shop.account_at("sh-pudong", "mgr-9", &[Role::Advisor]).await;
    let mut boss = shop.stranger();
    assert_eq!(boss.sign_in("mgr-9", super::seat::PASSWORD).await.status, 303);
    let home = boss.open("/console/calls").await;
    assert!(home.says("Work at") || home.html.contains("action=\"/console/go\""), "{}", home.text());
    let ids: Vec<String> = home
        .html
        .split("<option value=\"dlr_")
        .skip(1)
        .map(|part| format!("dlr_{}", part.split('"').next().unwrap_or_default()))
        .collect();
    assert_eq!(ids.len(), 2);
    let selected = home
        .html
        .split("<option value=\"dlr_")
        .skip(1)
        .position(|part| part.split('>').next().is_some_and(|tag| tag.contains("selected")))
        .expect("one is chosen");
    let (here, there) = (ids[selected].clone(), ids[1 - selected].clone());
    let was_gz = boss.open(&format!("/console/customers/{gz}")).await.status == 200;
    assert_eq!(boss.send("/console/go", &[("dealership", &there)]).await.status, 303);
    let is_gz = boss.open(&format!("/console/customers/{gz}")).await.status == 200;
    assert_ne!(was_gz, is_gz, "each shop's customers are seen there alone");
    // Their roles are those of the shop at which they are: a manager here, an advisor there.
    let settings = if is_gz { 200 } else { 403 };
    assert_eq!(boss.open("/console/settings").await.status, settings);
    assert_eq!(boss.send("/console/go", &[("dealership", &here)]).await.status, 303);
    assert_eq!(boss.open(&format!("/console/customers/{gz}")).await.status == 200, was_gz);
    let nowhere = boss.send("/console/go", &[("dealership", "dlr_00000000000000000000000000000000")]).await;
    assert!(nowhere.status >= 400, "{}", nowhere.status);
}
