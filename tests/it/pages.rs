//! The pages behind signed links: an appointment is confirmed, moved, cancelled; wishes are said; one click ends a list.
use serde_json::{Value, json};

use aftercare::{
    links::{Claim, Purpose},
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
    },
};

use crate::shop::{Shop, anna, fang};

/// The path of a link that we would write, `days` from now until it ends.
async fn link(shop: &Shop, purpose: Purpose, subject: &str, days: i64) -> String {
    let expires = shop.now().plus(jiff::SignedDuration::from_hours(24 * days)).get().as_second();
    let claim = Claim { subject: subject.to_owned(), expires };
    format!("/{}/{}", purpose.letter(), shop.app.links.key().await.expect("a key").sign(purpose, &claim))
}

/// The path of the link in the newest mail.
fn in_the_mail(shop: &Shop, address: &str, page: &str) -> String {
    let mail = shop.inbox(address).pop().expect("a mail").text;
    let start = mail.find(page).unwrap_or_else(|| panic!("no {page} in {mail}"));
    mail[start..].split_whitespace().next().expect("a link").to_owned()
}

async fn state(shop: &Shop) -> String {
    shop.get("/v1/appointments/A-1").await["state"].as_str().expect("a state").to_owned()
}

#[tokio::test]
async fn acceptance_28_by_link_a_customer_confirms_asks_for_another_time_and_cancels() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    shop.drain().await;
    let path = in_the_mail(&shop, "anna@example.com", "/a/");
    // A scanner opens every link, as often as it likes.
    for _ in 0..3 {
        let (status, page) = shop.opens(&path).await;
        assert_eq!(status, 200);
        assert!(
            page.contains("Fri, Mar 20, 9:30 AM") && page.contains("40,000 km service") && !page.contains("<script"),
            "{page}"
        );
    }
    assert_eq!(state(&shop).await, "booked");
    assert_eq!(shop.sends(&path, &[("do", "dance")]).await.0, 422);
    assert_eq!(state(&shop).await, "booked");

    for _ in 0..2 {
        let (status, page) = shop.sends(&path, &[("do", "confirm")]).await;
        assert!(status == 200 && page.contains("Confirmed. See you then."), "{page}");
    }
    assert_eq!(state(&shop).await, "confirmed");
    let wish = [("do", "move"), ("wishes", "Monday after 16:00")];
    assert!(shop.sends(&path, &wish).await.1.contains("your advisor will contact you"));
    assert_eq!(state(&shop).await, "move_requested");
    let wished = shop.items("/v1/timeline?limit=500&appointment=A-1").await;
    let wished = wished.iter().find(|line| line["what"] == "appointment.times_wished").expect("a line");
    assert_eq!(wished["detail"], json!({}), "their words are not in the sealed record");
    assert_eq!(shop.get("/v1/appointments/A-1").await["wishes"], "Monday after 16:00");
    for _ in 0..2 {
        assert!(shop.sends(&path, &[("do", "cancel")]).await.1.contains("is cancelled"));
    }
    assert_eq!(state(&shop).await, "cancelled");
    assert!(!shop.opens(&path).await.1.contains("<button"));
    shop.drain().await;
    assert_eq!(shop.subjects("anna@example.com").len(), 2, "{:?}", shop.subjects("anna@example.com"));
}

#[tokio::test]
async fn a_link_that_is_forged_altered_of_another_page_or_over_opens_nothing() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-20T09:30").await;
    let id = shop.get("/v1/appointments/A-1").await["id"].as_str().expect("an id").to_owned();
    let good = link(&shop, Purpose::Appointment, &id, 30).await;
    assert_eq!(shop.opens(&good).await.0, 200);
    let altered = format!("{}x{}", &good[..20], &good[21..]);
    let another_page = link(&shop, Purpose::Preferences, &id, 30).await.replacen("/u/", "/a/", 1);
    let nobody = link(&shop, Purpose::Appointment, "apt_00000000000000000000000000000000", 30).await;
    for (path, expected) in
        [(altered, 404), (another_page, 404), (nobody, 404), ("/a/".to_owned() + &"x".repeat(5_000), 404)]
    {
        assert_eq!(shop.opens(&path).await.0, expected, "{path}");
        assert_eq!(shop.sends(&path, &[("do", "cancel")]).await.0, expected, "{path}");
    }
    let over = link(&shop, Purpose::Appointment, &id, 1).await;
    shop.leaps_by("24h");
    assert_eq!((shop.opens(&over).await.0, shop.sends(&over, &[("do", "cancel")]).await.0), (410, 410));
    assert_eq!(state(&shop).await, "booked");
    shop.leaps_to("2026-03-20T12:00");
    assert!(shop.sends(&good, &[("do", "cancel")]).await.1.contains("can no longer be changed here"));
}

#[tokio::test]
async fn one_click_ends_a_list_and_looking_ends_nothing() {
    let shop = Shop::open().await;
    let consent = json!([{"purpose": "marketing", "action": "grant", "at": "2026-02-01T00:00:00Z", "source": "form"}]);
    shop.book(&anna().with("consents", consent), "2026-03-20T09:30").await;
    let id = shop.get("/v1/customers/C-1").await["id"].as_str().expect("an id").to_owned();
    let path = link(&shop, Purpose::Preferences, &format!("{id}:marketing"), 30).await;
    let (status, page) = shop.opens(&path).await;
    assert!(status == 200 && page.contains("name=\"marketing\" value=\"1\" checked"), "{page}");
    assert_eq!(words(&shop).await, ["marketing grant form"]);
    for _ in 0..2 {
        let (status, page) = shop.sends(&path, &[("List-Unsubscribe", "One-Click")]).await;
        assert!(status == 200 && page.contains("Unsubscribed"), "{page}");
        shop.leaps_by("1s");
    }
    assert_eq!(words(&shop).await[..2], ["marketing grant form", "marketing revoke one_click"]);
    assert!(!shop.opens(&path).await.1.contains("name=\"marketing\" value=\"1\" checked"));
}

