//! What a person sees in a browser: the demo's mailbox, three languages, on a desk and on a phone.
mod booking;
mod browser;
mod console;
mod living;
#[path = "../it/need.rs"]
mod need;
mod pages;
mod roles;
mod scriptless;
mod story;

use std::{
    fmt::Display,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use browser::Browser;
use thirtyfour::Key;

/// The demo, ended when the test ends.
struct Demo {
    process: Child,
    address: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Demo {
    fn start() -> Self {
        Self::with(&[])
    }
    /// The month before and the morning after it: nothing happens by itself.
    fn at_rest() -> Self {
        Self::with(&["--without-story"])
    }
    fn with(more: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo starts");
        // Borrowed, not taken: the demo whose words nobody takes ends at its next line.
        let said = BufReader::new(process.stdout.as_mut().expect("its words")).lines();
        let address = said.map_while(Result::ok).find_map(|line| Some(line.split_once("runs on ")?.1.to_owned()));
        let address = address.expect("it says where it runs");
        // The story's page is the first that is named; the others are beside it.
        let address = address.trim_end_matches("/demo").to_owned();
        Self { process, address }
    }
}

/// Says a figure in the output of the tests, whether they pass or not.
pub(crate) fn figure(what: &str, value: impl Display) {
    let _ = writeln!(std::io::stderr(), "figure: {what}: {value}");
}

/// The first mail whose list row has these words; waited for, because the story is being told.
pub(crate) async fn mail_with(browser: &Browser, demo: &Demo, words: &str) -> String {
    let mut mail = None;
    browser::until(&format!("a mail with {words:?} is in the list"), async || {
        browser.open(&format!("{}/demo/mailbox?channel=email", demo.address), 1280).await;
        let list = browser.source().await;
        let row = list.split("<li>").find(|row| row.contains(words));
        mail = row.and_then(|row| Some(row.split_once("href=\"")?.1.split_once('"')?.0.to_owned()));
        mail.is_some()
    })
    .await;
    mail.expect("it was waited for")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mailbox_shows_letters_in_three_languages_on_a_desk_and_on_a_phone() {
    for program in ["chromium", "chromedriver"] {
        if !need::need(program, "the_mailbox_shows_letters") {
            return;
        }
    }
    let demo = Demo::start();
    let browser = Browser::start().await;
    for (name, in_the_list, in_the_letter) in [
        ("zh", "预约确认", "预约已确认"),
        ("en", "Your appointment", "Your appointment is confirmed"),
        ("ja", "ご予約確認", "ご予約を承りました"),
    ] {
        let mail = mail_with(&browser, &demo, in_the_list).await;
        for width in [390, 1280] {
            browser.open(&format!("{}{mail}", demo.address), width).await;
            browser.screenshot(&format!("{name}-{width}")).await;
            assert!(browser.source().await.contains("sandbox=\"\""), "a letter is shown in a sandbox");
            browser.open(&format!("{}{mail}/letter", demo.address), width).await;
            browser.screenshot(&format!("{name}-letter-{width}")).await;
            let letter = browser.text("body").await;
            assert!(letter.contains(in_the_letter), "{name}: {letter}");
            assert!(!letter.contains("{{"), "{name}: nothing is left of the template");
        }
        // Back to the list with the mouse, to the text messages with the keyboard.
        browser.open(&format!("{}{mail}", demo.address), 1280).await;
        browser.click("p.back a").await;
        browser.arrived("/demo/mailbox").await;
        browser.keys("a[href$=\"channel=sms\"]", Key::Enter).await;
        browser.arrived("channel=sms").await;
    }
    browser.quit().await;
}
