//! Signing in: who is let in, who waits, and how a session ends.
use aftercare::{
    console::policy::Role,
    http::Error,
    staff::accounts::{
        actions::{Reach, change_password, close},
        sessions,
    },
};

use super::seat::PASSWORD;
use crate::shop::Shop;

#[tokio::test]
async fn somebody_signs_in_works_and_signs_out() {
    let shop = Shop::open().await;
    let mut seat = shop.stranger();
    let house = seat.open("/").await;
    assert_eq!((house.status, house.location.as_deref()), (303, Some("/console")));
    let sent = seat.open("/console/calls?tab=mine").await;
    assert_eq!(
        (sent.status, sent.location.as_deref()),
        (303, Some("/console/sign-in?next=%2Fconsole%2Fcalls%3Ftab%3Dmine"))
    );
    shop.account("agt-9", &[Role::Agent]).await;
    let page = seat.open("/console/sign-in?next=%2Fconsole%2Fcalls%3Ftab%3Dmine").await;
    let next = page.field("next");
    let form = [("login", " AGT-9 "), ("password", PASSWORD), ("next", next.as_str())];
    let back = seat.send("/console/sign-in", &form).await;
    assert_eq!((back.status, back.location.as_deref()), (303, Some("/console/calls?tab=mine")));
    assert!(seat.cookie.as_deref().is_some_and(|cookie| cookie.starts_with("aftercare_session=")));
    let queue = seat.open("/console/calls").await;
    assert!(queue.status == 200 && queue.says("Call queue") && queue.says("agt-9 Li"), "{}", queue.text());
    // The API knows them by the same cookie, with what their role allows.
    let list = seat.open("/v1/calls").await;
    assert_eq!(list.status, 200);
    assert_eq!(seat.open("/v1/templates").await.status, 403);
    let cookie = seat.cookie.clone();
    assert_eq!(seat.send("/console/sign-out", &[]).await.location.as_deref(), Some("/console/sign-in"));
    seat.cookie = cookie;
    assert_eq!(seat.open("/console/calls").await.status, 303, "the session is over, not only the cookie");
}