/// The ledger of C-1.
async fn words(shop: &Shop) -> Vec<String> {
    let items = shop.items("/v1/customers/C-1/consents").await;
    let text = |word: &Value, key: &str| word[key].as_str().unwrap_or_default().to_owned();
    items.iter().map(|word| ["purpose", "action", "source"].map(|key| text(word, key)).join(" ")).collect()
}

#[tokio::test]
async fn wishes_are_kept_and_the_next_letter_goes_by_them() {
    let shop = Shop::open().await;
    shop.hears(
        json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "customer.upserted", "dealership": "gz-tianhe",
        "data": {"customer": fang().data}}),
    )
    .await;
    let id = shop.get("/v1/customers/C-2").await["id"].as_str().expect("an id").to_owned();
    let path = link(&shop, Purpose::Preferences, &id, 30).await;
    assert!(shop.opens(&path).await.1.contains("联系偏好"));
    let wishes = [("followup", "1"), ("email", "1"), ("preferred", "email"), ("language", "en")];
    let (status, page) = shop.sends(&path, &wishes).await;
    assert!(status == 200 && page.contains("Saved.") && page.contains("How we may contact you"), "{page}");
    assert_eq!(shop.items("/v1/suppressions?customer=C-2").await.len(), 1);
    let customer = shop.get("/v1/customers/C-2").await;
    assert_eq!((&customer["language"], &customer["preferred_channel"]), (&json!("en"), &json!("email")));
    // Texts again, and the suppression is lifted, not deleted.
    let wishes = [("followup", "1"), ("email", "1"), ("sms", "1"), ("preferred", "none"), ("language", "zh-CN")];
    assert!(shop.sends(&path, &wishes).await.1.contains("已保存"));
    assert_eq!(shop.items("/v1/suppressions?customer=C-2").await[0]["lifted_by"], "customer");
}

/// The next service of their car comes up, for the `n`th time.
pub(crate) async fn maintenance_is_due(shop: &Shop, n: usize) {
    let vehicle = shop.get("/v1/timeline?vehicle=JTHBJ46G9A2345678&limit=1").await["items"][0]["vehicle"].clone();
    let (id, customer_id) = (vehicle.as_str().expect("an id").to_owned(), shop.customer("C-1").await);
    let dealership = shop.dealership("gz-tianhe").await;
    shop.at_the_desk(move |desk| {
        let subject = Subject { kind: SubjectKind::Vehicle, id: id.clone(), reference: "V-1".to_owned(), revision: 0 };
        let heard = Heard {
            customer_id: Some(customer_id),
            occasion: Some(n.to_string()),
            ..Heard::new("maintenance.due", &dealership, subject)
        };
        Box::pin(async move { hear(desk, &heard).await })
    })
    .await;
    shop.drain().await;
}

#[tokio::test]
async fn mail_of_a_list_can_be_left_by_one_click_and_a_confirmation_cannot() {
    let shop = Shop::open().await;
    let consent = json!([{"purpose": "marketing", "action": "grant", "at": "2026-02-01T00:00:00Z", "source": "form"}]);
    let customer = anna().with("consents", consent).with("preferred_channel", "email");
    shop.book(&customer, "2026-03-20T09:30").await;
    shop.drain().await;
    let header = |mail: &crate::shop::Mail| {
        let mail = mail_parser::MessageParser::default().parse(&mail.bytes).expect("a mail").into_owned();
        let of = |name: &str| mail.header_raw(name).map(|value| value.split_whitespace().collect::<String>());
        (of("List-Unsubscribe"), of("List-Unsubscribe-Post"))
    };
    assert_eq!(header(&shop.inbox("anna@example.com")[0]), (None, None));
    let vehicle =
        json!({"vin": "JTHBJ46G9A2345678", "next_service_at": "2026-03-12T01:00:00Z", "next_service_km": 40_000});
    shop.hears(json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "vehicle.upserted", "dealership": "gz-tianhe", "data": vehicle}))
        .await;
    maintenance_is_due(&shop, 1).await;
    let mails = shop.inbox("anna@example.com");
    let (list, click) = header(mails.last().expect("a mail"));
    assert_eq!((mails.len(), click.as_deref()), (2, Some("List-Unsubscribe=One-Click")));
    let url = list.expect("a list").trim_matches(['<', '>']).to_owned();
    let path = url.strip_prefix("http://127.0.0.1:8080").expect("our address");
    assert_eq!(shop.sends(path, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    shop.leaps_to("2026-03-12T10:00");
    maintenance_is_due(&shop, 2).await;
    assert_eq!(shop.inbox("anna@example.com").len(), 2);
    assert!(
        shop.notices("V-1").await.iter().any(|notice| notice == "maintenance.due skipped no_consent"),
        "{:?}",
        shop.notices("V-1").await
    );
}
