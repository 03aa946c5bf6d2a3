//! The pages of the console: none is reachable without having said who may open it.
use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{get, post},
};

use super::policy::Right;
use crate::app::App;

/// A route of the console and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub method: Method,
    /// As the router knows it, with `{…}` for what varies.
    pub path: &'static str,
    pub right: Right,
}

/// Routes with their rights; a room's `console.rs` makes its own and [`super::pages`] puts them together. The router and the
/// guard are made of the same list, so a page that declares nothing does not exist.
#[derive(Default)]
pub struct Pages {
    router: Router<App>,
    declared: Vec<Declared>,
}

impl Pages {
    pub fn new() -> Self {
        Self::default()
    }

    /// A page to look at: it changes nothing.
    #[must_use]
    pub fn get<T: 'static>(self, path: &'static str, right: Right, handler: impl Handler<T, App>) -> Self {
        self.with(Method::GET, path, right, get(handler))
    }

    /// A deed; it answers with another page to look at.
    #[must_use]
    pub fn post<T: 'static>(self, path: &'static str, right: Right, handler: impl Handler<T, App>) -> Self {
        self.with(Method::POST, path, right, post(handler))
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self
    }

    fn with(
        mut self,
        method: Method,
        path: &'static str,
        right: Right,
        route: axum::routing::MethodRouter<App>,
    ) -> Self {
        self.router = self.router.route(path, route);
        self.declared.push(Declared { method, path, right });
        self
    }

    pub fn into_parts(self) -> (Router<App>, Vec<Declared>) {
        (self.router, self.declared)
    }
}
