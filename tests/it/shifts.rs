//! Who works when and who stands in: told at every door, and what follows for inquiries and the lists of the day.
use aftercare::{
    console::policy::Role,
    imports::{
        Kind, Summary,
        actions::{Wanted, import},
    },
};
use serde_json::{Value, json};

use crate::shop::{Shop, anna};

const ADVISOR: &str = "chen@gz-tianhe.example";
const SUBSTITUTE: &str = "wu@gz-tianhe.example";
const MANAGER: &str = "manager@gz-tianhe.example";

/// Puts somebody of Tianhe, with more than their name and role.
async fn put(shop: &Shop, reference: &str, role: &str, more: Value) -> (u16, Value) {
    let mut body = json!({"dealership": "gz-tianhe", "name": reference, "roles": [role], "languages": ["en"]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    shop.put(&format!("/v1/staff/{reference}"), &body).await
}
async fn known(shop: &Shop, reference: &str) -> Value {
    shop.get(&format!("/v1/staff/{reference}?dealership=gz-tianhe")).await
}
async fn owner(shop: &Shop, reference: &str) -> String {
    let thread = shop.get(&format!("/v1/inquiries/{reference}")).await;
    thread["owner"]["ref"].as_str().unwrap_or("nobody").to_owned()
}
async fn asks(shop: &Shop, reference: &str) {
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": reference, "channel": "web", "received_at": shop.now(), "body": format!("{reference}: my brakes squeal."),
            "customer": anna().data, "vehicle": {"vin": "JTHBJ46G9A2345678"}}}))
        .await;
    shop.drain().await;
}

/// Only Chen is an advisor; Wu keeps the parts, Lin is the manager. It is Monday, or the day that is told.
async fn tianhe(time: &str, chen: Value) -> Shop {
    let shop = Shop::open().await;
    shop.leaps_to(time);
    for reference in ["adv-02", "adv-03", "adv-04"] {
        assert_eq!(put(&shop, reference, "advisor", json!({"active": false})).await.0, 200);
    }
    assert_eq!(put(&shop, "prt-01", "parts", json!({"email": SUBSTITUTE})).await.0, 200);
    assert_eq!(put(&shop, "mgr-01", "service_manager", json!({"email": MANAGER})).await.0, 200);
    let mut more = json!({"email": ADVISOR});
    more.as_object_mut().expect("an object").extend(chen.as_object().expect("an object").clone());
    let (status, answer) = put(&shop, "adv-01", "advisor", more).await;
    assert_eq!(status, 200, "{answer}");
    shop
}

/// How many mails the advisor, the substitute and the manager have.
fn told(shop: &Shop) -> [usize; 3] {
    [ADVISOR, SUBSTITUTE, MANAGER].map(|address| shop.subjects(address).len())
}

#[tokio::test]
async fn shifts_are_put_and_got_and_nobody_stands_in_for_themselves_by_way_of_others() {
    let shop = Shop::open().await;
    let shifts = json!({"week": {"mon": [["09:00", "12:00"]], "tue": []}, "away": [{"from": "2026-03-09", "to": "2026-03-13"}, {"from": "2026-03-04"}]});
    let (status, stored) = put(&shop, "adv-01", "advisor", json!({"shifts": shifts, "substitute": "adv-02"})).await;
    assert_eq!(status, 200, "{stored}");
    let got = known(&shop, "adv-01").await;
    assert_eq!(got, stored);
    assert_eq!(got["shifts"]["week"]["mon"], json!([["09:00", "12:00"]]));
    let away = json!([{"from": "2026-03-04", "to": "2026-03-04"}, {"from": "2026-03-09", "to": "2026-03-13"}]);
    assert_eq!((&got["shifts"]["away"], &got["substitute"]), (&away, &json!("adv-02")));
    // What was answered may be sent again, and changes nothing.
    assert_eq!(shop.put("/v1/staff/adv-01", &got).await, (200, stored));

    assert_eq!(put(&shop, "adv-02", "advisor", json!({"substitute": "adv-03"})).await.0, 200);
    for (who, substitute, code) in [
        ("adv-01", "adv-01", "oneself"),
        ("adv-02", "adv-01", "circle"),
        ("adv-03", "adv-01", "circle"),
        ("adv-03", "adv-99", "unknown_substitute"),
    ] {
        let (status, answer) = put(&shop, who, "advisor", json!({"substitute": substitute})).await;
        let fault = &answer["errors"][0];
        assert_eq!((status, &fault["pointer"], &fault["code"]), (422, &json!("/substitute"), &json!(code)), "{answer}");
    }
    // Nothing of what was refused is stored, and a circle may be opened again.
    assert_eq!(known(&shop, "adv-02").await["substitute"], "adv-03");
    assert_eq!(put(&shop, "adv-02", "advisor", json!({})).await.0, 200);
    assert_eq!(put(&shop, "adv-03", "advisor", json!({"substitute": "adv-01"})).await.0, 200);
    // Another dealership's people stand in for nobody here; nor does a key without the right read of anybody.
    let elsewhere = json!({"dealership": "sh-pudong", "name": "x", "roles": ["advisor"]});
    assert_eq!(shop.put("/v1/staff/only-there?dealership=sh-pudong", &elsewhere).await.0, 200);
    assert_eq!(put(&shop, "adv-04", "advisor", json!({"substitute": "only-there"})).await.0, 422);
    assert_eq!(shop.send("GET", "/v1/staff/nobody?dealership=gz-tianhe", &Value::Null).await.0, 404);
}

