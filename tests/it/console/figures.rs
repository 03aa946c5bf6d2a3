//! What managers and administrators see and set: the dashboard, texts, the dealership, people, the record.
use aftercare::console::policy::Role;
use serde_json::json;

use crate::{
    fakes::smtp::Act,
    shop::{Shop, anna},
};

#[tokio::test]
async fn the_dashboard_shows_its_numbers_with_n_and_every_tile_opens_its_rows() {
    let shop = Shop::open().await;
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let page = boss.open("/console/dashboard?month=2026-03").await;
    assert!(page.says("Answered within 24 h") && page.says("nobody asked yet"), "{}", page.text());
    assert!(page.html.contains("<svg class=\"chart\""));
    let report = boss.open("/console/reports/satisfaction?month=2026-03").await;
    assert!(report.status == 200 && report.html.contains("satisfaction v1"), "{}", report.text());
    let csv = boss.open("/console/reports/satisfaction?format=csv&month=2026-03").await;
    assert!(csv.status == 200 && csv.html.lines().count() > 1, "{}", csv.html);
    let sealed = boss.open("/console/reports/sla?month=2026-03").await;
    assert!(aftercare::inquiries::proof::verify(sealed.html.as_bytes()).is_ok(), "{}", sealed.html);
}

/// Ten questions at Tianhe, ten at Pudong of which one was never answered, and three at Minato.
async fn questions() -> Shop {
    let shop = Shop::open().await;
    let mut told = Vec::new();
    for (code, asked, answered) in [("gz-tianhe", 10, 10), ("sh-pudong", 10, 9), ("tk-minato", 3, 3)] {
        for n in 0..asked {
            let mut event = |kind: &str, data: serde_json::Value| {
                told.push(
                    json!({"specversion": "1.0", "source": "/web", "type": kind, "dealership": code, "data": data}),
                );
            };
            let (reference, day) = (format!("{code}-{n}"), "2026-02-10T10:00:00+08:00");
            event(
                "inquiry.received",
                json!({"ref": reference, "channel": "web", "received_at": day, "body": format!("Question {n}"),
                "customer": {"ref": format!("C-{code}-{n}"), "name": "Q", "email": format!("q{n}@{code}.example")}}),
            );
            if n < answered {
                event(
                    "inquiry.replied",
                    json!({"inquiry_ref": reference, "replied_at": "2026-02-10T11:00:00+08:00", "by": "adv-01", "channel": "email"}),
                );
            }
        }
    }
    shop.hear_all(told).await;
    shop.drain_patiently().await;
    shop
}

/// BR-53: intervals always, no place below ten; and nobody sees a house that is not theirs to see.
#[tokio::test]
async fn a_director_sees_the_dealerships_beside_each_other_and_a_manager_their_own() {
    let shop = questions().await;
    let mut director = shop.seat("dir-9", &[Role::Director]).await;
    let page = director.open("/console/reports/comparison?month=2026-02").await;
    assert_eq!(page.status, 200, "{}", page.text());
    for said in [
        "雷克萨斯天河店",
        "雷克萨斯浦东店",
        "レクサス港",
        "place 1 of 2",
        "place 2 of 2",
        "100.0 %",
        "90.0 %",
        "59.6–98.2",
    ] {
        assert!(page.says(said), "{said}: {}", page.text());
    }
    assert!(!page.says("place 3") && page.says("Hidden below ten answers"), "{}", page.text());
    let pudong = "/console/reports/operations/rows?month=2026-02&number=inquiry_reply&dealership=sh-pudong";
    assert_eq!(page.link(&pudong.replace('&', "&amp;")).as_deref(), Some(pudong), "{}", page.html);
    let rows = director.open(pudong).await;
    assert!(rows.says("雷克萨斯浦东店") && rows.says("sh-pudong-9"), "{}", rows.text());
    let report = director.open("/console/reports/operations?month=2026-02&dealership=sh-pudong").await;
    assert!(report.status == 200 && report.html.contains("雷克萨斯浦东店"), "{}", report.text());
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let own = boss.open("/console/reports/comparison?month=2026-02").await;
    assert!(own.says("雷克萨斯天河店") && own.says("Your own dealership is shown"), "{}", own.text());
    assert!(!own.says("雷克萨斯浦东店") && !own.says("place 1"), "{}", own.text());
    assert_eq!(boss.open(pudong).await.status, 404);
    assert_eq!(boss.open("/console/reports/operations?month=2026-02&dealership=sh-pudong").await.status, 404);
    // Who manages two houses compares those two.
    shop.account_at("sh-pudong", "mgr-9", &[Role::ServiceManager]).await;
    let both = boss.open("/console/reports/comparison?month=2026-02").await;
    assert!(both.says("雷克萨斯浦东店") && both.says("place 2 of 2") && !both.says("レクサス港"), "{}", both.text());
    assert_eq!(boss.open(pudong).await.status, 200);
    // Somebody without figures at the other one does not.
    shop.account_at("tk-minato", "mgr-9", &[Role::Agent]).await;
    let three = boss.open("/console/reports/comparison?month=2026-02").await;
    assert!(three.says("place 2 of 2") && !three.html.contains("dealership=tk-minato"), "{}", three.html);
}

