//! An agent's shift: the next call, what to say, what it came to, the one after it; and two agents who meet.
use aftercare::{calls::CallType, console::policy::Role};

use super::seat::{Seat, Shown};
use crate::{
    calls::desk::subject,
    shop::{Shop, anna, fang},
};

/// Anna's car was handed back yesterday; Fang waits to hear of a part.
pub(super) async fn morning() -> Shop {
    let shop = Shop::open().await;
    let gz = shop.dealership("gz-tianhe").await;
    let (anna, fang) = (shop.knows(&anna()).await, shop.knows(&fang()).await);
    shop.drain().await;
    assert_eq!(shop.plan_follow_up(shop.visit(&gz, anna, shop.now())).await, None);
    let task = shop.new_task(CallType::PartsArrived, fang, &subject(2)).await;
    shop.wait_until("2026-03-03T10:01").await;
    shop.plan(vec![task]).await;
    shop.drain().await;
    shop
}

pub(super) async fn takes(seat: &mut Seat<'_>) -> (String, Shown) {
    let taken = seat.send("/console/calls/next", &[]).await;
    let to = taken.location.expect("a page");
    let page = seat.open(&to).await;
    (to.split('?').next().unwrap_or_default().to_owned(), page)
}

#[tokio::test]
async fn a_call_is_taken_made_and_said_and_the_next_one_is_on_the_screen() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let queue = li.open("/console/calls").await;
    assert!(queue.says("2 calls waiting") && queue.says("Anna Weber") && queue.says("王芳"), "{}", queue.text());
    let (first, page) = takes(&mut li).await;
    assert!(page.says("Call 王芳") && page.says("Part has arrived"), "{}", page.text());
    // Before somebody has said who they are, nothing of the visit; the words are the customer's own language.
    assert!(page.html.contains("lang=\"zh-CN\"") && page.html.contains("tel:+86138"), "{}", page.html);
    let key = page.field("key");
    let said = [("outcome", "answered:parts_declined"), ("note", "will think about it"), ("key", key.as_str())];
    let next = li.does(&format!("{first}/outcome"), &said).await;
    assert!(next.says("Call Anna Weber") && next.says("Saved. Here is the next call."), "{}", next.text());
    assert!(next.says("Overall, how satisfied are you with your visit?"), "{}", next.text());
    let again = li.send(&format!("{first}/outcome"), &said).await;
    assert_eq!(again.status, 303, "the same form again changes nothing");
    let id = next.html.split("/console/calls/tsk_").nth(1).expect("a task")[..32].to_owned();
    let key = next.field("key");
    let content = [
        ("outcome", "answered:completed_satisfied"),
        ("answer_fixed", "yes"),
        ("answer_overall", "5"),
        ("key", key.as_str()),
    ];
    let done = li.does(&format!("/console/calls/tsk_{id}/outcome"), &content).await;
    assert!(done.says("Saved. Nothing else is waiting.") && done.says("2 made by you today"), "{}", done.text());
    // It can be taken back for a moment; then it stands.
    shop.leaps_by("11s");
    shop.drain().await;
    let task = shop.get(&format!("/v1/calls/tsk_{id}")).await;
    assert_eq!((&task["state"], &task["calls"][0]["answers"]["overall"]), (&"done".into(), &5.into()));
}

#[tokio::test]
async fn what_is_missing_is_said_on_the_page() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let (call, _) = takes(&mut li).await;
    let nothing = li.send(&format!("{call}/outcome"), &[]).await;
    assert!(nothing.status == 422 && nothing.says("Say what came of the call."), "{}", nothing.text());
    let when = [("outcome", "answered:reschedule_any"), ("callback_at", "2026-03-01T10:00")];
    let past = li.send(&format!("{call}/outcome"), &when).await;
    assert!(past.status == 422 && past.says("The time must be later than now."), "{}", past.text());
    let later = li
        .does(
            &format!("{call}/outcome"),
            &[("outcome", "answered:reschedule_any"), ("callback_at", "2026-03-03T16:00"), ("by_me", "yes")],
        )
        .await;
    assert_eq!(later.status, 200);
    shop.leaps_by("11s");
    shop.drain().await;
    let list = li.open("/console/calls?tab=callbacks").await;
    assert!(list.says("4:00 PM") && list.says("promised by agt-9 Li"), "{}", list.text());
}

#[tokio::test]
async fn a_lost_race_names_the_winner_and_keeps_the_note() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let (call, _) = takes(&mut li).await;
    let mut hu = shop.seat("agt-8", &[Role::Agent]).await;
    let watched = hu.open("/console/calls").await;
    assert!(watched.says("agt-9 Li has it"), "{}", watched.text());
    let page = hu.open(&call).await;
    assert!(page.says("Somebody else has this call.") && !page.html.contains("name=\"outcome\""), "{}", page.text());
    assert_eq!(hu.send(&format!("{call}/give-back"), &[]).await.status, 303);
    // Li's lease runs out while the page is left alone, and Hu takes the call.
    shop.leaps_by("20m");
    shop.drain().await;
    let (other, _) = takes(&mut hu).await;
    assert_eq!(other, call);
    let lost = li.does(&format!("{call}/outcome"), &[("outcome", "no_answer"), ("note", "rang twice")]).await;
    assert!(lost.says("agt-8 Li has this call now."), "{}", lost.text());
    assert!(hu.open(&call).await.says("rang twice"));
}

#[tokio::test]
async fn a_supervisor_pauses_a_call_and_hands_it_over() {
    let shop = morning().await;
    shop.account("agt-8", &[Role::Agent]).await;
    let mut lead = shop.seat("sup-9", &[Role::Supervisor]).await;
    let call = lead.open("/console/calls").await.link("/console/calls/tsk_").expect("a call");
    let held = lead.does(&format!("{call}/hold"), &[("reason", "wait for the workshop")]).await;
    assert!(held.says("This call is paused: wait for the workshop"), "{}", held.text());
    assert!(lead.does(&format!("{call}/release"), &[]).await.says("Nobody has this call"));
    assert_eq!(lead.send(&format!("{call}/hand"), &[("to", "agt-8")]).await.status, 303);
    let mut hu = shop.stranger();
    assert_eq!(hu.sign_in("agt-8", super::seat::PASSWORD).await.status, 303);
    assert_eq!(takes(&mut hu).await.0, call, "theirs first");
}

#[tokio::test]
async fn numbers_are_masked_until_the_call_is_theirs() {
    let shop = morning().await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let call = li.open("/console/calls").await.link("/console/calls/tsk_").expect("a call");
    let before = li.open(&call).await;
    assert!(!before.html.contains("tel:") && before.says("••••"), "{}", before.text());
    let (mine, page) = takes(&mut li).await;
    assert_eq!(mine, call);
    assert!(page.html.contains("href=\"tel:+86"), "{}", page.html);
}
