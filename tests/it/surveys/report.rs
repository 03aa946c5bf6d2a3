//! The month in numbers: as in the acceptance rows, and as a plain count over the same rows makes them.
use aftercare::db::Weight;
use serde_json::{Value, json};

use super::in_writing;
use crate::shop::{Customer, Shop, anna, local};

impl Shop {
    async fn month(&self, month: &str) -> Value {
        self.get(&format!("/v1/reports/satisfaction?month={month}&dealership=gz-tianhe")).await["dealerships"][0]
            .clone()
    }
    /// Visited, asked and answered.
    async fn answered(&self, customer: &Customer, order: &str, delivered: &str, fields: &[(&str, &str)]) {
        let link = self.asked(customer, order, delivered).await;
        assert_eq!(self.sends(&link, fields).await.0, 200);
    }
}

fn somebody(n: usize) -> Customer {
    anna().with("ref", format!("C-{n}")).with("email", format!("c{n}@example.com"))
}
fn car(n: usize) -> Value {
    json!({"vehicle": {"vin": format!("JTHBJ46G9A23{n:05}"), "plate": format!("粤A{n:05}")}})
}

#[tokio::test]
async fn acceptance_16_first_time_right_is_49_of_50_with_its_interval_against_the_first_visit() {
    let shop = in_writing().open().await;
    for n in 1..=50 {
        shop.hands_back(
            &somebody(n),
            &format!("R-{n}"),
            &format!("2026-03-{:02}T{:02}:00", 3 + n / 10, 10 + n % 8),
            car(n),
        )
        .await;
    }
    let mut back = car(7);
    back["is_comeback"] = json!(true);
    back["advisor_ref"] = json!("adv-02");
    shop.hands_back(&somebody(7), "R-51", "2026-03-20T11:00", back).await;
    let month = shop.month("2026-03").await;
    assert_eq!(month["first_time_right"], json!({"value": 98.0, "low": 89.5, "high": 99.6, "n": 50}));
    assert_eq!((&month["visits"], &month["came_back"]), (&json!(51), &json!(1)));
    let advisors = month["advisors"].as_array().expect("a list");
    let of = |name: &str| {
        advisors.iter().find(|advisor| advisor["ref"] == name).expect("an advisor")["first_time_right"].clone()
    };
    assert_eq!(
        (&of("adv-01")["value"], &of("adv-02")),
        (&json!(98.0), &Value::Null),
        "it counts against who served first"
    );
    assert_eq!(shop.surveys().await.iter().filter(|survey| survey.contains("planned")).count(), 51);
}

