//! One step of a track becomes a message: checked, addressed, rendered; or passed over, or put off.
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::{
    ChannelName, SubjectKind, approving,
    compose::{Claimed, Compose, Outcome, Texts},
    facts::{invite, invites, list_of, page_of, setting},
    letters::{Rendered, content::forbidden_link},
    playbook::Kind,
    readers::{address, language, reader_zone_name},
    readings::Reading,
    store::{Composed, Due, NewMessage},
    tracks::{Passed, Progress, Step, Tracks},
    wording::Locale,
    words::{Links, Words},
};
use crate::{
    calls::{CallType, NewTask},
    channels::{
        email::{Address, Method},
        sms::Approved,
    },
    clock::Timestamp,
    dealerships::Dealership,
    links::Purpose,
    messages::{Envelope, Priority, State},
    timeline::Entry,
};

/// A track came to its end, and a task to call was made.
const A_PERSON_CALLS: &str = "a_person_calls";
/// Who could not be written to is called by the end of the next working day.
const CALL_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Why a step of a track makes no message now.
pub(super) enum NotNow {
    Pass(&'static str),
    /// Until when, and why.
    Wait(Timestamp, &'static str),
}

impl Compose {
    /// Checks the notice once more and walks its tracks.
    pub(super) fn compose(&self, claimed: &Claimed, dealership: &Arc<Dealership>, texts: &Texts) -> Outcome {
        let now = self.ids.clock.now();
        let due = &claimed.due;
        let Some(kind) = self.playbook.kind(&due.kind) else {
            return self.end(claimed, "held", "kind_unknown", now);
        };
        if is_past_use(due, now) && claimed.steps.is_empty() {
            return self.end(claimed, "expired", "past_use", now);
        }
        if kind.live && kind.audience.role().is_none() && !claimed.is_live {
            return self.end(claimed, "skipped", "feed_not_live", now);
        }
        if let Some(reason) = no_longer_true(kind, claimed.reading.as_ref()) {
            return self.end(claimed, "withdrawn", reason, now);
        }
        self.along_the_tracks((claimed, dealership, texts), kind, now)
    }

    /// Walks each track to the step whose turn it is.
    fn along_the_tracks(
        &self,
        (claimed, dealership, texts): (&Claimed, &Arc<Dealership>, &Texts),
        kind: &Kind,
        now: Timestamp,
    ) -> Outcome {
        let due = &claimed.due;
        let mut tracks: Tracks = due.tracks.0.clone();
        // Only before anything of it was said: afterwards the tracks are how it was begun.
        let is_fresh = claimed.steps.is_empty() && tracks.passed.is_empty();
        if let Some(wish) = due.preferred_channel.filter(|_| is_fresh && !due.audience.works_here()) {
            tracks = tracks.preferring(wish);
        }
        let (mut messages, mut waits, mut call) = (Vec::new(), Vec::new(), None);
        let mut steps = claimed.steps.clone();
        let mut waiting = Vec::new();
        // Until nothing has its turn: what becomes of one track may give a turn to a call of another that was looked at before.
        while let Some((track, step)) = tracks.next(&steps, &waiting) {
            let channel = tracks.tracks[track][step];
            let mut pass =
                |reason: &str| tracks.passed.push(Passed { track, step, channel, reason: reason.to_owned() });
            if channel == ChannelName::Call {
                let refused = self.why_no_call(claimed, dealership, kind, now);
                pass(refused.unwrap_or(A_PERSON_CALLS));
                if refused.is_none() {
                    call = call_task(claimed, dealership, kind.call, now);
                }
                continue;
            }
            match self.message((claimed, dealership, texts), kind, channel, now) {
                Ok(message) => {
                    steps.push(Step { track, step, state: message.state });
                    let place = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
                    messages.push(NewMessage { track: place(track), step: place(step), ..message });
                }
                Err(NotNow::Pass(reason)) => pass(reason),
                Err(NotNow::Wait(until, reason)) => {
                    waits.push((until, reason));
                    waiting.push(track);
                }
            }
        }
        let (not_before, waits_for) = waits.into_iter().min().unzip();
        let shadow = dealership.shadow;
        let awaited = approving::awaited(&tracks);
        let (state, reason) = match tracks.progress(&steps) {
            Progress::Open | Progress::Next if shadow && !steps.is_empty() => ("held", Some("shadow")),
            Progress::Next if steps.is_empty() => ("waiting", waits_for),
            Progress::Next => ("sending", waits_for),
            Progress::Open => ("sending", None),
            Progress::Done => ("done", None),
            Progress::Called => ("withdrawn", Some("cancelled")),
            Progress::Failed | Progress::Skipped if call.is_some() => ("failed", Some(A_PERSON_CALLS)),
            Progress::Failed => ("failed", Some("track_ran_out")),
            // Nothing else could be tried: it waits for the template, and then everything is looked at afresh.
            Progress::Skipped if awaited.is_some() => {
                tracks = due.tracks.0.clone();
                ("held", awaited)
            }
            Progress::Skipped => ("skipped", Some(why_nothing(&tracks))),
        };
        let line = reason.is_some().then(|| self.line(claimed, state, reason, now));
        let notice =
            Composed { id: due.id, fence: due.fence, state, reason: reason.map(str::to_owned), not_before, tracks };
        Outcome { notice, messages, line, call }
    }

    fn message(
        &self,
        (claimed, dealership, texts): (&Claimed, &Dealership, &Texts),
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
            ChannelName::Wechat => self.routes.wechat.is_some(),
            ChannelName::Wecom => self.routes.wecom.is_some(),
            ChannelName::Call => false,
        };
        if !configured {
            return Err(NotNow::Pass("not_configured"));
        }
        let to_address = address(claimed, dealership, channel, &self.routes).ok_or(NotNow::Pass("no_address"))?;
        let from = self.sender.address.clone().or_else(|| dealership.email.clone());
        let from = match (from, channel) {
            (Some(address), _) => address,
            (None, ChannelName::Email) => return Err(NotNow::Pass("no_sender")),
            (None, _) => String::new(),
        };
        let locale = Locale::of(language(due), Some(&dealership.locale));
        let version = texts.letters.version(&kind.name, locale, channel).ok_or(NotNow::Pass("no_text"))?;
        self.permission(claimed, dealership, kind, (channel, &to_address), now)?;
        let reading = claimed.reading.as_ref().ok_or(NotNow::Pass("subject_gone"))?;
        let method = invites(kind).filter(|_| channel == ChannelName::Email);
        let (mut setting, about) = setting(due, reading, dealership, method).ok_or(NotNow::Pass("fact_missing"))?;
        setting.replies = self.app.config.inbound.sms.secret.is_some();
        let page = page_of(due, &about);
        setting.links = page.map(|(page, claim)| Links { manage: self.links.url(&texts.key, page, &claim) });
        let letter = Words::new(&setting, &about, locale);
        let rendered = texts.letters.render(&kind.name, locale, channel, &letter).map_err(|error| {
            tracing::error!(notice = %due.id, kind = kind.name, error = &error as &dyn std::error::Error, "a letter could not be rendered");
            NotNow::Pass("not_rendered")
        })?;
        let approved = self.approved((channel, texts, &rendered), &letter, dealership).map_err(NotNow::Pass)?;
        let (id, domain) = (self.ids.next(), self.message_id_domain(&from));
        let own = self.app.addresses.of(id, !due.audience.works_here(), dealership.email.as_deref());
        let envelope = Envelope {
            from: Address { name: self.sender_name(dealership), address: from },
            reply_to: own.answers.map(|address| Address { name: dealership.name.clone(), address }),
            return_path: own.reports,
            opt_out: own.opt_out,
            references: serde_json::from_value(due.detail["references"].clone()).unwrap_or_default(),
            files: serde_json::from_value(due.detail["files"].clone()).unwrap_or_default(),
            to_name: setting.person.name.clone(),
            message_id_domain: domain,
            class: due.class,
            kind: due.kind.clone(),
            despite_stop: kind.despite_stop,
            region: dealership.region.clone(),
            zone: reader_zone_name(due, dealership),
            acted_at: due.acted_at,
            link: letter.links.as_ref().filter(|_| channel == ChannelName::Wechat).map(|links| links.manage.clone()),
            house: (channel == ChannelName::Wecom).then(|| dealership.name.clone()),
            mention: due.staff_wecom.clone().filter(|user| channel == ChannelName::Wecom && *user != to_address),
            approved,
            unsubscribe: list_of(due, now).map(|claim| self.app.links.url(&texts.key, Purpose::Preferences, &claim)),
        };
        let invite = method.and_then(|method| invite(reading, &about, &letter, &envelope, &to_address, method, now));
        let (subject, body, html) = match rendered {
            Rendered::Email { subject, html, text } => (Some(subject), text, Some(html)),
            Rendered::Sms { text } if forbidden_link(&text, letter.signature.is_some()) => {
                return Err(NotNow::Pass("forbidden_in_region"));
            }
            Rendered::Sms { text } => (None, with_note(text, &letter), None),
            Rendered::Wecom { text } => (None, text, None),
            Rendered::Wechat { fields } => (None, as_lines(envelope.approved.as_ref(), &fields), None),
        };
        Ok(NewMessage {
            id,
            notice_id: due.id,
            dealership_id: due.dealership_id,
            customer_id: due.customer_id.filter(|_| !due.audience.works_here()),
            staff_id: due.staff_id,
            track: 0,
            step: 0,
            channel,
            priority: Priority::of(due.class),
            class: due.class,
            immediate: kind.is_immediate(),
            to_address,
            locale,
            template_version: version.to_owned(),
            state: if dealership.shadow { State::Held } else { State::Ready },
            reason: dealership.shadow.then_some("shadow"),
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
        Outcome { notice, messages: Vec::new(), line: Some(self.line(claimed, state, Some(reason), now)), call: None }
    }

    fn line(&self, claimed: &Claimed, state: &str, reason: Option<&str>, now: Timestamp) -> Entry {
        let mut line = Entry::new(self.ids.next(), claimed.due.dealership_id, now, format!("notice.{state}"));
        line.customer_id = claimed.due.customer_id;
        line.notice_id = Some(claimed.due.id);
        line.reason = reason.map(str::to_owned);
        line
    }
}

/// The last resort of a track: the call that a person makes in place of a text.
fn call_task(claimed: &Claimed, dealership: &Arc<Dealership>, about: CallType, now: Timestamp) -> Option<NewTask> {
    let due = &claimed.due;
    let customer = due.customer_id.filter(|_| !due.audience.works_here())?;
    let subject = (due.subject_type, due.subject_id.clone());
    let due_at = due.useful_until.unwrap_or(now.plus(CALL_WITHIN)).min(now.plus(CALL_WITHIN));
    let task = NewTask::new(about, dealership, customer, subject, "track_ran_out", (now, due_at));
    // One of each kind of notice and revision: a second change that cannot be told is a second call.
    Some(NewTask {
        round: due.subject_revision,
        is_urgent: true,
        // About a car in the workshop its advisor calls (G5).
        skill: (due.subject_type == SubjectKind::RepairOrder).then(|| "advisor".to_owned()),
        detail: json!({"notice": due.id, "kind": due.kind}),
        ..task
    })
}

/// Why no channel could be tried: what the reader said before what we lack.
fn why_nothing(tracks: &Tracks) -> &'static str {
    const FIRST: [&str; 19] = [
        "suppressed",
        "opted_out",
        "consent_revoked",
        "no_consent",
        "stopped_on_channel",
        "quiet_past_use",
        "cap_past_use",
        "past_use",
        "subject_gone",
        "fact_missing",
        "forbidden_in_region",
        "template_param_forbidden",
        "template_param_too_long",
        "template_param_missing",
        "not_rendered",
        "no_text",
        "no_sender",
        "no_address",
        "not_configured",
    ];
    FIRST.into_iter().find(|reason| tracks.passed.iter().any(|passed| passed.reason == *reason)).unwrap_or("no_address")
}

/// A template message as it is read here: what goes over the wire, a field a line.
fn as_lines(approved: Option<&Approved>, fields: &[(String, String)]) -> String {
    let fields = approved.map_or(fields, |approved| &approved.params);
    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

/// What a colleague added goes at the end of a text, where free text may be sent at all: the mainland has none.
fn with_note(text: String, letter: &Words) -> String {
    match letter.note.as_ref().filter(|_| letter.signature.is_none()) {
        Some(note) => format!("{text} {note}"),
        None => text,
    }
}

pub(super) fn is_past_use(due: &Due, now: Timestamp) -> bool {
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
