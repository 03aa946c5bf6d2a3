//! Files of a dealer management system: read in every encoding, taken once, judged before, corrected after.
mod folder;
mod killed;
mod page;

use std::{path::PathBuf, sync::Arc};

use aftercare::imports::{
    Kind, Summary,
    actions::{Failed, Wanted, import},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shop::{OPENS, Shop, anna, local, with};

/// A folder into which files are dropped, at a shop.
struct Counter {
    shop: Shop,
    folder: TempDir,
}

impl Counter {
    async fn open() -> Self {
        Self { shop: Shop::open().await, folder: tempfile::tempdir().expect("a folder") }
    }
    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        file
    }
    async fn wanted(&self, kind: Kind, file: PathBuf, dealership: &str, dry_run: bool) -> Wanted {
        let found = self.shop.app.directory.by_code(dealership).await.expect("an answer").expect("a dealership");
        Wanted { kind, file, dealership: found, source: "dms".to_owned(), dry_run }
    }
    async fn import(&self, kind: Kind, name: &str, text: impl AsRef<[u8]>) -> Summary {
        let wanted = self.wanted(kind, self.write(name, text), "gz-tianhe", false).await;
        import(&self.shop.app, &wanted, &|_, _| ()).await.expect("read to its end")
    }
    async fn count(&self, table: &str) -> i64 {
        let mut tx = self.shop.app.db.read().await.expect("a connection");
        let sql = match table {
            "events" => "SELECT CAST(count(*) AS BIGINT) FROM events",
            "notices" => "SELECT CAST(count(*) AS BIGINT) FROM notices",
            "customers" => "SELECT CAST(count(*) AS BIGINT) FROM customers",
            _ => "SELECT CAST(count(*) AS BIGINT) FROM appointments",
        };
        let (count,): (i64,) = tx.sql(sql).one().await.expect("a count");
        count
    }
    /// As when the process was killed after the commit and before it wrote down how far it was.
    async fn forget_what_was_read(&self) {
        let forgot: aftercare::db::Result<()> = self
            .shop
            .app
            .db
            .write(aftercare::db::Weight::ONE, |tx| {
                Box::pin(async move { tx.sql("DELETE FROM imported_rows").execute().await.map(drop) })
            })
            .await;
        forgot.expect("forgotten");
    }
    fn age(&self, name: &str, time: &str) {
        let at = std::time::SystemTime::from(local(time).get());
        let file = std::fs::File::options().write(true).open(self.folder.path().join(name)).expect("a file");
        file.set_modified(at).expect("its time");
    }
}

fn numbers(customer: &Value) -> Vec<String> {
    let points = customer["contact_points"].as_array().expect("contact points");
    points
        .iter()
        .filter(|point| point["type"] == "phone")
        .map(|point| point["value"].as_str().expect("a number").to_owned())
        .collect()
}

#[tokio::test]
async fn the_same_people_are_read_in_every_encoding_and_delimiter() {
    for (name, encoding, dealership) in [
        ("customers-utf8-bom.csv", "UTF-8", "gz-tianhe"),
        ("customers-gb18030.csv", "gb18030", "gz-tianhe"),
        ("customers-utf16.csv", "UTF-16LE", "gz-tianhe"),
        ("customers-shift_jis.csv", "Shift_JIS", "tk-minato"),
    ] {
        let at = Counter::open().await;
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name);
        let wanted = at
            .wanted(Kind::Customers, at.write(name, std::fs::read(file).expect("a fixture")), dealership, false)
            .await;
        let done = import(&at.shop.app, &wanted, &|_, _| ()).await.expect("read to its end");
        assert_eq!((done.encoding.as_str(), done.rejected), (encoding, 0), "{done}");
        let (first, second) = (at.shop.get("/v1/customers/C-1").await, at.shop.get("/v1/customers/C-2").await);
        if dealership == "tk-minato" {
            assert_eq!((&first["name"], &second["name"]), (&json!("佐藤 健二"), &json!("鈴木 花子")), "{name}");
            assert_eq!(numbers(&first), ["+819012345678", "+81355551234"]);
            assert_eq!(numbers(&second), ["+818012345678"]);
        } else {
            assert_eq!((&first["name"], &first["language"]), (&json!("王芳"), &json!("zh-CN")), "{name}");
            assert_eq!(numbers(&first), ["+8613900001234", "+862088881234"]);
            let company = at.shop.get("/v1/customers/C-3").await;
            assert_eq!((&company["kind"], numbers(&company).len()), (&json!("company"), 2), "two numbers in one cell");
            assert_eq!(done.unknown_columns, ["星座"]);
        }
        let consents = at.shop.items("/v1/customers/C-1/consents").await;
        assert_eq!((&consents[0]["action"], &consents[0]["source"]), (&json!("grant"), &json!("import")));
        assert_eq!(at.shop.items("/v1/customers/C-2/consents").await[0]["action"], "revoke");
    }
}

