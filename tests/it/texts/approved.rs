//! A gateway that takes approved templates in place of words: what goes over the wire, and what waits for its template.
use aftercare::console::policy::Role;
use serde_json::{Value, json};

use crate::{
    fakes::gateway::Answer,
    shop::{Opening, Shop, anna, fang, kenji},
};

const FANGS_PHONE: &str = "+8613800005678";
const BODY: &str = r#"{"id":"{{id}}","to":"{{to}}",{{#if template_id}}"code":"{{template_id}}","param":"{{params_json}}","list":[{{#each params}}"{{name}}: {{value}}"{{#unless @last}},{{/unless}}{{/each}}]{{else}}"text":"{{text}}"{{/if}}}"#;
const BINDING: &str = "/v1/bindings/appointment.confirmation/http?dealership=gz-tianhe";

fn opening() -> Opening {
    Shop::opening().setting("SMS__HTTP__BODY", BODY)
}
fn template(params: Value) -> Value {
    let mut template = json!({ "template": "SMS_2001", "approved": true });
    template["params"] = params;
    template
}
/// The channels of the confirmation that were passed over, and why.
async fn passed(shop: &Shop, reference: &str) -> Vec<String> {
    let notices = shop.items(&format!("/v1/notices?limit=100&subject={reference}")).await;
    let confirmation = notices.iter().find(|notice| notice["kind"] == "appointment.confirmation").expect("a notice");
    let passed = confirmation["tracks"]["passed"].as_array().cloned().unwrap_or_default();
    passed
        .iter()
        .filter(|one| one["channel"] == "sms")
        .map(|one| one["reason"].as_str().expect("a reason").to_owned())
        .collect()
}

#[tokio::test]
async fn without_a_template_a_mainland_text_waits_and_goes_when_it_is_set() {
    let shop = opening().open().await;
    let fang = fang().with("email", Value::Null);
    shop.book(&fang, "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-2").await[0], "confirmation held template_not_bound");
    assert!(shop.posted_to(FANGS_PHONE).is_empty());
    let (status, _) = shop.does("PUT", BINDING, json!({ "template": "SMS_2001", "params": ["hon"] })).await;
    assert_eq!(status, 200);
    shop.drain().await;
    assert_eq!(shop.notices("A-2").await[0], "confirmation held template_not_bound", "it is not approved yet");

    let params = json!({ "name": "hon", "plate": "plate", "work": { "word": "service", "most": 4, "cut": true } });
    let (status, answer) = shop.does("PUT", BINDING, template(params)).await;
    assert_eq!(status, 200, "{answer}");
    shop.drain().await;
    assert_eq!(shop.notices("A-2").await[0], "confirmation done");
    let sent = shop.posted_to(FANGS_PHONE).pop().expect("a text");
    assert_eq!((&sent["code"], &sent["text"]), (&json!("SMS_2001"), &Value::Null));
    let param: Value = serde_json::from_str(sent["param"].as_str().expect("JSON in a text")).expect("JSON");
    assert_eq!(param, json!({ "name": "王芳女士", "plate": "粤A54321", "work": "4万公…" }));
    assert_eq!(sent["list"], json!(["name: 王芳女士", "plate: 粤A54321", "work: 4万公…"]));
    let lines = shop.timeline("A-2").await;
    assert!(lines.contains(&"notice.held template_not_bound".to_owned()), "{lines:?}");
    assert!(lines.contains(&"notice.released".to_owned()), "{lines:?}");
    // The words are kept all the same: what was said stays readable.
    assert!(shop.message("A-2", "sms").await["text"].as_str().expect("a text").contains("王芳女士"));
}

