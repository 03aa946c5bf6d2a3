//! The main flows in a browser that runs no scripts: sign in, take a call and say its outcome, book by hand, answer an inquiry.
use thirtyfour::Key;

use super::{Browser, Demo, browser::until, console::can_run};

/// Waits until the page that is open has this in it.
async fn has(browser: &Browser, what: &str) {
    until(&format!("the page has {what}"), async || browser.source().await.contains(what)).await;
}

/// Signed in, in a browser that was seen to run no scripts.
async fn signed_in(demo: &Demo, login: &str) -> Browser {
    let browser = Browser::scriptless().await;
    browser.open("data:text/html,<p>here</p><script>document.documentElement.id='ran'</script>", 1360).await;
    let source = browser.source().await;
    assert!(source.contains("here") && !source.contains("<html id="), "scripts run: {source}");
    browser.open(&format!("{}/console/sign-in", demo.address), 1360).await;
    browser.keys("input[name=login]", login).await;
    browser.keys("input[name=password]", "demo").await;
    browser.keys("input[name=password]", Key::Enter).await;
    has(&browser, "class=\"rail\"").await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_a_booking_and_an_answer_need_no_script() {
    if !can_run("a_call_a_booking_and_an_answer_need_no_script") {
        return;
    }
    let demo = Demo::at_rest();
    let li = signed_in(&demo, "agt-01").await;
    until("the month before is told", async || {
        li.open(&format!("{}/console/calls", demo.address), 1360).await;
        li.source().await.matches("id=\"row-").count() >= 10
    })
    .await;
    li.click("form[action='/console/calls/next'] button").await;
    has(&li, "class=\"card outcome\"").await;
    let call = li.here().await;
    li.click("form.outcome .choices label:has(input[value=no_answer])").await;
    li.keys("form.outcome textarea[name=note]", "无人接听，下午再拨。").await;
    li.screenshot("scriptless-call").await;
    li.click("form.outcome button.primary").await;
    until("the next call is on the screen", async || li.here().await != call).await;
    has(&li, "class=\"card outcome\"").await;
    // It was saved: for a moment it can be taken back.
    let id = call.rsplit('/').next().and_then(|id| id.split('?').next()).expect("a call");
    has(&li, &format!("action=\"/console/calls/{id}/undo\"")).await;

    li.open(&format!("{}/console/book", demo.address), 1360).await;
    li.keys("input[name=phone]", "139 0000 7788").await;
    li.keys("input[name=phone]", Key::Enter).await;
    li.keys("input[name=name]", "李芳").await;
    li.keys("input[name=plate]", "粤B77777").await;
    li.keys("input[name=model]", "NX350h").await;
    li.click("details.times[open] .choices label").await;
    li.keys("input[name=service]", "4万公里保养").await;
    li.screenshot("scriptless-book").await;
    li.click("form[method=post][action='/console/book'] button.primary").await;
    li.arrived("?done=booked").await;
    li.quit().await;

    let chen = signed_in(&demo, "adv-01").await;
    chen.open(&format!("{}/console/inquiries", demo.address), 1360).await;
    chen.click("main a[href*='/inquiries/inq_']").await;
    chen.keys("#reply textarea[name=text]", "您好，周六上午十点可以，已为您留好位置。").await;
    chen.click("#reply button.primary").await;
    until("the answer is in the thread", async || {
        let source = chen.source().await;
        let ours = source.split("class=\"said ours").skip(1).filter_map(|rest| rest.split("</li>").next());
        ours.into_iter().any(|said| said.contains("周六上午十点可以"))
    })
    .await;
    chen.screenshot("scriptless-inquiry").await;
    chen.quit().await;
}
