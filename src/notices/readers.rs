//! Who reads a notice, and where: their address for a channel, their language, their clock.
use super::{ChannelName, compose::Claimed, store::Due};
use crate::{channels::Routes, dealerships::Dealership};

/// The address for a channel: a mobile number before another that takes texts. Who works here is reached by `WeCom`, alone or in
/// their dealership's group, and by mail; where nobody is named, the dealership is.
pub(super) fn address(
    claimed: &Claimed,
    dealership: &Dealership,
    channel: ChannelName,
    routes: &Routes,
) -> Option<String> {
    if claimed.due.audience.works_here() {
        let due = &claimed.due;
        return match channel {
            ChannelName::Email => due.staff_email.clone().or_else(|| dealership.email.clone()),
            ChannelName::Wecom => routes.wecom_address(&dealership.code, due.staff_wecom.as_deref()),
            ChannelName::Sms | ChannelName::Wechat | ChannelName::Call => None,
        };
    }
    let of = |kind: &str| claimed.points.iter().filter(move |point| point.kind == kind).collect::<Vec<_>>();
    match channel {
        ChannelName::Email => of("email").first().map(|point| point.value.clone()),
        ChannelName::Sms => {
            let phones: Vec<_> = of("phone").into_iter().filter(|point| takes_texts(&point.value)).collect();
            let mobile = phones.iter().find(|point| point.label.as_deref() == Some("mobile"));
            mobile.or(phones.first()).map(|point| point.value.clone())
        }
        ChannelName::Wechat => of("wechat").first().map(|point| point.value.clone()),
        ChannelName::Wecom | ChannelName::Call => None,
    }
}

/// The reader's language, where they said one.
pub(super) fn language(due: &Due) -> Option<&str> {
    if due.audience.works_here() {
        return due.staff_languages.as_ref().and_then(|languages| languages.first()).map(String::as_str);
    }
    due.language.as_deref()
}

/// Landlines of China and Japan cannot take a text; elsewhere a number does not tell.
fn takes_texts(number: &str) -> bool {
    if let Some(rest) = number.strip_prefix("+86") {
        return rest.starts_with('1');
    }
    match number.strip_prefix("+81") {
        Some(rest) => ["70", "80", "90"].iter().any(|mobile| rest.starts_with(mobile)),
        None => true,
    }
}

/// Who works here reads by the dealership's clock.
pub(super) fn reader_zone_name(due: &Due, dealership: &Dealership) -> String {
    let customers = due.time_zone.clone().filter(|_| !due.audience.works_here());
    let own = customers.or_else(|| dealership.zone.iana_name().map(str::to_owned));
    own.unwrap_or_else(|| "UTC".to_owned())
}
