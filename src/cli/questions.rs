//! `aftercare setup` by questions: one dealership and its first admin, by the same road as a file and the PUTs.
use std::io::{self, IsTerminal, Write};

use anyhow::{Context, anyhow};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    Failure,
    out::{out, outln},
    setup::{self, Entries},
    staff::{BY, failed},
};
use crate::{
    app::App,
    dealerships::{Dealership, LOCALES},
    staff::{Staff, accounts, actions},
};

const DAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];
/// Where nothing is known of an address or a password.
const NONE: &str = "none";

/// Asks, shows what would be stored, and stores it when that is wanted.
pub(super) async fn run(app: &App) -> Result<(), Failure> {
    outln!("What stands in [ ] is taken by Enter; nothing is stored before the last question.");
    let shop = dealership(app).await?;
    let code = shop["code"].as_str().unwrap_or_default().to_owned();
    let (person, login, password) = admin(app, &shop).await?;
    outln!("\nThis is what would be stored:");
    show(&shop);
    outln!(
        "  admin: {} ({login}){}",
        person["name"].as_str().unwrap_or_default(),
        match &password {
            Password::Theirs => ", with the password that they have",
            Password::MadeUp => ", with a password that is made up",
            Password::Chosen(_) => "",
        }
    );
    let yes = ask("Store it? yes or no", None, |typed| match typed.to_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err("write yes or no".to_owned()),
    })?;
    if !yes {
        outln!("nothing was stored");
        return Ok(());
    }
    setup::store_entries(app, Entries { dealerships: vec![shop], staff: vec![person] }).await?;
    open_account(app, &code, &login, password).await?;
    outln!("{code} is stored. Next: aftercare doctor, then aftercare serve, and sign in at /console");
    Ok(())
}

async fn dealership(app: &App) -> Result<Value, Failure> {
    let code = ask("Code of the dealership, as in links and files", None, |typed| fits(app, "code", json!(typed)))?;
    let code = code.as_str().unwrap_or_default().to_owned();
    let known = app.directory.by_code(&code).await.context("cannot look the dealership up")?;
    let is_known = known.is_some();
    let mut body = known.map_or_else(|| json!({}), |known| serde_json::to_value(&*known).unwrap_or_default());
    body["code"] = json!(code);
    if is_known {
        outln!("{code} is known: what it has stands in [ ], and what is not asked stays");
    }
    text(app, &mut body, "name", "Name, as customers read it", "")?;
    text(app, &mut body, "time_zone", "Time zone", &zone_here())?;
    let region = region_of(body["time_zone"].as_str().unwrap_or_default());
    text(app, &mut body, "region", "Country, two letters", region)?;
    let locale = locale_of(body["region"].as_str().unwrap_or_default());
    text(app, &mut body, "locale", &format!("Language: {}", LOCALES.join(", ")), locale)?;
    let department = department_in(body["locale"].as_str().unwrap_or_default());
    text(app, &mut body, "department", "Department", department)?;
    hours(app, &mut body)?;
    text(app, &mut body, "phone", "Telephone, as customers read it", "")?;
    text(app, &mut body, "address", "Address", "")?;
    text(app, &mut body, "email", "Its e-mail address, for answers; or none", NONE)?;
    let now = app.ids.clock.now();
    let begins =
        if is_known { NONE.to_owned() } else { now.get().round(jiff::Unit::Second).unwrap_or(now.get()).to_string() };
    text(
        app,
        &mut body,
        "live_from",
        "What happened before this is history and raises nothing; a time, or none",
        &begins,
    )?;
    Ok(body)
}

/// One field, asked again until it is right; what is known already is the default.
fn text(app: &App, body: &mut Value, field: &str, question: &str, default: &str) -> Result<(), Failure> {
    let default = body[field].as_str().unwrap_or(default).to_owned();
    let optional = matches!(field, "email" | "live_from");
    body[field] = ask(question, Some(&default), |typed| match typed {
        NONE if optional => Ok(Value::Null),
        typed => fits(app, field, json!(typed)),
    })?;
    Ok(())
}

fn hours(app: &App, body: &mut Value) -> Result<(), Failure> {
    let known = body["opening_hours"].clone();
    let mut before = "09:00-18:00".to_owned();
    let mut week = serde_json::Map::new();
    for (day, name) in DAYS {
        let default = if known.is_object() { words(&known[day]) } else { before };
        let question = format!("{name}, such as 09:00-12:00, 13:30-18:00, or closed");
        let open = ask(&question, Some(&default), |typed| {
            let open = pairs(typed)?;
            fits(app, "opening_hours", json!({ day: open }))?;
            Ok(open)
        })?;
        before = words(&open);
        week.insert(day.to_owned(), open);
    }
    body["opening_hours"] = Value::Object(week);
    Ok(())
}

