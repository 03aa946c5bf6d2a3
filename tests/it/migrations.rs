//! Both databases have the same tables, columns and indexes, made from two folders with the same file names.
use std::collections::BTreeSet;

use aftercare::db::{Db, SchemaState, Sql};

use crate::{
    need::need,
    temp::{Temp, server},
};

/// Table, column and how it may be empty; or an index and its table.
type Schema = BTreeSet<(String, String, String)>;

#[tokio::test]
async fn a_new_database_is_older_and_becomes_current_and_stays_so() {
    let temp = match server() {
        Some(server) => Temp::empty_postgres(&server).await,
        None => Temp::empty_sqlite().await,
    };
    assert_eq!(temp.db.schema().await.expect("a state"), SchemaState::Older);
    temp.db.migrate().await.expect("migrated");
    assert_eq!(temp.db.schema().await.expect("a state"), SchemaState::Current);
    let before = schema_of(&temp.db).await;
    temp.db.migrate().await.expect("migrated again");
    assert_eq!(before, schema_of(&temp.db).await, "a second run changes nothing");
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    if !need("postgresql", "both_databases_have_the_same_tables_columns_and_indexes") {
        return;
    }
    let sqlite = Temp::empty_sqlite().await;
    let postgres = Temp::empty_postgres(&server().expect("a server")).await;
    for temp in [&sqlite, &postgres] {
        temp.db.migrate().await.expect("migrated");
    }
    let (sqlite, postgres) = (schema_of(&sqlite.db).await, schema_of(&postgres.db).await);
    let only = |these: &Schema, those: &Schema| format!("{:#?}", these.difference(those).collect::<Vec<_>>());
    assert!(
        sqlite == postgres,
        "only on SQLite: {}\nonly on PostgreSQL: {}",
        only(&sqlite, &postgres),
        only(&postgres, &sqlite)
    );
}

/// The two texts differ in nothing but the names of types: CHECKs, keys, defaults and conditions of indexes are the same.
#[test]
fn both_folders_say_the_same_in_the_words_of_their_database() {
    let names = |folder: &str| -> BTreeSet<_> {
        let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(path).expect("the folder");
        files.flatten().map(|file| file.file_name().into_string().expect("a name")).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    for name in names("sqlite") {
        let text = |folder: &str| {
            let path = format!("{}/migrations/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).expect("a migration")
        };
        // Which of the two keeps rows in the order of their key is no difference of meaning.
        let sqlite = text("sqlite").replace(") STRICT, WITHOUT ROWID;", ") STRICT;");
        let postgres = in_sqlite_words(&text("postgres"));
        for (n, (ours, theirs)) in sqlite.lines().zip(postgres.lines()).enumerate() {
            assert_eq!(ours, theirs, "migrations/*/{name}:{}", n + 1);
        }
        assert_eq!(sqlite.lines().count(), postgres.lines().count(), "{name} has as many lines");
    }
}

fn in_sqlite_words(text: &str) -> String {
    let mut inside = false;
    let mut lines = String::new();
    for line in text.lines() {
        inside |= line.starts_with("CREATE TABLE");
        let mut line = line.to_owned();
        if inside || line.starts_with("ALTER TABLE") {
            for (theirs, ours) in [
                ("TIMESTAMPTZ", "TEXT"),
                ("JSONB", "TEXT"),
                ("BOOLEAN", "INTEGER"),
                ("BIGINT", "INTEGER"),
                ("BYTEA", "BLOB"),
                ("DOUBLE PRECISION", "REAL"),
            ] {
                line = line.replace(theirs, ours);
            }
            // SQLite compares text byte by byte unless it is told otherwise, and cannot be told so of a column that exists.
            if let Some((column, "")) = line.split_once(" TYPE TEXT COLLATE \"C\";") {
                let words: Vec<&str> = column.split(' ').collect();
                line = format!("SELECT {} FROM {} WHERE 1 = 0; -- compared byte by byte", words[5], words[2]);
            }
            if line == ");" {
                inside = false;
                ") STRICT;".clone_into(&mut line);
            }
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

async fn schema_of(db: &Db) -> Schema {
    let mut tx = db.read().await.expect("a connection");
    let columns = tx.sql(Sql {
        sqlite: "SELECT t.name, c.name, CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'always' ELSE 'sometimes' END
                 FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\'
                 AND t.name NOT LIKE 'sqlite_%'",
        postgres: "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT),
                   CASE WHEN is_nullable = 'NO' THEN 'always' ELSE 'sometimes' END
                   FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'",
    });
    let mut schema: Schema = columns.all().await.expect("columns").into_iter().collect();
    assert!(schema.len() > 100, "the tables of the road are there");
    // An index that serves a key is named by the database; those that we named must be the same.
    let indexes = tx.sql(Sql {
        sqlite: "SELECT 'index', name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        postgres: "SELECT 'index', CAST(indexname AS TEXT), CAST(tablename AS TEXT) FROM pg_indexes
                   WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '%\\_key'",
    });
    schema.extend(indexes.all::<(String, String, String)>().await.expect("indexes"));
    schema
}
