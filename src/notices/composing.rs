//! One step of a track becomes a message: checked, addressed, rendered; or passed over, or put off.
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    ChannelName,
    compose::{Claimed, Compose, Outcome},
    facts::{invite, invites, setting},
    letters::Rendered,
    playbook::Kind,
    readings::Reading,
    store::{Composed, Due, NewMessage},
    tracks::{Passed, Progress, Standing, Step, Tracks},
    wording::Locale,
    words::Words,
};
use crate::{
    calendar::{Region, quiet_until},
    channels::email::{Address, Method},
    clock::Timestamp,
    dealerships::Dealership,
    messages::{Envelope, Priority, State},
    timeline::Entry,
};

/// Why a step of a track makes no message now.
enum NotNow {
    Pass(&'static str),
    Wait(Timestamp),
}

impl Compose {
    /// Checks the notice once more and walks its tracks.
    pub(super) fn compose(&self, claimed: &Claimed, dealership: &Dealership) -> Outcome {
        let now = self.ids.clock.now();
        let due = &claimed.due;
        let Some(kind) = self.playbook.kind(&due.kind) else {
            return self.end(claimed, "held", "kind_unknown", now);
        };
        if is_past_use(due, now) && claimed.steps.is_empty() {
            return self.end(claimed, "expired", "past_use", now);
        }
        if let Some(reason) = no_longer_true(kind, claimed.reading.as_ref()) {
            return self.end(claimed, "withdrawn", reason, now);
        }
        self.along_the_tracks(claimed, dealership, kind, now)
    }

    /// Walks each track to the step whose turn it is.
    fn along_the_tracks(&self, claimed: &Claimed, dealership: &Dealership, kind: &Kind, now: Timestamp) -> Outcome {
        let due = &claimed.due;
        let mut tracks: Tracks = due.tracks.0.clone();
        let (mut messages, mut waits) = (Vec::new(), Vec::new());
        let mut steps = claimed.steps.clone();
        for track in 0..tracks.tracks.len() {
            while let Standing::Next(step) = tracks.standing(track, &steps) {
                let channel = tracks.tracks[track][step];
                match self.message((claimed, dealership), kind, channel, now) {
                    Ok(message) => {
                        steps.push(Step { track, step, state: message.state });
                        let place = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
                        messages.push(NewMessage { track: place(track), step: place(step), ..message });
                    }
                    Err(NotNow::Pass(reason)) => {
                        tracks.passed.push(Passed { track, step, channel, reason: reason.to_owned() });
                    }
                    Err(NotNow::Wait(until)) => {
                        waits.push(until);
                        break;
                    }
                }
            }
        }
        let not_before = waits.into_iter().min();
        let shadow = dealership.shadow;
        let (state, reason) = match tracks.progress(&steps) {
            Progress::Open | Progress::Next if shadow && !steps.is_empty() => ("held", Some("shadow")),
            Progress::Next if steps.is_empty() => ("waiting", Some("quiet_hours")),
            Progress::Next => ("sending", Some("quiet_hours")),
            Progress::Open => ("sending", None),
            Progress::Done => ("done", None),
            Progress::Called => ("withdrawn", Some("cancelled")),
            Progress::Failed => ("failed", Some("track_ran_out")),
            Progress::Skipped => ("skipped", Some("no_address")),
        };
        let line = reason.is_some().then(|| self.line(claimed, state, reason, now));
        let notice =
            Composed { id: due.id, fence: due.fence, state, reason: reason.map(str::to_owned), not_before, tracks };
        Outcome { notice, messages, line }
    }

    fn message(
        &self,
        (claimed, dealership): (&Claimed, &Dealership),
        kind: &Kind,
        channel: ChannelName,
        now: Timestamp,
    ) -> Result<NewMessage, NotNow> {
        let due = &claimed.due;
        if is_past_use(due, now) {
            return Err(NotNow::Pass("past_use"));
        }
        let configured = match channel {
            ChannelName::Email => self.routes.email.is_some(),
            ChannelName::Sms => self.routes.sms.is_some(),
            ChannelName::Wechat | ChannelName::Wecom | ChannelName::Call => false,
        };
        if !configured {
            return Err(NotNow::Pass("not_configured"));
        }
        let to_address = address(claimed, dealership, channel).ok_or(NotNow::Pass("no_address"))?;
        let from = self.sender.address.clone().or_else(|| dealership.email.clone());
        let from = match (from, channel) {
            (Some(address), _) => address,
            (None, ChannelName::Email) => return Err(NotNow::Pass("no_sender")),
            (None, _) => String::new(),
        };
        let locale = Locale::of(language(due), Some(&dealership.locale));
        let version = self.letters.version(&kind.name, locale, channel).ok_or(NotNow::Pass("no_text"))?;
        if let Some(until) = self.quiet_until(due, dealership, channel, now) {
            return Err(if due.useful_until.is_some_and(|end| end <= until) {
                NotNow::Pass("quiet_past_use")
            } else {
                NotNow::Wait(until)
            });
        }
        let reading = claimed.reading.as_ref().ok_or(NotNow::Pass("subject_gone"))?;
        let method = invites(kind).filter(|_| channel == ChannelName::Email);
        let (setting, about) = setting(due, reading, dealership, method).ok_or(NotNow::Pass("fact_missing"))?;
        let letter = Words::new(&setting, &about, locale);
        let rendered = self.letters.render(&kind.name, locale, channel, &letter).map_err(|error| {
            tracing::error!(notice = %due.id, kind = kind.name, error = &error as &dyn std::error::Error, "a letter could not be rendered");
            NotNow::Pass("not_rendered")
        })?;
        let domain = self.message_id_domain(&from);
        let to_name = setting.person.name.clone();
        let envelope = Envelope {
            from: Address { name: self.sender_name(dealership), address: from },
            reply_to: dealership.email.clone().map(|address| Address { name: dealership.name.clone(), address }),
            to_name,
            message_id_domain: domain,
            class: due.class,
            region: dealership.region.clone(),
            zone: reader_zone_name(due, dealership),
            acted_at: due.acted_at,
        };
        let invite = method.and_then(|method| invite(reading, &about, &letter, &envelope, &to_address, method, now));
        let (subject, body, html) = match rendered {
            Rendered::Email { subject, html, text } => (Some(subject), text, Some(html)),
            Rendered::Sms { text } => (None, text, None),
        };
        let held = dealership.shadow;
        Ok(NewMessage {
            id: self.ids.next(),
            notice_id: due.id,
            dealership_id: due.dealership_id,
            customer_id: due.customer_id.filter(|_| !due.audience.works_here()),
            staff_id: due.staff_id,
            track: 0,
            step: 0,
            channel,
            priority: Priority::of(due.class),
            to_address,
            locale,
            template_version: version.to_owned(),
            state: if held { State::Held } else { State::Ready },
            reason: held.then_some("shadow"),
            not_before: now,
            useful_until: due.useful_until,
            created_at: now,
            envelope,
            subject,
            body,
            html,
            invite_method: method
                .filter(|_| invite.is_some())
                .map(|method| if method == Method::Cancel { "CANCEL" } else { "REQUEST" }),
            invite,
        })
    }

