//! The SQL that finds what is somebody's. The ids are read once: a condition that looks them up anew in every statement
//! goes through whole tables on `PostgreSQL`.
use super::{among::sql, marks};
use crate::{
    customers::Customer,
    db::{Result, Sql, Tx},
    dealerships::Dealership,
    id::Id,
};

/// Whose rows a statement is about; bound as its `$1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    People,
    Inquiries,
    Notices,
    Messages,
    Mails,
    Texts,
    Events,
    Assists,
}

/// The ids of what is theirs.
pub(super) struct Theirs {
    people: Vec<String>,
    inquiries: Vec<String>,
    notices: Vec<String>,
    messages: Vec<String>,
    mails: Vec<String>,
    texts: Vec<String>,
    events: Vec<String>,
    assists: Vec<String>,
}

/// What may be the subject of a notice, but for inquiries.
const THINGS: Sql = sql!("SELECT id FROM appointments WHERE customer_id" among
    " UNION ALL SELECT id FROM repair_orders WHERE customer_id" among
    " UNION ALL SELECT id FROM parts_orders WHERE customer_id" among
    " UNION ALL SELECT id FROM parts_questions WHERE appointment_id IN (SELECT id FROM appointments WHERE customer_id" among ")"
    " UNION ALL SELECT id FROM surveys WHERE customer_id" among
    " UNION ALL SELECT id FROM cases WHERE customer_id" among
    " UNION ALL SELECT id FROM call_tasks WHERE customer_id" among
    " UNION ALL SELECT id FROM vehicles WHERE owner_id" among);
