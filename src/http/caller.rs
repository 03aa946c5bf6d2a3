//! Who is calling: the key of a request, and the guard by which each route declares the scope that it needs.
use std::{marker::PhantomData, ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use super::{Access, Error};
use crate::{
    app::App,
    console::Visitor,
    dealerships::Dealership,
    fields::wrong_with,
    id::Id,
    staff::{
        Staff,
        keys::{Key, Scope},
    },
};

/// The system behind a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The id of its key, which is no secret.
    pub key_id: String,
    /// What people call the key.
    pub name: String,
    pub scopes: Vec<Scope>,
    /// What it may see, for the SQL of store functions.
    pub access: Access,
    /// The one dealership it speaks for: it fills in a missing `dealership`, and refuses another. None = all.
    pub dealership: Option<Id<Dealership>>,
    /// The person, where it is one who signed in and no system with a key.
    pub staff: Option<Id<Staff>>,
}

impl Caller {
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
    /// For the record: `key:` and the key's id, or `staff:` and the person's.
    pub fn actor(&self) -> String {
        self.staff.map_or_else(|| format!("key:{}", self.key_id), |staff| format!("staff:{staff}"))
    }

    /// The dealership of that code, else the one it speaks for; none where it speaks for all and names none.
    ///
    /// # Errors
    /// 404 for a code that is not known, or not to this caller.
    pub async fn named(&self, app: &App, code: Option<&str>) -> Result<Option<Arc<Dealership>>, Error> {
        let found = match (code, self.dealership) {
            (Some(code), _) => app.directory.by_code(code).await?,
            (None, Some(own)) => app.directory.by_id(own).await?,
            (None, None) => return Ok(None),
        };
        found.filter(|found| self.access.allows(found.id)).map(Some).ok_or(Error::NotFound)
    }
    /// The same where the address has to name one: 422 when nothing does.
    pub async fn one_named(&self, app: &App, code: Option<&str>) -> Result<Arc<Dealership>, Error> {
        let found = self.named(app, code).await?;
        found.ok_or_else(|| Error::invalid("/dealership", "required", "name the dealership by its code"))
    }
    /// The same where the body names it: what is wrong with a body is 422 too.
    pub async fn named_in_body(&self, app: &App, code: Option<&str>) -> Result<Arc<Dealership>, Error> {
        self.one_named(app, code).await.map_err(|error| match error {
            Error::NotFound => {
                Error::invalid("/dealership", "unknown_dealership", "there is no dealership of that code for this key")
            }
            other => other,
        })
    }
}

impl From<&Key> for Caller {
    fn from(key: &Key) -> Self {
        Self {
            key_id: key.id.clone(),
            name: key.name.clone(),
            scopes: key.scopes.clone(),
            access: key.dealership.map_or(Access::All, |id| Access::Only(vec![id])),
            dealership: key.dealership,
            staff: None,
        }
    }
}

/// Any key that is in force, whatever its scopes; without a key, whoever has signed in to the console.
impl FromRequestParts<App> for Caller {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let Some(text) = bearer(&parts.headers) else {
            let visitor = Visitor::of(app, &parts.headers).await?.ok_or(Error::Unauthorized)?;
            if visitor.session.account.must_change {
                return Err(Error::Forbidden(
                    "this password was given by somebody else: choose another in the console first",
                ));
            }
            return Ok(visitor.caller());
        };
        match app.keys.opened_by(text).await? {
            Some(key) => Ok(Self::from(&*key)),
            None => Err(Error::Unauthorized),
        }
    }
}

/// A caller whose key has the scope `S`: naming it as the first parameter of a handler is how a route declares what it
/// needs. 401 without a key that is in force, 403 without the scope.
#[derive(Clone, Debug)]
pub struct Authorized<S> {
    pub caller: Caller,
    scope: PhantomData<fn() -> S>,
}

impl<S> Deref for Authorized<S> {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S: scope::Needed> FromRequestParts<App> for Authorized<S> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.may(S::SCOPE) { Ok(Self { caller, scope: PhantomData }) } else { Err(Error::Forbidden(S::REFUSAL)) }
    }
}

/// The scopes as types, for [`Authorized`].
pub mod scope {
    use crate::staff::keys::Scope;

    pub trait Needed: Send + 'static {
        const SCOPE: Scope;
        const REFUSAL: &'static str;
    }

    macro_rules! needed {
        ($($name:ident $word:literal),+) => {$(
            #[derive(Clone, Copy, Debug)]
            pub struct $name;
            impl Needed for $name {
                const SCOPE: Scope = Scope::$name;
                const REFUSAL: &'static str = concat!("this key lacks the scope ", $word);
            }
        )+};
    }
    needed!(
        EventsWrite "events:write",
        MessagesSend "messages:send",
        Write "write",
        Read "read",
        Calls "calls",
        Admin "admin"
    );
}

/// The value by which a request that is sent again is known.
///
/// # Errors
/// 422 without one: a repeat could not be told from a second wish.
pub fn idempotency_key(headers: &HeaderMap) -> Result<String, Error> {
    idempotency_key_if_any(headers)?.ok_or_else(|| wrong_key("is required: one new value for each that is wanted"))
}

/// The same where a request may come without one.
///
/// # Errors
/// 422 for one that is no plain text of 1 to 200 characters: dropped, it would let a repeat count twice.
pub fn idempotency_key_if_any(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().map_err(|_| wrong_key("must be plain text"))?.trim();
    match wrong_with(key, 200) {
        None => Ok(Some(key.to_owned())),
        Some((_, message)) => Err(wrong_key(&message)),
    }
}

fn wrong_key(message: &str) -> Error {
    Error::invalid("/", "idempotency_key", format!("the header Idempotency-Key {message}"))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (kind, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
