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

/// BR-62: as a text is answered by a text, and nowhere else.
#[tokio::test]
async fn who_ends_it_at_the_account_is_told_so_there_once() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    shop.binds(approved()).await;
    let binding = json!({ "template": "tpl_end", "approved": true });
    let (status, answer) = shop.does("PUT", "/v1/bindings/optout.done/wechat?dealership=gz-tianhe", binding).await;
    assert_eq!(status, 200, "{answer}");
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.drain().await;
    for (id, text) in [("m-1", "退订"), ("m-1", "退订"), ("m-2", "STOP")] {
        shop.account_hears(id, text).await;
        shop.drain().await;
    }
    let sent = them.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert_eq!(sent[1].body["template_id"], "tpl_end");
    assert_eq!(sent[1].body["data"]["thing1"]["value"], "微信通知已退订");
    assert!(shop.phone(FANGS_PHONE).is_empty(), "texts go on, and no text was asked for");
}

#[tokio::test]
async fn an_end_that_cannot_be_said_back_holds_all_the_same_and_is_not_said_weeks_later() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    shop.binds(approved()).await;
    shop.book(&follower(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop.account_hears("m-1", "退订").await;
    shop.drain().await;
    let said = async || shop.items("/v1/notices?kind=optout.done").await.pop().expect("a notice");
    assert_eq!(said().await["reason"], "template_not_bound");
    shop.leaps_by("25h");
    let binding = json!({ "template": "tpl_end", "approved": true });
    shop.does("PUT", "/v1/bindings/optout.done/wechat?dealership=gz-tianhe", binding).await;
    shop.drain().await;
    assert_eq!((said().await["state"].as_str(), them.sent().len()), (Some("expired"), 1));
}

/// Nobody can text an openid, nor call it.
#[tokio::test]
async fn a_follower_whom_nobody_knows_is_known_by_the_openid_alone() {
    let them = FakeTencent::start(|_| Said::Ok).await;
    let shop = with_account(Shop::opening(), &them).open().await;
    let writes = async |id: &str, text: &str| {
        let body = format!(
            "<xml><FromUserName>{OPENID}</FromUserName><MsgType>text</MsgType><Content>{text}</Content><MsgId>{id}</MsgId></xml>"
        );
        assert_eq!(shop.is_told("POST", TOKEN, "&dealership=gz-tianhe", &body).await.0, 200);
        shop.drain().await;
    };
    writes("1", "几点开门?").await;
    let stranger = shop.get(&format!("/v1/customers/wechat:{OPENID}")).await;
    let points = stranger["contact_points"].as_array().expect("a list");
    assert_eq!((points.len(), &points[0]["type"], &points[0]["value"]), (1, &json!("wechat"), &json!(OPENID)));
    assert!(shop.phone(OPENID).is_empty() && shop.posted_since(0).is_empty());
    // Who writes again is the same, and what they write after two weeks is another inquiry of theirs.
    shop.leaps_by("21d");
    writes("2", "周日开门吗?").await;
    let open = shop.items("/v1/inquiries").await;
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|inquiry| inquiry["customer"]["ref"] == format!("wechat:{OPENID}")), "{open:?}");
    // Then the dealer's system tells who it is: the two go together when their rights are asked for.
    shop.book(&follower(), "2026-03-27T09:30").await;
    let known = shop.get("/v1/customers/C-2").await;
    let id = known["id"].as_str().expect("an id").parse().expect("an id");
    let told = aftercare::rights::actions::export(&shop.app, id).await.expect("told");
    let people = told["customers"].as_array().expect("a list");
    assert!(people.iter().any(|one| one["ref"] == format!("wechat:{OPENID}")), "{people:?}");
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
    for elsewhere in ["robot:sh-pudong", "@all", "u1|u2"] {
        let refused = admin.send("/console/settings/test", &[("channel", "wecom"), ("to", elsewhere)]).await;
        assert_eq!((refused.status, them.sent().len()), (422, 2), "{elsewhere}: {}", refused.text());
    }
    let sent = them.sent();
    assert_eq!((sent[0].body["template_id"].as_str(), sent[1].by.as_str()), (Some("tpl_9"), "k3y"));
    assert!(shop.items("/v1/messages").await.is_empty(), "a test is no message");
}
