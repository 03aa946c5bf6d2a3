//! A calendar's answers to our invitations.
use super::{ANNA, mail, signing};
use crate::shop::{Shop, anna};

async fn told() -> Shop {
    let shop = signing().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

/// What her calendar sends for the invitation that she has.
fn answers(shop: &Shop, says: &str, from: &str, attendee: &str) -> String {
    let invited = shop.inbox(ANNA).into_iter().rev().find(|mail| mail.invite.is_some()).expect("an invitation");
    let (uid, sequence) = (invited.calendar("UID"), invited.calendar("SEQUENCE"));
    let file = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSEQUENCE:{sequence}\r\n\
         DTSTAMP:20260302T030000Z\r\nATTENDEE;PARTSTAT={says}:mailto:{attendee}\r\nEND:VEVENT\r\nEND:VCALENDAR"
    );
    mail(from, &format!("{says}: your appointment"), "", &file).replace("text/plain", "text/calendar; method=REPLY")
}

async fn state(shop: &Shop) -> String {
    shop.get("/v1/appointments/A-1").await["state"].as_str().expect("a state").to_owned()
}

#[tokio::test]
async fn accepted_in_the_calendar_is_confirmed() {
    let shop = told().await;
    let raw = answers(&shop, "ACCEPTED", "Anna <anna@example.com>", ANNA);
    shop.leaps_by("1m");
    let row = shop.mailed(Some(ANNA), &shop.reply_to(ANNA), &raw).await;
    assert_eq!(row.said(), "invite_reply applied appointment.confirmed");
    assert_eq!(state(&shop).await, "confirmed");
}

#[tokio::test]
async fn declined_in_the_calendar_is_cancelled_and_the_customer_is_told() {
    let shop = told().await;
    let raw = answers(&shop, "DECLINED", ANNA, ANNA);
    shop.leaps_by("1m");
    shop.mailed(Some(ANNA), "gz-tianhe@in.dealer.example", &raw).await;
    assert_eq!(state(&shop).await, "cancelled");
    assert_eq!(shop.subjects(ANNA).len(), 2);
}

#[tokio::test]
async fn perhaps_an_old_invitation_and_somebody_else_change_nothing() {
    let shop = told().await;
    let to = "gz-tianhe@in.dealer.example";
    let perhaps = shop.mailed(Some(ANNA), to, &answers(&shop, "TENTATIVE", ANNA, ANNA)).await;
    assert_eq!(perhaps.said(), "invite_reply ignored tentative");
    for (from, attendee) in [("x@evil.example", ANNA), ("x@evil.example", "x@evil.example")] {
        let row = shop.mailed(Some(from), to, &answers(&shop, "DECLINED", from, attendee)).await;
        assert_eq!(row.said(), "invite_reply ignored not_invited", "{from} for {attendee}");
    }
    let old = answers(&shop, "ACCEPTED", ANNA, ANNA);
    shop.leaps_by("20m");
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.drain().await;
    let row = shop.mailed(Some(ANNA), to, &old).await;
    assert_eq!(row.said(), "invite_reply ignored old_invitation");
    assert_eq!(state(&shop).await, "booked");
}
