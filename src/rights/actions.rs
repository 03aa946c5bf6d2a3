//! The verbs of persons' rights: export, erase, recognise who was erased, catch up after a restored backup.
use std::{collections::HashSet, iter::once, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Erasure, Journal, KnownBy, Mark, Named,
    store::{self, Known},
};
use crate::{
    app::App,
    customers::{self, Customer, vehicles},
    db::{self, Tx, Weight},
    dealerships::Dealership,
    desk::{self, Desk},
    id::Id,
    timeline::Entry,
};

/// Everything that is kept of a customer, by table, as they may have it (PIPL 45): what an erasure takes, so with that of the
/// customers whom the house made by itself for the same person.
pub async fn export(app: &App, customer: Id<Customer>) -> db::Result<Value> {
    let mut tx = app.db.read().await?;
    let mut told = Map::new();
    let made = store::made_by_the_house(&mut tx, customer).await?;
    for one in once(customer).chain(made) {
        for (name, rows) in store::everything(&mut tx, one).await? {
            let list = told.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().into_iter().for_each(|list| list.extend(rows.iter().cloned()));
        }
    }
    Ok(Value::Object(told))
}

/// Why somebody was not erased.
#[derive(Debug, thiserror::Error)]
pub enum NotErased {
    #[error("the erasure could not be written down: nothing was erased")]
    Journal(#[source] std::io::Error),
    #[error("the database did not take it; the erasure is written down and is done at the next start")]
    Database(#[from] db::Error),
    #[error(
        "they are erased; what was told of them meanwhile could not be added to the journal: keep no backup of before"
    )]
    Added(#[source] std::io::Error),
}

/// Whoever erases waits for those who look whether somebody was erased until they have written what they were told, and the
/// next wait for the erasure: on `PostgreSQL` neither would see what the other has not committed.
const ERASURES: i64 = 45;

/// Takes a customer, everybody who was made one with them, and whom the house made by itself for the same person, out of every
/// table; what was not handed over is called off.
///
/// # Errors
/// When it cannot be written down, or the database does not take it.
pub async fn erase(app: &App, journal: &Journal, customer: &Customer, by: &str) -> Result<Erasure, NotErased> {
    let fresh = crate::id::hex(&app.ids.random.bytes::<32>());
    let now = app.ids.clock.now();
    let (id, dealership) = (customer.id, customer.dealership_id);
    let (salt, known) = app
        .db
        .write::<_, db::Error, _>(Weight::OWN, move |tx| {
            let fresh = fresh.clone();
            Box::pin(async move {
                let salt = store::keep_salt(tx, &fresh, now).await?;
                let mut known = store::known_by(tx, id).await?;
                for made in store::made_by_the_house(tx, id).await? {
                    known.add(store::known_by(tx, made).await?);
                }
                Ok((salt, known))
            })
        })
        .await?;
    let marks = marks(&salt, dealership, &known);
    let mut erasure =
        Erasure { customer: id, people: known.people, dealership, at: now, by: by.to_owned(), salt, marks };
    journal.add(&erasure).map_err(NotErased::Journal)?;
    let (people, marks) = carry_out(app, erasure.clone()).await?;
    let is_news = marks.iter().any(|mark| !erasure.marks.contains(mark));
    if is_news || people.iter().any(|one| !erasure.people.contains(one)) {
        (erasure.people, erasure.marks) = (people, marks);
        journal.add(&erasure).map_err(NotErased::Added)?;
    }
    Ok(erasure)
}

fn marks(salt: &str, dealership: Id<Dealership>, known: &Known) -> Vec<Mark> {
    let references = known.references.iter().map(|one| KnownBy::Reference(one));
    let addresses = known.addresses.iter().map(|one| KnownBy::Address(one));
    references.chain(addresses).map(|one| Mark::of(salt, dealership, &one)).collect()
}

/// Does what the journal says, as often as it is asked to; who was erased, and what they were known by now.
async fn carry_out(app: &App, erasure: Erasure) -> db::Result<(Vec<Id<Customer>>, Vec<Mark>)> {
    let erasure = Arc::new(erasure);
    desk::at(app, Weight::OWN, move |desk| {
        let erasure = Arc::clone(&erasure);
        Box::pin(async move {
            desk.tx.lock_alone(ERASURES).await?;
            let salt = store::keep_salt(desk.tx, &erasure.salt, erasure.at).await?;
            store::remember(desk.tx, &erasure, &erasure.marks).await?;
            // They may have been made one with somebody since the journal was written: what was theirs is there now.
            let left = store::left_of(desk.tx, erasure.customer).await?;
            let made = store::made_by_the_house(desk.tx, left).await?;
            let apart = store::apart(desk.tx, &erasure, left).await?;
            for from in apart.iter().chain(made.iter().filter(|one| !apart.contains(one))).copied() {
                let word =
                    customers::actions::Says { dealership: erasure.dealership, event_id: None, actor: &erasure.by };
                customers::actions::merge(desk, from, left, word).await?;
            }
            // An address may have been added since the journal was written.
            let known = store::known_by(desk.tx, left).await?;
            let marks = marks(&salt, erasure.dealership, &known);
            store::remember(desk.tx, &erasure, &marks).await?;
            vehicles::people::forget(desk, left).await?;
            store::erase(desk.tx, left, desk.now).await?;
            desk.record(line(desk, &erasure, left));
            Ok((known.people, marks))
        })
    })
    .await
}

fn line(desk: &Desk<'_>, erasure: &Erasure, left: Id<Customer>) -> Entry {
    let mut line = Entry::new(desk.id(), erasure.dealership, desk.now, "customer.erased");
    line.customer_id = Some(left);
    line.actor = Some(erasure.by.clone());
    line
}

/// Erases again whoever the database does not know as erased any more; how many those were.
///
/// # Errors
/// When the journal cannot be read, or the database does not take it.
pub async fn catch_up(app: &App) -> anyhow::Result<usize> {
    let Ok(journal) = Journal::of(&app.config, &app.db) else { return Ok(0) };
    let erasures = journal.read()?;
    if erasures.is_empty() {
        return Ok(0);
    }
    let (missing, foreign) = store::unknown(&mut app.db.read().await?, &erasures).await?;
    if foreign > 0 {
        tracing::warn!(
            erasures = foreign,
            "the journal of erasures names dealerships that this database does not know: is it another database's?"
        );
    }
    for erasure in &missing {
        carry_out(app, erasure.clone()).await?;
    }
    Ok(missing.len())
}

/// Those of the journal whom the database does not know as erased.
pub async fn not_erased(tx: &mut Tx, erasures: &[Erasure]) -> db::Result<Vec<Erasure>> {
    Ok(store::unknown(tx, erasures).await?.0)
}

/// A person of whom a source tells.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    pub dealership: Id<Dealership>,
    pub reference: &'a str,
    pub addresses: Vec<&'a str>,
}