#[tokio::test]
async fn a_dealerships_own_words_are_drafted_checked_published_and_rolled_back() {
    let shop = Shop::open().await;
    let mut admin = shop.seat("adm-9", &[Role::Admin]).await;
    let grid = admin.open("/console/templates").await;
    assert!(grid.says("Appointment reminder") && grid.says("Part has arrived"), "{}", grid.text());
    let page = "/console/templates/appointment.reminder/en/sms";
    assert!(admin.open(page).await.says("The program's own text"));
    let broken = admin.send(&format!("{page}/draft"), &[("sms.hbs", "{{dealer}: tomorrow")]).await;
    assert!(broken.status == 422 && broken.html.contains("{{dealer}: tomorrow"), "{}", broken.text());
    let nobody = admin.send(&format!("{page}/draft"), &[("sms.hbs", "See you tomorrow.")]).await;
    assert_eq!(nobody.status, 422, "a text that does not say who speaks: {}", nobody.text());
    let own = "{{hon}}, see you on {{date}} at {{time}}. {{phone}}. {{advisor_line}}, {{dealer}} {{dept}}";
    let kept = admin.does(&format!("{page}/draft"), &[("sms.hbs", own)]).await;
    assert!(kept.status == 200 && kept.says("draft"), "{}", kept.text());
    let published = admin.does(&format!("{page}/publish"), &[("number", "1")]).await;
    assert!(published.says("in force"), "{}", published.text());
    assert!(admin.open("/console/templates").await.says("EN v1"));
    assert!(admin.does(&format!("{page}/publish"), &[("number", "0")]).await.says("earlier"));
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    assert!(!boss.open(page).await.html.contains("<textarea"), "who may not publish reads");
}

#[tokio::test]
async fn hours_are_changed_and_what_is_wrong_is_said() {
    let shop = Shop::open().await;
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let page = boss.open("/console/settings").await;
    assert!(page.html.contains("09:00-12:00 13:30-18:00"), "{}", page.text());
    let form = |monday: &'static str| {
        [
            ("name", "雷克萨斯天河店"),
            ("department", "售后服务部"),
            ("phone", "020-8888 0000"),
            ("address", "广州"),
            ("advisor_fallback", "服务顾问"),
            ("hours_mon", monday),
            ("hours_tue", "09:00-18:00"),
            ("holidays", "2026-05-01 劳动节"),
        ]
    };
    let wrong = boss.send("/console/settings", &form("18:00-09:00")).await;
    assert!(wrong.status == 422 && wrong.says("Opening hours, Mon: must open before it closes."), "{}", wrong.text());
    let done = boss.does("/console/settings", &form("10:00-16:00")).await;
    assert!(
        done.says("Saved.") && done.html.contains("10:00-16:00") && done.html.contains("2026-05-01 劳动节"),
        "{}",
        done.text()
    );
    let dealership = shop.dealership("gz-tianhe").await;
    assert_eq!(dealership.opening_hours["mon"], serde_json::json!([["10:00", "16:00"]]));
    assert_eq!(dealership.opening_hours["sun"], serde_json::json!([]));
}

