//! The kinds of notices as `templates/notices/<kind>/notice.toml` declares them, parsed whole at start.
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Audience, ChannelName, Class, SubjectKind,
    grammar::{Condition, Facts, GrammarError, Time},
    sources::{File, SourceError, Sources},
};
use crate::{
    calendar::{DailyWindow, WindowError},
    calls::CallType,
    clock::Timestamp,
    texts::bindings::Binding,
};

/// The facts of `domain/inputs.md` F2: an event that is not listed can neither raise nor withdraw, so that a typo stops
/// the start instead of silencing a notice for ever.
pub const EVENT_TYPES: &[&str] = &[
    "appointment.arrived",
    "appointment.booked",
    "appointment.cancelled",
    "appointment.completed",
    "appointment.confirmed",
    "appointment.no_show",
    "appointment.proposed",
    "appointment.requested",
    "appointment.rescheduled",
    "call.ended",
    "campaign.closed",
    "campaign.vehicle_open",
    "capacity.set",
    "customer.merged",
    "customer.upserted",
    "inquiry.received",
    "inquiry.replied",
    "ownership.ended",
    "parts.backordered",
    "parts.cancelled",
    "parts.eta_changed",
    "parts.issued",
    "parts.ordered",
    "parts.received",
    "parts.returned",
    "repair_order.closed",
    "repair_order.delivered",
    "repair_order.opened",
    "repair_order.promised_changed",
    "repair_order.qc_passed",
    "repair_order.ready",
    "repair_order.signed",
    "repair_order.work_approved",
    "repair_order.work_declined",
    "repair_order.work_found",
    "vehicle.upserted",
];

/// What our own desks find out when something falls due; no other system sends these.
pub const OWN_FACTS: &[&str] = &[
    "appointment.comeback_found",
    "appointment.move_requested",
    "appointment.no_show_suspected",
    "appointments.day_list_due",
    "appointments.pick_list_due",
    "appointments.pre_arrival_due",
    "assist.answered",
    "assist.asked",
    "assist.escalated",
    "assist.still_asked",
    "call.exhausted",
    "call.unreached",
    "case.acknowledged",
    "case.assigned",
    "case.contacted",
    "case.escalated",
    "case.escalated_to_director",
    "case.raised",
    "case.raised_softly",
    "case.reopened",
    "case.resolved",
    "case.verified",
    "customer.asked_help",
    "customer.opted_out",
    "inquiries.closing_sweep_due",
    "inquiry.answer_approved",
    "inquiry.at_risk",
    "inquiry.breached",
    "inquiry.ended",
    "inquiry.overdue",
    "inquiry.reply_written",
    "maintenance.due",
    "parts.answered",
    "parts.arrival_retracted",
    "parts.asked",
    "parts.booked",
    "parts.complete",
    "parts.date_moved",
    "parts.declined",
    "parts.delayed",
    "parts.ended",
    "parts.fitted",
    "parts.nobody_to_tell",
    "parts.not_to_be_had",
    "parts.placed",
    "parts.reopened",
    "parts.slipped",
    "parts.still_asked",
    "parts.unanswered",
    "parts.undated",
    "repair_order.deferred_due",
    "repair_order.promise_at_risk",
    "repair_order.promise_moved",
    "repair_order.promise_passed",
    "repair_order.unchecked",
    "repair_order.work_booked",
    "repair_order.work_decided",
    "reports.digest_due",
    "reports.own_score_due",
    "reports.weekly_due",
    "survey.closed",
    "survey.invited",
];

/// Why the kinds cannot be loaded: the file, the line, the reason.
#[derive(Debug, thiserror::Error)]
pub enum PlaybookError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{file}:{line}: {problem}")]
    Kind { file: Box<str>, line: usize, problem: Problem },
}

/// What is wrong with one declaration.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Toml(Box<str>),
    #[error(transparent)]
    Grammar(#[from] GrammarError),
    #[error(transparent)]
    Window(#[from] WindowError),
    #[error("`{0}` is no type of event")]
    UnknownEvent(Box<str>),
    #[error("a track is empty, or there is none")]
    EmptyTrack,
    #[error("the channel `{0:?}` comes twice")]
    ChannelTwice(ChannelName),
    #[error("`call` ends a track: nothing can come after it")]
    CallIsLast,
    #[error(
        "`and_skill` adds people to those who have a role here: the audience must be parts, manager, director or agent"
    )]
    SkillWithoutRole,
    #[error("notice.toml is missing")]
    Missing,
}

/// Every kind of notice, by name.
#[derive(Clone, Debug)]
pub struct Playbook(BTreeMap<String, Kind>);

