//! The console in real browsers: an agent's shift by keyboard, two agents at one queue, every first screen, phone and dark.
use std::time::Duration;

use thirtyfour::Key;

use super::{Browser, Demo, figure, need};

/// What a first page may weigh over the wire, with its style and its script.
const MOST_BYTES: u64 = 60 * 1024;
/// Far more than the goals on a machine that does other things meanwhile, and less than it takes to look again without being
/// told.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Notes when a call is claimed or saved by key; the driver may press a key again on the page to which it led.
pub(super) const NOTE_KEYS: &str = "addEventListener('keydown', (event) => {
    if (event.key === 'n' || event.key === 'Enter') sessionStorage.pressed ||= Date.now(); }, true);";
/// Notes when another agent's claim came onto the screen.
pub(super) const SEE_CLAIM: &str = "window.seen = 0; new MutationObserver(() => {
    if (!window.seen && document.querySelector('#queue tr.taken')) window.seen = Date.now();
}).observe(document.body, { subtree: true, childList: true, attributes: true }); return true";

/// Signed in, in Chinese as the dealership is.
pub(super) async fn signed_in(demo: &Demo, login: &str, width: u32) -> Browser {
    let browser = Browser::start().await;
    browser.open(&format!("{}/console/sign-in", demo.address), width).await;
    browser.keys("input[name=login]", login).await;
    browser.keys("input[name=password]", "demo").await;
    browser.keys("input[name=password]", Key::Enter).await;
    browser.until("they are signed in", "document.querySelector('.rail')").await;
    browser
}

pub(super) fn can_run(name: &str) -> bool {
    ["chromium", "chromedriver"].into_iter().all(|program| need::need(program, name))
}

/// Saves the call with the keyboard; how long it took until the next one was there.
async fn save(browser: &Browser) -> Duration {
    let before = browser.script("sessionStorage.removeItem('pressed'); return location.pathname").await;
    browser.chord('\u{e007}').await;
    browser
        .until(
            "the next call is on the screen",
            &format!("document.querySelector('form.outcome') && location.pathname !== {before}"),
        )
        .await;
    browser.until("it is painted", "performance.getEntriesByName('first-contentful-paint').length").await;
    let painted =
        "return Math.round(performance.timeOrigin + performance.getEntriesByName('first-contentful-paint')[0].startTime
        - Number(sessionStorage.pressed))";
    Duration::from_millis(browser.script(painted).await.as_u64().expect("it was painted after the key"))
}

/// From the key of whoever claims until the claim is on the screen of the other.
pub(super) async fn claim_took(claims: &Browser, sees: &Browser) -> Duration {
    let pressed = claims.script("return Number(sessionStorage.pressed)").await.as_u64().expect("a moment");
    let seen = sees.script("return window.seen").await.as_u64().expect("a moment");
    Duration::from_millis(seen.saturating_sub(pressed))
}

/// W4: from the queue to the next call at most six keys, and it is there within a moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_satisfied_follow_up_takes_six_keys_and_the_other_agent_sees_it_at_once() {
    if !can_run("a_satisfied_follow_up_takes_six_keys") {
        return;
    }
    let demo = Demo::at_rest();
    let li = signed_in(&demo, "agt-01", 1360).await;
    let weighs = "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .reduce((sum, one) => sum + one.encodedBodySize + 300, 0)";
    let bytes = li.script(weighs).await.as_u64().expect("bytes");
    figure("bytes of the first page over the wire, style and script too (< 61440)", bytes);
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
    li.on_every_page(NOTE_KEYS).await;
    let hu = signed_in(&demo, "agt-02", 1360).await;
    for browser in [&li, &hu] {
        browser.open(&format!("{}/console/calls", demo.address), 1360).await;
        browser.until("the queue is filled", "document.querySelectorAll('#queue tbody tr').length >= 10").await;
        browser.until("the screen is live", "document.body.dataset.conn === 'on'").await;
    }
    // The demo's night has ended; what fell due in it is woken while the screen is open.
    li.until("three are urgent", "document.querySelectorAll('#queue .tag.bad, #queue .due.late').length >= 3").await;
    li.screenshot("console-queue").await;
    // Key 1. Hu's screen changes by itself and keeps its focus.
    hu.script("document.querySelector('#queue tbody a').focus(); window.before = document.activeElement.href").await;
    hu.script(SEE_CLAIM).await;
    li.keys_pressed();
    li.press("n").await;
    hu.until("Li's claim is on Hu's screen", "document.querySelector('#queue tr.taken')").await;
    assert_eq!(hu.script("return document.activeElement.href === window.before").await, true, "the focus stayed");
    li.until("the call is on the screen", "document.querySelector('form.outcome')").await;
    let took = claim_took(&li, &hu).await;
    figure("claim → visible in the other browser (<= 200 ms)", format!("{took:?}"));
    assert!(took < AT_ONCE, "{took:?}");
    let to_claim = li.keys_pressed();
    li.screenshot("console-call").await;
    // What comes before the follow-ups is not answered today.
    while li.script("return !document.querySelector('.when-reached')").await == true {
        li.press("3").await;
        save(&li).await;
    }
    li.keys_pressed();
    // Keys 2 to 4: the outcome, right the first time, five of five; 5 and 6 save.
    li.press("1").await;
    li.until("the questions are open", "document.querySelector('.when-reached').offsetParent !== null").await;
    li.press("y").await;
    li.press("5").await;
    assert_eq!(li.script("return document.querySelector('[name=answer_fixed]:checked').value").await, "yes");
    assert_eq!(li.script("return document.querySelector('[name=answer_overall]:checked').value").await, "5");
    let took = save(&li).await;
    figure("save → next call on the screen (<= 300 ms)", format!("{took:?}"));
    assert!(took < AT_ONCE, "{took:?}");
    let pressed = to_claim + li.keys_pressed();
    figure("key presses from the queue to the next call (<= 6)", pressed);
    assert!(pressed <= 6, "{pressed} keys");
    // Typing is never taken over by shortcuts.
    li.keys("textarea[name=note]", "n1?y").await;
    assert_eq!(li.script("return document.querySelector('textarea[name=note]').value").await, "n1?y");
    assert_eq!(li.script("return !!document.querySelector('[name=outcome]:checked')").await, false);
    li.quit().await;
    hu.quit().await;
}

/// Every role begins with something to do, on a desk and on a phone, by day and by night, and nothing runs out of the window.
#[tokio::test(flavor = "multi_thread")]
async fn every_roles_first_screen_is_filled_and_fits() {
    if !can_run("every_roles_first_screen_is_filled_and_fits") {
        return;
    }
    let demo = Demo::at_rest();
    for (login, rows) in
        [("agt-01", 10), ("adv-01", 10), ("prt-01", 10), ("mgr-01", 10), ("dir-01", 10), ("aud-01", 10), ("adm-01", 10)]
    {
        let browser = signed_in(&demo, login, 1440).await;
        browser
            .until(
                "there are rows",
                &format!("document.querySelectorAll('main tbody tr, main .threads li').length >= {rows}"),
            )
            .await;
        let here = browser.script("return location.href").await.as_str().unwrap_or_default().to_owned();
        for (width, scheme) in [(1440, "light"), (820, "dark"), (390, "light"), (390, "dark")] {
            browser.scheme(scheme).await;
            browser.open(&here, width).await;
            browser.screenshot(&format!("console-{login}-{width}-{scheme}")).await;
            let over = browser.script("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(over.as_i64() <= Some(0), "{login} at {width} px scrolls sideways by {over}");
        }
        browser.quit().await;
    }
}
