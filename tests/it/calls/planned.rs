//! Calls are planned once, taken up again after they were withdrawn, and opened inside the customer's hours.
use aftercare::calls::{CallType, NoCall, Visit};

use super::desk::subject;
use crate::shop::{Shop, anna, fang, local};

#[tokio::test]
async fn a_call_is_planned_once_withdrawn_with_its_subject_and_taken_up_again() {
    let shop = Shop::open().await;
    let anna = shop.knows(&anna()).await;
    let task = shop.new_task(CallType::PartsArrived, anna, &subject(1)).await;
    let first = shop.plan(vec![task.clone(), task.clone()]).await;
    assert_eq!((first.len(), shop.plan(vec![task.clone()]).await.len()), (1, 0));
    assert_eq!(shop.tasks(&subject(1)).await, ["parts_arrived ready"]);
    assert_eq!(shop.withdraw(&subject(1), &[CallType::NoShow]).await, 0);
    assert_eq!(shop.withdraw(&subject(1), &[CallType::PartsArrived]).await, 1);
    assert_eq!(shop.withdraw(&subject(1), &[]).await, 0, "it is withdrawn already");
    assert_eq!(shop.tasks(&subject(1)).await, ["parts_arrived withdrawn gone"]);
    assert_eq!(shop.plan(vec![task]).await, first, "the same one again");
    assert_eq!(shop.tasks(&subject(1)).await, ["parts_arrived ready"]);
}

#[tokio::test]
async fn a_visit_is_followed_up_once_whoever_tells_of_it_again() {
    let shop = Shop::open().await;
    let gz = shop.dealership("gz-tianhe").await;
    let (anna, fang) = (shop.knows(&anna()).await, shop.knows(&fang()).await);
    let advisor = shop.staff("gz-tianhe", "adv-01").await;
    let visit = Visit { served_by: vec![advisor], ..shop.visit(&gz, anna, shop.now()) };
    assert_eq!(shop.plan_follow_up(visit.clone()).await, None);
    assert_eq!(shop.plan_follow_up(visit).await, None);
    assert_eq!(shop.tasks(&subject(1)).await, ["follow_up scheduled not_yet"]);
    let internal = Visit { is_internal: true, ..shop.visit(&gz, fang, local("2026-03-02T09:00")) };
    assert_eq!(shop.plan_follow_up(internal).await, Some(NoCall::Internal));
}

/// Whom no text can reach is called in its place, with the script of what it is about; a subject that moves on takes it back.
#[tokio::test]
async fn a_call_in_place_of_a_reminder_confirms_the_appointment_and_goes_with_it() {
    let shop = Shop::open().await;
    let landline = serde_json::json!([{"number": "020-8888 1234"}]);
    let nobody = anna().with("email", serde_json::json!(null)).with("phones", landline);
    shop.book(&nobody, "2026-03-05T09:30").await;
    shop.drain().await;
    shop.wait_until("2026-03-04T12:00").await;
    assert_eq!(shop.calls().await, ["confirm ready track_ran_out"]);
    shop.moves(&nobody, "2026-03-09T09:30").await;
    assert_eq!(shop.calls().await, ["confirm withdrawn track_ran_out"]);
    shop.drain().await;
    shop.wait_until("2026-03-07T12:00").await;
    assert_eq!(shop.calls().await[1], "confirm ready track_ran_out", "the new day is confirmed too");
    shop.cancels(&nobody).await;
    assert!(shop.calls().await.iter().all(|call| call.starts_with("confirm withdrawn")));
    shop.drain().await;
}
