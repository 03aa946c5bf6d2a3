//! What the commands of the counter print, refuse and store: setup, keys, migrations, settings.
use aftercare::{clock::Clock, config::Config, staff::keys::id_in};

use super::{Database, text};

#[tokio::test(flavor = "multi_thread")]
async fn setup_twice_is_setup_once_and_wrong_entries_are_named() {
    let database = Database::new().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/dealerships.toml");
    let refused = database.run(&["setup", file]).await;
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("aftercare migrate"));
    for arguments in [&["migrate"][..], &["migrate"], &["setup", file]] {
        let done = database.run(arguments).await;
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", text(&done.stderr));
    }
    let rows = everything_in(&database.url).await;
    assert_eq!((rows.0.len(), rows.1), (4, 20), "16 people and 4 dealerships in the record");
    let again = database.run(&["setup", file]).await;
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(everything_in(&database.url).await, rows);

    let wrong = database.folder.path().join("wrong.toml");
    let entries = "[[dealership]]\ncode = \"xx\"\nname = \"X\"\ntime_zone = \"Mars/X\"\n[[staff]]\nref = \"a\"\ndealership = \"nowhere\"\nname = \"A\"\n";
    std::fs::write(&wrong, entries).expect("written");
    let refused = database.run(&["setup", wrong.to_str().expect("a path")]).await;
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.contains("dealership 1 (xx): time_zone: must be an IANA time zone"), "{said}");
    assert!(said.contains("staff 1 (a of nowhere): dealership: is neither"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    // Who stands in may come later in the file; a circle stores nothing.
    let shifts = database.folder.path().join("shifts.toml");
    let person = |reference: &str, more: &str| {
        format!(
            "[[staff]]\nref = \"{reference}\"\ndealership = \"gz-tianhe\"\nname = \"{reference}\"\nroles = [\"advisor\"]\n{more}\n"
        )
    };
    let week = "shifts = { week = { mon = [[\"09:00\", \"12:00\"]] }, away = [{ from = 2026-03-09, to = 2026-03-13 }] }\nsubstitute = \"adv-91\"";
    std::fs::write(&shifts, person("adv-90", week) + &person("adv-91", "")).expect("written");
    let done = database.run(&["setup", shifts.to_str().expect("a path")]).await;
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    std::fs::write(&shifts, person("adv-91", "substitute = \"adv-90\"")).expect("written");
    let refused = database.run(&["setup", shifts.to_str().expect("a path")]).await;
    let said = text(&refused.stderr);
    assert!(refused.status.code() == Some(2) && said.contains("staff adv-91: substitute: leads back"), "{said}");
    let questions = database.run(&["setup"]).await;
    assert_eq!((questions.status.code(), text(&questions.stderr).contains("TOML file")), (Some(2), true));

    let created =
        database.run(&["key", "create", "dms", "--scopes", "events:write,read", "--dealership", "gz-tianhe"]).await;
    let key = text(&created.stdout).trim().to_owned();
    assert!(created.status.success() && key.starts_with("ac_") && key.len() == 80, "{key:?} {}", text(&created.stderr));
    let listed = database.run(&["key", "list"]).await;
    let list = text(&listed.stdout);
    assert!(list.contains("events:write,read\tgz-tianhe") && !list.contains(&key[16..]), "{list}");
    assert!(database.run(&["key", "revoke", id_in(&key)]).await.status.success());
    assert_eq!(database.run(&["key", "revoke", id_in(&key)]).await.status.code(), Some(2));
    assert_eq!(database.run(&["key", "create", "dms", "--scopes", "everything"]).await.status.code(), Some(2));
    database.remove().await;
}

/// Ids and codes of the dealerships, and how many lines the record has.
async fn everything_in(url: &str) -> (Vec<String>, i64) {
    let db = aftercare::db::Db::open(url, &Clock::system()).await.expect("a database");
    let mut tx = db.read().await.expect("a connection");
    let all = aftercare::dealerships::actions::all(&mut tx).await.expect("dealerships");
    let (lines,): (i64,) = tx.sql("SELECT count(*) FROM timeline").one().await.expect("a number");
    drop(tx);
    db.close().await;
    (all.into_iter().map(|one| format!("{} {}", one.id, one.code)).collect(), lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_explains_its_settings_and_refuses_wrong_ones() {
    let database = Database::new().await;
    let printed = database.run(&["config"]).await;
    let file = database.folder.path().join("aftercare.toml");
    std::fs::write(&file, &printed.stdout).expect("written");
    let read = Config::load_with(Some(&file), std::collections::HashMap::new()).expect("what is printed is valid");
    assert_eq!(format!("{read:?}"), format!("{:?}", Config::default()));

    std::fs::write(&file, "[sms]\nprovider = \"twilio\"").expect("written");
    let refused = database.run(&["migrate"]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("sms.provider") && text(&refused.stderr).contains("none, http, mailbox"));
    std::fs::remove_file(&file).expect("removed");
    for arguments in [&["--config", "nowhere.toml", "migrate"][..], &["serve"], &["fly"]] {
        let refused = database.run(arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", text(&refused.stderr));
    }
    if database.server.is_none() {
        let refused = database.run(&["work"]).await;
        assert_eq!((refused.status.code(), text(&refused.stderr).contains("needs PostgreSQL")), (Some(2), true));
    }
    database.remove().await;
}
