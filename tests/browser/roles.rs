//! Whole stretches of work in a browser: an advisor's morning, a manager's review, a customer's survey on a phone without script.
use thirtyfour::Key;

use super::{
    Browser, Demo,
    booking::pages_in,
    console::{can_run, signed_in},
    mail_with,
    pages::{Walk, axe},
};

/// The day, the customer behind a visit with what they need, an inquiry answered with a canned reply, and nothing left unsaid.
#[tokio::test(flavor = "multi_thread")]
async fn an_advisors_morning_from_the_day_to_an_answered_inquiry() {
    if !can_run("an_advisors_morning") {
        return;
    }
    let demo = Demo::at_rest();
    let chen = signed_in(&demo, "adv-01", 1440).await;
    chen.until("the day is told", "document.querySelectorAll('#day tbody tr').length >= 10").await;
    assert_eq!(chen.script("return location.pathname").await, "/console/day");
    chen.until("the day is live", "document.body.dataset.conn === 'on'").await;
    let urgent = chen.script("return document.querySelectorAll('#day .tag.bad, #day .due.late').length").await;
    assert!(urgent.as_u64() >= Some(3), "{urgent} are urgent");
    chen.screenshot("story-advisor-day").await;

    // The day after and back, by keys.
    chen.press("k").await;
    chen.until("the day after is shown", "new URLSearchParams(location.search).get('date')").await;
    chen.press("j").await;
    chen.until("today is shown again", "document.querySelectorAll('#day tbody tr').length >= 10").await;

    chen.click("#day tbody a[href*='/customers/']").await;
    chen.until("the customer is shown", "location.pathname.startsWith('/console/customers/cus_')").await;
    chen.click("input[name=need][value=transport]").await;
    let ticked = chen.script("return document.querySelector('input[name=need][value=transport]').checked").await;
    chen.click("form[action$='/needs'] button").await;
    chen.until("it is noted", "location.search === '?done=needs'").await;
    let kept = chen.script("return document.querySelector('input[name=need][value=transport]').checked").await;
    assert_eq!(ticked, kept);
    chen.screenshot("story-advisor-customer").await;

    chen.open(&format!("{}/console/inquiries", demo.address), 1440).await;
    let before = chen.script("return document.querySelectorAll('.threads li').length").await.as_u64();
    chen.click("main a[href*='/inquiries/inq_']").await;
    chen.until("the thread is open", "document.querySelector('#reply textarea[name=text]')").await;
    chen.keys("#reply textarea[name=text]", "您好，这周六上午十点可以，已为您留好位置。").await;
    chen.screenshot("story-advisor-inquiry").await;
    // What is typed outlives a reload.
    let here = chen.script("return location.href").await.as_str().expect("an address").to_owned();
    chen.open(&here, 1440).await;
    chen.until(
        "the draft is still there",
        "document.querySelector('#reply textarea[name=text]')?.value.startsWith('您好')",
    )
    .await;
    chen.chord('\u{e007}').await;
    chen.until(
        "the answer is in the thread",
        "[...document.querySelectorAll('.said.ours')].some((said) => said.textContent.includes('这周六上午十点可以'))",
    )
    .await;
    chen.open(&format!("{}/console/inquiries", demo.address), 1440).await;
    chen.until(
        "one inquiry less waits",
        &format!("document.querySelectorAll('.threads li').length === {}", before.expect("a number") - 1),
    )
    .await;
    chen.quit().await;
}

