//! A real Chromium in a test's hand, driven through its driver: open a page, read, click, press keys, keep a picture.
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use thirtyfour::{ChromiumLikeCapabilities, prelude::*};

/// How long a page, an element or the driver may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Nothing that talks to the outside, nothing that needs a graphics card, a large `/dev/shm` or a first-run page.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
];

/// One browser with a profile that nothing was ever kept in.
pub(crate) struct Browser {
    // Ended in this order: the session (its browser goes with it), the driver, the profile.
    driver: WebDriver,
    process: Driver,
    /// Keys that were pressed wherever the focus is.
    pressed: AtomicU64,
}

/// The program `chromedriver`, ended when the test ends; its log is shown when the test failed.
struct Driver {
    process: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read(self.log()).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let from = log.lines().count().saturating_sub(200);
            eprintln!("chromedriver's log, its last 200 lines:");
            log.lines().skip(from).for_each(|line| eprintln!("{line:.400}"));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Driver {
    /// On a port of its own choice; profile, log and temporary files on a real disk, because `/dev/shm` may be small.
    fn start() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the browser");
        let log = folder.path().join("chromedriver.log");
        let process = Command::new("chromedriver")
            .args(["--port=0", &format!("--log-path={}", log.display())])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: apt-get install chromium-driver");
        // Owned at once, so that a failure below ends the process.
        let mut driver = Self { process, address: String::new(), folder };
        // Borrowed, not taken: a program whose words nobody takes may end at its next line.
        let said = BufReader::new(driver.process.stdout.as_mut().expect("its words")).lines();
        let port = said.map_while(Result::ok).find_map(|line| {
            Some(line.split_once("started successfully on port ")?.1.trim_end_matches('.').to_owned())
        });
        driver.address = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        driver
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("chromedriver.log")
    }

    /// Waits until the driver says that it takes sessions.
    async fn ready(&self) {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        let ask = async || -> Option<bool> {
            let answer = client.get(format!("{}/status", self.address)).send().await.ok()?;
            let status: serde_json::Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
            status["value"]["ready"].as_bool()
        };
        until("chromedriver is ready", async || ask().await.unwrap_or(false)).await;
    }
}

/// Asks every 50 ms.
///
/// # Panics
/// When it never came true.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let asked = async {
        while !holds().await {
            tick.tick().await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, asked).await;
    assert!(came.is_ok(), "within {PATIENCE:?} it never came true that {what}");
}

