//! A booking by hand in a real browser, by keyboard and in under a minute; what the customer is sent leads to pages of theirs.
use std::time::{Duration, Instant};

use thirtyfour::Key;

use super::{
    Browser, Demo,
    console::{can_run, signed_in},
    mail_with,
    pages::{Walk, axe},
};

/// The addresses of ours in a letter, the first of each kind.
const LINKS: &str = "const ask = new XMLHttpRequest(); ask.open('GET', location.href + '/letter', false); ask.send();
    const pages = new Map();
    for (const [page] of (document.body.innerHTML + ask.responseText).matchAll(/\\/[asu]\\/[A-Za-z0-9._-]{6,}/g)) if (!pages.has(page[1])) pages.set(page[1], page);
    return [...pages.values()];";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_booked_in_under_a_minute_and_finds_their_appointment() {
    const NAME: &str = "somebody_new_is_booked_in_under_a_minute";
    let Some(axe) = axe() else { return };
    if !can_run(NAME) {
        return;
    }
    let demo = Demo::at_rest();
    let agent = signed_in(&demo, "agt-01", 1360).await;
    agent.open(&format!("{}/console/calls", demo.address), 1360).await;
    agent.until("the month before is told", "document.querySelectorAll('#queue tbody tr').length >= 10").await;
    let began = Instant::now();
    agent.open(&format!("{}/console/book", demo.address), 1360).await;
    agent.keys("input[name=phone]", "139 0000 7777").await;
    agent.keys("input[name=phone]", Key::Enter).await;
    agent.keys("input[name=name]", "李娜").await;
    agent.keys("input[name=email]", "lina@example.com").await;
    agent.keys("input[name=plate]", "粤B88888").await;
    agent.keys("input[name=model]", "NX350h").await;
    let days_ahead = "const day = new Date(document.querySelector('input[name=start]').min + 'Z'); day.setUTCDate(day.getUTCDate() + 1);
        document.querySelector('input[name=start]').value = day.toISOString().slice(0, 10) + 'T14:00'; return true";
    agent.script(days_ahead).await;
    agent.keys("input[name=service]", "4万公里保养").await;
    agent.screenshot("console-book").await;
    agent.chord('\u{e007}').await;
    agent.until("they are booked", "location.search === '?done=booked'").await;
    let took = began.elapsed();
    println!("a booking by hand took {took:?} with all its pages");
    assert!(took < Duration::from_secs(60), "{took:?}");
    agent.quit().await;

    let customer = Browser::start().await;
    let mail = mail_with(&customer, &demo, "lina@example.com").await;
    customer.open(&format!("{}{mail}", demo.address), 390).await;
    let pages = customer.script(LINKS).await;
    let pages: Vec<&str> = pages.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    assert!(!pages.is_empty(), "the letter leads nowhere");
    let mut walk = Walk { browser: &customer, axe, faults: Vec::new() };
    for page in pages {
        let address = format!("{}{page}", demo.address);
        customer.open(&address, 390).await;
        let name = format!("/public-{}", &page[1..2]);
        walk.look(&name).await;
        walk.pictures(&name, &address).await;
    }
    let faults = walk.faults;
    customer.quit().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
