//! A folder that is watched: what is dropped there is imported and put away.
use aftercare::imports::folder;

use super::{APPOINTMENTS, Counter};

#[tokio::test]
async fn a_file_dropped_into_the_folder_is_imported_and_put_away() {
    let at = Counter::open().await;
    let below = at.folder.path().join("gz-tianhe");
    std::fs::create_dir(&below).expect("a folder");
    let mut seen = folder::Seen::new();
    std::fs::write(below.join("appointments-0302.csv"), APPOINTMENTS).expect("written");
    std::fs::write(below.join("customers.csv"), "customer_no,name,mobile\nC-7,Bo,CALL ME\nC-8,Eva,13900001239\n")
        .expect("written");
    std::fs::write(below.join("notes.txt"), "not ours").expect("written");
    let look =
        async |seen: &mut folder::Seen| folder::look(&at.shop.app, at.folder.path(), seen).await.expect("a look");
    assert_eq!(look(&mut seen).await, 0, "it may still be being written");
    assert_eq!(look(&mut seen).await, 2);
    assert_eq!(look(&mut seen).await, 0);
    let lies = |path: &str| below.join(path).is_file();
    assert!(lies("done/appointments-0302.csv") && lies("rejected/customers.csv") && lies("notes.txt"));
    assert!(lies("rejected/customers.csv.rejected.csv") && !lies("customers.csv"));
    assert_eq!((at.count("appointments").await, at.count("customers").await), (2, 3));
    // The same name the next night.
    std::fs::write(below.join("appointments-0302.csv"), APPOINTMENTS).expect("written");
    look(&mut seen).await;
    assert_eq!(look(&mut seen).await, 1);
    assert_eq!(std::fs::read_dir(below.join("done")).expect("a folder").count(), 2, "neither is lost");
    at.shop.drain().await;
}

/// A quote that is never closed makes one row of the rest of the file: it is not gathered in memory, and not tried for ever.
#[tokio::test]
async fn a_damaged_file_is_put_away_with_what_was_taken_and_where_it_breaks() {
    let at = Counter::open().await;
    let good = "客户编号,姓名,手机\nC-1,王芳,139 0000 1234\nC-2,李,电话\n";
    let damaged = format!("{good}C-3,\"赵\n{}", "C-4,钱,139 0000 9999\n".repeat(100_000));
    at.write("customers.csv", &damaged);
    let mut seen = folder::Seen::new();
    std::fs::create_dir(at.folder.path().join("gz-tianhe")).expect("a folder");
    std::fs::rename(at.folder.path().join("customers.csv"), at.folder.path().join("gz-tianhe/customers.csv"))
        .expect("moved");
    for _ in 0..3 {
        folder::look(&at.shop.app, at.folder.path(), &mut seen).await.expect("a look");
    }
    assert_eq!(at.count("customers").await, 1, "what stands before the damage");
    let put = at.folder.path().join("gz-tianhe/rejected");
    let text = |name: &str| std::fs::read_to_string(put.join(name)).expect("a file");
    assert!(text("customers.csv") == damaged && !at.folder.path().join("gz-tianhe/customers.csv").exists());
    assert!(text("customers.csv.rejected.csv").contains("C-2,李,电话,"));
    let why = text("customers.csv.rejected.txt");
    assert!(why.contains("the row that begins on line 4") && why.contains("longer than 1 MiB"), "{why}");
}
