//! The frame of every page: navigation, language, who and where, the list of keys.
use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::{
    assets,
    pieces::icon,
    policy::{Right, Role},
    visitor::Visitor,
    words::Words,
};
use crate::notices::Locale;

/// One entry of the navigation.
struct Entry {
    href: &'static str,
    right: Right,
    key: &'static str,
    icon: &'static str,
}

/// In the order of a day's work; the first that somebody may open is where they begin.
const NAVIGATION: [Entry; 15] = [
    Entry {
        href: "/console/day",
        right: Right::Day,
        key: "nav-day",
        icon: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-14v5l3 3",
    },
    Entry {
        href: "/console/calls",
        right: Right::Calls,
        key: "nav-calls",
        icon: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1Z",
    },
    Entry {
        href: "/console/book",
        right: Right::Book,
        key: "nav-book",
        icon: "M5 6h14v14H5V6Zm0 4h14M9 3v4M15 3v4M12 12.5v5M9.5 15h5",
    },
    Entry { href: "/console/inquiries", right: Right::Inquiries, key: "nav-inquiries", icon: "M4 5h16v11H9l-5 4V5Z" },
    Entry {
        href: "/console/parts",
        right: Right::Parts,
        key: "nav-parts",
        icon: "M12 3l8 4.5v9L12 21l-8-4.5v-9L12 3Zm0 9l8-4.5M12 12v9M12 12L4 7.5",
    },
    Entry { href: "/console/cases", right: Right::Cases, key: "nav-cases", icon: "M12 4l9 16H3L12 4Zm0 6v4m0 3v.01" },
    Entry {
        href: "/console/customers",
        right: Right::Customers,
        key: "nav-customers",
        icon: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 8a8 8 0 0 1 16 0",
    },
    Entry {
        href: "/console/workshop",
        right: Right::Customers,
        key: "nav-workshop",
        icon: "M4 20V9l8-5 8 5v11M8 20v-7h8v7M8 16.5h8",
    },
    Entry {
        href: "/console/dashboard",
        right: Right::Figures,
        key: "nav-dashboard",
        icon: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
    },
    Entry {
        href: "/console/outbox",
        right: Right::Outbox,
        key: "nav-outbox",
        icon: "M4 13h5l1 3h4l1-3h5M4 13l3-8h10l3 8v6H4v-6Z",
    },
    Entry {
        href: "/console/templates",
        right: Right::Templates,
        key: "nav-templates",
        icon: "M6 3h9l4 4v14H6V3Zm8 0v5h5M9 12h7M9 16h7",
    },
    Entry {
        href: "/console/import",
        right: Right::Import,
        key: "nav-import",
        icon: "M12 4v10m-4-4l4 4 4-4M4 16v4h16v-4",
    },
    Entry {
        href: "/console/settings",
        right: Right::Settings,
        key: "nav-settings",
        icon: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6",
    },
    Entry {
        href: "/console/people",
        right: Right::People,
        key: "nav-people",
        icon: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6 8a6 6 0 0 1 12 0M16 5a3 3 0 0 1 0 6m2 2a6 6 0 0 1 3 6",
    },
    Entry {
        href: "/console/audit",
        right: Right::Audit,
        key: "nav-audit",
        icon: "M5 4h14v16H5V4Zm4 5h6M9 13h6M9 17h3",
    },
];

/// The screen with which somebody's day begins: of the first of their roles that has one, else the first that they may open.
pub fn home(visitor: &Visitor) -> &'static str {
    let own = visitor.roles().find_map(|role| match role {
        Role::Advisor | Role::ServiceManager | Role::Director => Some("/console/day"),
        Role::Agent | Role::Supervisor => Some("/console/calls"),
        Role::Parts | Role::Admin | Role::Auditor => None,
    });
    if let Some(own) = own {
        return own;
    }
    NAVIGATION.iter().find(|entry| visitor.may(entry.right)).map_or(super::guard::PASSWORD, |entry| entry.href)
}

/// What a page says of itself.
#[derive(Debug, Default)]
pub struct Page<'a> {
    /// Its entry in the navigation.
    pub here: &'a str,
    pub title: String,
    /// Where its live regions come from.
    pub live: Option<String>,
    /// What just happened.
    pub done: Option<Markup>,
    /// The keys of this page beside those of every page.
    pub keys: &'a [(&'a str, &'a str)],
}