const APPOINTMENTS: &str = "预约单号,状态,预约时间,客户编号,姓名,手机,车架号,车牌号,车型代码,年款,服务顾问编号,服务项目,工时,下单时间
A-1,已预约,2026/3/20 9:30,C-1,Anna Weber,139 0000 1234,JTHBJ46G9A2345678,粤A12345,ES300h,2024,adv-01,40K,1.5,2026/3/2 9:55
A-2,已取消,2026/3/21 9:30,C-2,王芳,138 0000 5678,JTHBJ46G9A2345679,粤A54321,RX350h,2023,adv-01,BP,1,2026/3/1 9:55
";

#[tokio::test]
async fn acceptance_02_the_same_appointment_by_csv_and_by_event_is_one_record() {
    for event_first in [true, false] {
        let at = Counter::open().await;
        if event_first {
            at.shop.book(&anna(), "2026-03-20T09:30").await;
        }
        let done = at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS).await;
        assert_eq!((done.rows, done.taken, done.rejected), (2, 2, 0), "{done}");
        if !event_first {
            at.shop.book(&anna(), "2026-03-20T09:30").await;
        }
        at.shop.drain().await;
        assert_eq!((at.count("appointments").await, at.count("customers").await), (2, 2));
        let one = at.shop.get("/v1/appointments/A-1").await;
        assert_eq!((&one["state"], &one["start_at"]), (&json!("booked"), &json!(local("2026-03-20T09:30"))), "{one}");
        assert_eq!(at.shop.get("/v1/appointments/A-2").await["state"], "cancelled");
        let confirmations: Vec<String> =
            at.shop.notices("A-1").await.into_iter().filter(|notice| notice.starts_with("confirmation")).collect();
        assert_eq!(confirmations.len(), 1, "{confirmations:?}: told once of what was told twice");
    }
}

#[tokio::test]
async fn the_same_file_again_does_nothing_and_a_changed_row_is_all_that_is_told() {
    let at = Counter::open().await;
    at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS).await;
    at.shop.drain().await;
    let before = (at.count("events").await, at.count("notices").await);
    at.shop.leaps_by("24h");
    let again = at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS).await;
    assert_eq!((again.taken, again.unchanged, again.events), (0, 2, 0), "{again}");
    assert_eq!((at.count("events").await, at.count("notices").await), before);

    let moved =
        at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS.replace("3/20 9:30", "3/22 15:00")).await;
    assert_eq!((moved.taken, moved.unchanged, moved.events), (1, 1, 1), "{moved}");
    assert_eq!(at.shop.get("/v1/appointments/A-1").await["start_at"], json!(local("2026-03-22T15:00")));
    // And back: said before, but not last.
    at.shop.leaps_by("24h");
    let back = at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS).await;
    assert_eq!((back.taken, back.events), (1, 1), "{back}");
    assert_eq!(at.shop.get("/v1/appointments/A-1").await["start_at"], json!(local("2026-03-20T09:30")));
    // Cancelled, and booked again under the same number.
    at.shop.leaps_by("24h");
    at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS.replace("已预约", "取消")).await;
    assert_eq!(at.shop.get("/v1/appointments/A-1").await["state"], "cancelled");
    at.shop.leaps_by("24h");
    at.import(Kind::Appointments, "appointments.csv", APPOINTMENTS).await;
    assert_eq!(at.shop.get("/v1/appointments/A-1").await["state"], "booked");
    at.shop.drain().await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_understood_and_stores_nothing() {
    let at = Counter::open().await;
    let text = APPOINTMENTS.replace("年款", "座席").replace("3/21 9:30", "明天").replace("已预约", "VIP待定");
    let wanted = at.wanted(Kind::Appointments, at.write("appointments.csv", text), "gz-tianhe", true).await;
    let before = at.count("events").await;
    let said = import(&at.shop.app, &wanted, &|_, _| ()).await.expect("read to its end");
    assert_eq!((at.count("events").await, at.count("customers").await), (before, 0));
    assert!(!at.folder.path().join("appointments.csv.rejected.csv").exists());
    insta::assert_snapshot!(said.to_string());
    let wrong = at.wanted(Kind::Vehicles, at.write("vehicles.csv", "姓名,电话\n王芳,1\n"), "gz-tianhe", true).await;
    let Err(Failed::Unusable(why)) = import(&at.shop.app, &wanted_as(&wrong), &|_, _| ()).await else {
        panic!("there is no header of vehicles");
    };
    assert!(format!("{why:#}").contains("there is no column for vin"), "{why:#}");
}

