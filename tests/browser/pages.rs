//! Every page that the router knows, in three languages, light and dark: nothing that axe-core finds wrong, nothing that runs
//! out of the window; and a picture of each at three widths for a person to look at.
use std::collections::BTreeSet;

use aftercare::console::declared;
use axum::http::Method;
use serde_json::Value;

use super::{Browser, Demo, console::signed_in, need};

/// How a page of the router is reached by somebody who may open it.
enum Way {
    /// At its own address, or the same with a query.
    At(&'static str),
    /// By the first link of that kind on another page.
    By(&'static str, &'static str),
    /// It is no page: a file, a stream, a redirect.
    NoPage,
}

/// Who opens a page, and how. A page of the router that is not here fails the test.
const PAGES: &[(&str, &str, Way)] = &[
    ("/console", "", Way::NoPage),
    ("/console/assets/app.css", "", Way::NoPage),
    ("/console/assets/app.js", "", Way::NoPage),
    ("/console/calls/live/queue", "", Way::NoPage),
    ("/console/calls/{id}/live", "", Way::NoPage),
    ("/console/inquiries/{id}/files/{file}", "", Way::NoPage),
    ("/console/mail/{id}/raw", "", Way::NoPage),
    ("/console/inquiries/live/list", "", Way::NoPage),
    ("/console/inquiries/{id}/live", "", Way::NoPage),
    ("/console/outbox/live", "", Way::NoPage),
    ("/console/reports/sla", "", Way::NoPage),
    ("/console/sign-in", "", Way::At("/console/sign-in")),
    ("/console/password", "agt-01", Way::At("/console/password")),
    ("/console/day", "adv-01", Way::At("/console/day")),
    ("/console/day/live", "", Way::NoPage),
    ("/console/assists", "mgr-01", Way::At("/console/assists")),
    ("/console/assists/live", "", Way::NoPage),
    (
        "/console/assists/about/{kind}/{id}",
        "adv-01",
        Way::By("/console/workshop", "main a[href*='/assists/about/repair_order']"),
    ),
    ("/console/assists/{id}", "mgr-01", Way::By("/console/assists", "main a[href*='/assists/ast_']")),
    ("/console/assists/{id}/live", "", Way::NoPage),
    ("/console/calls", "agt-01", Way::At("/console/calls")),
    ("/console/calls/{id}", "agt-01", Way::By("/console/calls?tab=mine", "#queue tbody a[href*='/calls/tsk_']")),
    ("/console/book", "agt-01", Way::At("/console/book?phone=C-H-0")),
    ("/console/customers", "agt-01", Way::At("/console/customers?q=C-H-0")),
    ("/console/customers/{id}", "adv-01", Way::By("/console/customers?q=C-H-0", "main tbody a")),
    ("/console/inquiries", "adv-01", Way::At("/console/inquiries")),
    ("/console/inquiries/{id}", "adv-01", Way::By("/console/inquiries", "main a[href*='/inquiries/inq_']")),
    ("/console/workshop", "adv-01", Way::At("/console/workshop")),
    ("/console/parts", "adv-01", Way::At("/console/parts")),
    ("/console/parts/questions", "adv-01", Way::At("/console/parts/questions")),
    ("/console/send", "adv-01", Way::By("/console/customers?q=C-H-0", "main tbody a")),
    ("/console/cases", "mgr-01", Way::At("/console/cases")),
    ("/console/cases/{id}", "mgr-01", Way::By("/console/cases", "main a[href*='/cases/cas_']")),
    ("/console/dashboard", "mgr-01", Way::At("/console/dashboard")),
    ("/console/reports/satisfaction", "mgr-01", Way::At("/console/reports/satisfaction")),
    ("/console/reports/operations", "mgr-01", Way::At("/console/reports/operations")),
    ("/console/reports/operations/rows", "mgr-01", Way::At("/console/reports/operations/rows?number=no_show")),
    ("/console/reports/comparison", "dir-01", Way::At("/console/reports/comparison")),
    ("/console/mail", "mgr-01", Way::At("/console/mail")),
    ("/console/answers", "mgr-01", Way::At("/console/answers")),
    ("/console/outbox", "mgr-01", Way::At("/console/outbox")),
    ("/console/outbox/{id}", "mgr-01", Way::By("/v1/messages?limit=1", "")),
    ("/console/templates", "mgr-01", Way::At("/console/templates")),
    (
        "/console/templates/{kind}/{locale}/{channel}",
        "mgr-01",
        Way::At("/console/templates/appointment.reminder/zh-CN/email"),
    ),
    ("/console/templates/providers", "mgr-01", Way::At("/console/templates/providers")),
    // Only of a gateway that takes templates, which the demo has not: its story is among those of texts.
    ("/console/templates/providers/{kind}", "", Way::NoPage),
    ("/console/import", "mgr-01", Way::At("/console/import")),
    ("/console/import/{id}", "mgr-01", Way::By("/console/import", "main a[href*='/import/upl_']")),
    ("/console/import/{id}/rejected", "", Way::NoPage),
    ("/console/settings", "mgr-01", Way::At("/console/settings")),
    ("/console/people", "adm-01", Way::At("/console/people")),
    ("/console/audit", "aud-01", Way::At("/console/audit")),
];

/// The dealership's own last: the pictures are in it.
const LANGUAGES: [&str; 3] = ["en", "ja", "zh-CN"];

/// The rules of WCAG 2.0 to 2.2 at A and AA, and axe's best practice; what it found, one line each.
const LOOK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ['violations']}).then(
        (found) => done(found.violations.map((fault) => fault.id + ': ' + fault.nodes.slice(0, 3)
            .map((node) => node.target.join(' ') + ' (' + (node.any[0] || node.all[0] || node.none[0] || {}).message + ')').join('; '))),
        (error) => done(['axe: ' + error]));";

