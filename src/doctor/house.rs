//! What is set up in the database: dealerships, who may sign in, sources that fell silent, receipts, backups.
use jiff::SignedDuration;

use super::{Finding, store};
use crate::{
    clock::Timestamp,
    config::{Config, Provider},
    copies,
    db::{self, Db},
    dealerships::{self, Dealership},
    hooks,
    rights::Journal,
};

/// A source that tells every night has told by then, over a Sunday too.
const SILENT: SignedDuration = SignedDuration::from_hours(48);
/// Receipts come within minutes of a text.
const RECEIPT: SignedDuration = SignedDuration::from_hours(24);
/// A backup is made every night.
const BACKUP: SignedDuration = SignedDuration::from_hours(48);
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

pub(super) async fn look(db: &Db, config: &Config, now: Timestamp) -> db::Result<Vec<Finding>> {
    let mut tx = db.read().await?;
    let dealerships = dealerships::actions::all(&mut tx).await?;
    let mut found = Vec::new();
    if dealerships.is_empty() {
        let to_do = "aftercare setup asks for one; aftercare setup FILE stores many";
        found.push(Finding::bad("dealership", "none", "there is no dealership yet", to_do));
    }
    found.extend(dealerships.iter().flat_map(of));
    found.push(if store::has_admin(&mut tx).await? {
        Finding::ok("admin", "accounts", "an admin can sign in")
    } else {
        let to_do = "aftercare setup, or aftercare staff add REF --dealership CODE --name NAME --roles admin";
        Finding::bad("admin", "accounts", "no admin can sign in", to_do)
    });
    for (code, source, at) in store::silent(&mut tx, now.minus(SILENT)).await? {
        let found_so = format!("{source} was last heard to tell of something of {at}");
        let to_do = "ask who looks after that system whether its export still runs";
        found.push(Finding::warn("feed", code, found_so, to_do));
    }
    found.extend(receipts(&mut tx, config, now).await?);
    for endpoint in hooks::actions::given_up(&mut tx).await? {
        let so = "it took nothing for days, or said that it is gone: it is told nothing more";
        let to_do =
            format!("look at GET /v1/webhooks/{endpoint}/deliveries, then POST …/enable and …/replay, or DELETE it");
        found.push(Finding::warn("webhooks", endpoint, so, to_do));
    }
    found.push(backup(copies::actions::last(&mut tx).await?, db.is_sqlite(), now));
    if Journal::of(config, db).is_err() {
        let to_do = "set database.erasure_journal to a file that is kept apart from the backups";
        found.push(Finding::warn("erasures", "database.erasure_journal", "nobody can be erased without it", to_do));
    }
    Ok(found)
}

/// A dealership: open at all, with a sender, and with a day from which facts are news.
fn of(dealership: &Dealership) -> Vec<Finding> {
    let code = || dealership.code.clone();
    let by = "aftercare setup, or its page in the console";
    let is_open = |day: &str| dealership.opening_hours[day].as_array().is_some_and(|hours| !hours.is_empty());
    let mut found = Vec::new();
    if !DAYS.iter().any(|day| is_open(day)) {
        let so = "it has no opening hours: nothing that waits for them is ever said";
        found.push(Finding::bad("dealership", code(), so, by));
    }
    if dealership.email.is_none() {
        found.push(Finding::warn("dealership", code(), "it has no e-mail address: nobody can answer its mails", by));
    }
    if dealership.live_from.is_none() {
        let so = "it has no live_from: what an old record tells is treated as news";
        found.push(Finding::warn("dealership", code(), so, by));
    }
    if dealership.shadow {
        let so = "it is a rehearsal (shadow): everything is planned, and nothing is sent";
        found.push(Finding::warn("dealership", code(), so, "end it when the texts have been read"));
    }
    if found.is_empty() {
        found.push(Finding::ok("dealership", code(), "open hours, a sender and a day to be live from"));
    }
    found
}

async fn receipts(tx: &mut db::Tx, config: &Config, now: Timestamp) -> db::Result<Option<Finding>> {
    if config.sms.provider != Provider::Http {
        return Ok(None);
    }
    let named = "sms.receipts.secret";
    if config.sms.receipts.secret.is_none() {
        let so = "it is not set: whether a text was delivered is never known";
        let to_do = "set it, and have the gateway post its reports to /in/http/status";
        return Ok(Some(Finding::warn("receipts", named, so, to_do)));
    }
    let (text, receipt) = (store::last_text(tx).await?, store::last_receipt(tx).await?);
    // A text of just now has no receipt yet.
    let heard_for = |text: Timestamp| receipt.is_some_and(|heard| heard.since(text) > -RECEIPT);
    Ok(Some(match text {
        Some(text) if now.since(text) > SignedDuration::from_hours(1) && !heard_for(text) => {
            let so = format!("the gateway took a text at {text}, and no receipt has come since the day before");
            let to_do = "see where the gateway posts its reports (/in/http/status) and with which bearer";
            Finding::bad("receipts", named, so, to_do)
        }
        Some(_) => Finding::ok("receipts", named, "the gateway reports what became of its texts"),
        None => Finding::ok("receipts", named, "no text was sent lately"),
    }))
}

fn backup(last: Option<Timestamp>, is_sqlite: bool, now: Timestamp) -> Finding {
    if !is_sqlite {
        return Finding::ok("backup", "PostgreSQL", "made by its own tools, of which nothing is known here");
    }
    let to_do = "aftercare backup FILE every night, and try now and then whether one can be started";
    match last {
        None => Finding::warn("backup", "aftercare backup", "none was made yet", to_do),
        Some(at) if now.since(at) > BACKUP => {
            Finding::warn("backup", "aftercare backup", format!("the last was made at {at}"), to_do)
        }
        Some(at) => Finding::ok("backup", "aftercare backup", format!("the last was made at {at}")),
    }
}