fn pairs(typed: &str) -> Result<Value, String> {
    if typed.eq_ignore_ascii_case("closed") {
        return Ok(json!([]));
    }
    let pair = |part: &str| {
        let (from, to) = part.split_once('-')?;
        Some(json!([from.trim(), to.trim()]))
    };
    let open: Option<Vec<Value>> = typed.split(',').map(pair).collect();
    open.map(Value::Array).ok_or_else(|| "write times such as 09:00-12:00, 13:30-18:00, or closed".to_owned())
}

/// The opposite of [`pairs`].
fn words(open: &Value) -> String {
    let pairs = open.as_array().map(Vec::as_slice).unwrap_or_default();
    let one =
        |pair: &Value| format!("{}-{}", pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
    if pairs.is_empty() { "closed".to_owned() } else { pairs.iter().map(one).collect::<Vec<_>>().join(", ") }
}

/// What the PUT would say of this field alone.
fn fits(app: &App, field: &str, value: Value) -> Result<Value, String> {
    let code = if field == "code" { value.as_str().unwrap_or_default() } else { "a" };
    let body = if field == "code" { json!({}) } else { json!({ field: value }) };
    let pointer = format!("/{field}");
    let faults = Dealership::parse(app.ids.next(), code, "", body).err().unwrap_or_default();
    let is_of_it = |at: &str| at.strip_prefix(&pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match faults.into_iter().find(|fault| is_of_it(&fault.pointer)) {
        Some(fault) => Err(format!("{field} {}", fault.message)),
        None => Ok(value),
    }
}

/// How the admin comes by a password.
enum Password {
    /// They have one already.
    Theirs,
    MadeUp,
    Chosen(SecretString),
}

/// The first admin as an entry of a file would have them, what they type to sign in, and their password.
async fn admin(app: &App, shop: &Value) -> Result<(Value, String, Password), Failure> {
    let code = shop["code"].as_str().unwrap_or_default();
    let (login, before, is_theirs) = loop {
        let login = ask("Login of the first admin", Some("admin"), |typed| {
            accounts::login(typed).map_err(|why| format!("the login {why}"))
        })?;
        let before = known(app, code, &login).await?;
        match whose(app, &login, before.as_ref()).await? {
            Whose::Nobodys => break (login, before, false),
            Whose::Theirs => break (login, before, true),
            Whose::AnothersOrClosed => {
                outln!("  {login} is somebody's already, or closed: see aftercare staff, or write another");
            }
        }
    };
    let name = before.as_ref().and_then(|person| person.name.clone()).unwrap_or_default();
    let name = ask("Their name", Some(&name), |typed| match typed {
        "" => Err("the name is required".to_owned()),
        typed => Ok(typed.to_owned()),
    })?;
    let mut roles = before.as_ref().map(|person| person.roles.clone()).unwrap_or_default();
    if !roles.iter().any(|role| role == "admin") {
        roles.push("admin".to_owned());
    }
    let mut person = before.map_or_else(
        || json!({ "languages": [shop["locale"]] }),
        |before| serde_json::to_value(before).unwrap_or_default(),
    );
    person["ref"] = json!(login);
    person["dealership"] = json!(code);
    person["name"] = json!(name);
    person["roles"] = json!(roles);
    person["active"] = json!(true);
    let password = if is_theirs { Password::Theirs } else { password(&login)? };
    Ok((person, login, password))
}

/// Whose a login is.
enum Whose {
    Nobodys,
    Theirs,
    /// A stranger's account is not handed over because their login was typed, and what was closed is not opened on the way.
    AnothersOrClosed,
}

async fn whose(app: &App, login: &str, person: Option<&Staff>) -> Result<Whose, Failure> {
    let mut tx = app.db.read().await.context("cannot read the database")?;
    let logins = accounts::actions::logins(&mut tx, None).await.context("cannot read the accounts")?;
    let mut of_it = logins.iter().filter(|(_, known, ..)| known == login).peekable();
    if of_it.peek().is_none() {
        return Ok(Whose::Nobodys);
    }
    let is_theirs = of_it.any(|(id, _, active, _)| *active && person.is_some_and(|person| person.id == *id));
    Ok(if is_theirs { Whose::Theirs } else { Whose::AnothersOrClosed })
}

async fn known(app: &App, code: &str, reference: &str) -> Result<Option<Staff>, Failure> {
    let Some(shop) = app.directory.by_code(code).await.context("cannot look the dealership up")? else {
        return Ok(None);
    };
    let mut tx = app.db.read().await.context("cannot read the database")?;
    let id = actions::find_id(&mut tx, shop.id, reference).await.context("cannot look the person up")?;
    let Some(id) = id else { return Ok(None) };
    Ok(actions::find(&mut tx, id).await.context("cannot look the person up")?)
}

fn password(login: &str) -> Result<Password, Failure> {
    loop {
        let first = secret("Their password; Enter for one that is made up: ")?;
        if first.expose_secret().is_empty() {
            return Ok(Password::MadeUp);
        }
        match accounts::wrong_with_password(first.expose_secret(), login) {
            Some("password_short") => outln!("  it must have {} characters or more", accounts::SHORTEST_PASSWORD),
            Some("password_long") => outln!("  it must have {} characters or fewer", accounts::LONGEST_PASSWORD),
            Some(_) => outln!("  it is too easy to guess"),
            None if secret("The same again: ")?.expose_secret() == first.expose_secret() => {
                return Ok(Password::Chosen(first));
            }
            None => outln!("  the two differ"),
        }
    }
}

async fn open_account(app: &App, code: &str, login: &str, password: Password) -> Result<(), Failure> {
    app.directory.forget();
    let person = known(app, code, login).await?;
    let person = person.ok_or_else(|| Failure::Failed(anyhow!("the admin was not stored: set up again")))?;
    if let Password::Chosen(password) = password {
        return accounts::actions::open_with(app, &person, login, &password, BY).await.map_err(failed);
    }
    if let Some(made_up) = accounts::actions::open(app, &person, login, BY).await.map_err(failed)? {
        outln!("{login}'s password, shown this once and to be changed: {}", made_up.expose_secret());
    }
    Ok(())
}

fn show(shop: &Value) {
    for (field, value) in shop.as_object().into_iter().flatten().filter(|(field, _)| *field != "id") {
        match value {
            Value::Null => {}
            Value::String(text) => outln!("  {field}: {text}"),
            Value::Object(week) if field == "opening_hours" => {
                for (day, name) in DAYS {
                    outln!("  {name}: {}", words(week.get(day).unwrap_or(&Value::Null)));
                }
            }
            other => outln!("  {field}: {other}"),
        }
    }
}

/// Asks until `read` takes the answer, and says each time why not.
fn ask<T>(question: &str, default: Option<&str>, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
    let default = default.unwrap_or_default();
    loop {
        if default.is_empty() {
            out!("{question}: ");
        } else {
            out!("{question} [{default}]: ");
        }
        let typed = line()?;
        match read(if typed.is_empty() { default } else { &typed }) {
            Ok(answer) => return Ok(answer),
            Err(why) => outln!("  {why}"),
        }
    }
}

fn line() -> Result<String, Failure> {
    io::stdout().flush().context("the question cannot be shown")?;
    let mut typed = String::new();
    let read = io::stdin().read_line(&mut typed).context("the answer cannot be read").map_err(Failure::Usage)?;
    if read == 0 {
        return Err(Failure::usage(anyhow!("the answers ended before the questions: nothing was stored")));
    }
    Ok(typed.trim().to_owned())
}

/// An answer that is not shown while it is typed.
fn secret(question: &str) -> Result<SecretString, Failure> {
    out!("{question}");
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Ok(line()?.into());
    }
    io::stdout().flush().context("the question cannot be shown")?;
    let typed = console::Term::stdout().read_secure_line().context("the password cannot be read")?;
    Ok(typed.into())
}

/// The machine's own, unless it keeps none in particular.
fn zone_here() -> String {
    let here = jiff::tz::TimeZone::system();
    let name = here.iana_name().filter(|name| name.contains('/') && !name.starts_with("Etc/"));
    name.unwrap_or("Asia/Shanghai").to_owned()
}

fn region_of(zone: &str) -> &'static str {
    match zone {
        "Asia/Shanghai" | "Asia/Urumqi" | "Asia/Chongqing" => "CN",
        "Asia/Hong_Kong" => "HK",
        "Asia/Macau" => "MO",
        "Asia/Taipei" => "TW",
        "Asia/Tokyo" => "JP",
        "Asia/Singapore" => "SG",
        "Europe/London" => "GB",
        "America/New_York" | "America/Chicago" | "America/Denver" | "America/Los_Angeles" => "US",
        _ => "",
    }
}

fn locale_of(region: &str) -> &'static str {
    match region {
        "CN" | "HK" | "MO" | "TW" => "zh-CN",
        "JP" => "ja",
        _ => "en",
    }
}

fn department_in(locale: &str) -> &'static str {
    match locale {
        "zh-CN" => "售后服务部",
        "ja" => "サービス部",
        _ => "Service department",
    }
}