/// What they are reached at and nobody else is: a family's telephone is not one person's.
const ADDRESSES: Sql = sql!("SELECT DISTINCT lower(p.value) FROM contact_points p WHERE p.customer_id" among " AND p.value NOT LIKE 'erased:%'
    AND NOT EXISTS (SELECT 1 FROM contact_points o WHERE lower(o.value) = lower(p.value) AND o.removed_at IS NULL AND o.customer_id" but ")");

const INQUIRIES: Sql = sql!("SELECT id FROM inquiries WHERE customer_id" among);
const INQUIRIES_OF_NOBODY: Sql =
    sql!("SELECT id FROM inquiries WHERE customer_id IS NULL AND dealership_id = $2 AND lower(sender)" among);
/// Help that was asked for with one of their things.
const ASSISTS: Sql = sql!("SELECT id FROM assists WHERE subject_id" among);
const NOTICES_TO_THEM: Sql = sql!("SELECT id FROM notices WHERE customer_id" among);
const NOTICES_ABOUT_THEM: Sql = sql!("SELECT id FROM notices WHERE subject_id" among);
const MESSAGES: Sql = sql!("SELECT id FROM messages WHERE notice_id" among);
const MAILS: Sql = sql!("SELECT id FROM inbound_messages WHERE customer_id" among);
const MAILS_ABOUT: Sql = sql!("SELECT id FROM inbound_messages WHERE about_id" among);
const MAILS_OF_THINGS: Sql = sql!("SELECT id FROM inbound_messages WHERE subject_id" among);
const MAILS_OF_NOBODY: Sql = sql!("SELECT id FROM inbound_messages WHERE customer_id IS NULL AND coalesce(dealership_id, $2) = $2
    AND lower(from_address)" among
    " UNION SELECT id FROM inbound_messages WHERE customer_id IS NULL AND coalesce(dealership_id, $2) = $2
    AND lower(envelope_from)" among);
const TEXTS: Sql = sql!("SELECT id FROM inbound_texts WHERE customer_id" among);
const TEXTS_OF_NOBODY: Sql = sql!("SELECT id FROM inbound_texts WHERE customer_id IS NULL AND (dealership_id IS NULL OR dealership_id = $2)
    AND lower(from_address)" among);
const EVENTS_OF_PEOPLE: Sql =
    sql!("SELECT DISTINCT event_id FROM timeline WHERE event_id IS NOT NULL AND customer_id" among);
const EVENTS_OF_THINGS: Sql = sql!("SELECT event_id FROM timeline WHERE event_id IS NOT NULL AND appointment_id" among
    " UNION SELECT event_id FROM timeline WHERE event_id IS NOT NULL AND subject_id" among);
const EVENTS_OF_NOTICES: Sql = sql!("SELECT DISTINCT event_id FROM notices WHERE event_id IS NOT NULL AND id" among);

impl Theirs {
    /// Everything but what was written to them and by them about it: that is read with [`Theirs::letters`] when their notices
    /// are called off, and nobody composes one meanwhile.
    pub(super) async fn find(tx: &mut Tx, customer: Id<Customer>) -> Result<Self> {
        let people = marks::people(tx, customer).await?;
        let (dealership,): (Id<Dealership>,) =
            tx.sql("SELECT dealership_id FROM customers WHERE id = $1").bind(customer).one().await?;
        let addresses = ids(tx, ADDRESSES, &people).await?;
        let mut inquiries = ids(tx, INQUIRIES, &people).await?;
        inquiries.extend(ids_at(tx, INQUIRIES_OF_NOBODY, &addresses, dealership).await?);
        let mut things = ids(tx, THINGS, &people).await?;
        things.extend(inquiries.iter().chain(&people).cloned());
        let assists = ids(tx, ASSISTS, &things).await?;
        things.extend(assists.iter().cloned());
        let notices =
            once([ids(tx, NOTICES_TO_THEM, &people).await?, ids(tx, NOTICES_ABOUT_THEM, &things).await?].concat());
        let mails = [
            ids(tx, MAILS, &people).await?,
            ids(tx, MAILS_OF_THINGS, &things).await?,
            ids_at(tx, MAILS_OF_NOBODY, &addresses, dealership).await?,
        ]
        .concat();
        let texts =
            [ids(tx, TEXTS, &people).await?, ids_at(tx, TEXTS_OF_NOBODY, &addresses, dealership).await?].concat();
        let events = once(
            [
                ids(tx, EVENTS_OF_PEOPLE, &people).await?,
                ids(tx, EVENTS_OF_THINGS, &things).await?,
                ids(tx, EVENTS_OF_NOTICES, &notices).await?,
            ]
            .concat(),
        );
        Ok(Self { people, inquiries, notices, messages: Vec::new(), mails, texts, events, assists })
    }

    /// What was written to them, and the mails that came about it.
    pub(super) async fn letters(&mut self, tx: &mut Tx) -> Result<()> {
        self.messages = ids(tx, MESSAGES, &self.notices).await?;
        self.mails.extend(ids(tx, MAILS_ABOUT, &self.messages).await?);
        self.mails = once(std::mem::take(&mut self.mails));
        Ok(())
    }

    pub(super) fn of(&self, set: Of) -> &[String] {
        match set {
            Of::People => &self.people,
            Of::Inquiries => &self.inquiries,
            Of::Notices => &self.notices,
            Of::Messages => &self.messages,
            Of::Mails => &self.mails,
            Of::Texts => &self.texts,
            Of::Events => &self.events,
            Of::Assists => &self.assists,
        }
    }
}

fn once(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

async fn ids(tx: &mut Tx, statement: Sql, of: &[String]) -> Result<Vec<String>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String,)> = tx.sql(statement).bind_rows(of).all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// With the dealership as `$2`.
async fn ids_at(tx: &mut Tx, statement: Sql, of: &[String], dealership: Id<Dealership>) -> Result<Vec<String>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String,)> = tx.sql(statement).bind_rows(of).bind(dealership).all().await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::erasing::SUPPRESSIONS, MAILS, MAILS_ABOUT, MAILS_OF_NOBODY, MAILS_OF_THINGS, TEXTS, TEXTS_OF_NOBODY,
    };
    use crate::db::plans;

    #[tokio::test]
    async fn what_is_theirs_is_found_by_an_index_while_everybody_waits() {
        let (db, _folder) = plans::database().await;
        let mut tx = db.read().await.expect("a connection");
        let of_ids =
            [("mails", MAILS), ("mails about", MAILS_ABOUT), ("mails of things", MAILS_OF_THINGS), ("texts", TEXTS)];
        let with_one_more = [
            ("mails of nobody", MAILS_OF_NOBODY),
            ("texts of nobody", TEXTS_OF_NOBODY),
            ("suppressions", SUPPRESSIONS[0]),
            ("suppressions of nobody", SUPPRESSIONS[1]),
        ];
        let all = of_ids.map(|one| (one, 1)).into_iter().chain(with_one_more.map(|one| (one, 2)));
        for ((name, statement), values) in all {
            plans::is_found_by_an_index(&mut tx, (name, statement.sqlite), values, &["json_each"]).await;
        }
    }
}
