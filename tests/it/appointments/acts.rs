//! What customers do themselves, by a link, a digit or on the phone.
use aftercare::{
    appointments::{
        Appointment,
        actions::{Acted, ask_to_move, cancel_by_customer, confirm_by_customer, move_by_customer},
    },
    clock::Timestamp,
    db::{self, Weight},
    desk::Desk,
    id::Id,
};
use serde_json::json;

use super::ANNA;
use crate::shop::{Shop, anna, local};

#[derive(Clone, Copy)]
pub(super) enum Act {
    Confirm,
    AskToMove,
    Cancel,
    MoveTo(Timestamp),
}

impl Shop {
    pub(super) async fn act(&self, reference: &str, act: Act) -> Acted {
        let shown = self.get(&format!("/v1/appointments/{reference}")).await;
        let id: Id<Appointment> = shown["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let (app, at) = (self.app.clone(), self.now());
        let acted = self.app.db.write(Weight::ONE, move |tx| {
            let app = app.clone();
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let acted = match act {
                    Act::Confirm => confirm_by_customer(&mut desk, id, "digit", at).await?,
                    Act::AskToMove => ask_to_move(&mut desk, id, "digit", at).await?,
                    Act::Cancel => cancel_by_customer(&mut desk, id, "link", at).await?,
                    Act::MoveTo(start) => move_by_customer(&mut desk, id, start, "link", at).await?,
                };
                desk.close().await?;
                Ok::<_, db::Error>(acted)
            })
        });
        acted.await.expect("committed")
    }
}

async fn booked() -> Shop {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T10:00").await;
    shop.drain().await;
    shop.advance("1m").await;
    shop
}

#[tokio::test]
async fn confirmed_once_and_again_it_is_confirmed() {
    let shop = booked().await;
    assert_eq!(shop.act("A-1", Act::Confirm).await, Acted::Done);
    assert_eq!(shop.act("A-1", Act::Confirm).await, Acted::Again);
    let shown = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&shown["state"], &shown["confirmed_via"]), (&json!("confirmed"), &json!("digit")));
    // Repeated tonight by their system it stays confirmed.
    shop.book(&anna(), "2026-03-05T10:00").await;
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "confirmed");
    shop.drain().await;
}

#[tokio::test]
async fn cancelled_by_themselves_they_are_told_and_nobody_waits() {
    let shop = booked().await;
    assert_eq!(shop.act("A-1", Act::Cancel).await, Acted::Done);
    assert_eq!(shop.act("A-1", Act::Cancel).await, Acted::Again);
    assert_eq!(shop.act("A-1", Act::Confirm).await, Acted::TooLate("already_cancelled"));
    shop.wait_until("2026-03-05T11:00").await;
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "cancelled");
    assert_eq!(shop.subjects(ANNA).len(), 2);
}

#[tokio::test]
async fn moved_by_themselves_the_entry_in_their_calendar_moves() {
    let shop = booked().await;
    assert_eq!(shop.act("A-1", Act::MoveTo(local("2026-03-06T14:00"))).await, Acted::Done);
    shop.drain().await;
    let change = shop.inbox(ANNA).pop().expect("a mail");
    assert_eq!(change.calendar("SEQUENCE"), "1");
    assert!(change.text.contains("Fri, Mar 6, 2:00 PM") && change.text.contains("Thu, Mar 5"), "{}", change.text);
}

#[tokio::test]
async fn who_asks_for_another_time_is_not_missed_at_the_old_one() {
    let shop = booked().await;
    assert_eq!(shop.act("A-1", Act::AskToMove).await, Acted::Done);
    shop.wait_until("2026-03-05T11:00").await;
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "move_requested");
    assert!(shop.timeline("A-1").await.contains(&"appointment.move_requested".to_owned()));
    assert_eq!(shop.act("A-1", Act::Confirm).await, Acted::TooLate("already_over"));
}
