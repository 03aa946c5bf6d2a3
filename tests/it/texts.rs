//! Texts as a product: drafts that are checked, versions that are published and rolled back, providers' templates.
mod approved;

use serde_json::{Value, json};

use crate::shop::{Shop, anna, fang, kenji};

const ANNA: &str = "anna@example.com";
const ANNAS_PHONE: &str = "+8613900001234";
const SMS: &str = "/v1/templates/appointment.confirmation/en/sms";

fn sms(text: &str) -> Value {
    json!({ "files": { "sms.hbs": text } })
}
/// What is wrong with a body, as its writer is told.
fn faults(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().expect("errors");
    errors.iter().map(|error| error["message"].as_str().expect("a message").to_owned()).collect()
}

#[tokio::test]
async fn a_published_text_is_what_is_said_and_rolling_back_says_the_one_before() {
    let shop = Shop::open().await;
    let (status, draft) =
        shop.does("PUT", SMS, sms("{{hon}}: {{when}}, first. {{phone}}. {{advisor_line}}, {{dealer}} {{dept}}")).await;
    assert_eq!((status, &draft["number"], &draft["state"]), (200, &1.into(), &"draft".into()), "{draft}");
    // The same text again is the same version.
    let (_, again) = shop.does("PUT", SMS, json!({ "files": draft["files"] })).await;
    assert_eq!(again["id"], draft["id"]);
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert!(shop.phone(ANNAS_PHONE)[0].contains("is booked for"), "a draft is not said");

    let (status, answer) = shop.does("POST", &format!("{SMS}/publish"), json!({ "number": 1 })).await;
    assert_eq!((status, answer), (200, json!({ "number": 1, "before": 0 })));
    shop.book(&anna().at("A-21"), "2026-03-06T09:30").await;
    shop.drain().await;
    assert_eq!(
        shop.phone(ANNAS_PHONE)[1],
        "Ms Weber: Fri, Mar 6, 9:30 AM, first. 020-8888 0000. 陈晓, 雷克萨斯天河店 售后服务部".replace("Ms ", "Ms. ")
    );
    let version = shop.message("A-21", "sms").await["template_version"].as_str().expect("a version").to_owned();
    assert!(version.starts_with("1."), "{version}");

    shop.does("PUT", SMS, sms("{{hon}}: {{when}}, second. {{phone}}. {{advisor_line}}, {{dealer}} {{dept}}")).await;
    shop.does("POST", &format!("{SMS}/publish"), json!({ "number": 2 })).await;
    for expected in [1, 0] {
        let (_, answer) = shop.does("POST", &format!("{SMS}/rollback"), json!({})).await;
        assert_eq!(answer, json!({ "number": expected }));
    }
    shop.book(&anna().at("A-22"), "2026-03-07T09:30").await;
    shop.drain().await;
    assert!(shop.phone(ANNAS_PHONE)[2].contains("is booked for"));
    let place = shop.get(SMS).await;
    let states: Vec<_> = place["versions"].as_array().expect("versions").iter().map(|v| v["state"].clone()).collect();
    assert_eq!((place["number"].clone(), states), (json!(0), vec![json!("retired"), json!("retired")]));
}

