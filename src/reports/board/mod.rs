//! The lists of the dashboard: who is not content and waits, what arrived by which channel, who reached how many.
mod store;

use std::collections::BTreeMap;

use maud::{Markup, html};

use self::store::{Agent, Said, Unhappy};
use crate::{
    clock::Timestamp,
    console::{
        Visitor, Words, charts,
        pieces::{countdown, tag},
    },
    db::{self, Tx},
    id::Id,
    surveys::statistics::share,
};

/// So many names stand on the dashboard; all of them are on the board of cases.
const NAMES: i64 = 8;
/// Whose calls are fewer has no rate: chance is no ranking (BR-53).
const RATED_FROM: i64 = 10;

/// What the lists show.
#[derive(Debug)]
pub(super) struct Board {
    unhappy: Vec<Unhappy>,
    delivery: Vec<Channel>,
    agents: Vec<Agent>,
}

/// A channel's month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Channel {
    word: String,
    arrived: i64,
    /// Handed over, and no word yet of what became of it.
    handed_over: i64,
    failed: i64,
    waiting: i64,
    /// Why most of those failed that did.
    reason: Option<String>,
}

impl Channel {
    fn all(&self) -> i64 {
        self.arrived + self.handed_over + self.failed
    }
}

pub(super) async fn read(tx: &mut Tx, visitor: &Visitor, month: (Timestamp, Timestamp)) -> db::Result<Board> {
    let id = visitor.dealership.id;
    let ids = (Id::new(month.0, [0; 10]), Id::new(month.1, [0; 10]));
    Ok(Board {
        unhappy: store::unhappy(tx, id, NAMES).await?,
        delivery: by_channel(&store::said(tx, id, ids).await?),
        agents: store::agents(tx, id, month).await?,
    })
}

fn by_channel(said: &[Said]) -> Vec<Channel> {
    let mut channels: BTreeMap<&str, (Channel, i64)> = BTreeMap::new();
    for one in said {
        let (channel, worst) = channels.entry(&one.channel).or_default();
        channel.word.clone_from(&one.channel);
        match one.state.as_str() {
            "delivered" => channel.arrived += one.n,
            "accepted" | "unknown" => channel.handed_over += one.n,
            "failed" | "undelivered" | "dead" | "expired" => {
                channel.failed += one.n;
                if one.n > *worst && one.reason.is_some() {
                    *worst = one.n;
                    channel.reason.clone_from(&one.reason);
                }
            }
            "ready" | "sending" | "held" => channel.waiting += one.n,
            _ => {}
        }
    }
    channels.into_values().map(|(channel, _)| channel).collect()
}

/// Low scores by name, not as a chart: each is somebody to call.
pub(super) fn unhappy(visitor: &Visitor, board: &Board) -> Markup {
    let w = visitor.words;
    let most = usize::try_from(NAMES).unwrap_or(usize::MAX);
    html! {
        section class="card" aria-labelledby="low-title" {
            h2 id="low-title" { (w.t("low-title")) }
            @if board.unhappy.is_empty() { p class="muted" { (w.t("low-none")) } }
            ul class="plain" { @for one in board.unhappy.iter().take(most) { li {
                @if let Some(score) = one.score { (tag(&w.ta("score-of-five", &[("score", score.into())]), "bad")) " " }
                a href={ "/console/cases/" (one.id) } { strong { (one.name.as_deref().unwrap_or("—")) } } " " span class="muted" { (one.salutation.as_deref().unwrap_or_default()) }
                " " (countdown(visitor, one.resolve_by)) " " span class="muted small" { (w.code("state", &one.state)) }
                @if let Some(words) = &one.words { br; span class="muted" { (words) } }
            } } }
            p class="small" { a href="/console/cases" { (w.t(if board.unhappy.len() > most { "low-more" } else { "low-all" })) } }
        }
    }
}