/// Chooses a file of which a row is refused, and sends the form.
const UPLOAD: &str = "const file = new DataTransfer();
    file.items.add(new File(['客户编号,姓名,手机,星座\\nC-H-0,王芳,13900001234,x\\nC-9,李,电话,y\\n'], 'customers.csv'));
    const form = document.querySelector('form[enctype]');
    form.elements.file.files = file.files;
    form.elements.kind.value = 'customers';
    form.requestSubmit();";

pub(super) struct Walk<'b> {
    pub(super) browser: &'b Browser,
    pub(super) axe: String,
    pub(super) faults: Vec<String>,
}

impl Walk<'_> {
    /// Looks at the page that is open, light and dark.
    pub(super) async fn look(&mut self, name: &str) {
        self.browser.script(&self.axe).await;
        for scheme in ["light", "dark"] {
            self.browser.scheme(scheme).await;
            let found = self.browser.answer(LOOK).await;
            for fault in found.as_array().into_iter().flatten().filter_map(Value::as_str) {
                self.faults.push(format!("{name} {scheme}: {fault}"));
            }
        }
    }

    /// Pictures at three widths, two of them also dark, of the page at this address.
    pub(super) async fn pictures(&mut self, name: &str, address: &str) {
        for (width, scheme) in [(1440, "light"), (820, "light"), (390, "light"), (1440, "dark"), (390, "dark")] {
            self.browser.scheme(scheme).await;
            self.browser.open(address, width).await;
            let over = self.browser.script("return document.documentElement.scrollWidth - innerWidth").await;
            if over.as_i64() > Some(0) {
                self.faults.push(format!("{name} at {width} px scrolls sideways by {over}"));
            }
            self.browser.screenshot(&format!("page{}-{width}-{scheme}", name.replace(['/', '{', '}'], "-"))).await;
        }
    }
}

pub(super) fn axe() -> Option<String> {
    if !need::need("axe-core", "no_page_has_a_fault_that_axe_finds") {
        return None;
    }
    Some(std::fs::read_to_string(need::AXE).expect("axe-core can be read"))
}