#[tokio::test]
async fn acceptance_15_causes_are_counted_and_can_be_looked_at_by_advisor() {
    let shop = in_writing().open().await;
    let by = |advisor: &str, n: usize| {
        let mut more = car(n);
        more["advisor_ref"] = json!(advisor);
        more
    };
    for (n, advisor, fields) in [
        (1, "adv-01", vec![("overall", "2"), ("fixed", "yes"), ("explanation", "1")]),
        (2, "adv-01", vec![("overall", "2"), ("fixed", "yes")]),
        (3, "adv-02", vec![("overall", "2"), ("fixed", "yes"), ("booking", "1"), ("explanation", "4")]),
        (4, "adv-02", vec![("overall", "5"), ("fixed", "yes"), ("comment", "A little dear.")]),
    ] {
        shop.hands_back(&somebody(n), &format!("R-{n}"), &format!("2026-03-0{n}T10:00"), by(advisor, n)).await;
        shop.advance("5h").await;
        let link = shop.link(&format!("c{n}@example.com"));
        assert_eq!(shop.sends(&link, &fields).await.0, 200);
    }
    let dear = shop.responses().await.into_iter().find(|r| r["repair_order"] == "R-4").expect("a response");
    let path = format!("/v1/surveys/responses/{}/causes", dear["id"].as_str().expect("an id"));
    assert_eq!(shop.does("POST", &path, json!({"causes": ["price"]})).await.0, 200);
    let all = shop.month("2026-03").await;
    let count = |cause: &str, n: u64| json!({"cause": cause, "n": n});
    assert_eq!(all["causes"], json!([count("explanation", 2), count("inconvenient_time", 1), count("price", 1)]));
    assert_eq!(all["with_cause"], 4);
    let own = shop.get("/v1/reports/satisfaction?month=2026-03&dealership=gz-tianhe&advisor=adv-02").await;
    assert_eq!(own["dealerships"][0]["causes"], json!([count("inconvenient_time", 1), count("price", 1)]));
    assert_eq!((&own["dealerships"][0]["scores"]["n"], &own["advisor"]), (&json!(2), &json!("adv-02")));
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_17_who_came_again_within_a_year_by_how_satisfied_they_were() {
    let shop = in_writing().open().await;
    let sad = [("overall", "1"), ("fixed", "yes")];
    shop.answered(&somebody(1), "R-1", "2025-03-03T10:00", &[("overall", "5")]).await;
    shop.answered(&somebody(2), "R-2", "2025-03-04T10:00", &[("overall", "4")]).await;
    shop.answered(&somebody(3), "R-3", "2025-03-05T10:00", &[("overall", "3")]).await;
    shop.answered(&somebody(4), "R-4", "2025-03-06T10:00", &sad).await;
    for n in 5..=6 {
        shop.hands_back(&somebody(n), &format!("R-{n}"), "2025-03-10T10:00", car(n)).await;
    }
    let mut back = car(4);
    back["is_comeback"] = json!(true);
    shop.hands_back(&somebody(4), "R-7", "2025-03-20T10:00", back).await; // a comeback is no return
    shop.hands_back(&somebody(1), "R-8", "2025-09-01T10:00", car(1)).await;
    shop.hands_back(&somebody(3), "R-9", "2026-02-20T10:00", car(3)).await;
    shop.hands_back(&somebody(6), "R-10", "2026-03-09T10:00", car(6)).await; // eleven months and 27 days later
    shop.hands_back(&somebody(5), "R-11", "2026-03-11T10:00", car(5)).await; // a day too late
    let bands: Vec<String> = shop.month("2026-03").await["retention"]
        .as_array()
        .expect("bands")
        .iter()
        .map(|band| format!("{} {}/{}", band["band"].as_str().expect("a word"), band["returned"], band["customers"]))
        .collect();
    assert_eq!(bands, ["satisfied 1/2", "neutral 1/1", "dissatisfied 0/1", "silent 1/2"]);
    shop.drain().await;
}

#[tokio::test]
async fn acceptance_07_on_monday_managers_read_the_causes_and_advisors_their_own_score() {
    let shop = in_writing().open().await;
    shop.hires("mgr-01", "service_manager").await;
    shop.hires("adv-01", "advisor").await;
    shop.hires("adv-02", "advisor").await;
    for (n, advisor, score) in [(1, "adv-01", "2"), (2, "adv-01", "5"), (3, "adv-02", "2")] {
        let mut more = car(n);
        more["advisor_ref"] = json!(advisor);
        shop.hands_back(&somebody(n), &format!("R-{n}"), &format!("2026-03-0{}T10:00", n + 2), more).await;
        shop.advance("5h").await;
        let link = shop.link(&format!("c{n}@example.com"));
        shop.sends(&link, &[("overall", score), ("fixed", "yes")]).await;
    }
    shop.drain().await;
    shop.leaps_to("2026-03-09T08:30");
    shop.drain().await;
    let weekly = |address: &str| {
        let is_ours = |subject: &str| subject.starts_with("Satisfaction, week") || subject.starts_with("Your scores");
        let of_week = shop.inbox(address).into_iter().filter(|mail| is_ours(&mail.subject));
        of_week.map(|mail| mail.text).collect::<Vec<_>>()
    };
    let manager = weekly("mgr-01@gz.example").join("\n");
    assert!(manager.contains("Cause: explanation: 2 [n=2]"), "{manager}");
    assert!(manager.contains("Satisfied customers: 33.3% (6.1–79.2%) [n=3]"), "{manager}");
    let own = weekly("adv-01@gz.example").join("\n");
    assert!(own.contains("Satisfied customers: 50.0%") && own.contains("[n=2]"), "{own}");
    assert!(!own.contains("adv-02") && !own.contains("Cause"), "nobody reads a colleague's: {own}");
    assert!(weekly("adv-02@gz.example").join("\n").contains("[n=1]"));
    shop.leaps_to("2026-03-16T08:31");
    shop.drain().await;
    assert_eq!(weekly("mgr-01@gz.example").len(), 1, "a week without answers says nothing");
}

/// One answer of the fixture, as plain as can be.
#[derive(Clone, Copy)]
struct Row {
    mode: &'static str,
    fixed: bool,
    overall: i64,
    recommend: i64,
    advisor: usize,
}

/// Rows that look like nothing in particular, the same at each run.
fn rows() -> Vec<Row> {
    let mut seed = 2_026_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((seed >> 33) % below).expect("small")
    };
    (0..400)
        .map(|_| Row {
            mode: ["web", "call", "reply"][usize::try_from(next(3)).expect("small")],
            fixed: next(10) > 0,
            overall: 1 + next(5),
            recommend: next(11),
            advisor: usize::try_from(1 + next(4)).expect("small"),
        })
        .collect()
}

