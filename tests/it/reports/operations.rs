//! The operations report: counted by hand, traced to its rows, by a definition that is kept.
use aftercare::console::policy::Role;
use serde_json::{Value, json};

use super::{MARCH, a_week, said};
use crate::shop::{Shop, anna, workshop::fact};

#[tokio::test]
async fn the_numbers_of_a_week_are_what_a_person_counts() {
    let shop = a_week().await;
    let numbers: Vec<String> = shop.operations("").await.iter().map(said).collect();
    assert_eq!(
        numbers,
        [
            "appointment_share 50.0 n=2 amber",
            "appointment_load 75.0 n=1 green",
            "arrival_spacing 0.0 n=1 amber",
            "booking_wait 100.0 n=1 green",
            "no_show 50.0 n=2 amber",
            "confirmation 0.0 n=2 -",
            "inquiry_reply 100.0 n=1 green",
            "first_response 120.0 n=1 -",
            "parts_notice_lead 0.0 n=1 green",
            "parts_ageing 0.0 n=2 green",
            "fill_rate 0.0 n=2 amber",
            "eta_accuracy 2.0 n=2 amber",
            "follow_up_contact 100.0 n=1 green",
            "follow_up_on_time 100.0 n=1 green",
            "first_time_right 100.0 n=1 green",
            "csat 100.0 n=1 -",
            "nps null n=0 -",
            "index null n=0 -",
            "alert_closure null n=0 -",
            "efficiency 75.0 n=1 -",
            "retention null n=0 -",
        ]
    );
    let spacing = shop.number("arrival_spacing").await;
    assert_eq!((&spacing["more"]["least"], &spacing["limit"]), (&json!(15.0), &json!(30.0)));
    let ageing = shop.number("parts_ageing").await;
    assert_eq!((&ageing["more"]["0_7"], &ageing["more"]["value_0_7"]), (&json!(2.0), &json!(820.0)));
    let share = shop.number("appointment_share").await;
    assert_eq!(
        (&share["advisors"]["adv-01"]["value"], &share["advisors"]["adv-02"]["value"]),
        (&json!(100.0), &json!(0.0))
    );
    assert_eq!(share["service_types"]["Service"]["n"], 2);
    let months: Vec<&Value> = share["months"].as_array().expect("months").iter().map(|past| &past["month"]).collect();
    assert_eq!(months, ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03"]);
    // Said by another road, they are the same.
    let sla = shop.get(&format!("/v1/reports/sla?{MARCH}")).await;
    assert_eq!((&sla["median_minutes"], &sla["answered_in_time"]), (&json!(120), &json!(1)));
    let satisfaction = shop.get(&format!("/v1/reports/satisfaction?{MARCH}")).await["dealerships"][0].clone();
    assert_eq!(satisfaction["first_time_right"]["value"], shop.number("first_time_right").await["value"]);
    assert_eq!(satisfaction["scores"]["csat"]["value"], shop.number("csat").await["value"]);
    let own: Vec<String> = shop.operations("&advisor=adv-02").await.iter().map(said).collect();
    assert!(own.contains(&"appointment_share 0.0 n=1 amber".to_owned()), "{own:?}");
    assert!(own.contains(&"no_show null n=0 -".to_owned()), "{own:?}");
}

#[tokio::test]
async fn acceptance_05_the_report_is_recomputed_from_its_rows_and_an_old_definition_makes_it_again() {
    let shop = a_week().await;
    let numbers = shop.operations("").await;
    for number in &numbers {
        let name = number["name"].as_str().expect("a name");
        let rows = shop.items(&format!("/v1/reports/operations/rows?{MARCH}&number={name}&limit=500")).await;
        let counted: Vec<&Value> = rows.iter().filter(|row| row["is_counted"] == true).collect();
        if !["nps", "index"].contains(&name) {
            assert_eq!(json!(counted.len()), number["n"], "{name}: {rows:?}");
        }
        let sum = |key: &str| counted.iter().map(|row| row[key].as_f64().unwrap_or(1.0)).sum::<f64>();
        let again = 100.0 * sum("part") / sum("whole");
        let is_of_sums = number["unit"] == "percent" && number["limit"].is_null() && !counted.is_empty();
        if is_of_sums {
            assert!((again - number["value"].as_f64().expect("a value")).abs() < 0.051, "{name}: {again} {number}");
        }
    }
    // The brand agrees to the first version, once.
    let agreed = json!({"by": "LEXUS China, after-sales", "reference": "AS-2026-17"});
    let path = "/v1/reports/operations/definitions/1/approval";
    assert_eq!(shop.does("POST", path, agreed.clone()).await.0, 200);
    let (status, answer) = shop.does("POST", path, agreed).await;
    assert_eq!((status, &answer["code"]), (409, &json!("already_approved")));
    let before = shop.get(&format!("/v1/reports/operations?{MARCH}")).await;
    assert_eq!(
        (&before["definition"], &before["approval"]["by"]),
        (&json!("operations v1"), &json!("LEXUS China, after-sales"))
    );
    // A changed definition is another version; nobody has agreed to it yet.
    let changed =
        json!({"numbers": [{"name": "arrival_spacing", "limit": 15, "least": 90}, {"name": "no_show", "most": 60}]});
    let (status, kept) = shop.does("POST", "/v1/reports/operations/definitions", changed).await;
    assert_eq!((status, &kept["version"]), (201, &json!(2)));
    let second: Vec<String> = shop.operations("").await.iter().map(said).collect();
    assert_eq!(second, ["arrival_spacing 100.0 n=1 green", "no_show 50.0 n=2 green"]);
    let report = shop.get(&format!("/v1/reports/operations?{MARCH}")).await;
    assert_eq!((&report["definition"], &report["approval"]), (&json!("operations v2"), &Value::Null));
    assert_eq!(
        shop.get(&format!("/v1/reports/operations?{MARCH}&definition=1")).await,
        before,
        "v1 makes what it made"
    );
    let all = shop.get("/v1/reports/operations/definitions").await;
    assert_eq!(all["items"].as_array().expect("versions").len(), 2);
    for (path, body, status, code) in [
        ("definitions", json!({"numbers": []}), 422, "not_a_definition"),
        ("definitions", json!({"numbers": [{"name": "no_show"}, {"name": "no_show"}]}), 422, "not_a_definition"),
        ("definitions", json!({"numbers": [{"name": "profit"}]}), 422, "not_a_definition"),
        ("definitions", json!({"numbers": [{"name": "no_show", "moste": 10}]}), 422, "not_a_definition"),
        ("definitions", json!({"numbers": [{"name": "no_show", "least": 80, "most": 60}]}), 422, "not_a_definition"),
        ("definitions", json!({"numbers": [{"name": "fill_rate", "limit": -24}]}), 422, "not_a_definition"),
        ("definitions/7/approval", json!({"by": "X"}), 422, "unknown_version"),
        ("definitions/2/approval", json!({"by": " "}), 422, "not_a_name"),
    ] {
        let (found, answer) = shop.does("POST", &format!("/v1/reports/operations/{path}"), body).await;
        assert_eq!((found, answer["code"].as_str()), (status, Some(code)), "{path}: {answer}");
    }
}

#[tokio::test]
async fn acceptance_26_the_share_of_appointments_is_amber_green_amber() {
    for (with, without, verdict) in [(58, 42, "amber"), (71, 29, "green"), (84, 16, "amber")] {
        let shop = Shop::open().await;
        let order = |n: usize| {
            let mut data = json!({"ref": format!("R-{n}"), "opened_at": "2026-03-02T09:30:00+08:00", "customer": anna().data,
                "vehicle": {"plate": "粤A12345"}});
            if n < with {
                data["appointment_ref"] = json!(format!("A-{n}"));
            }
            fact("repair_order.opened", data)
        };
        shop.hear_all((0..with + without).map(order).collect()).await;
        let share = shop.number("appointment_share").await;
        assert_eq!(said(&share), format!("appointment_share {with}.0 n=100 {verdict}"));
        shop.drain_patiently().await;
    }
}

/// Row 30 through the door: lines that came 0, 2 and 10 days after the first day named, whatever was named later.
#[tokio::test]
async fn acceptance_30_named_days_are_held_against_the_first_one() {
    let shop = Shop::open().await;
    for (n, came) in [(1, "10"), (2, "12"), (3, "20")] {
        let order = json!({"order_ref": format!("P-{n}"), "customer": anna().data, "advisor_ref": "adv-01", "eta": "2026-03-10T10:00:00+08:00",
            "lines": [{"line_ref": "1", "part_no": "16100", "name": "Pump", "qty": 1, "unit_value": 100}]});
        shop.leaps_to(&format!("2026-03-0{}T11:00", n + 1));
        shop.hears(fact("parts.ordered", order)).await;
        let slips = json!({"order_ref": format!("P-{n}"), "line_ref": "1", "at": shop.now(), "eta": format!("2026-03-{came}T10:00:00+08:00")});
        shop.hears(fact("parts.eta_changed", slips)).await;
        shop.drain().await;
    }
    for (n, came) in [(1, "10"), (2, "12"), (3, "20")] {
        shop.leaps_to(&format!("2026-03-{came}T09:10"));
        let here = json!({"order_ref": format!("P-{n}"), "line_ref": "1", "at": shop.now()});
        shop.hears(fact("parts.received", here)).await;
        shop.drain().await;
    }
    let number = shop.number("eta_accuracy").await;
    assert_eq!((&number["value"], &number["more"]["p90"], &number["n"]), (&json!(2.0), &json!(8.4), &json!(3)));
    assert_eq!(number["more"]["within"], 33.3);
}

/// Row 41 through the door: what technicians clocked against what was sold, as the report and the repair order say it.
#[tokio::test]
async fn acceptance_41_eight_hours_clocked_on_six_sold_are_75_percent() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.leaps_to("2026-03-05T09:30");
    shop.opens_order("R-1", "2026-03-05T09:40", json!({"appointment_ref": "A-1"})).await;
    shop.delivers("R-1", "2026-03-05T16:00", json!({"hours": {"sold": 6, "clocked": 8}})).await;
    // Hours that nobody clocked say nothing of how well they were used.
    shop.opens_order("R-2", "2026-03-05T09:50", json!({"customer": anna().data, "vehicle": {"plate": "粤A12345"}}))
        .await;
    shop.delivers("R-2", "2026-03-05T16:30", json!({"hours": {"sold": 3}})).await;
    shop.drain_patiently().await;
    assert_eq!(said(&shop.number("efficiency").await), "efficiency 75.0 n=1 -");
    let order = shop.get("/v1/repair-orders/R-1").await;
    assert_eq!(order["hours"], json!({"sold": 6.0, "clocked": 8.0, "efficiency": 0.75}));
    let rows = shop.items(&format!("/v1/reports/operations/rows?{MARCH}&number=efficiency")).await;
    let counted: Vec<&Value> = rows.iter().filter(|row| row["is_counted"] == true).collect();
    assert_eq!((counted.len(), &counted[0]["part"], &counted[0]["whole"]), (1, &json!(6.0), &json!(8.0)), "{rows:?}");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said_and_another_dealership_is_nobodys_business() {
    let shop = a_week().await;
    for (path, status, code) in [
        ("operations", 422, "not_a_month"),
        ("operations?month=2026-13", 422, "not_a_month"),
        ("operations?month=2026-03&dealership=nowhere", 404, "not_found"),
        ("operations?month=2026-03&format=pdf", 422, "unknown_format"),
        ("operations?month=2026-03&definition=9", 422, "unknown_version"),
        ("operations/rows?month=2026-03&dealership=gz-tianhe&number=profit", 422, "unknown_number"),
        ("operations/rows?month=2026-03&number=no_show", 422, "required"),
        ("brand?month=x", 422, "not_a_month"),
    ] {
        let (found, answer) = shop.does("GET", &format!("/v1/reports/{path}"), json!({})).await;
        assert_eq!((found, answer["code"].as_str()), (status, Some(code)), "{path}: {answer}");
    }
    let others = shop.key_for(Some("tk-minato")).await;
    for path in ["operations", "operations/rows", "brand"] {
        let path = format!("/v1/reports/{path}?{MARCH}&number=no_show");
        assert_eq!(shop.call("GET", &path, &others, None).await.0, 404, "{path}");
    }
    let (_, theirs) = shop.call("GET", "/v1/reports/operations?month=2026-03", &others, None).await;
    assert_eq!(theirs["dealerships"].as_array().expect("a list").len(), 1);
    // A definition is everybody's: the key of one dealership neither makes nor agrees to one.
    let makes = json!({"numbers": [{"name": "no_show", "most": 99}]});
    for (path, body) in [("definitions", makes), ("definitions/1/approval", json!({"by": "LEXUS China"}))] {
        let path = format!("/v1/reports/operations/{path}");
        let (status, answer) = shop.call("POST", &path, &others, Some(&body)).await;
        assert_eq!((status, answer["code"].as_str()), (403, Some("forbidden")), "{path}: {answer}");
    }
    let all = shop.get("/v1/reports/operations/definitions").await;
    assert_eq!((all["items"].as_array().map(Vec::len), &all["items"][0]["approval"]), (Some(1), &Value::Null));
}

/// A group reads its dealerships beside each other, in the language of the reader, each number with what it means.
#[tokio::test]
async fn the_page_of_a_group_in_three_languages_and_the_console_leads_to_the_rows() {
    let shop = a_week().await;
    for (locale, words) in [
        ("en", ["The dealerships beside each other", "Right the first time", "not yet approved by the brand"]),
        ("zh-CN", ["各店对比", "一次修复率", "尚未经品牌方批准"]),
        ("ja", ["店舗の比較", "一度で修理完了", "ブランド未承認"]),
    ] {
        let page = shop.reads(&format!("/v1/reports/operations?month=2026-03&format=html&locale={locale}")).await;
        for word in words {
            assert!(page.contains(word), "{locale}: {word}");
        }
        assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("kpi-"), "{locale}");
    }
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let page = boss.open("/console/reports/operations?month=2026-03").await;
    assert!(page.status == 200 && page.says("Appointment share") && page.says("50.0 %"), "{}", page.text());
    let rows = boss.open("/console/reports/operations/rows?number=appointment_share&month=2026-03").await;
    assert!(
        rows.says("R-1") && rows.says("R-2") && rows.says("Repair orders opened from an appointment"),
        "{}",
        rows.text()
    );
    // One advisor's report leads to the rows of that advisor, and back.
    let theirs = boss.open("/console/reports/operations?month=2026-03&advisor=adv-02").await;
    let link = theirs.html.split("href=\"").find(|link| link.contains("number=appointment_share")).expect("a link");
    let link = link.split('"').next().unwrap_or_default().replace("&amp;", "&");
    let rows = boss.open(&link).await;
    assert!(rows.says("R-2") && !rows.says("R-1"), "{link}: {}", rows.text());
    assert!(rows.html.contains("operations?month=2026-03&amp;advisor=adv-02"), "{}", rows.html);
    let csv = boss.open("/console/reports/operations?month=2026-03&format=csv").await;
    assert!(csv.html.contains("operations v1,2026-03,gz-tianhe,appointment_share,percent,,,50.0,"), "{}", csv.html);
}

