//! Who is looking at a page: their session, their language, the dealership where they are working.
use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use jiff::tz::TimeZone;

use super::{
    policy::{Right, Role, may},
    words::Words,
};
use crate::{
    app::App,
    clock::Timestamp,
    dealerships::Dealership,
    http::{Access, Caller, Error, public},
    notices::Locale,
    staff::{
        Staff,
        accounts::{Session, sessions},
        keys::Scope,
    },
};

/// The cookie that holds a session's token.
pub const COOKIE: &str = "aftercare_session";

/// Somebody who has signed in. The guard puts them there; a page takes them as a parameter.
#[derive(Clone, Debug)]
pub struct Visitor(Arc<Inner>);

/// The fields of [`Visitor`].
#[derive(Debug)]
pub struct Inner {
    pub session: Session,
    pub dealership: Arc<Dealership>,
    pub words: Words,
    /// When the page was asked for.
    pub now: Timestamp,
}

impl Deref for Visitor {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Visitor {
    /// Who holds the session of this request's cookie.
    pub async fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let Some(token) = token(headers) else { return Ok(None) };
        let Some(session) = sessions::of_token(app, token).await? else { return Ok(None) };
        Self::with(app, session, public::asked_for(headers)).await
    }

    /// The same person as things stand now; none when the session has ended.
    pub async fn refreshed(&self, app: &App) -> Result<Option<Self>, Error> {
        let Some(session) = sessions::again(app, &self.session).await? else { return Ok(None) };
        Self::with(app, session, self.words.0).await
    }

    async fn with(app: &App, session: Session, otherwise: Locale) -> Result<Option<Self>, Error> {
        let Some(dealership) = app.directory.by_id(session.dealership()).await? else { return Ok(None) };
        let chosen = session.account.locale.as_deref().and_then(Locale::parse);
        let words = Words(chosen.unwrap_or(otherwise));
        Ok(Some(Self(Arc::new(Inner { session, dealership, words, now: app.ids.clock.now() }))))
    }

    pub fn staff(&self) -> &Staff {
        self.session.staff()
    }
    /// What they are called; their login when nobody has told us.
    pub fn name(&self) -> &str {
        self.staff().name.as_deref().unwrap_or(&self.session.account.login)
    }
    pub fn zone(&self) -> &TimeZone {
        &self.dealership.zone
    }
    pub fn access(&self) -> Access {
        Access::Only(vec![self.dealership.id])
    }
    /// Whose figures they may see: a director those of every dealership (`domain/rules.md` G8), anybody else those of the
    /// dealerships where they work and may see them.
    pub fn figures(&self) -> Access {
        if self.may(Right::GroupFigures) {
            return Access::All;
        }
        let sees = |staff: &Staff| {
            staff.roles.iter().filter_map(|role| role.parse().ok()).any(|role| may(role, Right::Figures))
        };
        let places = self.session.places.iter().filter(|place| sees(&place.staff));
        Access::Only(places.map(|place| place.dealership_id).collect())
    }
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.staff().roles.iter().filter_map(|role| role.parse().ok())
    }
    pub fn may(&self, right: Right) -> bool {
        matches!(right, Right::Anyone | Right::Staff) || self.roles().any(|role| may(role, right))
    }
    /// For the record.
    pub fn actor(&self) -> String {
        format!("staff:{}", self.staff().id)
    }
    /// A moment on the dealership's wall clock.
    pub fn at(&self, at: Timestamp) -> String {
        self.words.at(at, self.zone())
    }

    /// The same person at the doors of the API: what their roles allow there. A scope is wider than a page, so it is granted
    /// to those alone whose pages show or do all that it opens: `read` answers whole telephone numbers, `write` answers
    /// inquiries, works on cases and calls messages off.
    pub fn caller(&self) -> Caller {
        let sees_all = self.may(Right::Numbers) || self.may(Right::Figures);
        let does_all = self.may(Right::Inquiries) && self.may(Right::HandleCases) && self.may(Right::HandleOutbox);
        let granted = [
            (self.may(Right::Customers) && sees_all, Scope::Read),
            (self.may(Right::Calls), Scope::Calls),
            (self.may(Right::Messages), Scope::MessagesSend),
            (does_all, Scope::Write),
            (self.may(Right::People), Scope::Admin),
        ];
        let scopes = granted.into_iter().filter_map(|(is_theirs, scope)| is_theirs.then_some(scope)).collect();
        Caller {
            key_id: self.session.account.id.to_string(),
            name: self.name().to_owned(),
            scopes,
            access: self.access(),
            dealership: Some(self.dealership.id),
            staff: Some(self.staff().id),
        }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        // Only pages that are declared have one: see the guard.
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthorized)
    }
}

/// The token in the cookie.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let headers = |line: &str| HeaderMap::from_iter([(header::COOKIE, line.parse().expect("a header"))]);
        assert_eq!(token(&headers("a=b; aftercare_session=abc; c=d")), Some("abc"));
        assert_eq!(token(&headers("aftercare_session_old=abc")), None);
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
