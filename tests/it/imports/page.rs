//! The page on which a person takes a file in: chosen, judged, imported, corrected; without script.
use aftercare::{console::policy::Role, imports::uploads};

use super::numbers;
use crate::{
    console::seat::{Seat, Shown},
    shop::{Shop, local},
};

const FILE: &str = "客户编号,姓名,手机,星座
C-1,王芳,139 0000 1234,狮子
C-2,李雷,电话,
C-3,韩梅,138 0000 5678,
";

/// Chooses a file and follows where that leads, until nothing is being done with it any more.
async fn choose(seat: &mut Seat<'_>, kind: &str, (name, bytes): (&str, &[u8])) -> (String, Shown) {
    let shown = seat.uploads("/console/import", &[("kind", kind), ("source", "dms")], &[(name, bytes)]).await;
    assert_eq!(shown.status, 303, "{}", shown.text());
    let at = shown.location.expect("its page");
    let shown = settled(seat, &at).await;
    (at, shown)
}

async fn settled(seat: &mut Seat<'_>, at: &str) -> Shown {
    let looking = async {
        loop {
            let shown = seat.open(at).await;
            if !shown.html.contains("<progress") {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), looking).await.expect("it is done in time")
}

async fn start(seat: &mut Seat<'_>, at: &str) -> Shown {
    assert_eq!(seat.send(&format!("{at}/start"), &[]).await.status, 303);
    settled(seat, at).await
}

/// What of a shop's customers are on record.
async fn known(shop: &Shop, reference: &str) -> bool {
    shop.ask("GET", &format!("/v1/customers/{reference}"), &serde_json::Value::Null).await.0 == 200
}

/// Folders of uploads, and whether their files are still there.
fn kept(shop: &Shop) -> Vec<bool> {
    let folder = shop.app.config.imports.uploads.clone().expect("a folder");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("file.csv").exists()).collect()
}

async fn open(folder: &tempfile::TempDir) -> Shop {
    Shop::opening()
        .setting("IMPORTS__UPLOADS", folder.path().join("uploads").to_str().expect("a path"))
        .setting("IMPORTS__UPLOAD_LIMIT", "1048576")
        .open()
        .await
}

#[tokio::test]
async fn a_file_is_judged_imported_and_what_was_refused_is_corrected_and_chosen_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = open(&folder).await;
    let mut seat = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let bytes = encoding_rs::GB18030.encode(FILE).0.into_owned();
    let (at, judged) = choose(&mut seat, "customers", ("客户.csv", &bytes)).await;
    for words in [
        "Nothing is stored yet.",
        "Rows understood 2",
        "New 2",
        "Changed 0",
        "Refused 1",
        "gb18030",
        "手机 → mobile",
        "Columns that mean nothing to us 星座",
        "手机 is no telephone number: digits only 1 3",
    ] {
        assert!(judged.says(words), "{words}: {}", judged.text());
    }
    assert!(!known(&shop, "C-1").await, "nothing is stored before they said so");

    let done = start(&mut seat, &at).await;
    assert!(done.says("One row was refused") && done.says("Imported"), "{}", done.text());
    assert!(known(&shop, "C-1").await && known(&shop, "C-3").await && !known(&shop, "C-2").await);
    assert_eq!(kept(&shop), [false], "the file is deleted as soon as it is in");

    let rejected = seat.open(&format!("{at}/rejected")).await.html;
    assert!(rejected.contains("C-2,李雷,电话,,\"mobile must hold digits only"), "{rejected}");
    let mended = rejected.replace("电话", "137 0000 1111");
    let (at, judged) = choose(&mut seat, "customers", ("mended.csv", mended.as_bytes())).await;
    assert!(judged.says("New 1") && judged.says("Refused 0"), "{}", judged.text());
    start(&mut seat, &at).await;
    assert_eq!(numbers(&shop.get("/v1/customers/C-2").await), ["+8613700001111"]);

    // The same again is seen to do nothing; a changed row is told from a new one.
    let changed = FILE.replace("电话", "137 0000 1111").replace("李雷", "李磊") + "C-4,赵云,,\n";
    let (at, judged) = choose(&mut seat, "customers", ("tuesday.csv", changed.as_bytes())).await;
    for words in ["New 1", "Changed 1", "As before 2"] {
        assert!(judged.says(words), "{words}: {}", judged.text());
    }
    // Pressed twice, it is imported once.
    start(&mut seat, &at).await;
    assert!(start(&mut seat, &at).await.says("Imported"));
    assert_eq!(shop.get("/v1/customers/C-2").await["name"], "李磊");
    shop.drain().await;
    let mut auditor = shop.seat("aud-9", &[Role::Auditor]).await;
    assert!(auditor.open("/console/audit").await.says("A file was imported"));
}

