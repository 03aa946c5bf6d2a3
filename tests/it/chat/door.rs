//! The door of the account's server: who may come in, what followers write, and where people note and try it.
use aftercare::console::policy::Role;

use super::*;
use crate::fakes::tencent::Said;

#[tokio::test]
async fn only_the_account_comes_in_and_its_page_is_given_its_word_back() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    assert_eq!(shop.is_told("GET", TOKEN, "&echostr=7041", "").await, (200, "7041".to_owned()));
    assert_eq!(shop.is_told("GET", "anotherToken", "&echostr=7041", "").await.0, 401);
    let text = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>";
    assert_eq!(shop.is_told("POST", "anotherToken", "", text).await.0, 401);
    assert_eq!(shop.is_told("POST", TOKEN, "", "{}").await.0, 400);
    assert_eq!(shop.is_told("POST", TOKEN, "", "<xml><Encrypt>x</Encrypt></xml>").await.0, 415);
    let stranger = shop.is_told("POST", TOKEN, "", text).await;
    assert_eq!(stranger.0, 422, "several dealerships are here, and none knows them: {}", stranger.1);
    assert_eq!(shop.is_told("POST", TOKEN, "&dealership=gz-tianhe", text).await.0, 200);
    assert_eq!(shop.items("/v1/inquiries?state=open").await.len(), 1);
    assert_eq!(Shop::open().await.is_told("GET", TOKEN, "&echostr=7041", "").await.0, 404, "no token, no door");
}

#[tokio::test]
async fn what_a_follower_writes_is_an_inquiry_a_digit_or_the_end_of_it() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    shop.binds(approved()).await;
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.account_hears("m-1", "几点可以取车?").await;
    shop.account_hears("m-1", "几点可以取车?").await;
    let open = shop.items("/v1/inquiries?state=open").await;
    assert_eq!(open.len(), 1, "the same again does nothing: {open:?}");
    assert_eq!((&open[0]["channel"], &open[0]["dealership"]), (&json!("wechat"), &json!("gz-tianhe")));
    shop.account_hears("m-2", "1").await;
    assert_eq!(shop.get("/v1/appointments/A-2").await["state"], "confirmed");
    let before = shop.phone(FANGS_PHONE).len();
    shop.account_hears("m-3", "退订").await;
    shop.drain().await;
    let sent = them.sent().len();
    shop.moves(&follower(), "2026-03-06T14:00").await;
    shop.drain().await;
    assert_eq!((them.sent().len(), shop.phone(FANGS_PHONE).len() > before), (sent, true), "texts were not ended");
}

#[tokio::test]
async fn a_template_is_noted_in_the_console_and_both_channels_are_tried_from_the_settings() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let opening = with_account(Shop::opening(), &them)
        .setting("WECOM__PROVIDER", "http")
        .setting("WECOM__BASE_URL", &them.url())
        .setting("WECOM__KEY", "k3y");
    let shop = opening.open().await;
    let mut admin = shop.seat("adm-9", &[Role::Admin]).await;
    let list = admin.open("/console/templates/providers").await;
    assert!(list.status == 200 && list.says("WeChat"), "{}", list.text());
    let page = "/console/templates/providers/parts.arrived";
    assert!(admin.open(&format!("{page}?provider=wechat")).await.says("part_brief"));
    let mut typed = vec![("provider", "wechat"), ("template", "tpl_9"), ("params", "hon"), ("approved", "yes")];
    let refused = admin.send(page, &typed).await;
    assert!(refused.status == 422 && refused.says("by name"), "{}", refused.text());
    let test = [("channel", "wechat"), ("to", OPENID)];
    let untried = admin.send("/console/settings/test", &test).await;
    assert!(untried.status == 422 && untried.says("No approved template"), "{}", untried.text());
    typed[2].1 = "thing1 = part_brief\r\ncar_number2 = plate\r\n";
    let kept = admin.does(page, &typed).await;
    assert!(kept.status == 200 && kept.html.contains("tpl_9") && kept.says("Approved"), "{}", kept.text());

    assert!(admin.open("/console/settings").await.says("WeCom"));
    assert!(admin.send("/console/settings/test", &test).await.says("It was taken"));
    assert!(admin.send("/console/settings/test", &[("channel", "wecom"), ("to", "")]).await.says("It was taken"));
    let sent = them.sent();
    assert_eq!((sent[0].body["template_id"].as_str(), sent[1].by.as_str()), (Some("tpl_9"), "k3y"));
    assert!(shop.items("/v1/messages").await.is_empty(), "a test is no message");
}
