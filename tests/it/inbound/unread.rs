//! Mail that took no effect: whoever looks after it sees it, and has it read again.
use aftercare::console::policy::Role;

use super::{ANNA, mail, signing};
use crate::shop::Shop;

const TO: &str = "gz-tianhe@in.dealer.example";

/// A shop with a mail that the database would not take, time after time.
async fn with_one_unread() -> Shop {
    let shop = signing().open().await;
    shop.arrives_by_mail(Some(ANNA), TO, &mail(ANNA, "brakes", "", "My brakes squeal.")).await.expect("stored");
    shop.alters("UPDATE inbound_messages SET state = 'failed', reason = 'database', tries = 12").await;
    shop
}

#[tokio::test]
async fn what_could_not_be_read_is_listed_and_read_again() {
    let shop = with_one_unread().await;
    let list = shop.items("/v1/inbound").await;
    assert_eq!(list.len(), 1);
    assert_eq!((&list[0]["reason"], &list[0]["dealership"]), (&"database".into(), &"gz-tianhe".into()));
    let id = list[0]["id"].as_str().expect("an id");
    let (_, bytes) = shop.downloads(&format!("/v1/inbound/{id}/raw")).await;
    assert!(String::from_utf8_lossy(&bytes).contains("My brakes squeal."));
    let foreign = shop.key_for(Some("sh-pudong")).await;
    for (method, path) in [("GET", format!("/v1/inbound/{id}/raw")), ("POST", format!("/v1/inbound/{id}/retry"))] {
        assert_eq!(shop.call(method, &path, &foreign, None).await.0, 404, "{path}");
    }
    let (_, elsewhere) = shop.call("GET", "/v1/inbound", &foreign, None).await;
    assert_eq!(elsewhere["items"].as_array().map(Vec::len), Some(0));
    assert_eq!(shop.post(&format!("/v1/inbound/{id}/retry")).await, "202 ");
    shop.drain().await;
    assert!(shop.items("/v1/inbound").await.is_empty());
    assert_eq!(shop.items("/v1/inquiries?state=open").await.len(), 1, "it became what it is");
    assert_eq!(shop.post(&format!("/v1/inbound/{id}/retry")).await, "404 not_found", "once");
}

#[tokio::test]
async fn on_the_page_a_manager_sees_why_and_has_it_read_again() {
    let shop = with_one_unread().await;
    let mut director = shop.seat("dir-9", &[Role::Director]).await;
    let seen = director.open("/console/mail").await;
    assert!(
        seen.says(ANNA) && seen.says("The database did not take it") && !seen.says("Read again"),
        "{}",
        seen.text()
    );
    let mut manager = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let page = manager.open("/console/mail").await;
    assert!(page.says("Read again") && !page.says("My brakes squeal."), "{}", page.text());
    let raw = page.link("/console/mail/inb_").expect("a download");
    assert!(manager.open(&raw).await.html.contains("My brakes squeal."));
    let again = manager.does(&raw.replace("/raw", "/retry"), &[]).await;
    assert!(
        again.says("It is being read again.") && again.says("Every mail that came in was read."),
        "{}",
        again.text()
    );
    shop.drain().await;
    assert_eq!(shop.items("/v1/inquiries?state=open").await.len(), 1);
}

#[tokio::test]
async fn what_is_no_longer_kept_is_listed_and_cannot_be_read_again() {
    let shop = with_one_unread().await;
    shop.alters("DELETE FROM mail_raw").await;
    let list = shop.items("/v1/inbound").await;
    assert_eq!(list[0]["is_kept"], false);
    let id = list[0]["id"].as_str().expect("an id");
    assert_eq!(shop.post(&format!("/v1/inbound/{id}/retry")).await, "404 not_found");
    shop.alters("UPDATE inbound_messages SET state = 'ignored'").await;
}

#[tokio::test]
async fn the_page_leads_to_what_is_older() {
    let shop = signing().open().await;
    for n in 0..101 {
        let raw = mail(ANNA, "brakes", "", &format!("My brakes squeal for the {n}th time."));
        shop.arrives_by_mail(Some(&format!("anna+{n:03}@example.com")), TO, &raw).await.expect("stored");
    }
    shop.alters("UPDATE inbound_messages SET state = 'failed', reason = 'database', tries = 12").await;
    let mut manager = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let page = manager.open("/console/mail").await;
    assert!(page.says("anna+001@") && !page.says("anna+000@"), "{}", page.text());
    let older = page.link("/console/mail?after=").expect("a link to what is older");
    let page = manager.open(&older).await;
    assert!(page.says("anna+000@") && !page.says("anna+001@") && !page.says("Older"), "{}", page.text());
}
