//! The page of a survey: three languages, without script, answered once; looking changes nothing.
use serde_json::json;

use super::{fact, in_writing};
use crate::shop::{Shop, anna, fang, redacted};

const GOOD: [(&str, &str); 4] = [("overall", "5"), ("fixed", "yes"), ("recommend", "10"), ("comment", "Thanks!")];

#[tokio::test]
async fn looking_records_nothing_and_sending_twice_is_answering_once() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    for _ in 0..3 {
        assert_eq!(shop.opens(&link).await.0, 200);
    }
    assert_eq!((shop.surveys().await, shop.responses().await.len()), (vec!["R-1 sent".to_owned()], 0));
    let (status, page) = shop.sends(&link, &GOOD).await;
    assert!(status == 200 && page.contains("We have your answers"), "{status} {page}");
    let (status, page) = shop.sends(&link, &[("overall", "1")]).await;
    assert!(status == 200 && page.contains("answered already"), "{status} {page}");
    assert!(shop.opens(&link).await.1.contains("answered already"));
    let responses = shop.responses().await;
    assert_eq!(responses.len(), 1);
    assert_eq!(responses[0]["mode"], "web");
    assert_eq!(responses[0]["answers"], json!({"overall": 5, "fixed": true, "recommend": 10, "comment": "Thanks!"}));
    // Whoever has answered is reminded of nothing.
    shop.leaps_to("2026-03-06T16:00");
    shop.drain().await;
    let reminded = shop.notices("R-1").await.into_iter().filter(|notice| notice.contains("remind")).collect::<Vec<_>>();
    assert_eq!(reminded, ["survey.remind withdrawn superseded"]);
}

#[tokio::test]
async fn two_at_once_are_one_answer() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    let (first, second) = tokio::join!(shop.sends(&link, &GOOD), shop.sends(&link, &GOOD));
    assert_eq!((first.0, second.0, shop.responses().await.len()), (200, 200, 1));
}

#[tokio::test]
async fn what_is_left_out_is_named_and_what_was_given_stays() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    let (status, page) = shop.sends(&link, &[("fixed", "no"), ("comment", "<b>late</b>")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("Please answer this question") && page.contains("&lt;b&gt;late"), "{page}");
    assert!(page.contains("value=\"no\" checked"), "{page}");
    assert_eq!(shop.surveys().await, ["R-1 opened"]);
    assert_eq!(shop.sends(&link, &GOOD).await.0, 200);
}

#[tokio::test]
async fn a_forged_and_an_old_link_say_so_kindly() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    for forged in
        [format!("{link}x"), link.replacen("s1.", "a1.", 1), "/s/s1.e30.AAAA".to_owned(), "/s/hello".to_owned()]
    {
        let (status, page) = shop.opens(&forged).await;
        assert!(status == 404 && page.contains("链接无效"), "{forged} {status}");
        assert_eq!(shop.sends(&forged, &GOOD).await.0, 404);
    }
    shop.leaps_to("2026-03-17T10:00");
    shop.drain().await;
    let (status, page) = shop.opens(&link).await;
    assert!(status == 410 && page.contains("链接已过期"), "{status} {page}");
    assert_eq!(shop.sends(&link, &GOOD).await.0, 410);
    assert!(shop.responses().await.is_empty());
}

#[tokio::test]
async fn the_page_in_three_languages() {
    let shop = in_writing().open().await;
    let kenji =
        anna().with("ref", "C-3").with("language", "ja").with("name", "佐藤 健二").with("email", "sato@example.com");
    for (customer, order, time) in
        [(anna(), "R-1", "2026-03-02T10:10"), (fang(), "R-2", "2026-03-02T10:20"), (kenji, "R-3", "2026-03-02T10:30")]
    {
        shop.hands_back(&customer, order, time, json!({})).await;
    }
    shop.advance("5h").await;
    for (address, language) in [("anna@example.com", "en"), ("wang@example.com", "zh-CN"), ("sato@example.com", "ja")] {
        let (status, page) = shop.opens(&shop.link(address)).await;
        assert!(status == 200 && page.contains(&format!("lang=\"{language}\"")) && !page.contains("<script"));
        insta::assert_snapshot!(format!("survey_{language}"), redacted(&page).replace("><", ">\n<"));
    }
    assert_eq!(shop.opens("/assets/public.css").await.0, 200);
}

