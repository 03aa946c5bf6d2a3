//! A booking by hand in a real browser, by keyboard and in under a minute; what the customer is sent leads to pages of theirs.
use std::time::{Duration, Instant};

use thirtyfour::Key;

use super::{
    Browser, Demo,
    console::{can_run, signed_in},
    figure, mail_with,
    pages::{Walk, axe},
};

/// The pages of ours that a letter leads to: an appointment, a survey, what somebody wishes.
pub(super) fn pages_in(letter: &str, address: &str) -> Vec<String> {
    let page = |kind: &str| {
        let (_, rest) = letter.split_once(&format!("{address}{kind}"))?;
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        Some(format!("{kind}{token}"))
    };
    ["/a/", "/s/", "/u/"].into_iter().filter_map(page).collect()
}

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
    agent.until("somebody new is asked for", "document.querySelector('input[name=name]')").await;
    let asked = began.elapsed();
    agent.keys("input[name=name]", "李娜").await;
    agent.keys("input[name=email]", "lina@example.com").await;
    agent.keys("input[name=plate]", "粤B88888").await;
    agent.keys("input[name=model]", "NX350h").await;
    let days_ahead = "const day = new Date(document.querySelector('input[name=start]').min + 'Z'); day.setUTCDate(day.getUTCDate() + 1);
        document.querySelector('input[name=start]').value = day.toISOString().slice(0, 10) + 'T14:00'; return true";
    agent.script(days_ahead).await;
    agent.keys("input[name=service]", "4万公里保养").await;
    let filled = began.elapsed();
    agent.screenshot("console-book").await;
    agent.chord('\u{e007}').await;
    agent.until("they are booked", "location.search === '?done=booked'").await;
    let took = began.elapsed();
    let steps = format!(
        "1 the number: {asked:?}, 2 six fields: {:?}, 3 booked: {:?}; {took:?} with all its pages",
        filled.saturating_sub(asked),
        took.saturating_sub(filled)
    );
    figure("a booking by hand, in steps (< 60 s)", steps);
    assert!(took < Duration::from_mins(1), "{took:?}");
    agent.quit().await;

    let customer = Browser::start().await;
    let mail = mail_with(&customer, &demo, "lina@example.com").await;
    customer.open(&format!("{}{mail}/letter", demo.address), 390).await;
    let pages = pages_in(&customer.source().await, &demo.address);
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