#[tokio::test]
async fn a_dealership_says_it_in_its_own_words_and_nobody_else_does() {
    let shop = Shop::open().await;
    let own = shop.key_for(Some("gz-tianhe")).await;
    let text = sms(
        "{{hon}}您好，{{day}}{{time}}恭候光临。{{phone_short}} {{#unless signature}}{{dealer}}{{/unless}}{{dept}}{{advisor}}",
    );
    let place = "/v1/templates/appointment.confirmation/zh-CN/sms";
    // Its key speaks for it, and for nobody else.
    let (status, answer) = shop.call("PUT", &format!("{place}?dealership=sh-pudong"), &own, Some(&text)).await;
    assert_eq!(status, 404, "{answer}");
    let (status, draft) = shop.call("PUT", place, &own, Some(&text)).await;
    assert_eq!((status, &draft["number"]), (200, &1.into()), "{draft}");
    let (status, _) = shop.call("POST", &format!("{place}/publish"), &own, Some(&json!({ "number": 1 }))).await;
    assert_eq!(status, 200);
    shop.book(&fang(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.phone("+8613800005678"), ["王芳女士您好，3月5日09:30恭候光临。020-88880000 售后服务部陈晓"]);
    let listed = shop.get("/v1/templates").await;
    let mine = listed["items"].as_array().expect("items").iter().find(|item| {
        (&item["kind"], &item["locale"], &item["channel"])
            == (&"appointment.confirmation".into(), &"zh-CN".into(), &"sms".into())
    });
    let mine = mine.expect("listed");
    assert_eq!((&mine["number"], &mine["dealerships"]), (&json!(0), &json!({ "gz-tianhe": 1 })));
}

#[tokio::test]
async fn a_text_that_breaks_the_rules_is_refused_with_every_fault() {
    let shop = Shop::open().await;
    for (place, text, said) in [
        (SMS, "{{hon}}: {{when}}. {{phone}}. {{advisor_line}}, {{dept}}", "does not state `Lexus Torrance`"),
        (SMS, "{{when}} {{phone}} {{advisor_line}}, {{dealer}} {{dept}}", "does not state `Ms. Wang`"),
        (SMS, "{{hon}} {{whn}}", "`whn` is nothing that a letter knows"),
        (SMS, "{{#each services}}", "appointment.confirmation/en/sms.hbs"),
        (
            "/v1/templates/appointment.confirmation/zh-CN/sms",
            "{{hon}}您好，本周保养优惠。{{phone_short}}{{dealer}}{{dept}}{{advisor}}",
            "优惠",
        ),
        (
            "/v1/templates/appointment.confirmation/zh-CN/sms",
            "{{hon}}您好，详见https://a.example。{{dealer}}{{dept}}{{advisor}}",
            "://",
        ),
    ] {
        let (status, answer) = shop.does("PUT", place, sms(text)).await;
        assert_eq!(status, 422, "{answer}");
        assert!(faults(&answer).iter().any(|fault| fault.contains(said)), "{said}: {answer}");
    }
    let long =
        format!("{{{{hon}}}}: {} {{{{phone}}}} {{{{advisor_line}}}}, {{{{dealer}}}} {{{{dept}}}} “x”", "y".repeat(60));
    let (_, answer) = shop.does("PUT", SMS, sms(&long)).await;
    assert!(faults(&answer).iter().any(|fault| fault.contains("`“` forces UCS-2")), "{answer}");
    let (status, answer) = shop.does("PUT", SMS, json!({ "files": { "subject.hbs": "x" } })).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("wrong_files")));
    let (status, _) = shop.does("POST", &format!("{SMS}/publish"), json!({ "number": 7 })).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_preview_shows_a_sample_and_keeps_nothing() {
    let shop = Shop::open().await;
    let path = "/v1/templates/staff.day_list/en/wecom/preview";
    let (status, answer) = shop.does("POST", path, json!({})).await;
    assert_eq!(status, 200);
    assert!(
        answer["text"].as_str().expect("a text").contains("10:30 AM Mr. O'Neil 7XYZ880 [comeback, waiting]"),
        "{answer}"
    );
    let given = json!({ "files": { "wecom.hbs": "{{count}} for {{hon}}" }, "sample": "bare" });
    let (_, answer) = shop.does("POST", path, given).await;
    assert_eq!(answer["text"], "0 for Daniel Reed");
    let (status, answer) = shop.does("POST", path, json!({ "sample": "nobody" })).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("unknown_sample")));
    assert_eq!(shop.get("/v1/templates/staff.day_list/en/wecom").await["versions"], json!([]));
}

