//! The demo's story in a browser, caption by caption: what is said, what is on the customer's phone, and what the console shows.
use std::time::{Duration, Instant};

use thirtyfour::Key;

use super::{
    Browser, Demo,
    console::can_run,
    figure,
    pages::{Walk, axe},
};

/// A caption by its title: what it says, what the phone beside it has, what the page of the console has.
struct Beat {
    title: &'static str,
    told: &'static [&'static str],
    phone: &'static [&'static str],
    console: &'static [&'static str],
}

const BEATS: [Beat; 15] = [
    Beat {
        title: "Saturday, 16:40 in Guangzhou",
        told: &["16:40", "visits", "scores", "calls that wait", "parts on the shelf", "open cases", "3 languages"],
        phone: &[],
        console: &["Dashboard"],
    },
    Beat {
        title: "王芳 books through the web",
        told: &[
            "16:42",
            "the confirmation is on her phone",
            "the letter with its calendar invite",
            "The reminder waits in the outbox with its time: Tuesday 10 March 10:00",
        ],
        phone: &["SMS · 16:42", "E-mail · 16:42", "calendar invite"],
        console: &["王芳", "Still to come", "Appointment reminder"],
    },
    Beat {
        title: "She takes another time by her link",
        told: &[
            "16:50",
            "The old reminder of Tuesday 10 March 10:00 is struck out, with the reason: ",
            "The new one waits for Wednesday 11 March",
            "The change notice is on her phone",
            "the same calendar entry, moved: one UID, SEQUENCE 0 and then 1",
        ],
        phone: &["SMS · 16:50", "E-mail · 16:50", "E-mail · 16:42"],
        console: &["王芳", "Appointment moved", "Appointment reminder"],
    },
    Beat {
        title: "Her 制动卡钳 arrives",
        told: &["16:58", "Waiting for the 制动片: the advisor sees 1 of 2", "Nothing goes to her"],
        phone: &["SMS · 16:50"],
        console: &["制动卡钳", "1 of 2 here"],
    },
    Beat {
        title: "The pads arrive",
        told: &[
            "17:06",
            "2 of 2 are here",
            "Exactly one arrival notice, by sms",
            "free times before them, the first on",
        ],
        phone: &["SMS · 17:06", "已到店"],
        console: &["王芳"],
    },
    Beat {
        title: "WeChat is down",
        told: &["17:15", "the message waits in the outbox", "to try again is safe"],
        phone: &["陈静"],
        console: &["Car is ready", "The provider could not be reached"],
    },
    Beat {
        title: "The time-out is over: by SMS",
        told: &["WeChat was tried 6 times", "The plan goes on by SMS"],
        phone: &["陈静", "SMS · 17:"],
        console: &["Car is ready", "All tries used"],
    },
    Beat {
        title: "WeChat is back",
        told: &["17:44", "hers goes by WeChat", "No double: 陈静 was told once, by sms"],
        phone: &["陈静", "SMS · 17:"],
        console: &["陈静", "Car is ready"],
    },
    Beat {
        title: "何琳 asks on the web site",
        told: &["17:50", "Due Sunday 17:50, closed then: answer before 18:00.", "the countdown runs on"],
        phone: &["何琳", "E-mail · 17:50"],
        console: &["何琳", "closed then: answer before 18:00"],
    },
    Beat {
        title: "The advisor answers",
        told: &["17:54", "stops the clock at 17:54: it was a person", "The acknowledgement of 17:50 did not"],
        phone: &["何琳", "E-mail · 17:54"],
        console: &["下周二下午两点可以"],
    },
    Beat {
        title: "N: the agent takes the next call",
        told: &["18:02", "李强 is before 李娜: follow-up", "The script is in their language (zh-CN)"],
        phone: &[],
        console: &["李强", "What to say"],
    },
    Beat {
        title: "李强: overall 2 of 5",
        told: &[
            "18:06",
            "Fixed, and yet 2 of 5",
            "is hot",
            "To be acknowledged by",
            "has the alert",
            "the next call is there",
        ],
        phone: &[],
        console: &["RO-LIQIANG", "2 of 5", "Acknowledge"],
    },
    Beat {
        title: "周涛 texts 退订 (STOP)",
        told: &["18:2", "still waited for the gateway", "called off at the door", "confirmed once"],
        phone: &["周涛", "SMS · 18:2"],
        console: &["周涛", "Stopped on this channel"],
    },
    Beat {
        title: "The next send to that number is refused",
        told: &["18:25", "0 messages were written"],
        phone: &["周涛"],
        console: &["Will not be sent", "Stopped on this channel"],
    },
    Beat {
        title: "The scorecard",
        told: &["18:30", "Sent: ", "Held, with the reason: ", "Twice: 0.", "Late: 0.", "Answered within 24 h: all "],
        phone: &[],
        console: &["Dashboard"],
    },
];
/// Here nothing happens for ten minutes of the clock: it may run.
const QUIET: usize = 6;