/// One kind of notice.
#[derive(Clone, Debug)]
pub struct Kind {
    pub name: String,
    pub raised_by: BTreeSet<String>,
    /// Withdraw first, then raise: an event may do both to one kind.
    pub withdrawn_by: BTreeSet<String>,
    pub class: Class,
    pub audience: Audience,
    /// Whoever of ours has this skill is told as well: a skill opens no page, as a role does.
    pub and_skill: Option<String>,
    pub subject: SubjectKind,
    /// Side by side; inside a track the next channel only after the one before ended badly.
    pub tracks: Vec<Vec<ChannelName>>,
    /// What a call in its place is about: its script, and its place in the queue.
    pub call: CallType,
    /// The rules that its timing and its conditions come from: `BR-11, BR-12`; shown by a replay.
    pub rule: String,
    /// BR-13: the states of the subject in which this is still worth saying; empty is any.
    pub holds_while: BTreeSet<String>,
    /// Answers a word that ends or asks for messages: it reaches whoever has just said stop, once (BR-62).
    pub despite_stop: bool,
    /// BR-19: reaches a customer only from a feed heard within the last 15 minutes.
    pub live: bool,
    /// The kind to raise in this one's place when an open notice of that kind was withdrawn before anything of it was handed
    /// over: who was never told of a booking is not told of its change.
    pub instead_if_untold: Option<String>,
    /// The kind in whose words it is said, where it has none of its own.
    pub texts_of: Option<String>,
    /// The providers' approved templates, by provider.
    pub bindings: BTreeMap<String, Binding>,
    pub(super) send_at: Option<Time>,
    pub(super) hours: Option<DailyWindow>,
    pub(super) open_day: Option<OpenDay>,
    pub(super) skip_if: Option<Condition>,
    /// Where it does not hold the kind is not meant at all, and nothing is on record of it; unlike `skip_if`, which leaves the
    /// reason why something usual was not said.
    pub(super) only_if: Option<Condition>,
    pub(super) useful_until: Option<Time>,
}

/// Where a nominal time goes that falls on a day on which the dealership is closed (BR-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenDay {
    /// To the last open day before, at the same time on the reader's wall clock.
    Before,
}

impl Playbook {
    /// Reads the embedded kinds and those of a folder that puts its own in their place.
    pub fn load(override_folder: Option<&Path>) -> Result<Self, PlaybookError> {
        Self::from_sources(&Sources::read(override_folder)?)
    }

    /// The same from files that were read already.
    pub fn from_sources(sources: &Sources) -> Result<Self, PlaybookError> {
        let mut kinds = BTreeMap::new();
        for (name, files) in sources.kinds() {
            let missing = || PlaybookError::Kind {
                file: format!("{name}/notice.toml").into(),
                line: 1,
                problem: Problem::Missing,
            };
            let kind = Kind::parse(name, files.get("notice.toml").ok_or_else(missing)?)?;
            kinds.insert(name.to_owned(), kind);
        }
        for kind in kinds.values() {
            let named = [("instead_if_untold", &kind.instead_if_untold), ("texts_of", &kind.texts_of)];
            for (key, other) in named {
                if let Some(other) = other.as_ref().filter(|other| !kinds.contains_key(*other)) {
                    let problem = Problem::Toml(format!("{key} names {other}, which is no kind").into());
                    let file = format!("{}/notice.toml", kind.name).into();
                    return Err(PlaybookError::Kind { file, line: 1, problem });
                }
            }
        }
        Ok(Self(kinds))
    }

    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.0.get(name)
    }
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.0.values()
    }
    /// The kinds that an event raises.
    pub fn raised_by<'a>(&'a self, event_type: &'a str) -> impl Iterator<Item = &'a Kind> {
        self.kinds().filter(move |kind| kind.raised_by.contains(event_type))
    }
    /// The kinds whose open notices an event withdraws; withdraw before raising.
    pub fn withdrawn_by<'a>(&'a self, event_type: &'a str) -> impl Iterator<Item = &'a Kind> {
        self.kinds().filter(move |kind| kind.withdrawn_by.contains(event_type))
    }
}