/// A whole page.
#[expect(clippy::needless_pass_by_value, reason = "made for this one call")]
pub fn frame(visitor: &Visitor, page: Page<'_>, body: &Markup) -> Markup {
    let w = visitor.words;
    document(
        w,
        &page.title,
        &html! {
            a class="skip" href="#main" { (w.t("skip")) }
            header class="rail" {
                a class="brand" href=(home(visitor)) { "Aftercare" }
                nav aria-label=(w.t("navigation")) {
                    @for entry in NAVIGATION.iter().filter(|entry| visitor.may(entry.right)) {
                        a href=(entry.href) aria-current=[(page.here == entry.href).then_some("page")] {
                            (icon(entry.icon)) span { (w.t(entry.key)) }
                        }
                    }
                }
                (foot(visitor, page.live.is_some()))
            }
            main id="main" class="page" { (body) }
            div id="done" role="status" aria-live="polite" { @if let Some(done) = &page.done { div class="toast" { (done) } } }
            (keys(w, page.keys))
        },
        page.live.as_deref(),
    )
}

fn foot(visitor: &Visitor, is_live: bool) -> Markup {
    let w = visitor.words;
    html! {
        div class="rail-foot" {
            @if is_live {
                p class="live" { span class="on" { (w.t("live-on")) } span class="off" { (w.t("live-off")) } }
            }
            details class="me" {
                summary { span class="who" { (visitor.name()) } span class="where" { (visitor.dealership.name) } }
                div class="me-menu" {
                    @if visitor.session.places.len() > 1 {
                        form method="post" action="/console/go" {
                            label { (w.t("work-at"))
                                select name="dealership" {
                                    @for place in &visitor.session.places {
                                        option value=(place.dealership_id) selected[place.dealership_id == visitor.dealership.id] { (place.name) }
                                    }
                                }
                            }
                            button class="secondary" { (w.t("go")) }
                        }
                    }
                    (languages(w, "/console/language"))
                    a href=(super::guard::PASSWORD) { (w.t("change-password")) }
                    button type="button" class="quiet" command="show-modal" commandfor="keys" data-key="?" { (w.t("keys-title")) }
                    form method="post" action="/console/sign-out" { button class="quiet" { (w.t("sign-out")) } }
                }
            }
        }
    }
}

/// The three languages, each in its own.
pub fn languages(w: Words, action: &str) -> Markup {
    let name = |locale: Locale| match locale {
        Locale::ZhCn => "中文",
        Locale::En => "English",
        Locale::Ja => "日本語",
    };
    html! {
        form method="post" action=(action) class="langs" aria-label=(w.t("language")) {
            @for locale in Locale::ALL {
                button name="language" value=(locale.code()) lang=(locale.code()) class="quiet" aria-pressed=(if locale == w.0 { "true" } else { "false" }) { (name(locale)) }
            }
        }
    }
}

fn keys(w: Words, of_page: &[(&str, &str)]) -> Markup {
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { (w.t("keys-title")) }
            dl class="keys" {
                @for (key, what) in of_page { dt { kbd { (key) } } dd { (w.t(what)) } }
                dt { kbd { "?" } } dd { (w.t("key-help")) }
                dt { kbd { "Esc" } } dd { (w.t("key-close")) }
            }
            form method="dialog" { button class="secondary" { (w.t("close")) } }
        }
    }
}

/// A page without navigation: before somebody has signed in.
pub fn bare(w: Words, title: &str, body: &Markup) -> Markup {
    document(w, title, &html! { main id="main" class="page bare" { (body) } }, None)
}

/// What went wrong, and a way on.
pub fn error(visitor: &Visitor, status: StatusCode, said: &[String]) -> Markup {
    let w = visitor.words;
    let title = match status {
        StatusCode::NOT_FOUND => w.t("error-not-found"),
        StatusCode::FORBIDDEN => w.t("error-forbidden"),
        StatusCode::CONFLICT => w.t("error-conflict"),
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => w.t("error-invalid"),
        StatusCode::SERVICE_UNAVAILABLE => w.t("error-busy"),
        _ => w.t("error-title"),
    };
    let body = html! {
        div class="head" { h1 { (title) } }
        section class="card" {
            @for line in said { p { (line) } }
            p class="actions" { a class="button primary" href=(home(visitor)) { (w.t("go-on")) } }
        }
    };
    frame(visitor, Page { title, ..Page::default() }, &body)
}

fn document(w: Words, title: &str, body: &Markup, live: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(w.0.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Aftercare" }
                link rel="stylesheet" href=(assets::STYLE.url());
                link rel="icon" href="data:,";
                script defer src=(assets::SCRIPT.url()) {}
            }
            body data-live=[live] { (body) }
        }
    }
}