#[tokio::test]
async fn people_get_accounts_and_systems_get_keys_shown_once() {
    let shop = Shop::open().await;
    let mut admin = shop.seat("adm-9", &[Role::Admin]).await;
    let person = [("ref", "agt-7"), ("name", "Wu"), ("role", "agent"), ("languages", "zh-CN, en"), ("active", "yes")];
    assert!(admin.does("/console/people", &person).await.says("Wu"));
    let id = shop.staff("gz-tianhe", "agt-7").await;
    let opened = admin.send(&format!("/console/people/{id}/account"), &[("login", "wu")]).await;
    let at = opened.html.find("<code>").expect("a password") + 6;
    let password = opened.html[at..at + 19].to_owned();
    let mut wu = shop.stranger();
    assert_eq!(wu.sign_in("wu", &password).await.status, 303);
    assert!(admin.open("/console/people").await.says("password to be changed"));
    let made = admin.send("/console/keys", &[("name", "dms"), ("scope", "events:write"), ("scope", "read")]).await;
    let at = made.html.find("<code>ac_").expect("a key") + 6;
    let key = made.html[at..at + 80].to_owned();
    let (status, _) = shop.call("GET", "/v1/messages", &key, None).await;
    assert_eq!(status, 200);
    let revoke = format!("/console/keys/{}/revoke", &key[3..15]);
    assert_eq!(admin.send(&revoke, &[]).await.status, 303);
    assert_eq!(shop.call("GET", "/v1/messages", &key, None).await.0, 401);
    assert_eq!(admin.send(&format!("/console/people/{id}/close"), &[]).await.status, 303);
    assert_eq!(wu.open("/console/password").await.status, 303);
}

#[tokio::test]
async fn the_record_names_who_did_what() {
    let shop = Shop::open().await;
    shop.knows(&anna()).await;
    let mut auditor = shop.seat("aud-9", &[Role::Auditor]).await;
    let page = auditor.open("/console/audit").await;
    assert!(page.says("Appointment booked") && page.says("Account opened"), "{}", page.text());
    assert!(!page.says("Anna Weber"), "the record holds ids, no names: {}", page.text());
}

#[tokio::test]
async fn a_channel_is_tested_from_the_settings_and_what_the_other_side_said_is_shown() {
    let shop =
        Shop::opening().mail(|n| if n == 0 { Act::Accept } else { Act::AtRcpt("550 5.1.1 no such user") }).open().await;
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    assert!(boss.open("/console/settings").await.says("Test a channel"));
    let mail = [("channel", "email"), ("to", "me@dealer.example")];
    let taken = boss.send("/console/settings/test", &mail).await;
    assert!(taken.status == 200 && taken.says("It was taken"), "{}", taken.text());
    assert_eq!(shop.inbox("me@dealer.example").len(), 1);
    assert!(shop.items("/v1/messages").await.is_empty(), "a test is no message");
    let refused = boss.send("/console/settings/test", &mail).await;
    assert!(refused.says("It was not taken.") && refused.says("5.1.1"), "{}", refused.text());
    assert!(
        boss.send("/console/settings/test", &[("channel", "sms"), ("to", "138 0000 5678")]).await.says("It was taken")
    );
    assert_eq!(shop.phone("+8613800005678").len(), 1);
    let nowhere = boss.send("/console/settings/test", &[("channel", "sms"), ("to", "12")]).await;
    assert!(nowhere.status == 422 && nowhere.says("no address for this channel"), "{}", nowhere.text());
}