#[tokio::test]
async fn who_changed_whose_shifts_is_on_record() {
    let shop = Shop::open().await;
    put(&shop, "adv-01", "advisor", json!({})).await;
    put(&shop, "adv-01", "advisor", json!({"substitute": "adv-02"})).await;
    let mut tx = shop.app.db.read().await.expect("a connection");
    let lines: Vec<(String, sqlx::types::Json<Value>)> = tx
        .sql("SELECT actor, detail FROM timeline WHERE what = 'staff.changed' ORDER BY id DESC LIMIT 1")
        .all()
        .await
        .expect("lines");
    assert_eq!(lines[0].1["fields"], json!(["substitute"]), "{lines:?}");
    assert!(lines[0].0.starts_with("key:"), "{lines:?}");
}

#[tokio::test]
async fn an_inquiry_is_given_to_who_is_on_shift_and_waits_until_somebody_is() {
    // Chen had the car last, and has the Monday off; Li begins at two.
    let shop = tianhe("2026-03-02T10:00", json!({"shifts": {"week": {"tue": [["09:00", "18:00"]]}}})).await;
    shop.book(&anna(), "2026-03-03T09:30").await;
    put(&shop, "adv-05", "advisor", json!({"shifts": {"week": {"mon": [["14:00", "18:00"]]}}})).await;
    asks(&shop, "W-1").await;
    shop.wait_until("2026-03-02T13:59").await;
    assert_eq!(owner(&shop, "W-1").await, "nobody");
    shop.wait_until("2026-03-02T14:00").await;
    assert_eq!(owner(&shop, "W-1").await, "adv-05");
    // On Tuesday it is Chen's day, and Chen's car; a question at night is for who is here in the morning.
    shop.leaps_to("2026-03-02T20:00");
    shop.drain().await;
    asks(&shop, "W-2").await;
    shop.wait_until("2026-03-02T20:15").await;
    assert_eq!(owner(&shop, "W-2").await, "adv-01");
}

#[tokio::test]
async fn the_last_advisor_is_the_one_of_the_last_repair_order() {
    let shop = tianhe("2026-03-02T10:00", json!({})).await;
    put(&shop, "adv-05", "advisor", json!({})).await;
    put(&shop, "adv-06", "advisor", json!({})).await;
    shop.book(&anna(), "2026-02-27T09:30").await;
    shop.hears(json!({"specversion": "1.0", "source": "/dms", "type": "repair_order.opened", "dealership": "gz-tianhe",
        "data": {"ref": "R-1", "opened_at": "2026-03-01T09:00:00+08:00", "advisor_ref": "adv-06", "customer": anna().data,
            "vehicle": {"vin": "JTHBJ46G9A2345678"}}}))
        .await;
    asks(&shop, "W-1").await;
    shop.wait_until("2026-03-02T10:15").await;
    assert_eq!(owner(&shop, "W-1").await, "adv-06");
}