pub(super) fn delivery(w: Words, board: &Board) -> Markup {
    html! {
        section class="card" aria-labelledby="delivery-title" {
            h2 id="delivery-title" { (w.t("delivery-title")) }
            @if board.delivery.is_empty() { p class="muted" { (w.t("tile-nothing")) } }
            @else {
                table class="data wide" {
                    thead { tr { th scope="col" { (w.t("col-channel")) } th scope="col" { (w.t("delivery-arrived")) } th scope="col" { (w.t("delivery-handed-over")) } th scope="col" { (w.t("delivery-failed")) } th scope="col" { (w.t("delivery-waiting")) } } }
                    tbody { @for channel in &board.delivery { tr {
                        th scope="row" { (w.code("channel", &channel.word)) (charts::bar(percent(channel.all() - channel.failed, channel.all()))) }
                        td class="num" { (channel.arrived) }
                        td class="num" { (channel.handed_over) }
                        td class="num" { a href="/console/outbox?state=failed" { (channel.failed) } @if let Some(reason) = &channel.reason { br; span class="muted small" { (w.code("reason", reason)) } } }
                        td class="num" { a href="/console/outbox?state=ready" { (channel.waiting) } }
                    } } }
                }
            }
        }
    }
}

fn percent(part: i64, whole: i64) -> f64 {
    let number = |n: i64| f64::from(i32::try_from(n).unwrap_or(i32::MAX));
    if whole == 0 { 0.0 } else { 100.0 * number(part) / number(whole) }
}

/// Who reached how many, with how sure that is.
pub(super) fn agents(w: Words, board: &Board) -> Markup {
    html! {
        section class="card" aria-labelledby="agents-title" {
            h2 id="agents-title" { (w.t("agents-title")) }
            @if board.agents.is_empty() { p class="muted" { (w.t("tile-nothing")) } }
            @else {
                table class="data wide" {
                    thead { tr { th scope="col" { (w.t("role-agent")) } th scope="col" { (w.t("agents-calls")) } th scope="col" { (w.t("agents-reached")) } th scope="col" { (w.t("tile-contact")) } } }
                    tbody { @for agent in &board.agents { tr {
                        th scope="row" { (agent.name.as_deref().unwrap_or(&agent.reference)) }
                        td class="num" { (agent.calls) }
                        td class="num" { (agent.reached) }
                        td class="num" { (rate(w, agent)) }
                    } } }
                }
            }
        }
    }
}

fn rate(w: Words, agent: &Agent) -> Markup {
    let of = |n: i64| u64::try_from(n).unwrap_or(0);
    if let Some(it) = share(of(agent.reached), of(agent.calls)).filter(|_| agent.calls >= RATED_FROM) {
        html! { (format!("{:.0} %", it.value)) " " span class="muted small" { (format!("{:.0}–{:.0}", it.low, it.high)) } }
    } else {
        html! { span title=(w.t("too-few")) { "—" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_says_what_arrived_and_why_most_of_the_others_did_not() {
        let said = |channel: &str, state: &str, reason: Option<&str>, n| Said {
            channel: channel.to_owned(),
            state: state.to_owned(),
            reason: reason.map(str::to_owned),
            n,
        };
        let channels = by_channel(&[
            said("sms", "delivered", None, 7),
            said("sms", "failed", Some("no_such_number"), 1),
            said("sms", "undelivered", Some("switched_off"), 2),
            said("sms", "held", Some("quiet_hours"), 4),
            said("sms", "cancelled", None, 9),
            said("email", "accepted", None, 3),
        ]);
        let [email, sms] = channels.as_slice() else { panic!("{channels:?}") };
        assert_eq!((email.handed_over, email.all(), &email.reason), (3, 3, &None));
        assert_eq!((sms.arrived, sms.failed, sms.waiting, sms.all()), (7, 3, 4, 10));
        assert_eq!(sms.reason.as_deref(), Some("switched_off"));
        assert!((percent(7, 10) - 70.0).abs() < 1e-9 && percent(0, 0).abs() < 1e-9);
    }
}
