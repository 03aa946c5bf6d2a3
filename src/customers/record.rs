//! What is held of one customer, and what an event changes in it: pure, so that a table of cases can show it.
use sqlx::types::Json;

use super::{Address, AddressKind, ContactPoint, Customer, Kind, Person, Validity};
use crate::id::Id;
use crate::{clock::Timestamp, dealerships::Dealership, id::Ids};

/// A customer with every contact point, also the removed ones, and which rows are to be written.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) customer: Customer,
    pub(super) is_changed: bool,
    pub(super) points: Vec<(ContactPoint, Changed)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    No,
    Yes,
}

/// A word about somebody: who said it and when it was true.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) source: &'a str,
    /// The event's `time`.
    pub(super) heard_at: Timestamp,
    pub(super) now: Timestamp,
}

/// An address that turned out to be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoAddress {
    pub(super) kind: AddressKind,
    pub(super) reason: &'static str,
}

impl Held {
    /// Somebody heard of for the first time: as old as can be, so that [`Held::refresh`] fills them in.
    pub(super) fn new(id: Id<Customer>, dealership_id: Id<Dealership>, reference: &str, word: Word<'_>) -> Self {
        let customer = Customer {
            id,
            dealership_id,
            reference: reference.to_owned(),
            kind: Kind::Person,
            name: None,
            salutation: None,
            language: None,
            time_zone: None,
            preferred_channel: None,
            call_hours: None,
            vip: false,
            needs: Json(Vec::new()),
            search_name: String::new(),
            heard_at: word.heard_at,
            created_at: word.now,
        };
        Self { customer, is_changed: true, points: Vec::new() }
    }

    /// Takes over what `person` says, unless something younger was heard; tells which new addresses are none.
    pub(super) fn refresh(&mut self, person: &Person, word: Word<'_>, ids: &Ids) -> Vec<NoAddress> {
        if word.heard_at < self.customer.heard_at {
            return Vec::new();
        }
        let customer = &mut self.customer;
        let before = customer.clone();
        customer.heard_at = word.heard_at;
        customer.kind = person.kind.unwrap_or(customer.kind);
        for (held, told) in [
            (&mut customer.name, &person.name),
            (&mut customer.salutation, &person.salutation),
            (&mut customer.language, &person.language),
            (&mut customer.time_zone, &person.time_zone),
            (&mut customer.call_hours, &person.call_hours),
        ] {
            if told.is_some() {
                held.clone_from(told);
            }
        }
        customer.preferred_channel = person.preferred_channel.or(customer.preferred_channel);
        customer.vip = person.vip.unwrap_or(customer.vip);
        if let Some(needs) = &person.needs {
            customer.needs = Json(needs.clone());
        }
        customer.search_name = customer.name.as_deref().unwrap_or_default().to_lowercase();
        self.is_changed |= *customer != before;
        let mut none = Vec::new();
        let lists = [
            (AddressKind::Phone, person.phones.as_deref()),
            (AddressKind::Email, person.email.as_ref().map(std::slice::from_ref)),
            (AddressKind::Wechat, person.wechat_openid.as_ref().map(std::slice::from_ref)),
        ];
        for (kind, list) in lists {
            if let Some(list) = list {
                self.replace(kind, list, word, ids, &mut none);
            }
        }
        none
    }

    /// The list of one kind that one source tells replaces its last one.
    fn replace(&mut self, kind: AddressKind, list: &[Address], word: Word<'_>, ids: &Ids, none: &mut Vec<NoAddress>) {
        let is_listed = |point: &ContactPoint| list.iter().any(|a| a.value == point.value);
        for (point, changed) in &mut self.points {
            if point.kind == kind && point.source == word.source && point.removed_at.is_none() && !is_listed(point) {
                point.removed_at = Some(word.now);
                *changed = Changed::Yes;
            }
        }
        for (index, address) in list.iter().enumerate() {
            if list[..index].iter().any(|earlier| earlier.value == address.value) {
                continue;
            }
            let position = i64::try_from(index).unwrap_or(i64::MAX);
            let known = self
                .points
                .iter_mut()
                .find(|(point, _)| point.kind == kind && point.source == word.source && point.value == address.value);
            if let Some((point, changed)) = known {
                let before = point.clone();
                point.position = position;
                point.removed_at = None;
                if address.label.is_some() {
                    point.label.clone_from(&address.label);
                }
                // What is known of the address otherwise, such as a bounce, outlives its being told again.
                match (address.invalid, point.validity) {
                    (None, Validity::Invalid) => (point.validity, point.invalid_reason) = (Validity::Unknown, None),
                    (Some(reason), Validity::Unknown | Validity::Ok) => {
                        (point.validity, point.invalid_reason) = (Validity::Invalid, Some(reason.to_owned()));
                        none.push(NoAddress { kind, reason });
                    }
                    _ => {}
                }
                if *point != before {
                    *changed = Changed::Yes;
                }
            } else {
                none.extend(address.invalid.map(|reason| NoAddress { kind, reason }));
                let point = ContactPoint {
                    id: ids.next(),
                    customer_id: self.customer.id,
                    kind,
                    value: address.value.clone(),
                    label: address.label.clone(),
                    source: word.source.to_owned(),
                    position,
                    validity: if address.invalid.is_some() { Validity::Invalid } else { Validity::Unknown },
                    invalid_reason: address.invalid.map(str::to_owned),
                    added_at: word.now,
                    removed_at: None,
                };
                self.points.push((point, Changed::Yes));
            }
        }
    }
}
