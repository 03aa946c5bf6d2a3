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