/// From the dashboard to the rows of a number, to the case behind a low score, to the report, and back.
#[tokio::test(flavor = "multi_thread")]
async fn a_managers_review_from_the_dashboard_to_the_case_behind_a_number() {
    if !can_run("a_managers_review") {
        return;
    }
    let demo = Demo::at_rest();
    let luo = signed_in(&demo, "mgr-01", 1440).await;
    luo.open(&format!("{}/console/day", demo.address), 1440).await;
    luo.until("the month before is told", "document.querySelectorAll('#day tbody tr').length >= 10").await;
    luo.open(&format!("{}/console/dashboard", demo.address), 1440).await;
    luo.until("the figures are there", "document.querySelectorAll('main .tile').length >= 5").await;
    luo.screenshot("story-manager-dashboard").await;
    let here =
        luo.script("return [...document.querySelectorAll('main a.tile, main table a')].map((a) => a.href)").await;
    let ways: Vec<String> = serde_json::from_value(here).expect("addresses");
    assert!(!ways.is_empty(), "no number opens anything");
    // A file is no page.
    for way in ways.iter().filter(|way| !way.contains("format=csv") && !way.contains("/reports/sla")) {
        luo.open(way, 1440).await;
        let shown = luo.script("return document.querySelector('h1')?.textContent.length > 0").await;
        assert_eq!(shown, true, "{way} opens nothing");
    }
    luo.open(&format!("{}/console/cases", demo.address), 1440).await;
    luo.click("main a[href*='/cases/cas_']").await;
    luo.until("the case is open", "location.pathname.startsWith('/console/cases/cas_')").await;
    luo.screenshot("story-manager-case").await;
    luo.click("main form[action$='/acknowledge'] button").await;
    luo.until("it is acknowledged", "!document.querySelector(\"main form[action$='/acknowledge']\")").await;
    luo.click("main form[action$='/note'] textarea, main details:has(form[action$='/note']) summary").await;
    luo.keys("main form[action$='/note'] textarea", "已致电客户，明天上午再来店复检。").await;
    luo.click("main form[action$='/note'] button").await;
    luo.until("the note is on record", "document.querySelector('main ol')?.textContent.includes('明天上午再来店复检')")
        .await;
    luo.open(&format!("{}/console/reports/operations", demo.address), 1440).await;
    luo.until("the report is there", "document.querySelectorAll('main table tbody tr').length >= 10").await;
    luo.screenshot("story-manager-report").await;
    luo.quit().await;
}

/// The link in the letter, five of five, a word, and thanks: without script, on a phone; the same link a second time says thanks.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_answers_the_survey_on_a_phone_without_script() {
    if !can_run("a_customer_answers_the_survey") {
        return;
    }
    let Some(axe) = axe() else { return };
    let demo = Demo::at_rest();
    let phone = Browser::start().await;
    let mail = mail_with(&phone, &demo, "请为本次服务打分").await;
    phone.open(&format!("{}{mail}", demo.address), 390).await;
    let mut pages = pages_in(&phone.source().await, &demo.address);
    phone.open(&format!("{}{mail}/letter", demo.address), 390).await;
    pages.extend(pages_in(&phone.source().await, &demo.address));
    let page_of = |kind: &str| {
        let page = pages.iter().find(|page| page.starts_with(kind)).unwrap_or_else(|| panic!("no {kind} in {pages:?}"));
        format!("{}{page}", demo.address)
    };
    let mut walk = Walk { browser: &phone, axe, faults: Vec::new() };
    for (kind, name) in [("/u/", "/public-u"), ("/s/", "/public-s")] {
        let address = page_of(kind);
        phone.open(&address, 390).await;
        walk.look(name).await;
        walk.pictures(name, &address).await;
    }
    let faults = walk.faults;
    let address = page_of("/s/");
    phone.open(&address, 390).await;
    let required = phone
        .script(
            "return [...new Set([...document.querySelectorAll('input[type=radio][required]')].map((one) => one.name))]",
        )
        .await;
    let required: Vec<String> = serde_json::from_value(required).expect("names");
    assert!(required.contains(&"overall".to_owned()), "{required:?}");
    phone.without_script().await;
    phone.open(&address, 390).await;
    for name in required {
        // The best of a scale is its last step; of yes and no, yes is the first.
        let best =
            if phone.source().await.contains(&format!("name=\"{name}\" value=\"yes\"")) { "first" } else { "last" };
        phone.click(&format!(".choices:has(input[name={name}]) label:{best}-child")).await;
    }
    phone.keys("textarea", "顾问很专业，谢谢。").await;
    phone.screenshot("story-survey-filled").await;
    phone.keys("form button[type=submit]", Key::Enter).await;
    super::browser::until("thanks are said", async || !phone.source().await.contains("name=\"overall\"")).await;
    phone.screenshot("story-survey-thanks").await;
    phone.open(&address, 390).await;
    assert!(!phone.source().await.contains("name=\"overall\""), "an answer is given once");
    phone.quit().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