#[tokio::test]
async fn what_cannot_be_taken_is_said_in_the_readers_language_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = open(&folder).await;
    let mut seat = shop.seat("adm-9", &[Role::Admin]).await;
    let long = vec![b'a'; (1 << 20) + 1];
    let longer = vec![b'a'; 2 << 20];
    for (kind, bytes, status, words) in [
        ("", &b"a"[..], 422, "Say what its rows are about"),
        ("customers", b"", 422, "The file is empty"),
        ("customers", b"PK\x03\x04rest", 422, "save it as CSV"),
        ("customers", &long, 413, "larger than 1 MB"),
        ("customers", &longer, 413, "larger than 1 MB"),
    ] {
        let shown = seat.uploads("/console/import", &[("kind", kind)], &[("a.csv", bytes)]).await;
        assert_eq!(shown.status, status, "{}", shown.text());
        assert!(shown.says(words), "{words}: {}", shown.text());
    }
    assert_eq!(kept(&shop).len(), 0);
    let (at, shown) = choose(&mut seat, "vehicles", ("vehicles.csv", "姓名,电话\n王芳,1\n".as_bytes())).await;
    assert!(shown.says("This file cannot be used") && shown.says("there is no column for vin"), "{}", shown.text());
    assert!(!shown.html.contains("file.csv"), "no path of the server's: {}", shown.text());
    assert_eq!(kept(&shop), [false], "of no use to anybody");
    assert_eq!(seat.send(&format!("{at}/drop"), &[]).await.status, 303);
    assert_eq!(kept(&shop).len(), 0);
    // No more wait than a person looks at.
    for _ in 0..uploads::MOST_WAITING {
        choose(&mut seat, "customers", ("customers.csv", FILE.as_bytes())).await;
    }
    let shown = seat.uploads("/console/import", &[("kind", "customers")], &[("a.csv", FILE.as_bytes())]).await;
    assert!(shown.status == 422 && shown.says("wait already"), "{}", shown.text());
    // Customers' names do not lie there for ever.
    shop.leaps_by("25h");
    uploads::work::look(&shop.app).await.expect("a look");
    assert_eq!(kept(&shop).len(), 0);
}

#[tokio::test]
async fn nobody_sees_what_another_has_chosen_and_a_process_that_died_is_followed_by_one_that_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = open(&folder).await;
    let mut seat = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let (at, _) = choose(&mut seat, "customers", ("customers.csv", FILE.as_bytes())).await;
    let mut other = shop.seat("mgr-8", &[Role::ServiceManager]).await;
    for page in [at.clone(), format!("{at}/rejected")] {
        assert_eq!(other.open(&page).await.status, 404, "{page}");
    }
    for deed in ["start", "drop"] {
        assert_eq!(other.send(&format!("{at}/{deed}"), &[]).await.status, 404, "{deed}");
    }
    assert!(!other.open("/console/import").await.says("customers.csv"));

    // Wanted, and the process dies before it begins.
    let id = at.rsplit('/').next().expect("an id").parse().expect("an id");
    assert!(uploads::work::want(&shop.app, id).expect("wanted"));
    shop.leaps_to("2026-03-05T10:00");
    assert!(local("2026-03-05T10:00") == shop.now(), "older than what is thrown away");
    uploads::work::look(&shop.app).await.expect("a look");
    assert!(known(&shop, "C-1").await && kept(&shop) == [false]);
    shop.drain().await;
}