    /// The end of the reader's quiet hours with some jitter, unless this answers the reader's own act.
    fn quiet_until(
        &self,
        due: &Due,
        dealership: &Dealership,
        channel: ChannelName,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if due.acted_at.is_some_and(|at| now.since(at) <= self.own_act) {
            return None;
        }
        let zone = TimeZone::get(&reader_zone_name(due, dealership)).unwrap_or(TimeZone::UTC);
        let region = Region::of(&dealership.region);
        let jitter = i64::try_from(self.ids.random.below(180)).unwrap_or(0);
        quiet_until(now, due.class, region, channel.rings(), &zone)
            .map(|until| until.plus(SignedDuration::from_secs(jitter)))
    }

    fn sender_name(&self, dealership: &Dealership) -> String {
        self.sender.name.clone().unwrap_or_else(|| format!("{} {}", dealership.name, dealership.department))
    }

    fn message_id_domain(&self, from: &str) -> String {
        let own = self.sender.message_id_domain.clone();
        own.or_else(|| from.rsplit_once('@').map(|(_, domain)| domain.to_owned()))
            .unwrap_or_else(|| "aftercare.invalid".to_owned())
    }

    pub(super) fn end(&self, claimed: &Claimed, state: &'static str, reason: &'static str, now: Timestamp) -> Outcome {
        let due = &claimed.due;
        let notice = Composed {
            id: due.id,
            fence: due.fence,
            state,
            reason: Some(reason.to_owned()),
            not_before: None,
            tracks: due.tracks.0.clone(),
        };
        Outcome { notice, messages: Vec::new(), line: Some(self.line(claimed, state, Some(reason), now)) }
    }

    fn line(&self, claimed: &Claimed, state: &str, reason: Option<&str>, now: Timestamp) -> Entry {
        let mut line = Entry::new(self.ids.next(), claimed.due.dealership_id, now, format!("notice.{state}"));
        line.customer_id = claimed.due.customer_id;
        line.notice_id = Some(claimed.due.id);
        line.reason = reason.map(str::to_owned);
        line
    }
}

/// The address for a channel: a mobile number before another that takes texts. Who works here is reached by mail, and where
/// nobody is named, the dealership is.
fn address(claimed: &Claimed, dealership: &Dealership, channel: ChannelName) -> Option<String> {
    if claimed.due.audience.works_here() {
        let own = claimed.due.staff_email.clone();
        return (channel == ChannelName::Email).then(|| own.or_else(|| dealership.email.clone())).flatten();
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
fn language(due: &Due) -> Option<&str> {
    if due.audience.works_here() {
        return due.staff_languages.as_ref().and_then(|languages| languages.first()).map(String::as_str);
    }
    due.language.as_deref()
}

fn is_past_use(due: &Due, now: Timestamp) -> bool {
    due.useful_until.is_some_and(|until| until <= now)
}

/// BR-13: the subject is read again before anything is said about it. Its revision may have grown meanwhile without a word
/// to the customer (another advisor); a change that is told has withdrawn this notice in its own transaction, and the text
/// is written from the subject as it stands now.
fn no_longer_true(kind: &Kind, reading: Option<&Reading>) -> Option<&'static str> {
    let Some(reading) = reading else {
        return Some("subject_gone");
    };
    let holds = kind.holds_while.is_empty() || kind.holds_while.contains(&reading.state);
    (!holds).then_some("superseded")
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
fn reader_zone_name(due: &Due, dealership: &Dealership) -> String {
    let customers = due.time_zone.clone().filter(|_| !due.audience.works_here());
    let own = customers.or_else(|| dealership.zone.iana_name().map(str::to_owned));
    own.unwrap_or_else(|| "UTC".to_owned())
}