#[tokio::test]
async fn what_another_channel_says_waits_for_no_template_and_elsewhere_words_go_as_they_are() {
    let shop = opening().open().await;
    shop.book(&fang(), "2026-03-05T09:30").await;
    shop.book(&kenji(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-2").await[0], "confirmation done");
    assert_eq!(passed(&shop, "A-2").await, ["template_not_bound"]);
    assert_eq!(shop.inbox("wang@example.com").len(), 1);
    assert!(shop.phone("+819012345678")[0].contains("佐藤様"));
    let listed = shop.get("/v1/bindings?dealership=gz-tianhe").await;
    let lacking: Vec<&str> = listed["lacking"].as_array().expect("kinds").iter().filter_map(Value::as_str).collect();
    assert!(lacking.contains(&"parts.arrived") && !lacking.contains(&"staff.no_show"), "{lacking:?}");
    assert_eq!(shop.get("/v1/bindings?dealership=tk-minato").await["lacking"], json!([]));
}

#[tokio::test]
async fn a_value_that_the_mainland_refuses_does_not_leave() {
    let shop = opening().open().await;
    let (status, _) = shop.does("PUT", BINDING, template(json!(["hon", "service"]))).await;
    assert_eq!(status, 200);
    for (reference, service, reasons) in [
        ("A-41", "【原厂】保养", vec!["template_param_forbidden"]),
        ("A-42", "保养 https://a.example", vec!["template_param_forbidden"]),
        ("A-43", "原厂保养", vec![]),
    ] {
        let mut event = fang().at(reference).books("2026-03-05T09:30", shop.now());
        event["data"]["services"][0]["name"] = service.into();
        shop.hears(event).await;
        shop.drain().await;
        assert_eq!(passed(&shop, reference).await, reasons, "{service}");
    }
    assert_eq!(shop.posted_to(FANGS_PHONE).len(), 1);
}

#[tokio::test]
async fn as_words_a_name_with_brackets_is_not_sent_in_the_mainland() {
    let shop = Shop::open().await;
    let mut event = fang().books("2026-03-05T09:30", shop.now());
    event["data"]["services"][0]["name"] = "【原厂】保养".into();
    shop.hears(event).await;
    shop.drain().await;
    assert_eq!(passed(&shop, "A-2").await, ["forbidden_in_region"]);
    assert!(shop.phone(FANGS_PHONE).is_empty());
}

#[tokio::test]
async fn tried_again_it_is_the_same_template_whatever_was_approved_since() {
    let shop = opening().sms(|n| if n == 0 { Answer::Wait(503, 1) } else { Answer::Accept }).open().await;
    shop.does("PUT", BINDING, template(json!(["hon"]))).await;
    shop.book(&fang(), "2026-03-05T09:30").await;
    shop.drain().await;
    let mut newer = template(json!(["plate"]));
    newer["template"] = "SMS_2002".into();
    shop.does("PUT", BINDING, newer).await;
    shop.advance("5m").await;
    let sent = shop.posted_to(FANGS_PHONE);
    assert_eq!(sent.len(), 2);
    assert_eq!((&sent[1]["code"], &sent[0]["param"]), (&json!("SMS_2001"), &sent[1]["param"]));
}

#[tokio::test]
async fn an_administrator_notes_what_was_approved_and_is_told_what_is_wrong_with_it() {
    let shop = opening().open().await;
    let mut admin = shop.seat("adm-9", &[Role::Admin]).await;
    let list = admin.open("/console/templates/providers").await;
    assert!(list.status == 200 && list.says("No approved template of the provider is set"), "{}", list.text());
    let page = "/console/templates/providers/parts.arrived";
    assert!(admin.open(page).await.says("part_brief"), "its words are listed");
    for (params, wrong) in [("name = hon\nplate", "line 2"), ("nobody", "nobody")] {
        let refused = admin.send(page, &[("template", "SMS_9"), ("params", params), ("approved", "yes")]).await;
        assert!(refused.status == 422 && refused.says(wrong), "{}", refused.text());
    }
    let params = "name = hon\r\npart = part_brief 20…\r\n";
    let kept = admin.does(page, &[("template", "SMS_9"), ("params", params), ("approved", "yes")]).await;
    assert!(kept.status == 200 && kept.says("SMS_9") || kept.html.contains("SMS_9"), "{}", kept.text());
    assert!(kept.html.contains("part = part_brief 20…") && kept.says("Approved"), "{}", kept.text());
    let stored = shop.get("/v1/bindings?dealership=gz-tianhe").await;
    let arrived = stored["items"].as_array().expect("items").iter().find(|item| item["kind"] == "parts.arrived");
    let arrived = arrived.expect("listed");
    assert_eq!((&arrived["own"], &arrived["binding"]["template"]), (&json!(true), &json!("SMS_9")));
    let mut advisor = shop.seat("adv-9", &[Role::ServiceManager]).await;
    assert_eq!(advisor.send(page, &[("template", "SMS_1"), ("params", "hon")]).await.status, 403);
}

#[tokio::test]
async fn elsewhere_a_gateway_of_templates_alone_needs_one_too() {
    let only = r#"{"to":"{{to}}","code":"{{template_id}}","param":"{{params_json}}"}"#;
    let shop = Shop::opening().setting("SMS__HTTP__BODY", only).open().await;
    shop.book(&kenji().with("email", Value::Null), "2026-03-05T09:30").await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-3").await[0], "confirmation held template_not_bound");
    assert_eq!(passed(&shop, "A-1").await, ["template_not_bound"]);
}