#[tokio::test]
async fn a_correction_is_another_row_and_the_first_one_stays() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    shop.sends(&link, &GOOD).await;
    // Ids of one millisecond have no order.
    shop.leaps_by("1m");
    let first = shop.responses().await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/surveys/responses/{first}/corrections");
    let (status, faults) = shop.does("POST", &path, json!({"answers": {"overall": 9, "mood": 1}})).await;
    assert_eq!((status, faults["errors"].as_array().map(Vec::len)), (422, Some(2)), "{faults}");
    let (status, corrected) = shop.does("POST", &path, json!({"answers": {"overall": 4}})).await;
    assert_eq!((status, &corrected["corrects"]), (201, &json!(first)), "{corrected}");
    let (status, refused) = shop.does("POST", &path, json!({"answers": {"overall": 3}})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("already_corrected")));
    let all = shop.responses().await;
    assert_eq!((all.len(), &all[0]["answers"]["overall"], &all[0]["corrected_by"]), (2, &json!(5), &corrected["id"]));
    let (status, coded) = shop
        .does(
            "POST",
            &format!("/v1/surveys/responses/{first}/causes"),
            json!({"causes": ["explanation", "price", "price"]}),
        )
        .await;
    assert_eq!((status, &coded["causes"]), (200, &json!(["explanation", "price"])), "{coded}");
}

#[tokio::test]
async fn another_dealership_sees_no_answers_and_no_cases() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    shop.sends(&link, &[("overall", "1")]).await;
    let (response, case) = (shop.responses().await[0]["id"].clone(), shop.items("/v1/cases").await[0]["id"].clone());
    let (response, case) = (response.as_str().expect("an id"), case.as_str().expect("an id"));
    let foreign = shop.key_for(Some("sh-pudong")).await;
    for path in ["/v1/surveys/responses", "/v1/cases"] {
        assert_eq!(shop.call("GET", path, &foreign, None).await.1["items"], json!([]));
    }
    for (method, path, body) in [
        ("GET", format!("/v1/surveys/responses/{response}"), None),
        ("POST", format!("/v1/surveys/responses/{response}/corrections"), Some(json!({"answers": {"overall": 5}}))),
        ("POST", format!("/v1/surveys/responses/{response}/causes"), Some(json!({"causes": ["price"]}))),
        ("GET", format!("/v1/cases/{case}"), None),
        ("POST", format!("/v1/cases/{case}/acknowledge"), Some(json!({}))),
        ("GET", "/v1/reports/satisfaction?month=2026-03&dealership=gz-tianhe".to_owned(), None),
    ] {
        assert_eq!(shop.call(method, &path, &foreign, body.as_ref()).await.0, 404, "{method} {path}");
    }
    assert_eq!(fact("x", json!({}))["dealership"], "gz-tianhe");
}

#[tokio::test]
async fn a_link_works_after_a_restart_because_its_key_is_kept() {
    let shop = in_writing().open().await;
    let link = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    let mut tx = shop.app.db.read().await.expect("a connection");
    let (keys,): (i64,) = tx.sql("SELECT CAST(count(*) AS BIGINT) FROM link_keys").one().await.expect("a count");
    assert_eq!(keys, 1);
    drop(tx);
    assert_eq!(shop.opens(&link).await.0, 200);
    let fixed = Shop::opening().setting("HTTP__LINK_KEY", "0123456789abcdef0123456789abcdef").open().await;
    assert_eq!(fixed.opens(&link).await.0, 404, "another installation");
}