impl Browser {
    pub(crate) async fn start() -> Self {
        Self::with(None).await
    }
    /// One whose owner lets no page run scripts.
    pub(crate) async fn scriptless() -> Self {
        Self::with(Some(serde_json::json!({"profile.managed_default_content_settings.javascript": 2}))).await
    }
    async fn with(preferences: Option<serde_json::Value>) -> Self {
        // The client of the driver speaks plain HTTP, but it wants to know whose TLS it would use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let process = Driver::start();
        process.ready().await;
        let mut wanted = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wanted.add_arg(flag).expect("a flag");
        }
        let profile = process.folder.path().join("profile");
        wanted.add_arg(&format!("--user-data-dir={}", profile.display())).expect("a flag");
        if let Some(preferences) = preferences {
            wanted.add_experimental_option("prefs", preferences).expect("preferences");
        }
        let driver = WebDriver::builder(&process.address, wanted).request_timeout(PATIENCE).await;
        let driver = driver.unwrap_or_else(|error| panic!("chromedriver opens no session: {error}"));
        driver.set_page_load_timeout(PATIENCE).await.expect("a time limit");
        Self { driver, process, pressed: AtomicU64::new(0) }
    }

    /// Opens the page in a window this many CSS pixels wide and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str, width: u32) {
        let size = serde_json::json!({"width": width, "height": 1600, "deviceScaleFactor": 1, "mobile": width < 600});
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", size).await.expect("a window's size");
        self.driver.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// The page as the browser has it now.
    pub(crate) async fn source(&self) -> String {
        self.driver.source().await.expect("the page's source")
    }

    /// The words a person sees in the first element that this CSS selector names.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("the words of an element")
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap_or_else(|error| panic!("{css} takes no click: {error}"));
    }

    /// Presses keys in this element; `Key::Enter` and the like are `thirtyfour`'s.
    pub(crate) async fn keys(&self, css: &str, keys: impl Into<TypingData>) {
        self.find(css).await.send_keys(keys).await.unwrap_or_else(|error| panic!("{css} takes no keys: {error}"));
    }

    /// Presses a key wherever the focus is.
    pub(crate) async fn press(&self, key: impl AsRef<str>) {
        self.pressed.fetch_add(1, Ordering::Relaxed);
        let actions = self.driver.action_chain().send_keys(key.as_ref());
        actions.perform().await.unwrap_or_else(|error| panic!("no key can be pressed: {error}"));
    }
    /// Ctrl and another key at once.
    pub(crate) async fn chord(&self, key: char) {
        self.pressed.fetch_add(2, Ordering::Relaxed);
        let actions = self.driver.action_chain().key_down(Key::Control).key_down(key).key_up(key).key_up(Key::Control);
        actions.perform().await.unwrap_or_else(|error| panic!("no keys can be pressed: {error}"));
    }
    /// How many keys were pressed since this was last asked.
    pub(crate) fn keys_pressed(&self) -> u64 {
        self.pressed.swap(0, Ordering::Relaxed)
    }
    /// What a script on the page answers.
    pub(crate) async fn script(&self, code: &str) -> serde_json::Value {
        let answer = self.driver.execute(code, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("{code}: {error}")).json().clone()
    }
    /// What a script on the page answers when it calls its last argument.
    pub(crate) async fn answer(&self, code: &str) -> serde_json::Value {
        let answer = self.driver.execute_async(code, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("{code}: {error}")).json().clone()
    }
    /// Waits until a script on the page says yes.
    pub(crate) async fn until(&self, what: &str, code: &str) {
        until(what, async || {
            let answer = self.driver.execute(format!("return !!({code})"), Vec::new()).await;
            answer.is_ok_and(|answer| answer.json() == &serde_json::Value::Bool(true))
        })
        .await;
    }
    /// Light or dark, as the machine of the reader is set.
    pub(crate) async fn scheme(&self, scheme: &str) {
        let features = serde_json::json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.expect("a colour scheme");
    }

    /// From now on pages are asked for in this language.
    pub(crate) async fn reads(&self, language: &str) {
        let headers = serde_json::json!({"headers": {"Accept-Language": language}});
        for (command, with) in [("Network.enable", serde_json::json!({})), ("Network.setExtraHTTPHeaders", headers)] {
            self.driver.cdp().send_raw(command, with).await.expect("a language");
        }
    }

    /// From now on the pages' own scripts do not run.
    pub(crate) async fn without_script(&self) {
        let off = serde_json::json!({"value": true});
        self.driver.cdp().send_raw("Emulation.setScriptExecutionDisabled", off).await.expect("scripts are off");
    }

    /// Runs a script of ours in every page that is opened from now on, before its own.
    pub(crate) async fn on_every_page(&self, code: &str) {
        let script = serde_json::json!({"source": code});
        self.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", script).await.expect("a script of ours");
    }

    /// The address that is open.
    pub(crate) async fn here(&self) -> String {
        self.driver.current_url().await.expect("an address").to_string()
    }

    /// Waits for the navigation that a click started.
    pub(crate) async fn arrived(&self, end_of_address: &str) {
        until(&format!("the address ends with {end_of_address}"), async || {
            self.driver.current_url().await.is_ok_and(|url| url.as_str().ends_with(end_of_address))
        })
        .await;
    }

    /// Keeps what the window shows for a person to look at, in `target/tmp/screens`.
    pub(crate) async fn screenshot(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
        std::fs::create_dir_all(&folder).expect("a folder for the pictures");
        let picture = self.driver.screenshot_as_png().await.expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "the picture is a PNG");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("the picture is kept");
    }

    /// Ends browser and driver.
    pub(crate) async fn quit(self) {
        let Self { driver, process, .. } = self;
        driver.quit().await.expect("the browser ends");
        drop(process);
    }

    async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.query(By::Css(css)).wait(PATIENCE, Duration::from_millis(50)).first().await;
        found.unwrap_or_else(|error| panic!("nothing is named by {css}: {error}"))
    }
}
