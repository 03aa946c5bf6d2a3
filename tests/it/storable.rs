//! A NUL, which `PostgreSQL` cannot keep, is refused at every door and on every database, with its place.
use aftercare::console::policy::Role;
use serde_json::json;

use crate::shop::{Shop, anna};

const SECRET: &str = "what the gateway shows us";

#[tokio::test]
async fn a_nul_is_named_and_nothing_is_kept() {
    let shop = Shop::opening().setting("INBOUND__SMS__SECRET", SECRET).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    let staff = json!({"dealership": "gz-tianhe", "name": "Ch\0en", "roles": ["advisor"], "active": true});
    let (status, answer) = shop.put("/v1/staff/adv-77", &staff).await;
    assert_eq!((status, &answer["code"]), (422, &json!("unstorable_text")), "{answer}");
    assert_eq!(answer["errors"][0]["pointer"], "/name");
    let texts = json!({"texts": {"en": {"title": "Pr\0ice", "body": "It costs."}}});
    let (status, answer) = shop.put("/v1/canned-replies/price?dealership=gz-tianhe", &texts).await;
    assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!("/texts/en/title")), "{answer}");
    for path in ["/v1/inquiries/inq_0/close", "/v1/cases/cas_0/note"] {
        let (status, answer) = shop.send("POST", path, &json!({"reason": "\0", "note": "\0"})).await;
        assert_eq!((status, &answer["code"]), (422, &json!("invalid")), "{path} {answer}");
    }
    let text = json!({"id": "in-1", "from": "+8613900001234", "text": "He\0llo"});
    let (status, answer) = shop.call("POST", "/in/http/inbound", SECRET, Some(&text)).await;
    assert_eq!((status, &answer["code"]), (422, &json!("unstorable_text")), "{answer}");
    for path in ["/v1/customers?ref=a%00", "/v1/inquiries/%00", "/v1/notices?subject=%00&kind=x"] {
        let (status, answer) = shop.ask("GET", path, &json!(null)).await;
        assert_eq!((status, &answer["code"]), (422, &json!("unstorable_text")), "{path} {answer}");
    }
    assert!(shop.items("/v1/inquiries?state=open").await.is_empty());
}

#[tokio::test]
async fn a_nul_in_a_form_or_beside_a_file_is_refused() {
    let shop = Shop::open().await;
    let mut manager = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let form = [("code", "loan-car"), ("title_en", "Loan\0car"), ("body_en", "A car is kept.")];
    assert_eq!(manager.send("/console/answers/canned", &form).await.status, 422);
    let path = "/console/inquiries/inq_0199c0de000070008000000000000000/reply";
    assert_eq!(manager.uploads(path, &[("text", "At\0ten.")], &[("a.pdf", b"%PDF-1.7")]).await.status, 422);
    let mut stranger = shop.stranger();
    let sent = stranger.send("/console/sign-in", &[("login", "mgr-9\0"), ("password", "x")]).await;
    assert_eq!(sent.status, 422, "{}", sent.text());
}