fn wanted_as(wanted: &Wanted) -> Wanted {
    Wanted { dealership: Arc::clone(&wanted.dealership), ..wanted.clone() }
}

#[tokio::test]
async fn rejected_rows_are_corrected_and_fed_back() {
    let at = Counter::open().await;
    let rows = [
        "customer_no,name,mobile,email,reason",
        "C-1,Anna Weber,139 0000 1234,anna@example.com,kept",
        "C-2,王芳,CALL ME,wang@example.com,",
        "C-3,\"Lee, Bo\",1.39E+10,,",
        ",Nobody,13800005678,,",
        "C-5,Eva,13800005679,,too,many",
    ];
    let file = at.write("customers.csv", rows.join("\n"));
    let run = |file: PathBuf| {
        let (url, folder) = (at.shop.app.config.database.url.expose_secret().to_owned(), at.folder.path().to_owned());
        async move {
            tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
                .args(["import", "customers", file.to_str().expect("a path"), "--dealership", "gz-tianhe"])
                .current_dir(folder)
                .env("AFTERCARE__DATABASE__URL", url)
                .env("AFTERCARE_TEST_CLOCK", "")
                .output()
                .await
                .expect("the program runs")
        }
    };
    let done = run(file).await;
    let (said, error) =
        (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr).into_owned());
    assert_eq!(done.status.code(), Some(3), "{said}{error}");
    assert!(said.contains("1 with news (1 events), 0 unchanged, 4 rejected"), "{said}");
    assert!(!said.contains("CALL ME") && !error.contains("CALL ME"), "what was typed is in no message: {said}");

    let rejected = at.folder.path().join("customers.csv.rejected.csv");
    let bytes = std::fs::read(&rejected).expect("a file of rejected rows");
    assert!(bytes.starts_with(b"\xef\xbb\xbf"), "Excel opens it as UTF-8");
    let text = String::from_utf8(bytes).expect("UTF-8");
    insta::assert_snapshot!(text.trim_start_matches('\u{feff}'));
    let mended = text
        .replace("CALL ME", "138 0000 5678")
        .replace("1.39E+10", "13900001235")
        .replace(",Nobody", "C-4,Nobody")
        .replace(",many", "");
    std::fs::write(&rejected, mended).expect("corrected");
    let done = run(rejected).await;
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    for (reference, name, number) in
        [("C-2", "王芳", "+8613800005678"), ("C-3", "Lee, Bo", "+8613900001235"), ("C-5", "Eva", "+8613800005679")]
    {
        let customer = at.shop.get(&format!("/v1/customers/{reference}")).await;
        assert_eq!((&customer["name"], numbers(&customer)), (&json!(name), vec![number.to_owned()]));
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_read_again_and_nothing_comes_twice_or_is_missing() {
    let at = Counter::open().await;
    let rows = |n: usize| {
        let row = |i: usize| format!("C-{i},Customer {i},1390000{i:04}\n");
        format!("customer_no,name,mobile\n{}", (0..n).map(row).collect::<String>())
    };
    // Killed after some batches; of the last one the events are committed, and how far it was is not written down.
    at.import(Kind::Customers, "customers.csv", rows(430)).await;
    at.forget_what_was_read().await;
    at.age("customers.csv", OPENS);
    at.shop.leaps_by("1h");
    let whole = at.import(Kind::Customers, "customers.csv", rows(1000)).await;
    assert_eq!((whole.rows, whole.events, whole.rejected), (1000, 570, 0), "{whole}");
    assert_eq!((at.count("customers").await, at.count("events").await), (1000, 1000));
    let again = at.import(Kind::Customers, "customers.csv", rows(1000)).await;
    assert_eq!((again.unchanged, again.events), (1000, 0), "{again}");
}

#[tokio::test]
async fn acceptance_35_numbers_are_made_whole_and_a_missing_model_is_asked_for() {
    let at = Counter::open().await;
    let text = APPOINTMENTS.replace(",ES300h,", ",,").replace("3/20 9:30", "3/3 9:30");
    at.import(Kind::Appointments, "appointments.csv", text).await;
    let customer = at.shop.get("/v1/customers/C-1").await;
    assert_eq!(numbers(&customer), ["+8613900001234"]);
    at.shop.wait_until("2026-03-02T17:30").await;
    let asked = at.shop.items("/v1/notices?limit=500").await;
    assert!(
        asked.iter().any(|notice| notice["kind"] == "staff.pre_arrival"),
        "the advisor is told what is missing: {asked:?}"
    );
}

#[tokio::test]
async fn acceptance_37_the_same_phone_under_another_spelling_in_a_file_is_a_suggestion() {
    let at = Counter::open().await;
    at.shop.book(&anna(), "2026-03-20T09:30").await;
    at.import(Kind::Customers, "customers.csv", "customer_no,name,mobile\nC-9,Ana Veber,0086 139-0000-1234\n").await;
    assert_eq!(at.shop.items("/v1/customers/C-9/merge-suggestions").await[0]["ref"], "C-1");
    assert_ne!(at.shop.get("/v1/customers/C-1").await["id"], at.shop.get("/v1/customers/C-9").await["id"]);
    at.shop.drain().await;
}

#[tokio::test]
async fn a_word_that_is_not_known_takes_nobody_what_they_need() {
    let at = Counter::open().await;
    let rows = |needs: &str| format!("customer_no,name,needs\nC-1,Anna Weber,{needs}\n");
    at.import(Kind::Customers, "monday.csv", rows("wheelchair")).await;
    assert_eq!(at.shop.get("/v1/customers/C-1").await["needs"], json!(["mobility"]));
    at.shop.leaps_by("1h");
    let done = at.import(Kind::Customers, "tuesday.csv", rows("levitation").replace("Weber", "Weber-Li")).await;
    assert_eq!((done.events, done.rejected), (1, 0), "{done}");
    let anna = at.shop.get("/v1/customers/C-1").await;
    assert_eq!((&anna["name"], &anna["needs"]), (&json!("Anna Weber-Li"), &json!(["mobility"])));
}

#[tokio::test]
async fn who_is_missing_in_a_fresh_file_is_not_told_that_they_did_not_come() {
    let at = Counter::open().await;
    at.shop.leaps_to("2026-03-02T10:25");
    let text = APPOINTMENTS.replace("2026/3/20 9:30", "2026/3/2 10:00");
    at.import(Kind::Appointments, "appointments.csv", text).await;
    at.shop.wait_until("2026-03-02T11:30").await;
    assert_eq!(at.shop.get("/v1/appointments/A-1").await["state"], "no_show_suspected");
    let missed: Vec<String> =
        at.shop.phone("+8613900001234").into_iter().filter(|text| text.contains("missed")).collect();
    assert!(missed.is_empty(), "BR-19: a file is no live feed, however young it is: {missed:?}");
    assert!(!at.shop.notices("A-1").await.iter().any(|notice| notice.starts_with("missed done")));
}

#[tokio::test]
async fn a_night_of_files_of_every_kind_tells_the_whole_story() {
    let at = Counter::open().await;
    at.import(
        Kind::Staff,
        "staff.csv",
        "工号,姓名,岗位,手机,在职\nadv-77,李雷,服务顾问,13900007777,是\nt-1,韩梅,技师,,是\n",
    )
    .await;
    at.import(
        Kind::Vehicles,
        "vehicles.csv",
        "车架号,车牌号,客户编号,车型代码,里程\nJTHBJ46G9A2345678,粤A 12345,C-1,ES300h,\"40,120 公里\"\n",
    )
    .await;
    let orders = "工单号,状态,开单时间,预计交车时间,完工时间,交车时间,客户编号,姓名,手机,车架号,服务顾问编号,技师,付费类型,总金额
R-1,维修中,2026-03-02 8:30,2026-03-02 17:00,,,C-1,Anna Weber,139 0000 1234,JTHBJ46G9A2345678,adv-77,t-1;t-2,自费,0
R-2,已交车,2024-05-06 8:30,,2024-05-06 15:00,2024-05-06 16:00,C-1,,,JTHBJ46G9A2345678,adv-77,t-1,保修,\"1,234.50\"
";
    let done = at.import(Kind::RepairOrders, "repair_orders.csv", orders).await;
    assert_eq!((done.taken, done.rejected, done.events), (2, 0, 4), "{done}");
    let order = at.shop.get("/v1/repair-orders/R-1").await;
    assert_eq!((&order["state"], &order["pay_type"]), (&json!("open"), &json!("customer")), "{order}");
    assert_eq!(at.shop.get("/v1/repair-orders/R-2").await["state"], "delivered");
    let declined = "工单号,项目代码,项目名称,紧急程度,报价,未修原因\nR-2,BP,刹车片,安全,900,太贵\n";
    assert_eq!(at.import(Kind::RoDeclined, "ro_declined.csv", declined).await.taken, 1);
    let parts = "订单号,行号,工单号,零件号,零件名称,数量,到货数量,预计到货,状态\nP-1,1,R-1,04465-1,刹车片,2,0,2026/3/10,缺货\nP-1,2,R-1,04465-2,刹车盘,2,2,,已到货\n";
    let done = at.import(Kind::PartsOrders, "parts_orders.csv", parts).await;
    assert_eq!((done.taken, done.rejected), (2, 0), "{done}");
    let order = at.shop.get("/v1/parts-orders/P-1").await;
    let states: Vec<&str> =
        order["lines"].as_array().expect("lines").iter().map(|line| line["state"].as_str().expect("a state")).collect();
    assert_eq!(states, ["backordered", "received"], "{order}");
    let done = at.import(Kind::Capacity, "capacity.csv", "日期,班组,可用工时,已预约工时\n2026/3/20,,40,12\n").await;
    assert_eq!((done.taken, done.rejected), (1, 0), "{done}");
    for (kind, name, text) in
        [(Kind::RepairOrders, "repair_orders.csv", orders), (Kind::PartsOrders, "parts_orders.csv", parts)]
    {
        at.shop.leaps_by("1m");
        let again = at.import(kind, name, text).await;
        assert_eq!((again.taken, again.events), (0, 0), "{again}");
    }
    at.shop.drain().await;
}

/// What only the API can say stays as it was said when a file knows nothing of it.
#[tokio::test]
async fn an_empty_cell_takes_nothing_away() {
    let at = Counter::open().await;
    at.shop.hears(with(anna().books("2026-03-20T09:30", at.shop.now()), "customer_words", "brake squeal")).await;
    at.import(
        Kind::Appointments,
        "appointments.csv",
        APPOINTMENTS.replace("139 0000 1234", "").replace("Anna Weber", ""),
    )
    .await;
    let customer = at.shop.get("/v1/customers/C-1").await;
    assert_eq!((&customer["name"], numbers(&customer)), (&json!("Anna Weber"), vec!["+8613900001234".to_owned()]));
    assert_eq!(at.shop.get("/v1/appointments/A-1").await["customer_words"], "brake squeal");
    at.shop.drain().await;
}
