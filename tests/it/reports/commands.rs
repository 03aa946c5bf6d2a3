//! `aftercare report …`: the same numbers as over HTTP, from the real program beside a running shop.
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{MARCH, a_week};
use crate::shop::{Shop, anna};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_report_is_verified_offline_and_one_altered_byte_names_its_row() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-02T10:00");
    for reference in ["W-1", "W-2", "W-3"] {
        shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
            "data": {"ref": reference, "channel": "web", "received_at": shop.now(), "body": reference, "customer": anna().data}}))
            .await;
        shop.advance("1m").await;
    }
    let (status, sealed, error) =
        run(&shop, &["report", "sla", "--month", "2026-03", "--dealership", "gz-tianhe", "--format", "sealed"]).await;
    assert_eq!((status, sealed.lines().count()), (Some(0), 5), "what it is, three rows, the head: {error}");
    let sla = |more: &'static [&'static str]| [&["report", "sla", "--month", "2026-03"][..], more].concat();
    let (_, csv, _) = run(&shop, &sla(&["--format", "csv"])).await;
    assert!(csv.lines().count() == 4 && csv.contains("gz-tianhe,2026-03,W-2,web,2026-03-02T02:01:00"), "{csv}");
    let (_, page, _) = run(&shop, &sla(&["--format", "html", "--dealership", "gz-tianhe"])).await;
    assert!(page.contains("The 24-hour promise 2026-03") && page.contains("W-3"), "{page}");
    let (_, all, _) = run(&shop, &sla(&[])).await;
    let all: Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!((all.as_array().map(Vec::len), &all[0]["received"]), (Some(4), &json!(3)), "{all}");
    assert_eq!(run(&shop, &sla(&["--format", "sealed"])).await.0, Some(2), "one file, one dealership");
    let named = shop.reads("/v1/reports/sla?dealership=gz-tianhe&month=2026-03&format=csv").await;
    assert_eq!(named.lines().count(), 4, "the same over HTTP");
    let folder = tempfile::tempdir().expect("a folder");
    let verified = async |text: String, more: &[&str]| {
        let file = folder.path().join("sla.jsonl");
        std::fs::write(&file, text).expect("written");
        // Without a database, and without a configuration that could name one.
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(["report", "verify", file.to_str().expect("a path")])
            .args(more)
            .env_clear()
            .current_dir(folder.path())
            .output()
            .await
            .expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (status, said, _) = verified(sealed.clone(), &[]).await;
    assert!(status == Some(0) && said.starts_with("gz-tianhe 2026-03: 3 rows as they were sealed, head "), "{said}");
    let head = said.trim().rsplit_once(' ').expect("a head").1.to_owned();
    assert_eq!(verified(sealed.clone(), &["--head", &head]).await.0, Some(0));
    // Every line, whichever byte of it: the row is named by its inquiry.
    for (n, line) in sealed.lines().enumerate().skip(1).take(3) {
        for place in (0..line.len()).step_by(97) {
            let mut bytes = line.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
            let altered = String::from_utf8(bytes).expect("ASCII");
            let text: Vec<&str> =
                sealed.lines().enumerate().map(|(at, old)| if at == n { &*altered } else { old }).collect();
            let (status, _, error) = verified(text.join("\n") + "\n", &[]).await;
            assert!(status == Some(1) && error.contains(&format!("row {n} (line {})", n + 1)), "{place}: {error}");
        }
    }
    let altered = sealed.replacen("\"ref\":\"W-2\"", "\"ref\":\"W-4\"", 1);
    assert!(verified(altered, &[]).await.2.contains("inquiry W-4"));
    let (status, _, error) = verified(sealed, &["--head", "another"]).await;
    assert!(status == Some(1) && error.contains("not the file that was made then"), "{error}");
}
