//! `aftercare report …`: the same numbers as over HTTP, from the real program beside a running shop.
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{MARCH, a_week};
use crate::shop::Shop;

/// What the program prints, and how it ended.
async fn run(shop: &Shop, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .args(arguments)
        .env("AFTERCARE__DATABASE__URL", shop.app.config.database.url.expose_secret())
        .env("AFTERCARE_TEST_CLOCK", "")
        .output()
        .await
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_prints_what_the_api_answers_and_lists_what_was_counted() {
    let shop = a_week().await;
    // The program's clock is the system's: a month that is over for both.
    shop.leaps_to("2026-04-05T10:00");
    shop.drain_patiently().await;
    let month = ["--month", "2026-03", "--dealership", "gz-tianhe"];
    let report = |more: &'static [&'static str]| [&["report", "operations"][..], &month, more].concat();
    let (status, printed, error) = run(&shop, &report(&["--format", "json"])).await;
    assert_eq!(status, Some(0), "{error}");
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed, shop.get(&format!("/v1/reports/operations?{MARCH}")).await);
    let (_, csv, _) = run(&shop, &report(&["--format", "csv"])).await;
    assert_eq!(csv.trim_end(), shop.reads(&format!("/v1/reports/operations?{MARCH}&format=csv")).await.trim_end());
    let (_, page, _) = run(&shop, &report(&["--locale", "zh-CN"])).await;
    assert!(page.contains("失约率") && page.contains("<svg") && page.contains("--rows"), "{page}");
    let (_, rows, _) = run(&shop, &report(&["--rows", "appointment_share"])).await;
    assert!(rows.contains(",R-1,") && rows.contains(",R-2,"), "{rows}");
    let (status, _, error) = run(&shop, &report(&["--rows", "profit"])).await;
    assert!(status == Some(2) && error.contains("no_show"), "{error}");
    assert_eq!(run(&shop, &["report", "operations", "--month", "2026-03", "--dealership", "nowhere"]).await.0, Some(2));

    let agreed = ["report", "approve", "--version", "1", "--by", "LEXUS China", "--reference", "AS-17"];
    assert_eq!(run(&shop, &agreed).await.0, Some(0));
    assert_eq!(run(&shop, &agreed).await.0, Some(2), "once");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("v2.json");
    std::fs::write(&file, json!({"numbers": [{"name": "no_show", "most": 5}]}).to_string()).expect("written");
    let (status, said, error) = run(&shop, &["report", "define", file.to_str().expect("a path")]).await;
    assert!(status == Some(0) && said.contains("operations v2"), "{said}{error}");
    assert_eq!(shop.operations("").await.len(), 1);

    let (_, csv, _) = run(&shop, &[&["report", "brand"][..], &month].concat()).await;
    assert!(csv.lines().count() == 2 && !csv.contains("R-1"), "{csv}");
    let (_, lines, _) = run(&shop, &[&["report", "brand"][..], &month, &["--format", "json"]].concat()).await;
    let visit: Value = serde_json::from_str(lines.trim()).expect("JSON");
    assert_eq!((&visit["oem_sharing"], &visit["overall"]), (&json!(false), &json!(5)));
}
