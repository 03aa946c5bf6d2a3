//! The verbs of customers: somebody is mentioned, and is created or refreshed on the way.
use super::{
    AddressKind, ContactPoint, Customer, NOT_FOLLOWING, Person, Validity, consent, merging, phone,
    record::{Changed, Held, Word},
    store::{self, Key},
};
pub use super::{
    merging::{Word as Says, merge, merge_as_said},
    news::apply,
    store::screens::{Car, Hit},
};
use crate::{
    clock::Timestamp,
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    http::{Access, Error},
    id::Id,
    intake::Event,
    notices::ChannelName,
    timeline::Entry,
};

/// An event that tells of somebody.
#[derive(Clone, Copy, Debug)]
pub struct Mention<'a> {
    pub dealership_id: Id<Dealership>,
    pub person: &'a Person,
    pub source: &'a str,
    /// The event's `time`: an older word than the last one changes nothing.
    pub heard_at: Timestamp,
    pub event_id: Option<Id<Event>>,
}

/// Whom a mention means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: Id<Customer>,
    pub time_zone: Option<String>,
    /// Something younger was heard of them: the mention changed nothing.
    pub is_stale: bool,
}

/// Whom a ref, or our id, means among what `access` allows; more than one when the ref is not unique.
pub async fn named(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Customer>, db::Error> {
    let found = store::list_by_reference(tx, access, reference, dealership).await?;
    Ok(found.into_iter().map(|found| found.customer).collect())
}

/// Creates or refreshes customers in the order of their mentions, and tells whom each means. Three statements,
/// however many there are: read with their contact points, write the changed, write the changed contact points; a fourth looks
/// for others who have a new address too, and a fifth writes down what they agreed to.
pub async fn refresh_all(desk: &mut Desk<'_>, mentions: &[Mention<'_>]) -> Result<Vec<Known>, db::Error> {
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let key = |m: &Mention<'_>| Key { dealership_id: m.dealership_id, reference: m.person.reference.clone() };
    let keys: std::collections::BTreeSet<Key> = mentions.iter().map(key).collect();
    let (mut meant, mut held) = store::find_and_lock(desk.tx, &keys).await?;
    let mut known = Vec::with_capacity(mentions.len());
    for mention in mentions {
        let word = Word { source: mention.source, heard_at: mention.heard_at, now: desk.now };
        let id = *meant.entry(key(mention)).or_insert_with(|| desk.ids.next());
        let one =
            held.entry(id).or_insert_with(|| Held::new(id, mention.dealership_id, &mention.person.reference, word));
        let is_stale = mention.heard_at < one.customer.heard_at;
        let none = one.refresh(mention.person, word, &desk.ids);
        let customer_id = one.customer.id;
        known.push(Known { id: customer_id, time_zone: one.customer.time_zone.clone(), is_stale });
        for none in none {
            let what = match none.kind {
                AddressKind::Phone => "customer.phone_invalid",
                AddressKind::Email => "customer.email_invalid",
                AddressKind::Wechat => continue,
            };
            let mut line = Entry::new(desk.id(), mention.dealership_id, mention.heard_at, what);
            line.customer_id = Some(customer_id);
            line.event_id = mention.event_id;
            line.actor = Some(mention.source.to_owned());
            line.reason = Some(none.reason.to_owned());
            line.detail = serde_json::json!({"level": "warning"});
            desk.record(line);
        }
    }
    let customers: Vec<&Customer> = held.values().filter(|h| h.is_changed).map(|h| &h.customer).collect();
    store::save(desk.tx, &customers).await?;
    let points: Vec<&ContactPoint> = held
        .values()
        .flat_map(|h| &h.points)
        .filter(|(_, changed)| *changed == Changed::Yes)
        .map(|(point, _)| point)
        .collect();
    store::save_contact_points(desk.tx, &points).await?;
    let added: Vec<&ContactPoint> =
        points.into_iter().filter(|point| point.added_at == desk.now && point.validity != Validity::Invalid).collect();
    merging::suggest(desk, &added).await?;
    let said: Vec<consent::actions::Line<'_>> = mentions
        .iter()
        .zip(&known)
        .flat_map(|(mention, known)| mention.person.consents.iter().map(move |said| (mention, known.id, said)))
        .map(|(mention, customer, said)| (mention.dealership_id, customer, mention.source, said))
        .collect();
    consent::actions::say_all(desk, &said).await?;
    Ok(known)
}

/// Mail to this address of the customer's comes back: nothing more is sent there. True when that is new.
pub async fn address_bounced(
    desk: &mut Desk<'_>,
    (dealership, customer): (Id<Dealership>, Id<Customer>),
    address: &str,
    reason: &'static str,
) -> Result<bool, db::Error> {
    if store::bounce(desk.tx, customer, address, reason).await? == 0 {
        return Ok(false);
    }
    let mut line = Entry::new(desk.id(), dealership, desk.now, "customer.email_bounced");
    line.customer_id = Some(customer);
    line.reason = Some(reason.to_owned());
    line.detail = serde_json::json!({"level": "warning"});
    desk.record(line);
    Ok(true)
}