#[tokio::test]
async fn a_providers_template_is_used_only_when_it_is_approved_and_its_values_fit() {
    let shop = Shop::open().await;
    let path = "/v1/bindings/appointment.confirmation/http?dealership=gz-tianhe";
    let bindings = [
        (
            json!({ "template": "SMS_2001", "params": { "name": "hon", "time": "when" } }),
            "A-31",
            vec!["template_not_approved"],
        ),
        (
            json!({ "template": "SMS_2001", "approved": true, "params": [{ "word": "service", "most": 5 }] }),
            "A-32",
            vec!["template_param_too_long"],
        ),
        (
            json!({ "template": "SMS_2001", "approved": true, "params": ["previous_when"] }),
            "A-33",
            vec!["template_param_missing"],
        ),
        (
            json!({ "template": "SMS_2001", "approved": true, "params": [{ "word": "service", "most": 5, "cut": true }] }),
            "A-34",
            vec![],
        ),
    ];
    for (binding, reference, reasons) in bindings {
        let (status, answer) = shop.does("PUT", path, binding).await;
        assert_eq!(status, 200, "{answer}");
        shop.book(&anna().at(reference), "2026-03-05T09:30").await;
        shop.drain().await;
        assert_eq!(texts_passed_over(&shop, reference).await, reasons, "{reference}");
    }
    assert_eq!(shop.phone(ANNAS_PHONE).len(), 1);
    let (status, answer) = shop.does("PUT", path, json!({ "template": "x", "params": ["nobody"] })).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("unreadable")));
}

/// Why the confirmation was not said by SMS.
async fn texts_passed_over(shop: &Shop, reference: &str) -> Vec<String> {
    let notices = shop.items(&format!("/v1/notices?limit=100&subject={reference}")).await;
    let confirmation = notices.iter().find(|notice| notice["kind"] == "appointment.confirmation").expect("a notice");
    let passed = confirmation["tracks"]["passed"].as_array().cloned().unwrap_or_default();
    let reasons =
        passed.iter().filter(|passed| passed["channel"] == "sms").filter_map(|passed| passed["reason"].as_str());
    reasons.map(str::to_owned).collect()
}

/// Language, name, advisor and vehicle are the customer's own; the advisor's list marks comebacks and guests of honour.
#[tokio::test]
async fn acceptance_12_personal_fields_and_the_day_list() {
    let shop = Shop::open().await;
    for customer in [anna(), fang(), kenji()] {
        shop.book(&customer, "2026-03-05T10:30").await;
    }
    shop.drain().await;
    for (address, words) in [
        (ANNA, ["Dear Ms. Weber,", "ES300h 2024 / 粤A12345", "陈晓"]),
        ("wang@example.com", ["尊敬的王芳女士：", "RX350h 2023 / 粤A54321", "陈晓"]),
        ("sato@example.com", ["佐藤様", "NX350h 2022 / 品川 300 あ 12-34", "担当"]),
    ] {
        let text = shop.inbox(address).pop().expect("a mail").text;
        for word in words {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
    for (locale, lines) in [
        ("zh-CN", ["李梅，早上好。", "09:30 王芳女士 粤A12345【贵宾】", "10:30 赵磊先生 粤B8F221【返修、在店等候】"]),
        (
            "en",
            [
                "Good morning Daniel Reed.",
                "9:30 AM Ms. Wang 8ABC241 [VIP]",
                "10:30 AM Mr. O'Neil 7XYZ880 [comeback, waiting]",
            ],
        ),
        (
            "ja",
            [
                "渡辺さん、おはようございます。",
                "9:30 佐藤様 品川 300 さ 22-54［VIP］",
                "10:30 鈴木様 品川 501 た 10-08［再入庫・店内でお待ち］",
            ],
        ),
    ] {
        let path = format!("/v1/templates/staff.day_list/{locale}/wecom/preview");
        let (_, answer) = shop.does("POST", &path, json!({})).await;
        let text = answer["text"].as_str().expect("a text");
        for line in lines {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