async fn seed(shop: &Shop, rows: &'static [Row]) {
    let at = local("2026-03-10T12:00");
    let filled = shop.app.db.write(Weight::ONE, move |tx| {
        Box::pin(async move {
            let (dealership,): (String,) = tx.sql("SELECT id FROM dealerships WHERE code = 'gz-tianhe'").one().await?;
            for (n, row) in rows.iter().enumerate() {
                let reference = format!("adv-0{}", row.advisor);
                let (advisor,): (String,) = tx
                    .sql("SELECT id FROM staff WHERE dealership_id = $1 AND ref = $2")
                    .bind(dealership.clone())
                    .bind(reference)
                    .one()
                    .await?;
                let survey = format!("svy_{n:032x}");
                tx.sql("INSERT INTO surveys (id, dealership_id, repair_order_id, ref, state, revision, version, follow_up, advisor_id, is_internal,
                        delivered_at, is_comeback, completed_at, created_at, updated_at)
                    VALUES ($1, $2, $3, $3, 'completed', 1, 1, 'survey', $4, $5, $6, $5, $6, $6, $6)")
                    .bind(survey.clone())
                    .bind(dealership.clone())
                    .bind(format!("R-{n}"))
                    .bind(advisor.clone())
                    .bind(false)
                    .bind(at)
                    .execute()
                    .await?;
                let answers = json!({"fixed": row.fixed, "overall": row.overall, "recommend": row.recommend});
                tx.sql("INSERT INTO survey_responses (id, survey_id, dealership_id, advisor_id, mode, version, answers, fixed, overall, recommend,
                        contact_me, answered_at, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $11)")
                    .bind(format!("rsp_{n:032x}"))
                    .bind(survey)
                    .bind(dealership.clone())
                    .bind(advisor)
                    .bind(row.mode.to_owned())
                    .bind(sqlx::types::Json(answers))
                    .bind(row.fixed)
                    .bind(row.overall)
                    .bind(row.recommend)
                    .bind(false)
                    .bind(at)
                    .execute()
                    .await?;
            }
            Ok::<_, aftercare::db::Error>(())
        })
    });
    filled.await.expect("filled");
}

#[tokio::test]
async fn the_report_is_what_a_plain_count_over_its_rows_makes() {
    let shop = Shop::open().await;
    let rows: &'static [Row] = Box::leak(rows().into_boxed_slice());
    seed(&shop, rows).await;
    let month = shop.month("2026-03").await;
    agrees(&month["scores"], &rows.iter().collect::<Vec<_>>());
    for mode in ["web", "call", "reply"] {
        agrees(&month["by_mode"][mode], &rows.iter().filter(|row| row.mode == mode).collect::<Vec<_>>());
    }
    for advisor in month["advisors"].as_array().expect("a list") {
        let own = |row: &&Row| advisor["ref"] == format!("adv-0{}", row.advisor);
        agrees(&advisor["scores"], &rows.iter().filter(own).collect::<Vec<_>>());
        assert!(advisor["rank"].is_u64(), "a hundred answers are enough");
    }
    assert_eq!(month["scores"]["index"], Value::Null, "nobody was asked every weighted question");
    let table = aftercare::reports::satisfaction::csv::csv(&report(&shop).await);
    assert!(table.contains("satisfaction v1,2026-03,gz-tianhe,all,,csat,"), "{table}");
    let page = aftercare::reports::satisfaction::html::html(&report(&shop).await);
    assert!(page.contains("<svg") && page.contains("all together") && !page.contains("<script"));
}

