//! The demo at whatever hour somebody signs in: each role's first screen has work on it, some of it urgent.
use aftercare::clock::Clock;
use aftercare::{console::policy::Role, demo::history};

use crate::shop::{Shop, local};

/// Rows of the first screen, and how many of them are marked as urgent.
fn rows(html: &str) -> (usize, usize) {
    let body = html.split("<tbody").nth(1).and_then(|rest| rest.split("</tbody>").next()).unwrap_or_default();
    let is_urgent = |row: &str| ["tag bad", "due late", "due soon"].iter().any(|mark| row.contains(mark));
    let rows: Vec<&str> = body.split("<tr").skip(1).collect();
    (rows.len(), rows.iter().filter(|row| is_urgent(row)).count())
}

/// Saturday afternoon, the middle of a night, and before a working day begins.
#[tokio::test]
async fn every_roles_first_screen_has_ten_rows_and_three_that_are_urgent() {
    for hour in ["2026-03-07T16:40", "2026-03-10T02:30", "2026-03-09T08:00"] {
        let shop = Shop::opening().clock(Clock::fixed(local(hour))).open().await;
        history::tell(&shop.app, "", shop.now()).await.expect("the month before is told");
        shop.drain_patiently().await;
        for (login, role) in [
            ("agt-9", Role::Agent),
            ("adv-9", Role::Advisor),
            ("prt-9", Role::Parts),
            ("sup-9", Role::Supervisor),
            ("mgr-9", Role::ServiceManager),
            ("dir-9", Role::Director),
        ] {
            let mut seat = shop.seat(login, &[role]).await;
            let home = seat.open("/console").await.location.expect("a first screen");
            let (all, urgent) = rows(&seat.open(&home).await.html);
            assert!(
                all >= 10 && urgent >= 3,
                "{} at {hour} sees {all} rows on {home}, {urgent} of them urgent",
                role.word()
            );
        }
    }
}
