//! The people who work here: their roles, their accounts, and the keys of systems.
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    ROLES, Staff,
    accounts::{self, actions::Reach},
    actions,
    keys::{Key, Scope, id_in},
    shifts::form,
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{head, moment, refusal, tag},
    },
    http::{Error, Fault, public::Form},
    id::Id,
};

const PEOPLE: &str = "/console/people";

pub fn pages() -> Pages {
    Pages::new()
        .get(PEOPLE, Right::People, list)
        .post(PEOPLE, Right::People, save)
        .post("/console/people/{id}/account", Right::People, open_account)
        .post("/console/people/{id}/reset", Right::People, reset)
        .post("/console/people/{id}/close", Right::People, close)
        .post("/console/keys", Right::People, make_key)
        .post("/console/keys/{id}/revoke", Right::People, revoke_key)
}

#[derive(Default, Deserialize)]
struct Asked {
    done: Option<String>,
    edit: Option<String>,
}

async fn list(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    page(&app, &visitor, &asked, Said::default()).await
}

/// What a page says about what was just done.
#[derive(Default)]
struct Said {
    /// What it is, and a password or a key that is shown this once.
    secret: Option<(&'static str, SecretString)>,
    /// Why somebody was not stored.
    wrong: Option<String>,
}

impl Said {
    fn secret(key: &'static str, secret: SecretString) -> Self {
        Self { secret: Some((key, secret)), wrong: None }
    }
}

async fn page(app: &App, visitor: &Visitor, asked: &Asked, said: Said) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let people = actions::all_of(&mut tx, visitor.dealership.id).await?;
    let logins = accounts::actions::logins(&mut tx, Some(visitor.dealership.id)).await?;
    drop(tx);
    let keys: Vec<Key> = app
        .keys
        .list()
        .await?
        .into_iter()
        .filter(|key| key.dealership == Some(visitor.dealership.id) && key.revoked_at.is_none())
        .collect();
    let edited = asked.edit.as_deref().and_then(|reference| people.iter().find(|person| person.reference == reference));
    let body = html! {
        (head(&w.t("people-title"), &html! { p { (w.t("people-lead")) } }, &html! {}))
        @if let Some((key, secret)) = &said.secret {
            section class="card secret" role="status" { p { (w.t(key)) } p class="big num" { code { (secret.expose_secret()) } } p class="muted small" { (w.t("shown-once")) } }
        }
        table class="rows" {
            thead { tr { th scope="col" { (w.t("people-name")) } th scope="col" { (w.t("people-roles")) } th scope="col" { (w.t("people-languages")) } th scope="col" { (w.t("people-account")) } th scope="col" { span class="vh" { (w.t("col-action")) } } } }
            tbody { @for person in &people { (row(visitor, person, logins.iter().find(|(id, ..)| *id == person.id))) } }
        }
        div class="two-columns" {
            (person_form(visitor, edited, (&people, said.wrong.as_deref())))
            (keys_card(visitor, &keys))
        }
    };
    let done = asked.done.is_some().then(|| html! { (w.t("done-changed")) });
    Ok(frame(visitor, Page { here: PEOPLE, title: w.t("people-title"), done, ..Page::default() }, &body))
}

