//! The one stylesheet and the one script of the console, under addresses that change with their contents.
use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{pages::Pages, policy::Right};
use crate::id::hex;

/// A file that is part of the program.
pub struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
    url: LazyLock<String>,
}

pub static STYLE: Asset = Asset {
    path: "/console/assets/app.css",
    kind: "text/css; charset=utf-8",
    text: include_str!("assets/app.css"),
    url: LazyLock::new(|| address(&STYLE)),
};
pub static SCRIPT: Asset = Asset {
    path: "/console/assets/app.js",
    kind: "text/javascript; charset=utf-8",
    text: include_str!("assets/app.js"),
    url: LazyLock::new(|| address(&SCRIPT)),
};

impl Asset {
    /// With a hash of what it holds: browsers may keep it for ever.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
    fn answer(&'static self) -> Response {
        let mut response = self.text.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        response
    }
}

fn address(asset: &Asset) -> String {
    let hash = hex(&Sha256::digest(asset.text.as_bytes()));
    format!("{}?v={}", asset.path, &hash[..12])
}

pub fn pages() -> Pages {
    Pages::new().get("/console/assets/app.css", Right::Anyone, async || STYLE.answer()).get(
        "/console/assets/app.js",
        Right::Anyone,
        async || SCRIPT.answer(),
    )
}
