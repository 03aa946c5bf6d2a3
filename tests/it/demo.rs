//! The demo's story as a person reads it, stepped through on its own page: every caption, without a browser.
use std::{
    fmt::Write,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A whole story takes seconds; a step waits for what it tells.
const PATIENCE: Duration = Duration::from_mins(1);

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Demo {
    /// With the address that it says first.
    fn start() -> (Self, String) {
        let process = Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo starts");
        let mut demo = Self(process);
        let said = BufReader::new(demo.0.stdout.as_mut().expect("its words")).lines();
        let address = said.map_while(Result::ok).find_map(|line| Some(line.split_once("runs on ")?.1.to_owned()));
        let address = address.expect("it says where it runs");
        (demo, address)
    }
}

/// The words between this mark and the next end of a section, a line for each paragraph or heading.
fn words(page: &str, from: &str) -> Vec<String> {
    let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("no {from} on the page: {page:.2000}"));
    let section = rest.split("</section>").next().unwrap_or_default().split("<details").next().unwrap_or_default();
    let lines = section.split("</p>").flat_map(|line| line.split("</h2>"));
    let plain = |line: &str| line.split('<').filter_map(|tag| Some(tag.split_once('>')?.1)).collect::<String>();
    lines.map(|line| plain(line).trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Without the number of calls that wait.
fn without_calls(line: &str) -> String {
    let (before, after) = line.split_once(" calls that wait").expect("calls that wait");
    format!("{}… calls that wait{after}", before.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Of `17:33`, `17:…`.
fn without_minutes(line: &str) -> String {
    let mut parts = line.split(':');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        let rest = if digits == 2 { format!("…{}", &part[digits..]) } else { part.to_owned() };
        plain = format!("{plain}:{rest}");
    }
    plain
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_caption_by_caption() {
    let (_demo, address) = Demo::start();
    assert!(address.ends_with("/demo"), "the first address is the story's: {address}");
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
    let mut told = String::new();
    loop {
        let answer = client.post(format!("{address}/step")).send().await.expect("a step");
        let page = answer.text().await.expect("the page");
        let caption = words(&page, "id=\"told\"");
        // The waits between two tries are spread by chance; by when they end is not the same twice.
        let is_spread = ["The time-out is over", "周涛"].iter().any(|one| caption[1].starts_with(one));
        for line in &caption {
            // How much went out meanwhile, and what for the moment stood in its way, is not the same twice either.
            let counted = ["Sent: ", "Held, with the reason: "].into_iter().find(|start| line.starts_with(start));
            match counted {
                Some(start) => {
                    assert!(line.chars().any(|c| c.is_ascii_digit() && c != '0'), "{line}");
                    writeln!(told, "{start}…").expect("written");
                }
                // Whose call is ready by then is a matter of seconds.
                None if line.contains(" calls that wait") => {
                    writeln!(told, "{}", without_calls(line)).expect("written");
                }
                None if is_spread => writeln!(told, "{}", without_minutes(line)).expect("written"),
                None => writeln!(told, "{line}").expect("written"),
            }
        }
        told.push('\n');
        if page.contains("The story is told.") || told.len() > 20_000 {
            break;
        }
    }
    insta::assert_snapshot!("the_captions", told);
}