#[tokio::test]
async fn at_three_quarters_the_substitute_is_told_too_and_the_managers_where_there_is_none() {
    // Asked on Monday at half past three: three quarters are over on Tuesday at half past nine.
    let away = json!({"away": [{"from": "2026-03-03"}]});
    for (chen, on_tuesday, expected) in [
        (json!({"substitute": "prt-01"}), json!({}), [1, 1, 0]),
        (json!({}), json!({}), [1, 0, 1]),
        (json!({"substitute": "prt-01"}), away.clone(), [0, 1, 1]),
        (json!({}), away, [0, 0, 1]),
    ] {
        let shop = tianhe("2026-03-02T15:30", chen.clone()).await;
        asks(&shop, "W-1").await;
        shop.wait_until("2026-03-03T09:20").await;
        // Chen has it, and calls in sick in the morning.
        let mut told_now = json!({"email": ADVISOR, "shifts": on_tuesday, "substitute": chen["substitute"]});
        told_now["name"] = json!("Chen");
        assert_eq!(put(&shop, "adv-01", "advisor", told_now).await.0, 200);
        shop.wait_until("2026-03-03T09:29").await;
        assert_eq!(owner(&shop, "W-1").await, "adv-01", "{chen}");
        let before = told(&shop);
        shop.wait_until("2026-03-03T09:30").await;
        let after = told(&shop);
        assert_eq!([0, 1, 2].map(|who| after[who] - before[who]), expected, "advisor, substitute, manager: {chen}");
    }
}

#[tokio::test]
async fn the_list_of_the_day_of_who_is_away_is_with_who_stands_in() {
    // Wu stands in for Chen; while Wu is away as well, whoever stands in for Wu.
    for (wu, reader) in [
        (json!({}), SUBSTITUTE),
        (json!({"substitute": "mgr-01", "shifts": {"away": [{"from": "2026-03-01", "to": "2026-03-08"}]}}), MANAGER),
    ] {
        let chen = json!({"substitute": "prt-01", "shifts": {"away": [{"from": "2026-03-03"}]}});
        let shop = tianhe("2026-03-02T15:30", chen).await;
        let mut more = json!({"email": SUBSTITUTE});
        more.as_object_mut().expect("an object").extend(wu.as_object().expect("an object").clone());
        put(&shop, "prt-01", "parts", more).await;
        shop.book(&anna(), "2026-03-03T09:30").await;
        shop.drain().await;
        let before = [ADVISOR, reader].map(|address| shop.subjects(address).len());
        shop.wait_until("2026-03-03T08:31").await;
        assert_eq!(shop.subjects(ADVISOR).len(), before[0], "Chen is away: {:?}", shop.subjects(ADVISOR));
        let list = shop.inbox(reader).split_off(before[1]);
        assert!(list.iter().any(|mail| mail.text.contains("Weber") && mail.text.contains("adv-01")), "{list:?}");
    }
}

#[tokio::test]
async fn the_duty_manager_is_the_one_who_is_here() {
    let shop = tianhe("2026-03-03T12:00", json!({"roles": ["parts"]})).await;
    put(&shop, "mgr-01", "service_manager", json!({"shifts": {"away": [{"from": "2026-03-04"}]}})).await;
    put(&shop, "mgr-02", "service_manager", json!({})).await;
    asks(&shop, "W-1").await;
    shop.wait_until("2026-03-04T09:37").await;
    assert_eq!(owner(&shop, "W-1").await, "mgr-02");
    assert!(shop.get("/v1/inquiries/W-1").await["draft"].is_string());
}