#[tokio::test]
async fn nobody_learns_which_logins_there_are_and_who_guesses_waits() {
    let shop = Shop::open().await;
    shop.account("agt-9", &[Role::Agent]).await;
    let mut seat = shop.stranger();
    let wrong = seat.sign_in("agt-9", "wrong").await;
    let nobody = seat.sign_in("nobody", "wrong").await;
    assert_eq!((wrong.status, nobody.status), (422, 422));
    assert_eq!(wrong.text().replace("agt-9", ""), nobody.text().replace("nobody", ""));
    for _ in 0..3 {
        assert_eq!(seat.sign_in("agt-9", "wrong").await.status, 422);
    }
    let blocked = seat.sign_in("agt-9", "wrong").await;
    assert!(blocked.status == 429 && blocked.says("Try again in 1 min"), "{}", blocked.text());
    assert_eq!(seat.sign_in("agt-9", PASSWORD).await.status, 429, "not even with the right one");
    shop.leaps_by("61s");
    assert_eq!(seat.sign_in("agt-9", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_password_that_was_given_is_changed_before_anything_else() {
    let shop = Shop::open().await;
    let staff = shop.account("agt-9", &[Role::Agent]).await;
    let given = shop.given_password(&staff).await;
    let mut seat = shop.stranger();
    assert_eq!(seat.sign_in("agt-9", &given).await.status, 303);
    assert_eq!(seat.open("/console/calls").await.location.as_deref(), Some("/console/password"));
    assert_eq!(seat.open("/v1/calls").await.status, 403, "nor at the API's doors");
    let short = seat.send("/console/password", &[("old", &given), ("new", "short")]).await;
    assert!(short.status == 422 && short.says("The new password is too short."), "{}", short.text());
    let done = seat.send("/console/password", &[("old", &given), ("new", "马走日字象走田字车走直路炮翻山")]).await;
    assert_eq!(done.location.as_deref(), Some("/console"));
    assert_eq!(seat.open("/console/calls").await.status, 200);
}

#[tokio::test]
async fn sessions_end_by_idleness_everywhere_and_with_the_account() {
    let shop = Shop::opening().setting("CONSOLE__SESSION", "8h").open().await;
    let staff = shop.account("agt-9", &[Role::Agent]).await;
    let (mut one, mut other) = (shop.stranger(), shop.stranger());
    for seat in [&mut one, &mut other] {
        assert_eq!(seat.sign_in("agt-9", PASSWORD).await.status, 303);
    }
    for _ in 0..3 {
        shop.leaps_by("3h");
        assert_eq!(one.open("/console/calls").await.status, 200, "who works stays");
    }
    assert_eq!(other.open("/console/calls").await.status, 303, "who does not, signs in again");
    assert_eq!(other.sign_in("agt-9", PASSWORD).await.status, 303);
    assert_eq!(one.send("/console/sign-out", &[("everywhere", "yes")]).await.status, 303);
    assert_eq!(other.open("/console/calls").await.status, 303);
    assert_eq!(other.sign_in("agt-9", PASSWORD).await.status, 303);
    close(&shop.app, &staff, ("test", Reach::Everywhere)).await.expect("closed");
    assert_eq!(other.open("/console/calls").await.status, 303);
    assert_eq!(other.sign_in("agt-9", PASSWORD).await.status, 422);
}

/// Two people do something to one account at the same time: what was closed stays closed.
#[tokio::test]
async fn a_session_in_hand_does_not_undo_what_was_done_to_its_account() {
    let shop = Shop::open().await;
    let staff = shop.account("agt-9", &[Role::Agent]).await;
    let mut seat = shop.stranger();
    assert_eq!(seat.sign_in("agt-9", PASSWORD).await.status, 303);
    let token = seat.cookie.as_deref().and_then(|cookie| cookie.split_once('=')).expect("a cookie").1.to_owned();
    let in_hand = sessions::of_token(&shop.app, &token).await.expect("an answer").expect("a session");
    close(&shop.app, &staff, ("test", Reach::Everywhere)).await.expect("closed");
    sessions::speak(&shop.app, &in_hand.account, "ja").await.expect("written");
    let changed = change_password(&shop.app, &in_hand, PASSWORD.into(), "staple battery horse".into()).await;
    assert!(matches!(changed, Err(Error::Unauthorized)), "{changed:?}");
    for password in [PASSWORD, "staple battery horse"] {
        assert_eq!(seat.sign_in("agt-9", password).await.status, 422);
    }
}

#[tokio::test]
async fn an_admin_reaches_no_login_that_is_used_at_another_dealership() {
    let shop = Shop::open().await;
    let mut admin = shop.seat("adm-9", &[Role::Admin]).await;
    let refused = "This login is somebody's at another dealership.";
    shop.account_at("sh-pudong", "dir-9", &[Role::Director]).await;
    let impostor = shop.employs_at("gz-tianhe", "agt-8", &[Role::Agent]).await;
    let linked = admin.send(&format!("/console/people/{}/account", impostor.id), &[("login", "dir-9")]).await;
    assert!(linked.status == 409 && linked.says(refused), "{}", linked.text());
    let both = shop.account_at("gz-tianhe", "dir-9", &[Role::Director]).await;
    for deed in ["reset", "close"] {
        let done = admin.send(&format!("/console/people/{}/{deed}", both.id), &[]).await;
        assert!(done.status == 409 && done.says(refused), "{}", done.text());
    }
    assert_eq!(shop.stranger().sign_in("dir-9", PASSWORD).await.status, 303);
    let own = admin.send(&format!("/console/people/{}/account", impostor.id), &[("login", "agt-8")]).await;
    assert_eq!(own.status, 200, "{}", own.text());
}

#[tokio::test]
async fn a_form_from_another_site_does_nothing() {
    let shop = Shop::open().await;
    let mut seat = shop.seat("agt-9", &[Role::Agent]).await;
    for site in [Some("cross-site"), Some("same-site"), None] {
        let refused = seat.ask("POST", "/console/calls/next", &[], site).await;
        assert!(
            refused.status == 403 && refused.says("This form was sent from another site."),
            "{site:?} {}",
            refused.text()
        );
        let refused = seat.ask("POST", "/v1/calls/next", &[], site).await;
        assert_eq!(refused.status, 403, "nor at the API's doors");
        assert!(refused.html.contains("\"code\":\"forbidden\""), "which answer in their own way: {}", refused.html);
    }
    assert_eq!(seat.send("/console/calls/next", &[]).await.status, 303);
}

#[tokio::test]
async fn screens_speak_the_readers_language() {
    let shop = Shop::open().await;
    let sign_in = shop.stranger().speaking("ja,en").open("/console/sign-in").await;
    assert!(sign_in.says("ログイン") && sign_in.html.contains("<html lang=\"ja\">"));
    let mut seat = shop.seat("agt-9", &[Role::Agent]).await;
    assert!(seat.open("/console/calls").await.says("Nothing is waiting."));
    assert_eq!(seat.send("/console/language", &[("language", "zh-CN")]).await.status, 303);
    let queue = seat.open("/console/calls").await;
    assert!(queue.says("电话队列") && queue.html.contains("<html lang=\"zh-CN\">"), "{}", queue.text());
}

#[tokio::test]
async fn whoever_closes_an_account_or_resets_its_password_has_the_last_word() {
    let shop = Shop::open().await;
    shop.account("agt-8", &[Role::Agent]).await;
    let closed = "UPDATE accounts SET active = NOT active WHERE login = $1";
    let mut late = shop.stranger();
    let shown = shop.meanwhile([closed], "agt-8", late.sign_in("agt-8", PASSWORD)).await;
    assert_eq!(shown.status, 422, "closed while the password was looked at: {}", shown.text());
    let seat = shop.seat("agt-9", &[Role::Agent]).await;
    let token = seat.cookie.as_deref().and_then(|cookie| cookie.split_once('=')).expect("a cookie").1.to_owned();
    let in_hand = sessions::of_token(&shop.app, &token).await.expect("an answer").expect("a session");
    let reset = "UPDATE accounts SET password_hash = 'another' WHERE login = $1";
    let change = change_password(&shop.app, &in_hand, PASSWORD.into(), "staple battery horse".into());
    let changed = shop.meanwhile([reset], "agt-9", change).await;
    assert!(matches!(changed, Err(Error::Unauthorized)), "{changed:?}");
}
