//! The people of a car out of a file of vehicles, under headers in three languages; the same file again does nothing.
use aftercare::imports::{
    Kind, Summary,
    actions::{Wanted, import},
};

use crate::shop::Shop;

async fn takes(shop: &Shop, folder: &tempfile::TempDir, name: &str, text: &str) -> Summary {
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    let dealership = shop.app.directory.by_code("gz-tianhe").await.expect("an answer").expect("a dealership");
    let wanted = Wanted { kind: Kind::Vehicles, file, dealership, source: "dms".to_owned(), dry_run: false };
    import(&shop.app, &wanted, &|_, _| ()).await.expect("read to its end")
}

async fn events(shop: &Shop) -> i64 {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let (count,): (i64,) = tx.sql("SELECT CAST(count(*) AS BIGINT) FROM events").one().await.expect("a count");
    count
}

#[tokio::test]
async fn a_file_of_vehicles_tells_who_drives_and_who_pays_in_three_languages_once() {
    let row = "JTHBJ46G9A2345678,粤A12345,F-1,F-2,Lena Weber,139 0000 0002,F-3,Maria Weber";
    for header in [
        "车架号,车牌号,车主编号,驾驶人编号,驾驶人,驾驶人手机,付款人编号,付款人",
        "VIN,Plate,Owner No.,Driver ID,Driver,Driver Phone,Payer ID,Bill to",
        "車台番号,登録番号,顧客番号,使用者番号,使用者,使用者電話番号,請求先コード,請求先",
    ] {
        let (shop, folder) = (Shop::open().await, tempfile::tempdir().expect("a folder"));
        let file = format!("{header}\n{row}\n");
        takes(&shop, &folder, "vehicles.csv", &file).await;
        assert_eq!(shop.people().await, ["owner F-1", "driver F-2", "payer F-3"], "{header}");
        let lena = shop.get("/v1/customers/F-2").await;
        assert_eq!(lena["contact_points"][0]["value"], "+8613900000002", "{header}");
        let first = events(&shop).await;
        shop.leaps_by("24h");
        takes(&shop, &folder, "vehicles-again.csv", &file).await;
        assert_eq!(events(&shop).await, first, "the same rows are no news: {header}");
    }
}

#[tokio::test]
async fn a_file_without_the_columns_ends_no_role_and_a_name_alone_is_nobody() {
    let (shop, folder) = (Shop::open().await, tempfile::tempdir().expect("a folder"));
    let told = "vin,customer_no,driver_mobile,driver_name,payer_name\nJTHBJ46G9A2345678,F-1,139 0000 0002,Lena,Maria\n";
    let summary = takes(&shop, &folder, "one.csv", told).await;
    assert_eq!(shop.people().await, ["owner F-1", "driver phone:+8613900000002"], "{summary:?}");
    shop.leaps_by("24h");
    takes(&shop, &folder, "two.csv", "vin,customer_no,odometer\nJTHBJ46G9A2345678,F-1,41000\n").await;
    takes(&shop, &folder, "three.csv", "vin,driver_no,payer_no\nJTHBJ46G9A2345678,,F-3\n").await;
    assert_eq!(shop.people().await, ["owner F-1", "driver phone:+8613900000002", "payer F-3"]);
}
