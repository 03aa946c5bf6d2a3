//! Pages as a browser gets them, without script.
use std::collections::HashMap;

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use tower::ServiceExt;

use super::Shop;

impl Shop {
    /// Opens a page.
    pub(crate) async fn opens(&self, path: &str) -> (u16, String) {
        self.browse("GET", path, &[]).await
    }
    /// Sends a form.
    pub(crate) async fn sends(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        self.browse("POST", path, fields).await
    }
    /// What our own key reads, as text.
    pub(crate) async fn reads(&self, path: &str) -> String {
        String::from_utf8(self.downloads(path).await.1).expect("UTF-8")
    }
    /// What our own key downloads: the headers and the bytes.
    pub(crate) async fn downloads(&self, path: &str) -> (HashMap<String, String>, Vec<u8>) {
        let request = Request::get(path).header("authorization", format!("Bearer {}", self.key));
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (headers, body.to_vec())
    }
    async fn browse(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(form));
        let response = self.router.clone().oneshot(request.expect("a request")).await.expect("an answer");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }
}