/// Nobody of this openid follows the account any more: nothing is sent there until they do again. `told_at`: when that was, by
/// the account's own clock, where the account told it; of two of its words that overtook each other the later one holds.
pub async fn openid_lost(desk: &mut Desk<'_>, openid: &str, told_at: Option<Timestamp>) -> Result<(), db::Error> {
    let lost = store::lose_openid(desk.tx, openid, NOT_FOLLOWING, told_at).await?;
    if let Some(at) = told_at {
        store::note_follow(desk.tx, openid, at).await?;
    }
    openid_lines(desk, &lost, "customer.wechat_lost", Some(NOT_FOLLOWING));
    Ok(())
}

/// Whoever has this openid follows the account, as it told for `told_at`.
pub async fn openid_found(desk: &mut Desk<'_>, openid: &str, told_at: Timestamp) -> Result<(), db::Error> {
    let found = store::find_openid(desk.tx, openid, told_at).await?;
    store::note_follow(desk.tx, openid, told_at).await?;
    openid_lines(desk, &found, "customer.wechat_found", None);
    Ok(())
}

fn openid_lines(
    desk: &mut Desk<'_>,
    of: &[(Id<Customer>, Id<Dealership>)],
    what: &'static str,
    reason: Option<&'static str>,
) {
    for (customer, dealership) in of {
        let mut line = Entry::new(desk.id(), *dealership, desk.now, what);
        line.customer_id = Some(*customer);
        line.reason = reason.map(str::to_owned);
        desk.record(line);
    }
}

/// The customers of a dealership who are reached at one of these addresses (E.164, an openid, e-mail in its normal form and in
/// any case), the longest known first; five at most.
pub async fn reached_at(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    addresses: &[String],
) -> Result<Vec<Id<Customer>>, db::Error> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    store::list_by_addresses(tx, dealership, addresses).await
}

/// Whether a telephone number of theirs is known that may be good.
pub async fn may_be_called(tx: &mut Tx, customer: Id<Customer>) -> Result<bool, db::Error> {
    has(tx, customer, AddressKind::Phone).await
}

/// Whether an e-mail address of theirs is known that may be good.
pub async fn has_email(tx: &mut Tx, customer: Id<Customer>) -> Result<bool, db::Error> {
    has(tx, customer, AddressKind::Email).await
}

async fn has(tx: &mut Tx, customer: Id<Customer>, kind: AddressKind) -> Result<bool, db::Error> {
    let points = store::list_contact_points(tx, customer).await?;
    let is_good = |point: &ContactPoint| matches!(point.validity, Validity::Unknown | Validity::Ok);
    Ok(points.iter().any(|point| point.kind == kind && is_good(point)))
}

/// They said themselves how they wish to be written to.
pub async fn set_wishes(
    desk: &mut Desk<'_>,
    customer: &Customer,
    language: Option<String>,
    preferred: Option<Option<ChannelName>>,
) -> db::Result<()> {
    let language = language.or_else(|| customer.language.clone());
    let preferred_channel = preferred.unwrap_or(customer.preferred_channel);
    if language == customer.language && preferred_channel == customer.preferred_channel {
        return Ok(());
    }
    let mut line = Entry::new(desk.id(), customer.dealership_id, desk.now, "customer.wishes_changed");
    line.customer_id = Some(customer.id);
    line.actor = Some("customer".to_owned());
    line.detail = serde_json::json!({"language": language, "preferred_channel": preferred_channel});
    desk.record(line);
    store::save(desk.tx, &[&Customer { language, preferred_channel, ..customer.clone() }]).await
}

/// An address turned out to be none: it is kept with the reason, and not tried again.
pub async fn mark_invalid(
    desk: &mut Desk<'_>,
    customer_id: Id<Customer>,
    point: Id<ContactPoint>,
    reason: &str,
) -> db::Result<()> {
    let Some(dealership_id) = store::mark_invalid(desk.tx, customer_id, point, reason).await? else { return Ok(()) };
    let mut line = Entry::new(desk.id(), dealership_id, desk.now, "customer.phone_invalid");
    line.customer_id = Some(customer_id);
    line.reason = Some(reason.to_owned());
    line.detail = serde_json::json!({"level": "warning", "contact_point": point});
    desk.record(line);
    Ok(())
}

/// One customer by our id or the sender's ref.
///
/// # Errors
/// 404 when `access` sees none, 409 when the ref is not unique.
pub async fn one(tx: &mut Tx, access: &Access, reference: &str, dealership: Option<&str>) -> Result<Customer, Error> {
    let found = store::list_by_reference(tx, access, reference, dealership).await?;
    Ok(Error::unless_one(found)?.customer)
}

/// Whom somebody may mean by what they say on the telephone: a number, a plate, a name, the sender's ref.
pub async fn search(tx: &mut Tx, dealership: &Dealership, typed: &str) -> Result<Vec<Hit>, db::Error> {
    let typed: String = typed.chars().take(100).collect();
    let begins = typed.to_lowercase();
    let wanted = store::screens::Typed {
        phone: match phone::read(&typed, Some(&dealership.region)) {
            Ok(phone::Phone::Good(number)) => Some(number),
            Ok(phone::Phone::Bad { .. }) | Err(_) => None,
        },
        name: (begins.clone(), format!("{begins}\u{ffff}")),
        text: typed,
    };
    store::screens::search(tx, dealership.id, wanted).await
}

/// The cars that are theirs, the youngest first.
pub async fn cars(tx: &mut Tx, owner: Id<Customer>) -> Result<Vec<Car>, db::Error> {
    store::screens::cars(tx, owner).await
}
