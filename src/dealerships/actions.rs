//! The verbs of dealerships.
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dealership, rules, store};
use crate::{
    app::App,
    clocks,
    db::{self, Tx, Weight},
    desk::{self, Desk},
    http::Error,
    id::Id,
    timeline::Entry,
};

/// Stores `wanted` under its code, and says so in the record when that changes anything; a known code keeps its id. Call
/// [`super::Directory::forget`] once it is committed.
pub async fn put(desk: &mut Desk<'_>, wanted: Dealership, actor: &str) -> db::Result<Dealership> {
    let mut wanted = wanted;
    let before = store::find_by_code(desk.tx, &wanted.code).await?;
    if let Some(before) = &before {
        wanted.id = before.id;
        if *before == wanted {
            return Ok(wanted);
        }
    }
    wanted.id = store::upsert(desk.tx, &wanted, desk.now).await?;
    // Its day begins by its own clock: another zone, another hour for what comes every day.
    if before.as_ref().is_none_or(|before| before.zone != wanted.zone) {
        clocks::actions::set_daily(desk, &wanted).await?;
    }
    let what = if before.is_some() { "dealership.changed" } else { "dealership.added" };
    let mut entry = Entry::new(desk.id(), wanted.id, desk.now, what);
    entry.actor = Some(actor.to_owned());
    entry.detail = json!({ "fields": before.as_ref().map(|before| changed(before, &wanted)) });
    let own = before.map(|before| changed_rules(&before.rules, &wanted.rules)).unwrap_or_default();
    if !own.is_empty() {
        entry.detail["rules"] = Value::Array(own);
    }
    desk.record(entry);
    Ok(wanted)
}

/// [`put`] in a transaction of its own, for the doors; what is kept of it in memory is read again.
pub async fn put_now(app: &App, wanted: Dealership, actor: String) -> db::Result<Dealership> {
    let stored = desk::at(app, Weight::ONE, move |desk| {
        let (wanted, actor) = (wanted.clone(), actor.clone());
        Box::pin(async move { put(desk, wanted, &actor).await })
    })
    .await?;
    app.directory.forget();
    Ok(stored)
}

/// Makes another of the one with this id, of how it stands at this moment and in one act: what somebody else changes meanwhile
/// is not lost.
///
/// # Errors
/// What `change` refuses it for, after which nothing is changed; 404 when there is none.
pub async fn change_now(
    app: &App,
    id: Id<Dealership>,
    actor: String,
    change: impl Fn(&Dealership) -> Result<Dealership, Error> + Send + Sync + 'static,
) -> Result<Dealership, Error> {
    let change = Arc::new(change);
    let stored = desk::at(app, Weight::ONE, move |desk| {
        let (actor, change) = (actor.clone(), Arc::clone(&change));
        Box::pin(async move {
            hold(desk.tx, id).await?;
            let before = find(desk.tx, id).await?.ok_or(Error::NotFound)?;
            Ok::<_, Error>(put(desk, change(&before)?, &actor).await?)
        })
    })
    .await?;
    app.directory.forget();
    Ok(stored)
}

/// The one with this code, read inside a transaction.
pub async fn find_by_code(tx: &mut Tx, code: &str) -> db::Result<Option<Dealership>> {
    store::find_by_code(tx, code).await
}

/// The one with this id, read inside a transaction.
pub async fn find(tx: &mut Tx, id: Id<Dealership>) -> db::Result<Option<Dealership>> {
    store::find(tx, id).await
}

/// The one whose mailbox this address is, read inside a transaction.
pub async fn find_by_email(tx: &mut Tx, address: &str) -> db::Result<Option<Dealership>> {
    store::find_by_email(tx, address).await
}

/// The only one; none where there are several, or none.
pub async fn only(tx: &mut Tx) -> db::Result<Option<Dealership>> {
    let mut found = store::first_two(tx).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Lets whoever else holds it wait until this unit ends: what is set for a whole dealership is read and written by one.
pub async fn hold(tx: &mut Tx, id: Id<Dealership>) -> db::Result<()> {
    store::hold(tx, id).await
}

/// All of them, by code.
pub async fn all(tx: &mut Tx) -> db::Result<Vec<Dealership>> {
    store::all(tx).await
}

/// The names of the fields in which two differ.
fn changed(before: &Dealership, after: &Dealership) -> Vec<String> {
    let fields = |it| serde_json::to_value(it).unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names = after.as_object().into_iter().flat_map(|object| object.keys());
    names.filter(|name| before.get(name) != after.get(name)).cloned().collect()
}

/// Which of the rules that we know differ, with what each was and is.
fn changed_rules(before: &Value, after: &Value) -> Vec<Value> {
    let known = rules::ALL.iter().map(|rule| (rule.place(), rule.written(before), rule.written(after)));
    let differs = known.filter(|(_, before, after)| before != after);
    differs.map(|((group, key), from, to)| json!({"rule": format!("{group}.{key}"), "from": from, "to": to})).collect()
}
