//! Somebody at a screen: an account, a session's cookie, pages and forms.
use aftercare::{
    console::policy::Role,
    staff::{
        Staff,
        accounts::{self, actions::Reach},
    },
};
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use secrecy::ExposeSecret;
use serde_json::json;
use tower::ServiceExt;

use crate::shop::Shop;

/// What everybody here has chosen.
pub(super) const PASSWORD: &str = "correct horse battery";

/// A browser that has signed in, or not yet.
pub(crate) struct Seat<'s> {
    shop: &'s Shop,
    pub(super) cookie: Option<String>,
    language: &'static str,
}

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) html: String,
}

impl Shown {
    /// The words of the page in one line, without its marks.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in self.html.chars() {
            match c {
                '<' => {
                    inside = true;
                    text.push(' ');
                }
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace("&amp;", "&").replace("&quot;", "\"")
    }
    pub(crate) fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }
    /// The value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let at = self
            .html
            .find(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no field {name}: {}", self.html));
        let rest = &self.html[at + name.len() + 15..];
        rest[..rest.find('"').expect("its end")].to_owned()
    }
    /// The first address on the page that begins so.
    pub(crate) fn link(&self, begins: &str) -> Option<String> {
        let at = self.html.find(&format!("href=\"{begins}"))? + 6;
        let rest = &self.html[at..];
        Some(rest[..rest.find('"')?].replace("&amp;", "&"))
    }
}

impl Shop {
    /// Somebody of this role works at gz-tianhe, and has an account with the password of everybody here.
    pub(crate) async fn account(&self, reference: &str, roles: &[Role]) -> Staff {
        self.account_at("gz-tianhe", reference, roles).await
    }
    /// The same at another dealership; under the same reference it is the same login.
    pub(super) async fn account_at(&self, dealership: &str, reference: &str, roles: &[Role]) -> Staff {
        let staff = self.employs_at(dealership, reference, roles).await;
        accounts::actions::open_with(&self.app, &staff, reference, &PASSWORD.into(), ("demo", Reach::Everywhere))
            .await
            .expect("an account");
        staff
    }
    /// Somebody who works there, and has no account.
    pub(super) async fn employs_at(&self, dealership: &str, reference: &str, roles: &[Role]) -> Staff {
        let roles: Vec<&str> = roles.iter().map(|role| role.word()).collect();
        let body = json!({"dealership": dealership, "name": format!("{reference} Li"), "roles": roles, "languages": ["zh-CN", "en", "ja"]});
        let (status, answer) = self.put(&format!("/v1/staff/{reference}?dealership={dealership}"), &body).await;
        assert_eq!(status, 200, "{answer}");
        let id = answer["id"].as_str().expect("an id").parse().expect("an id");
        let mut tx = self.app.db.read().await.expect("a connection");
        aftercare::staff::actions::find(&mut tx, id).await.expect("an answer").expect("somebody")
    }
    /// The same, signed in, with screens in English.
    pub(crate) async fn seat(&self, reference: &str, roles: &[Role]) -> Seat<'_> {
        self.account(reference, roles).await;
        let mut seat = self.stranger();
        let shown = seat.sign_in(reference, PASSWORD).await;
        assert_eq!((shown.status, shown.location.as_deref()), (303, Some("/console")), "{}", shown.html);
        seat
    }
    /// A browser that has not signed in.
    pub(crate) fn stranger(&self) -> Seat<'_> {
        Seat { shop: self, cookie: None, language: "en" }
    }
}

impl Seat<'_> {
    pub(super) fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }
    pub(super) async fn sign_in(&mut self, login: &str, password: &str) -> Shown {
        self.send("/console/sign-in", &[("login", login), ("password", password)]).await
    }
    pub(crate) async fn open(&mut self, path: &str) -> Shown {
        self.ask("GET", path, &[], Some("same-origin")).await
    }
    /// Sends a form of ours.
    pub(crate) async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        self.ask("POST", path, fields, Some("same-origin")).await
    }
    /// Sends a form and looks at the page to which it leads.
    pub(crate) async fn does(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let shown = self.send(path, fields).await;
        match shown.location {
            Some(location) if shown.status == 303 => Box::pin(self.open(&location)).await,
            _ => shown,
        }
    }
    /// Sends a form with files, as a browser does.
    pub(crate) async fn uploads(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Shown {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--xbx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        for (name, bytes) in files {
            body.extend(format!("--xbx\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
            body.extend_from_slice(bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--xbx--\r\n");
        self.request("POST", path, ("multipart/form-data; boundary=xbx", body), Some("same-origin")).await
    }
    pub(super) async fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)], site: Option<&str>) -> Shown {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(method, path, ("application/x-www-form-urlencoded", form.into_bytes()), site).await
    }
    async fn request(&mut self, method: &str, path: &str, (kind, form): (&str, Vec<u8>), site: Option<&str>) -> Shown {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept-language", self.language)
            .header("content-type", kind);
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = self.shop.answers(request.body(Body::from(form)).expect("a request")).await;
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, location, set) = (response.status().as_u16(), text("location"), text("set-cookie"));
        if let Some(set) = set {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Shown { status, location, html: String::from_utf8(body.to_vec()).expect("UTF-8") }
    }
}

impl Shop {
    pub(crate) async fn answers(&self, request: Request<Body>) -> axum::response::Response {
        crate::contract::router(self.app.clone()).oneshot(request).await.expect("an answer")
    }
    /// The password that an account was given, as whoever opened it saw it.
    pub(super) async fn given_password(&self, staff: &Staff) -> String {
        let given =
            accounts::actions::reset_password(&self.app, staff, ("test", Reach::Everywhere)).await.expect("an account");
        given.expose_secret().to_owned()
    }
}