fn row(visitor: &Visitor, person: &Staff, login: Option<&(Id<Staff>, String, bool, bool)>) -> Markup {
    let w = visitor.words;
    let action = |deed: &str| format!("{PEOPLE}/{}/{deed}", person.id);
    html! {
        tr class=[(!person.active).then_some("taken")] {
            td { a href={ (PEOPLE) "?edit=" (url::form_urlencoded::byte_serialize(person.reference.as_bytes()).collect::<String>()) } { strong { (person.name.as_deref().unwrap_or("—")) } } br; span class="muted small num" { (person.reference) } @if !person.active { " " (tag(&w.t("people-inactive"), "warn")) } }
            td { @for role in &person.roles { (tag(&w.code("role", role), "")) " " } }
            td { (person.languages.join(", ")) @if let Some(other) = &person.substitute { br; span class="muted small" { (w.ta("people-stands-in", &[("who", other.clone().into())])) } } @if person.is_away(&visitor.dealership, visitor.now) && person.active { " " (tag(&w.t("people-is-away"), "warn")) } }
            td { @match login {
                Some((_, login, true, must)) => { span class="num" { (login) } @if *must { " " (tag(&w.t("people-must-change"), "warn")) } }
                Some((_, login, false, _)) => { span class="num muted" { (login) } " " (tag(&w.t("people-closed"), "warn")) }
                None => span class="muted" { "—" },
            } }
            td class="act" {
                @match login {
                    Some((_, _, true, _)) => {
                        form method="post" class="inline" action=(action("reset")) { button class="secondary" { (w.t("people-reset")) } }
                        form method="post" class="inline" action=(action("close")) { button class="secondary" { (w.t("people-close")) } }
                    }
                    _ => form method="post" class="inline" action=(action("account")) {
                        label class="vh" for={ "login-" (person.id) } { (w.t("login")) }
                        input id={ "login-" (person.id) } name="login" placeholder=(w.t("login")) value=(login.map(|(_, login, ..)| login.clone()).or(person.email.clone()).unwrap_or_default()) required maxlength="100";
                        button class="secondary" { (w.t("people-open")) }
                    },
                }
            }
        }
    }
}

fn person_form(visitor: &Visitor, edited: Option<&Staff>, (people, wrong): (&[Staff], Option<&str>)) -> Markup {
    let w = visitor.words;
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    html! {
        section class="card" aria-labelledby="person-title" {
            h2 id="person-title" { @if edited.is_some() { (w.t("people-edit")) } @else { (w.t("people-add")) } }
            (refusal(wrong))
            form method="post" action=(PEOPLE) {
                label { (w.t("people-ref")) input name="ref" required maxlength="200" value=(edited.map(|person| person.reference.clone()).unwrap_or_default()) readonly[edited.is_some()]; }
                label { (w.t("people-name")) input name="name" required maxlength="100" value=(edited.map(|person| text(person.name.as_ref())).unwrap_or_default()); }
                fieldset { legend { (w.t("people-roles")) } div class="ticks" { @for role in ROLES {
                    label class="tick" { input type="checkbox" name="role" value=(role) checked[edited.is_some_and(|person| person.roles.iter().any(|has| has == role))]; (w.code("role", role)) }
                } } }
                label { (w.t("people-languages")) input name="languages" value=(edited.map_or_else(|| visitor.dealership.locale.clone(), |person| person.languages.join(", "))); }
                label { (w.t("people-email")) input type="email" name="email" maxlength="254" value=(edited.map(|person| text(person.email.as_ref())).unwrap_or_default()); }
                label { (w.t("people-mobile")) input name="mobile" maxlength="40" value=(edited.map(|person| text(person.mobile.as_ref())).unwrap_or_default()); }
                label { (w.t("people-wecom")) input name="wecom_userid" maxlength="64" value=(edited.map(|person| text(person.wecom_userid.as_ref())).unwrap_or_default()); }
                label { (w.t("people-extension")) input name="extension" maxlength="20" value=(edited.map(|person| text(person.extension.as_ref())).unwrap_or_default()); }
                (form::fields(visitor, edited, people))
                label class="tick" { input type="checkbox" name="active" value="yes" checked[edited.is_none_or(|person| person.active)]; (w.t("people-active")) }
                button class="primary" { (w.t("save")) }
            }
        }
    }
}

fn keys_card(visitor: &Visitor, keys: &[Key]) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="keys-list-title" {
            h2 id="keys-list-title" { (w.t("keys-systems")) }
            ul class="plain" { @for key in keys { li {
                strong { (key.name) } " " code class="small" { "ac_" (key.id) } br;
                span class="muted small" { (key.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(", ")) " · " (moment(visitor, key.created_at)) } " "
                form method="post" class="inline" action={ "/console/keys/" (key.id) "/revoke" } { button class="quiet" { (w.t("keys-revoke")) } }
            } } }
            form method="post" action="/console/keys" {
                label { (w.t("keys-name")) input name="name" required maxlength="100"; }
                fieldset { legend { (w.t("keys-scopes")) } div class="ticks" { @for scope in Scope::ALL { label class="tick" { input type="checkbox" name="scope" value=(scope.word()); code { (scope.word()) } } } } }
                button class="secondary" { (w.t("keys-make")) }
            }
        }
    }
}

