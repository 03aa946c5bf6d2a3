//! What a person sees in a browser: the demo's mailbox, three languages, on a desk and on a phone.
#[path = "../it/need.rs"]
mod need;

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

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
        let mut process = Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo starts");
        let said = BufReader::new(process.stdout.take().expect("its words"));
        let address =
            said.lines().map_while(Result::ok).find_map(|line| Some(line.split_once("runs on ")?.1.to_owned()));
        Self { process, address: address.expect("it says where it runs") }
    }
}

/// A page as the browser has it after it was drawn, with a picture kept for a person to look at.
fn seen(url: &str, name: &str, width: u32) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    let profile = tempfile::tempdir().expect("a profile");
    let picture: PathBuf = folder.join(format!("{name}-{width}.png"));
    let run = |what: &[String]| {
        let output = Command::new("chromium")
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
            ])
            .args([
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--force-prefers-reduced-motion",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--window-size={width},1600"))
            .args(what)
            .arg(url)
            .stderr(Stdio::null())
            .output()
            .expect("chromium runs");
        assert!(output.status.success(), "chromium could not open {url}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let _ = std::fs::remove_file(&picture);
    // A browser that has just been started may end well and without a picture: asked again, it draws it.
    for _ in 0..3 {
        if !picture.exists() {
            run(&[format!("--screenshot={}", picture.display())]);
        }
    }
    assert!(std::fs::metadata(&picture).is_ok_and(|file| file.len() > 0), "a picture is kept at {}", picture.display());
    run(&["--dump-dom".to_owned()])
}

/// The first mail whose list row has these words; waited for, because the story is being told.
fn mail_with(demo: &Demo, words: &str) -> String {
    let until = Instant::now() + Duration::from_secs(40);
    loop {
        let list = seen(&format!("{}/demo/mailbox?channel=email", demo.address), "list", 1280);
        let row = list.split("<li>").find(|row| row.contains(words));
        if let Some(href) = row.and_then(|row| row.split_once("href=\"")?.1.split_once('"')) {
            return href.0.to_owned();
        }
        assert!(Instant::now() < until, "no mail with {words:?} within 40 s");
    }
}

#[test]
fn the_mailbox_shows_letters_in_three_languages_on_a_desk_and_on_a_phone() {
    if !need::need("chromium", "the_mailbox_shows_letters") {
        return;
    }
    let demo = Demo::start();
    for (name, in_the_list, in_the_letter) in [
        ("zh", "预约确认", "预约已确认"),
        ("en", "Your appointment", "Your appointment is confirmed"),
        ("ja", "ご予約確認", "ご予約を承りました"),
    ] {
        let mail = mail_with(&demo, in_the_list);
        for width in [390, 1280] {
            let page = seen(&format!("{}{mail}", demo.address), name, width);
            assert!(page.contains("sandbox=\"\""), "a letter is shown in a sandbox");
            let letter = seen(&format!("{}{mail}/letter", demo.address), &format!("{name}-letter"), width);
            assert!(letter.contains(in_the_letter), "{name}: {letter}");
            assert!(!letter.contains("{{"), "{name}: nothing is left of the template");
        }
    }
}