/// `notice.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    raised_by: Vec<Spanned<String>>,
    #[serde(default)]
    withdrawn_by: Vec<Spanned<String>>,
    class: Class,
    audience: Audience,
    and_skill: Option<Spanned<String>>,
    subject: SubjectKind,
    tracks: Spanned<Vec<Vec<ChannelName>>>,
    send_at: Option<Spanned<String>>,
    hours: Option<Spanned<String>>,
    open_day: Option<OpenDay>,
    instead_if_untold: Option<String>,
    texts_of: Option<String>,
    skip_if: Option<Spanned<String>>,
    only_if: Option<Spanned<String>>,
    useful_until: Option<Spanned<String>>,
    call: Option<CallType>,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    holds_while: BTreeSet<String>,
    #[serde(default)]
    despite_stop: bool,
    #[serde(default)]
    live: bool,
    #[serde(default)]
    bindings: BTreeMap<String, Binding>,
}

impl Kind {
    /// Whether the kind is meant at all for a subject with these facts; one that lacks a fact it asks for is not.
    pub fn is_meant(&self, facts: &Facts, now: Timestamp) -> bool {
        self.only_if.as_ref().is_none_or(|condition| condition.holds(facts, now).unwrap_or(false))
    }
    /// Said at once because something happened, not because a time came: it counts for no cap (D6.4).
    pub fn is_immediate(&self) -> bool {
        self.send_at.is_none() && matches!(self.class, Class::Transactional | Class::Safety | Class::Internal)
    }
    /// Reads one declaration; an unknown key is an error.
    fn parse(name: &str, file: &File) -> Result<Self, PlaybookError> {
        let at = |offset: usize, problem: Problem| PlaybookError::Kind {
            file: file.path.clone(),
            line: file.text[..offset.min(file.text.len())].matches('\n').count() + 1,
            problem,
        };
        let declared: Declared = toml::from_str(&file.text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            at(offset, Problem::Toml(error.message().into()))
        })?;
        let subject = declared.subject;
        let time = |text: Option<Spanned<String>>| {
            text.map(|text| Time::parse(text.get_ref(), subject).map_err(|error| at(text.span().start, error.into())))
                .transpose()
        };
        let events = |types: Vec<Spanned<String>>| {
            types.into_iter().map(|event| {
                let known = [EVENT_TYPES, OWN_FACTS].iter().any(|facts| facts.contains(&event.get_ref().as_str()));
                let unknown = |event: &Spanned<String>| {
                    at(event.span().start, Problem::UnknownEvent(event.get_ref().as_str().into()))
                };
                if known { Ok(event.into_inner()) } else { Err(unknown(&event)) }
            })
        };
        tracks_make_sense(declared.tracks.get_ref()).map_err(|problem| at(declared.tracks.span().start, problem))?;
        if let Some(skill) = declared.and_skill.as_ref().filter(|_| declared.audience.role().is_none()) {
            return Err(at(skill.span().start, Problem::SkillWithoutRole));
        }
        let hours = declared.hours.map(|text| {
            let window = text.get_ref().parse::<DailyWindow>();
            window.map_err(|error| at(text.span().start, error.into()))
        });
        let condition = |text: Option<Spanned<String>>| {
            let read = |text: Spanned<String>| {
                let condition = Condition::parse(text.get_ref(), subject);
                condition.map_err(|error| at(text.span().start, error.into()))
            };
            text.map(read).transpose()
        };
        Ok(Self {
            name: name.to_owned(),
            raised_by: events(declared.raised_by).collect::<Result<_, _>>()?,
            withdrawn_by: events(declared.withdrawn_by).collect::<Result<_, _>>()?,
            class: declared.class,
            audience: declared.audience,
            and_skill: declared.and_skill.map(Spanned::into_inner),
            subject,
            tracks: declared.tracks.into_inner(),
            call: declared.call.unwrap_or(CallType::Unwritten),
            rule: declared.rule,
            holds_while: declared.holds_while,
            despite_stop: declared.despite_stop,
            live: declared.live,
            instead_if_untold: declared.instead_if_untold,
            texts_of: declared.texts_of,
            bindings: declared.bindings,
            send_at: time(declared.send_at)?,
            hours: hours.transpose()?,
            open_day: declared.open_day,
            skip_if: condition(declared.skip_if)?,
            only_if: condition(declared.only_if)?,
            useful_until: time(declared.useful_until)?,
        })
    }
}

fn tracks_make_sense(tracks: &[Vec<ChannelName>]) -> Result<(), Problem> {
    if tracks.is_empty() || tracks.iter().any(Vec::is_empty) {
        return Err(Problem::EmptyTrack);
    }
    let mut seen = BTreeSet::new();
    for track in tracks {
        for (place, channel) in track.iter().enumerate() {
            if !seen.insert(*channel) {
                return Err(Problem::ChannelTwice(*channel));
            }
            if *channel == ChannelName::Call && place + 1 < track.len() {
                return Err(Problem::CallIsLast);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
