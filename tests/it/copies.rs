//! A backup is whole although others write, and knows that it is one: nothing of it is sent until somebody says so.
use aftercare::{copies, db::Db, fsck};
use secrecy::ExposeSecret;

use crate::{
    shop::{Shop, anna, fang},
    temp::server,
};

async fn count(db: &Db, text: &'static str) -> i64 {
    let (count,): (i64,) = db.read().await.expect("a connection").sql(text).one().await.expect("a count");
    count
}

const OPEN: &str = "SELECT (SELECT CAST(count(*) AS BIGINT) FROM notices WHERE state IN ('waiting', 'sending'))
    + (SELECT CAST(count(*) AS BIGINT) FROM messages WHERE state IN ('ready', 'sending', 'unknown'))";
const HELD: &str = "SELECT CAST(count(*) AS BIGINT) FROM notices WHERE state = 'held' AND reason = 'restored_copy'";

async fn run(url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .args(arguments)
        .env("AFTERCARE__DATABASE__URL", url)
        .output()
        .await
        .expect("the program runs");
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn a_copy_made_under_load_is_whole_and_holds_its_outbox_until_it_is_released() {
    if server().is_some() {
        return;
    }
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("copy.db");
    let under_load = async {
        for n in 0..20_u8 {
            shop.book(&fang().at(Box::leak(format!("B-{n}").into_boxed_str())), "2026-03-06T09:30").await;
        }
    };
    let (bytes, ()) = tokio::join!(copies::actions::backup(&shop.app, &file), under_load);
    assert!(bytes.expect("copied") > 0);
    assert!(copies::actions::backup(&shop.app, &file).await.is_err(), "nothing is written over");

    let url = format!("sqlite://{}", file.display());
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    let open = count(&copy, OPEN).await;
    assert!(open > 0, "the reminder waits");
    copy.close().await;
    // Any command that opens it is its first start.
    let (code, said) = run(&url, &["queue", "status"]).await;
    assert_eq!(code, Some(0), "{said}");
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    assert_eq!(count(&copy, OPEN).await, 0);
    let held = count(&copy, HELD).await;
    assert!(held > 0 && held <= open);
    copy.close().await;
    let (code, said) = run(&url, &["queue", "release"]).await;
    assert_eq!(code, Some(0), "{said}");
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    assert_eq!((count(&copy, OPEN).await, count(&copy, HELD).await), (open, 0));
    copy.close().await;
    // Started again it is held no more.
    run(&url, &["queue", "status"]).await;
    let copy = Db::open(&url, &aftercare::clock::Clock::system()).await.expect("the copy");
    assert_eq!(count(&copy, HELD).await, 0);
    copy.close().await;
    // The one it was made of is no copy.
    assert_eq!(count(&shop.app.db, HELD).await, 0);
    shop.drain().await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn postgresql_is_told_to_copy_itself() {
    if server().is_none() {
        return;
    }
    let shop = Shop::open().await;
    let (code, said) = run(shop.app.config.database.url.expose_secret(), &["backup", "copy.db"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("pg_dump"), "{said}");
}