#[tokio::test]
async fn the_page_of_people_takes_hours_days_away_and_who_stands_in() {
    let shop = Shop::open().await;
    let mut admin = shop.seat("adm-9", &[Role::Admin]).await;
    let form = |substitute: &'static str, monday: &'static str| {
        vec![
            ("ref", "adv-01"),
            ("name", "Chen"),
            ("role", "advisor"),
            ("languages", "zh-CN"),
            ("active", "yes"),
            ("hours_mon", monday),
            ("away", "2026-03-09..2026-03-13\r\n2026/5/1"),
            ("substitute", substitute),
        ]
    };
    let done = admin.does("/console/people", &form("adv-02", "9:00-12:00 13:30-18:00")).await;
    assert!(done.says("adv-02 stands in"), "{}", done.text());
    let stored = known(&shop, "adv-01").await;
    assert_eq!(stored["shifts"]["week"]["mon"], json!([["09:00", "12:00"], ["13:30", "18:00"]]));
    assert_eq!(stored["shifts"]["away"][0], json!({"from": "2026-03-09", "to": "2026-03-13"}));
    let page = admin.open("/console/people?edit=adv-01").await;
    assert!(
        page.html.contains("value=\"09:00-12:00 13:30-18:00\"")
            && page.html.contains("2026-03-09..2026-03-13\n2026-05-01")
    );
    assert!(page.html.contains("<option value=\"adv-02\" selected>"), "{}", page.html);
    // The other way round it would be a circle; and half past is no hour.
    let other = admin
        .send("/console/people", &[("ref", "adv-02"), ("name", "Lin"), ("active", "yes"), ("substitute", "adv-01")])
        .await;
    assert!(other.status == 422 && other.says("leads back"), "{}", other.text());
    let wrong = admin.send("/console/people", &form("adv-02", "half past")).await;
    assert!(wrong.status == 422 && wrong.says("shifts/week/mon/0"), "{}", wrong.text());
}

async fn imports(shop: &Shop, text: &str, dry_run: bool) -> Summary {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("staff.csv");
    std::fs::write(&file, text).expect("written");
    let dealership = shop.app.directory.by_code("gz-tianhe").await.expect("an answer").expect("a dealership");
    let wanted = Wanted { kind: Kind::Staff, file, dealership, source: "dms".to_owned(), dry_run };
    import(&shop.app, &wanted, &|_, _| ()).await.expect("read to its end")
}

#[tokio::test]
async fn a_file_of_people_tells_their_shifts_in_three_languages_and_what_it_leaves_out_stays() {
    let shop = Shop::open().await;
    for (header, week, away) in [
        ("工号,姓名,岗位,班次,休假,代班人", "周一至周五 9:00-12:00 13:30-18:00；周六 休息", "2026/3/9至2026/3/13"),
        ("staff_no,name,role,shifts,away,substitute", "mon-fri 09:00-12:00 13:30-18:00", "2026-03-09..2026-03-13"),
        ("社員番号,氏名,役職,シフト,休暇,代理", "月-金 9:00-12:00 13:30-18:00;土曜日 休み", "2026/03/09〜2026/03/13"),
    ] {
        put(&shop, "a-1", "advisor", json!({})).await;
        // Who stands in comes further down.
        let text = format!("{header}\na-1,李雷,advisor,\"{week}\",{away},a-2\na-2,韩梅,advisor,,,\n");
        let dry = imports(&shop, &text, true).await;
        assert_eq!((dry.taken, dry.rejected), (2, 0), "{dry}");
        assert_eq!(known(&shop, "a-1").await["substitute"], Value::Null, "a dry run stores nothing");
        let done = imports(&shop, &text, false).await;
        assert_eq!((done.taken, done.rejected), (2, 0), "{done}");
        let stored = known(&shop, "a-1").await;
        assert_eq!(stored["shifts"]["week"]["fri"], json!([["09:00", "12:00"], ["13:30", "18:00"]]), "{header}");
        assert_eq!(stored["shifts"]["week"]["sat"], json!([]));
        assert_eq!(stored["shifts"]["away"], json!([{"from": "2026-03-09", "to": "2026-03-13"}]));
        assert_eq!(stored["substitute"], "a-2");
        // The next night's file does not know of hours.
        assert_eq!(imports(&shop, "工号,姓名,岗位\na-1,李雷,服务顾问\n", false).await.taken, 1);
        assert_eq!(known(&shop, "a-1").await["shifts"], stored["shifts"]);
        assert_eq!(known(&shop, "a-1").await["substitute"], "a-2");
    }
    // What is wrong with one costs only that row.
    let text = "staff_no,name,role,shifts,substitute\nb-1,x,advisor,,b-9\nb-2,y,advisor,,a-1\nb-3,z,advisor,someday 10:00-12:00,\na-2,韩梅,advisor,,a-1\n";
    let done = imports(&shop, text, false).await;
    assert_eq!((done.taken, done.rejected), (1, 3), "{done}");
    assert_eq!(known(&shop, "b-2").await["substitute"], "a-1");
    assert_eq!(shop.send("GET", "/v1/staff/b-1?dealership=gz-tianhe", &Value::Null).await.0, 404);
}
