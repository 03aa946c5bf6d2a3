//! Every page × every role: what is declared is what happens, and nothing is reachable that was not declared.
use aftercare::console::{
    declared,
    policy::{Right, Role, may},
};
use axum::http::Method;

use crate::shop::Shop;

/// A page's address with something in the places of what varies.
fn address(path: &str) -> String {
    path.replace("{kind}", "appointment.reminder")
        .replace("{locale}", "en")
        .replace("{channel}", "sms")
        .replace("{deed}", "note")
        .replace("{file}", "unknown")
        .replace("{id}", "unknown")
}

#[tokio::test]
async fn every_page_opens_for_the_roles_that_may_and_for_nobody_else() {
    let shop = Shop::open().await;
    let pages = declared();
    assert!(pages.len() > 50, "{}", pages.len());
    for role in Role::ALL {
        let mut seat = shop.seat(role.word(), &[role]).await;
        for page in &pages {
            // Signing out would end the walk, a stream does not end, and the door has tests of its own.
            if page.path.ends_with("sign-out") || page.path.contains("/live") || page.right == Right::Anyone {
                continue;
            }
            let shown = seat.ask(page.method.as_str(), &address(page.path), &[], Some("same-origin")).await;
            let refused = shown.status == 403;
            assert_eq!(
                refused,
                !may(role, page.right),
                "{} {} as {}: {} {}",
                page.method,
                page.path,
                role.word(),
                shown.status,
                shown.text()
            );
            assert!(shown.status < 500, "{} {} as {}: {}", page.method, page.path, role.word(), shown.text());
        }
    }
}

/// The API answers whole telephone numbers, and does to everybody's work what only some may do.
#[tokio::test]
async fn at_the_apis_doors_a_session_does_no_more_than_on_its_pages() {
    use Role::{Admin, Advisor, Agent, Director, ServiceManager, Supervisor};
    let doors: [(&str, &str, &[Role]); 5] = [
        ("GET", "/v1/customers/nobody", &[Advisor, Supervisor, ServiceManager, Director]),
        ("GET", "/v1/calls", &[Agent, Advisor, Supervisor, ServiceManager]),
        ("POST", "/v1/messages", &[Advisor, Supervisor, ServiceManager]),
        ("POST", "/v1/inquiries/unknown/answer", &[ServiceManager]),
        ("PUT", "/v1/dealerships/gz-tianhe", &[Admin]),
    ];
    let shop = Shop::open().await;
    for role in Role::ALL {
        let mut seat = shop.seat(role.word(), &[role]).await;
        for (method, path, who) in doors {
            let shown = seat.ask(method, path, &[], Some("same-origin")).await;
            assert_eq!(
                shown.status != 403,
                who.contains(&role),
                "{method} {path} as {}: {}",
                role.word(),
                shown.status
            );
        }
    }
}

#[tokio::test]
async fn who_has_not_signed_in_sees_the_door_only() {
    let shop = Shop::open().await;
    let mut seat = shop.stranger();
    for page in declared().iter().filter(|page| page.right != Right::Anyone) {
        let shown = seat.ask(page.method.as_str(), &address(page.path), &[], Some("same-origin")).await;
        assert_eq!(shown.status, 303, "{} {}", page.method, page.path);
        assert!(shown.location.is_some_and(|to| to.starts_with("/console/sign-in")), "{}", page.path);
    }
}

#[test]
fn reading_a_page_needs_no_more_than_it_declares_and_every_deed_is_a_form() {
    for page in declared() {
        assert!(matches!(page.method, Method::GET | Method::POST), "{}", page.path);
        assert!(page.path == "/console" || page.path.starts_with("/console/"), "{}", page.path);
        let is_door = page.path.starts_with("/console/sign-in") || page.path.starts_with("/console/assets/");
        assert_eq!(page.right == Right::Anyone, is_door, "{}", page.path);
    }
}

#[tokio::test]
async fn a_dealership_is_not_there_for_another_ones_people() {
    let shop = Shop::open().await;
    let mut seat = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let (status, _) = shop
        .put("/v1/staff/adv-77", &serde_json::json!({"dealership": "sh-pudong", "name": "x", "roles": ["advisor"]}))
        .await;
    assert_eq!(status, 200);
    let gz = shop.knows(&crate::shop::anna()).await;
    assert_eq!(seat.open(&format!("/console/customers/{gz}")).await.status, 200);
    let mut elsewhere = crate::shop::anna();
    elsewhere.dealership = "sh-pudong";
    shop.hears(elsewhere.books("2026-03-20T09:30", shop.now())).await;
    let foreign = shop.get("/v1/customers/C-1?dealership=sh-pudong").await;
    let foreign = foreign["id"].as_str().expect("an id").to_owned();
    assert_eq!(seat.open(&format!("/console/customers/{foreign}")).await.status, 404);
}