/// A sender's slip is a full day, not the end of everybody's report.
#[tokio::test]
async fn one_absurd_figure_leaves_the_report_standing() {
    let shop = Shop::open().await;
    shop.hears(fact("capacity.set", json!({"date": "2026-03-05", "available_hours": 4.0}))).await;
    let mut slip = anna().books("2026-03-05T09:30", shop.now());
    slip["data"]["services"] = json!([{"code": "S", "name": "Service", "hours": 1e300}]);
    shop.hears(slip).await;
    shop.drain().await;
    shop.leaps_to("2026-03-06T10:00");
    let load = shop.number("appointment_load").await;
    assert_eq!((&load["n"], &load["verdict"]), (&json!(1), &json!("amber")), "{load}");
    let (_, days) =
        shop.does("GET", &format!("/v1/reports/operations/rows?{MARCH}&number=appointment_load"), json!({})).await;
    assert_eq!(days["items"].as_array().map(Vec::len), Some(1), "{days}");
    shop.drain().await;
}

#[tokio::test]
async fn a_great_group_says_which_dealership_it_means() {
    let shop = Shop::open().await;
    for n in 0..25 {
        shop.opens_another(&format!("more-{n}")).await;
    }
    let (status, answer) = shop.does("GET", "/v1/reports/operations?month=2026-03", json!({})).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("too_many_dealerships")), "{answer}");
    let one = shop.get("/v1/reports/operations?month=2026-03&dealership=more-7").await;
    assert_eq!(one["dealerships"][0]["code"], "more-7");
}