async fn save(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let reference = form.get("ref").unwrap_or_default().to_owned();
    let roles: Vec<&str> = form.0.iter().filter(|(name, _)| name == "role").map(|(_, value)| value.as_str()).collect();
    let languages: Vec<&str> =
        form.get("languages").unwrap_or_default().split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let before = actions::find_by_ref(&mut app.db.read().await?, visitor.dealership.id, &reference).await?;
    let body = json!({
        "name": form.get("name").unwrap_or_default(), "roles": roles, "languages": languages,
        "skills": before.map(|before| before.skills).unwrap_or_default(),
        "email": form.get("email"), "mobile": form.get("mobile"), "wecom_userid": form.get("wecom_userid"), "extension": form.get("extension"), "active": form.get("active").is_some(),
        "shifts": form::read(&form), "substitute": form.get("substitute"),
    });
    let stored = match Staff::parse(app.ids.next(), visitor.dealership.id, &reference, "", body) {
        Ok(wanted) => actions::put_now(&app, wanted, visitor.actor()).await,
        Err(faults) => Err(Error::Invalid(faults)),
    };
    match stored {
        Ok(_) => Ok(Redirect::to(&format!("{PEOPLE}?done=1")).into_response()),
        Err(Error::Invalid(faults)) => {
            let place = |fault: &Fault| format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.message);
            let wrong = Some(faults.iter().map(place).collect::<Vec<_>>().join("; "));
            let asked = Asked { edit: Some(reference), done: None };
            let page = page(&app, &visitor, &asked, Said { wrong, secret: None }).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn person(app: &App, visitor: &Visitor, id: Id<Staff>) -> Result<Staff, Error> {
    let found = actions::find(&mut app.db.read().await?, id).await?;
    found.filter(|person| person.dealership_id == visitor.dealership.id).ok_or(Error::NotFound)
}

async fn open_account(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Staff>>,
    form: Form,
) -> Result<Response, Error> {
    let person = person(&app, &visitor, id).await?;
    let (login, by) = (form.get("login").unwrap_or_default(), (&*visitor.actor(), Reach::OneDealership));
    let password = accounts::actions::open(&app, &person, login, by).await?;
    match password {
        None => Ok(Redirect::to(&format!("{PEOPLE}?done=1")).into_response()),
        Some(password) => Ok(page(&app, &visitor, &Asked::default(), Said::secret("people-password", password))
            .await?
            .into_response()),
    }
}

async fn reset(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Staff>>) -> Result<Response, Error> {
    let person = person(&app, &visitor, id).await?;
    let password = accounts::actions::reset_password(&app, &person, (&visitor.actor(), Reach::OneDealership)).await?;
    Ok(page(&app, &visitor, &Asked::default(), Said::secret("people-password", password)).await?.into_response())
}

async fn close(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Staff>>) -> Result<Redirect, Error> {
    let person = person(&app, &visitor, id).await?;
    if person.id == visitor.staff().id {
        return Err(Error::Conflict("own_account", "your own account is closed by somebody else".to_owned()));
    }
    accounts::actions::close(&app, &person, (&visitor.actor(), Reach::OneDealership)).await?;
    Ok(Redirect::to(&format!("{PEOPLE}?done=1")))
}

async fn make_key(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let scopes: Vec<Scope> =
        form.0.iter().filter(|(name, _)| name == "scope").filter_map(|(_, word)| word.parse().ok()).collect();
    if scopes.is_empty() {
        return Err(Error::invalid("/scope", "scope_required", "choose what the key may do"));
    }
    let (key, text) = Key::new(form.get("name").unwrap_or("key"), scopes, Some(visitor.dealership.id), &app.ids);
    app.keys.insert(key).await?;
    Ok(page(&app, &visitor, &Asked::default(), Said::secret("keys-made", text)).await?.into_response())
}

async fn revoke_key(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Result<Redirect, Error> {
    let id = id_in(&id).to_owned();
    let is_ours =
        app.keys.list().await?.iter().any(|key| key.id == id && key.dealership == Some(visitor.dealership.id));
    if !is_ours {
        return Err(Error::NotFound);
    }
    app.keys.revoke(&id, app.ids.clock.now()).await?;
    Ok(Redirect::to(&format!("{PEOPLE}?done=1")))
}
