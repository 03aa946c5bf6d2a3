//! Screens that stay live: a stream for longer than what stands in between lets a silent one live, and a tab that nobody sees.
use std::time::{Duration, Instant};

use super::{
    Browser, Demo, browser,
    console::{NOTE_KEYS, SEE_CLAIM, can_run, claim_took, signed_in},
    figure,
};

/// Proxies and browsers end what is silent for half a minute.
const LONG: Duration = Duration::from_secs(31);
/// Counts how often the page has said that it is live, or no longer.
const COUNT_TURNS: &str = "window.turns = 0; new MutationObserver(() => { window.turns += 1; })
    .observe(document.body, { attributes: true, attributeFilter: ['data-conn'] }); return true";

/// What a browser tells a page whose tab is left, or looked at again.
async fn look(browser: &Browser, is_hidden: bool) {
    let script = "Object.defineProperty(document, 'hidden', { value: HIDDEN, configurable: true });
        document.dispatchEvent(new Event('visibilitychange')); return true";
    browser.script(&script.replace("HIDDEN", if is_hidden { "true" } else { "false" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_stays_live_and_a_tab_that_was_hidden_is_up_to_date_when_it_is_shown() {
    if !can_run("a_stream_stays_live") {
        return;
    }
    let demo = Demo::at_rest();
    let (li, hu) = tokio::join!(signed_in(&demo, "agt-01", 1360), signed_in(&demo, "agt-02", 1360));
    li.on_every_page(NOTE_KEYS).await;
    for browser in [&li, &hu] {
        browser.open(&format!("{}/console/calls", demo.address), 1360).await;
        browser.until("the queue is filled", "document.querySelectorAll('#queue tbody tr').length >= 10").await;
        browser.until("the screen is live", "document.body.dataset.conn === 'on'").await;
    }
    hu.script(COUNT_TURNS).await;
    hu.script(SEE_CLAIM).await;
    let began = Instant::now();
    browser::until("half a minute has passed", async || began.elapsed() > LONG).await;
    assert_eq!(hu.script("return document.body.dataset.conn + ' ' + window.turns").await, "on 0", "it never let go");
    li.press("n").await;
    hu.until("the claim is on the other screen", "window.seen").await;
    li.until("the call is on the screen", "document.querySelector('form.outcome')").await;
    let took = claim_took(&li, &hu).await;
    figure("claim → visible on a stream of 31 s", format!("{took:?}"));
    assert_eq!(hu.script("return window.turns").await, 0, "by the same stream");

    // Hidden, it keeps no stream and is told nothing; shown again it is as the queue is by then.
    look(&hu, true).await;
    hu.until("the hidden tab has let go", "document.body.dataset.conn === 'off'").await;
    li.press("b").await;
    li.until("it is given back", "location.pathname === '/console/calls'").await;
    assert_eq!(hu.script("return !!document.querySelector('#queue tr.taken')").await, true, "nobody told it");
    let shown = Instant::now();
    look(&hu, false).await;
    hu.until("it is up to date", "!document.querySelector('#queue tr.taken')").await;
    figure("a hidden tab is up to date after it is shown", format!("{:?}", shown.elapsed()));
    hu.until("it is live again", "document.body.dataset.conn === 'on'").await;
    li.quit().await;
    hu.quit().await;
}