/// The first link that a page has of this kind; of a list in JSON, its first entry.
async fn found(browser: &Browser, base: &str, page: &str, css: &str) -> String {
    browser.open(&format!("{base}{page}"), 1440).await;
    let script = if css.is_empty() {
        "return JSON.parse(document.body.innerText).items[0].id".to_owned()
    } else {
        format!("const link = document.querySelector(\"{css}\"); return link && link.href")
    };
    let found = browser.script(&script).await;
    found.as_str().unwrap_or_else(|| panic!("{page} has no {css}")).to_owned()
}

async fn address(browser: &Browser, base: &str, path: &str, way: &Way) -> Option<String> {
    match way {
        Way::NoPage => None,
        Way::At(address) => Some(format!("{base}{address}")),
        Way::By(page, css) => {
            let link = found(browser, base, page, css).await;
            Some(match path {
                "/console/send" => {
                    format!("{base}/console/send?customer={}", link.rsplit('/').next().unwrap_or_default())
                }
                "/console/outbox/{id}" => format!("{base}/console/outbox/{link}"),
                _ => link,
            })
        }
    }
}

#[test]
fn every_page_of_the_router_is_on_the_list() {
    let known: BTreeSet<&str> = PAGES.iter().map(|(path, ..)| *path).collect();
    let all: BTreeSet<&str> =
        declared().iter().filter(|page| page.method == Method::GET).map(|page| page.path).collect();
    let missing: Vec<_> = all.difference(&known).collect();
    assert!(missing.is_empty(), "say in tests/browser/pages.rs how these are reached: {missing:?}");
    let gone: Vec<_> = known.difference(&all).collect();
    assert!(gone.is_empty(), "these are no pages any more: {gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_has_a_fault_that_axe_finds() {
    let Some(axe) = axe() else { return };
    if !super::console::can_run("no_page_has_a_fault_that_axe_finds") {
        return;
    }
    let demo = Demo::at_rest();
    let logins: BTreeSet<&str> = PAGES.iter().map(|(_, login, _)| *login).filter(|login| !login.is_empty()).collect();
    let mut faults = Vec::new();
    for login in logins {
        let browser = signed_in(&demo, login, 1440).await;
        let mut walk = Walk { browser: &browser, axe: axe.clone(), faults: Vec::new() };
        if login == "agt-01" {
            browser.open(&format!("{}/console/calls", demo.address), 1440).await;
            browser.until("the queue is filled", "document.querySelectorAll('#queue tbody tr').length >= 10").await;
            browser.press("n").await;
            browser.until("the call is on the screen", "document.querySelector('form.outcome')").await;
        }
        if login == "mgr-01" {
            browser.open(&format!("{}/console/import", demo.address), 1440).await;
            browser.script(UPLOAD).await;
            browser.until("the file was looked at", "location.pathname.includes('/import/upl_')").await;
        }
        for (path, _, way) in PAGES.iter().filter(|(_, who, _)| *who == login) {
            let Some(address) = address(&browser, &demo.address, path, way).await else { continue };
            for language in LANGUAGES {
                browser.open(&format!("{}/console/password", demo.address), 1440).await;
                browser
                    .script(&format!("document.querySelector('button[name=language][value=\"{language}\"]').click()"))
                    .await;
                browser
                    .until("the language is theirs", &format!("document.documentElement.lang === '{language}'"))
                    .await;
                browser.open(&address, 1440).await;
                walk.look(&format!("{path} {language}")).await;
            }
            walk.pictures(path, &address).await;
        }
        faults.append(&mut walk.faults);
        browser.quit().await;
    }
    // Before anybody has signed in, the developers' page from this very machine; what letters lead to is in the story of a
    // booking.
    let browser = Browser::start().await;
    let mut walk = Walk { browser: &browser, axe, faults };
    for page in ["/console/sign-in", "/i/gz-tianhe", "/docs"] {
        let address = format!("{}{page}", demo.address);
        browser.open(&address, 390).await;
        walk.look(page).await;
        walk.pictures(page, &address).await;
    }
    let faults = walk.faults;
    browser.quit().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
