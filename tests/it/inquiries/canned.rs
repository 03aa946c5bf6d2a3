//! Canned replies: kept by a dealership, chosen in the customer's language, and not sent half filled in.
use aftercare::console::policy::Role;

use super::*;

async fn keeps(shop: &Shop, code: &str, texts: Value) -> String {
    let (status, answer) =
        shop.put(&format!("/v1/canned-replies/{code}?dealership=gz-tianhe"), &json!({"texts": texts})).await;
    said(status, &answer)
}

#[tokio::test]
async fn a_canned_reply_is_said_in_the_customers_language_once_its_places_are_filled_in() {
    let shop = tianhe("2026-03-02T10:00").await;
    let texts = json!({"en": {"title": "Price", "body": "New pads cost [[price]], on [[date]]."},
        "zh-CN": {"title": "价格", "body": "更换需要[[price]]，[[date]]。"}});
    assert_eq!(keeps(&shop, "price", texts).await, "200 price");
    assert_eq!(keeps(&shop, "Price-list", json!({})).await, "422 invalid");
    assert_eq!(keeps(&shop, "price", json!({"fr": {"title": "Prix", "body": "x"}})).await, "422 unknown_language");
    let list = shop.items("/v1/canned-replies?dealership=gz-tianhe&language=ja").await;
    assert_eq!(list[0]["title"], "价格", "the dealership's own language where theirs is not there");
    asks(&shop, &anna(), "W-1", "What would new pads be?").await;
    let half = json!({"by": "adv-01", "canned": "price", "values": {"price": "¥1,200"}});
    let (status, answer) = write(&shop, "W-1", &half).await;
    assert_eq!((status, answer["errors"][0]["code"].as_str()), (422, Some("prompt_unfilled")));
    let whole = json!({"by": "adv-01", "canned": "price", "values": {"price": "¥1,200", "date": "Monday"}});
    let (status, answer) = write(&shop, "W-1", &whole).await;
    assert_eq!(said(status, &answer), "201 pending");
    shop.drain().await;
    let mail = shop.inbox("anna@example.com").pop().expect("an answer");
    assert!(mail.text.contains("New pads cost ¥1,200, on Monday."), "{}", mail.text);
    // Another dealership has none of it, and cannot touch it.
    let foreign = shop.key_for(Some("sh-pudong")).await;
    let (status, list) = shop.call("GET", "/v1/canned-replies", &foreign, None).await;
    assert_eq!((status, list["items"].as_array().map(Vec::len)), (200, Some(0)));
    let path = "/v1/canned-replies/price?dealership=gz-tianhe";
    assert_eq!(shop.call("DELETE", path, &foreign, None).await.0, 404);
    assert_eq!(shop.does("DELETE", path, Value::Null).await.0, 204);
    assert_eq!(shop.does("DELETE", path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn on_the_page_it_is_chosen_by_key_and_managed_by_a_manager() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "What would new pads be?").await;
    let mut manager = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let form = [("code", "loan-car"), ("title_en", "Loan car"), ("body_en", "A loan car is kept for you on [[date]].")];
    let kept = manager.does("/console/answers/canned", &form).await;
    assert!(kept.says("Loan car"), "{}", kept.text());
    let wrong = manager.send("/console/answers/canned", &[("code", "x y"), ("title_en", "t"), ("body_en", "")]).await;
    assert!(wrong.status == 422 && wrong.says("Give it a short name"), "{}", wrong.text());
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    assert_eq!(chen.open("/console/answers").await.status, 403);
    let page = chen.open("/console/inquiries").await.link("/console/inquiries/inq_").expect("a thread");
    let thread = chen.open(&page).await;
    let choice = thread.link(&format!("{page}?canned=loan-car")).expect("a choice");
    assert!(thread.html.contains("data-key=\"1\""), "by its digit");
    let begun = chen.open(choice.split('#').next().expect("an address")).await;
    assert!(begun.html.contains(">A loan car is kept for you on [[date]].</textarea>"), "{}", begun.html);
    let refused = chen
        .send(&format!("{page}/reply"), &[("text", "A loan car on [[date]]."), ("seen", &begun.field("seen"))])
        .await;
    assert!(refused.status == 422 && refused.says("There is still a place to fill in: date"));
    assert_eq!(manager.does("/console/answers/canned/remove", &[("code", "loan-car")]).await.status, 200);
    assert!(chen.open(&page).await.link(&format!("{page}?canned=")).is_none());
}

#[tokio::test]
async fn files_are_chosen_on_the_page_and_go_with_the_mail() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "What would new pads be?").await;
    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let page = chen.open("/console/inquiries").await.link("/console/inquiries/inq_").expect("a thread");
    let (seen, path) = (chen.open(&page).await.field("seen"), format!("{page}/reply"));
    let fields = [("text", "Here it is."), ("seen", seen.as_str())];
    let refused = chen.uploads(&path, &fields, &[("run.exe", b"MZ")]).await;
    assert!(
        refused.status == 422 && refused.says("This kind of file cannot be sent") && refused.says("choose them again"),
        "{}",
        refused.text()
    );
    assert!(refused.html.contains("Here it is."), "nothing that was typed is lost");
    let sent = chen.uploads(&path, &fields, &[("报价.pdf", b"%PDF-1.7 quote"), ("", b"")]).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    shop.drain().await;
    let mail = shop.inbox("anna@example.com").pop().expect("an answer");
    assert!(mail.text.contains("Here it is.") && String::from_utf8_lossy(&mail.bytes).contains("application/pdf"));
    let thread = chen.open(&page).await;
    assert!(thread.says("报价.pdf 1 kB"), "{}", thread.text());
    let file = thread.link(&format!("{page}/files/")).expect("a download");
    assert_eq!(chen.open(&file).await.html, "%PDF-1.7 quote");
}

#[tokio::test]
async fn of_two_who_save_one_at_once_the_later_word_stands_alone() {
    let shop = tianhe("2026-03-02T10:00").await;
    let japanese = "INSERT INTO canned_replies (dealership_id, code, locale, title, body, updated_at)
        SELECT id, 'price', 'ja', 't', 'b', updated_at FROM dealerships WHERE code = $1";
    let other = ["UPDATE dealerships SET name = name WHERE code = $1", japanese];
    let english = keeps(&shop, "price", json!({"en": {"title": "Price", "body": "It costs."}}));
    assert_eq!(shop.meanwhile(other, "gz-tianhe", english).await, "200 price");
    let list = shop.items("/v1/canned-replies?dealership=gz-tianhe").await;
    let languages: Vec<&String> = list[0]["texts"].as_object().expect("texts").keys().collect();
    assert_eq!((list.len(), languages), (1, vec![&"en".to_owned()]));
}