async fn report(shop: &Shop) -> aftercare::reports::satisfaction::Report {
    use aftercare::reports::satisfaction::actions::{Question, report};
    let question = Question {
        month: "2026-03".parse().expect("a month"),
        dealership: Some("gz-tianhe".to_owned()),
        advisor: None,
    };
    report(&shop.app, &aftercare::http::Access::All, &question).await.expect("rows").expect("a dealership")
}

/// Straight from the definitions, in another way than the product does it.
fn agrees(scores: &Value, rows: &[&Row]) {
    let n = rows.len();
    let close = |found: &Value, expected: f64, within: f64, what: &str| {
        let found = found.as_f64().unwrap_or(f64::NAN);
        assert!((found - expected).abs() <= within, "{what}: {found} is not {expected}");
    };
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let float = |n: usize| n as f64;
    assert_eq!(scores["n"], json!(n));
    let percent = |count: usize| 100.0 * float(count) / float(n);
    close(&scores["csat"]["value"], percent(rows.iter().filter(|row| row.overall > 3).count()), 0.051, "csat");
    close(&scores["said_fixed"]["value"], percent(rows.iter().filter(|row| row.fixed).count()), 0.051, "fixed");
    let promoters = rows.iter().filter(|row| [9, 10].contains(&row.recommend)).count();
    let detractors = rows.iter().filter(|row| row.recommend < 7).count();
    close(&scores["nps"]["value"], percent(promoters) - percent(detractors), 0.051, "nps");
    let sum: i64 = rows.iter().map(|row| row.overall).sum();
    close(&scores["mean"]["value"], float(usize::try_from(sum).expect("positive")) / float(n), 0.0051, "mean");
    // Wilson by solving (p - x)² = z² x (1 - x) / n for x by halving.
    let p = percent(rows.iter().filter(|row| row.overall > 3).count()) / 100.0;
    let inside = |x: f64| (p - x) * (p - x) <= 1.96 * 1.96 * x * (1.0 - x) / float(n);
    let edge = |mut out: f64, mut within: f64| {
        for _ in 0..100 {
            let middle = f64::midpoint(out, within);
            if inside(middle) { within = middle } else { out = middle }
        }
        100.0 * within
    };
    close(&scores["csat"]["low"], edge(0.0, p), 0.051, "low");
    close(&scores["csat"]["high"], edge(1.0, p), 0.051, "high");
}

#[tokio::test]
async fn few_answers_are_not_ranked_and_the_month_has_to_be_one() {
    let shop = in_writing().open().await;
    shop.answered(&somebody(1), "R-1", "2026-03-03T10:00", &[("overall", "5")]).await;
    let advisors = shop.month("2026-03").await["advisors"].clone();
    assert_eq!((&advisors[0]["rank"], &advisors[0]["scores"]["n"]), (&Value::Null, &json!(1)));
    assert_eq!(shop.month("2026-04").await["scores"]["n"], 0);
    for (query, status, code) in [
        ("", 422, "not_a_month"),
        ("?month=2026-3", 422, "not_a_month"),
        ("?month=2026-03&dealership=nowhere", 404, "not_found"),
        ("?month=2026-03&format=pdf", 422, "unknown_format"),
    ] {
        let (found, answer) = shop.does("GET", &format!("/v1/reports/satisfaction{query}"), json!({})).await;
        assert_eq!((found, &answer["code"]), (status, &json!(code)), "{query}");
    }
    shop.drain().await;
}