/// What of an event's people and things is of somebody who was erased, by their places in the lists.
#[derive(Debug, Default)]
pub struct Erased {
    pub told: HashSet<usize>,
    pub named: HashSet<usize>,
}

/// No erasure is carried out from here to the unit's end; the statements after this one see the last one whole. First in every
/// unit that writes down what it hears of somebody.
pub async fn hold_off(tx: &mut Tx) -> db::Result<()> {
    tx.lock_shared(ERASURES).await
}

/// Which of these were erased. Where nobody ever was it costs one statement, and on `PostgreSQL` the lock that an erasure
/// waits for; an address alone is enough only where nobody of that ref is known, because families share a telephone.
pub async fn erased(tx: &mut Tx, told: &[Told<'_>], named: &[Named<'_>]) -> db::Result<Erased> {
    if told.is_empty() && named.is_empty() {
        return Ok(Erased::default());
    }
    hold_off(tx).await?;
    let Some(salt) = store::salt(tx).await? else { return Ok(Erased::default()) };
    let told = if told.is_empty() { HashSet::new() } else { told_of(tx, &salt, told).await? };
    let named = if named.is_empty() { Vec::new() } else { store::of_erased(tx, named).await? };
    Ok(Erased { told, named: named.into_iter().collect() })
}

async fn told_of(tx: &mut Tx, salt: &str, told: &[Told<'_>]) -> db::Result<HashSet<usize>> {
    let mark = |one: &Told<'_>, known: &KnownBy<'_>| Mark::of(salt, one.dealership, known).mark;
    let by_ref: Vec<String> = told.iter().map(|one| mark(one, &KnownBy::Reference(one.reference))).collect();
    let by_address: Vec<Vec<String>> = told
        .iter()
        .map(|one| one.addresses.iter().map(|address| mark(one, &KnownBy::Address(address))).collect())
        .collect();
    let all: Vec<&String> = by_ref.iter().chain(by_address.iter().flatten()).collect();
    let found: HashSet<String> = store::found(tx, &all).await?.into_iter().collect();
    let mut erased = HashSet::new();
    for (index, one) in told.iter().enumerate() {
        let is_theirs = found.contains(&by_ref[index]);
        let has_their_address = by_address[index].iter().any(|mark| found.contains(mark));
        if is_theirs || (has_their_address && !store::is_known(tx, one.dealership, one.reference).await?) {
            erased.insert(index);
        }
    }
    Ok(erased)
}