const TITLE: &str = "document.querySelector('#told h2')?.textContent";
const CLOCK: &str = "document.querySelector('.clock time').textContent";
const IN_THE_FRAME: &str = "document.getElementById('frame')?.contentDocument?.body?.innerText";

async fn text(browser: &Browser, of: &str) -> String {
    browser.script(&format!("return {of}")).await.as_str().unwrap_or_default().to_owned()
}

/// A key that is pressed once: the driver may press one again on the page to which it led, which would be a step more.
async fn key(browser: &Browser, key: &str) {
    let event = format!("new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }})");
    browser.script(&format!("document.body.dispatchEvent({event}); return true")).await;
}

/// What is on the screen of this beat, or will be in a moment.
async fn shows(browser: &Browser, beat: &Beat) {
    browser.until(beat.title, &format!("{TITLE} === {:?}", beat.title)).await;
    let told = browser.text("#told").await;
    for words in beat.told {
        assert!(told.contains(words), "{}: no {words:?} in {told}", beat.title);
    }
    for words in beat.phone {
        let has = format!("document.getElementById('phone').innerText.includes({words:?})");
        browser.until(&format!("{words} is on the phone of: {}", beat.title), &has).await;
    }
    for words in beat.console {
        browser
            .until(
                &format!("{words} is in the console of: {}", beat.title),
                &format!("{IN_THE_FRAME}?.includes({words:?})"),
            )
            .await;
    }
}

/// Pause stops the clock and play lets it run, by mouse and by key; nothing is said meanwhile.
async fn plays_and_pauses(browser: &Browser) {
    let before = text(browser, CLOCK).await;
    browser.click("form[action='/demo/play'] button").await;
    browser.until("the clock runs", &format!("{CLOCK} !== {before:?}")).await;
    key(browser, "p").await;
    browser.until("it can be played again", "document.querySelector(\"form[action='/demo/play']\")").await;
    let (stands, title) = (text(browser, CLOCK).await, text(browser, TITLE).await);
    let began = Instant::now();
    super::browser::until("a second has passed", async || began.elapsed() > Duration::from_secs(1)).await;
    assert_eq!((text(browser, CLOCK).await, text(browser, TITLE).await), (stands, title), "the clock stands");
}

/// What is wrong with the page, in both schemes and at three widths.
async fn faults(browser: &Browser, axe: &str, name: &str, address: &str) -> Vec<String> {
    let mut walk = Walk { browser, axe: axe.to_owned(), faults: Vec::new() };
    walk.look(name).await;
    walk.pictures(name, address).await;
    browser.scheme("light").await;
    browser.open(address, 1440).await;
    walk.faults
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_on_the_screen_caption_by_caption() {
    if !can_run("the_story_is_on_the_screen") {
        return;
    }
    let Some(axe) = axe() else { return };
    let demo = Demo::start();
    let address = format!("{}/demo", demo.address);
    // Who lets no scripts run halts it and steps, too.
    let plain = Browser::scriptless().await;
    plain.open(&address, 1440).await;
    plain.click("form[action='/demo/pause'] button").await;
    let has = async |what: &str| {
        super::browser::until(&format!("the page has {what}"), async || plain.source().await.contains(what)).await;
    };
    has("action=\"/demo/play\"").await;
    plain.click("form[action='/demo/step'] button").await;
    has(&format!("<h2>{}</h2>", BEATS[0].title)).await;
    plain.quit().await;

    let browser = Browser::start().await;
    browser.reads("en").await;
    browser.open(&address, 1440).await;
    let began = Instant::now();
    let mut wrong = Vec::new();
    for (n, beat) in BEATS.iter().enumerate() {
        // While it played, the next may have come by itself on a slow machine.
        let is_there = text(&browser, TITLE).await == beat.title;
        match n {
            _ if n == 0 || is_there => {}
            1 => key(&browser, "s").await,
            2 => browser.keys("form[action='/demo/step'] button", Key::Enter).await,
            _ => browser.click("form[action='/demo/step'] button").await,
        }
        shows(&browser, beat).await;
        browser.screenshot(&format!("story-{n:02}")).await;
        match n {
            2 => wrong.extend(faults(&browser, &axe, "/demo", &address).await),
            QUIET => plays_and_pauses(&browser).await,
            _ => {}
        }
    }
    figure("the story, stepped through", format!("{:?}", began.elapsed()));
    browser
        .until("that was all", "document.querySelector('.controls').textContent.includes('The story is told.')")
        .await;
    wrong.extend(faults(&browser, &axe, "/demo-told", &address).await);
    browser.quit().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
