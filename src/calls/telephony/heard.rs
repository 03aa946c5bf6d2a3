//! What an exchange tells of a call: kept with the attempt, and the agent's stage moves with it; the outcome stays the agent's word.
use serde::Deserialize;
use serde_json::json;

use super::super::{
    CallAttempt, Stage, State,
    keeping::{keep, line},
    outcomes::TelephonyResult,
    store::{self, attempts},
};
use crate::{
    clock::Timestamp,
    clocks::{self, ClockKind, actions::NewClock},
    db,
    desk::{Desk, Told},
    http::Access,
    id::Id,
    intake::Outcome,
};

/// `call.ended` (`domain/inputs.md` F2): how a call went, from any exchange.
#[derive(Clone, Debug)]
pub struct Ended {
    pub attempt: Id<CallAttempt>,
    pub result: Option<TelephonyResult>,
    pub started_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub recording_url: Option<String>,
}

/// An event of Asterisk as its REST interface writes it; what is not listed is not read.
#[derive(Clone, Debug, Deserialize)]
pub struct ExchangeEvent {
    #[serde(rename = "type")]
    pub kind: String,
    pub timestamp: Option<String>,
    pub channel: Option<Channel>,
    pub caller: Option<Channel>,
    pub dialstatus: Option<String>,
    pub cause: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Channel {
    pub id: String,
}

impl ExchangeEvent {
    /// What it says of one of our calls; none when it is about something else, or nothing that we keep.
    pub fn read(&self, now: Timestamp) -> Option<Ended> {
        let channel = self.channel.as_ref().or(self.caller.as_ref())?;
        let attempt = channel.id.parse().ok()?;
        let at = self.timestamp.as_deref().and_then(moment).unwrap_or(now).min(now);
        let mut ended =
            Ended { attempt, result: None, started_at: None, answered_at: None, ended_at: None, recording_url: None };
        match (self.kind.as_str(), self.dialstatus.as_deref()) {
            ("Dial", Some("ANSWER")) => {
                ended.result = Some(TelephonyResult::Answered);
                ended.answered_at = Some(at);
            }
            ("Dial", Some(status)) => ended.result = Some(of_dial_status(status)?),
            ("ChannelDestroyed", _) => {
                ended.ended_at = Some(at);
                ended.result = self.cause.and_then(of_cause);
            }
            _ => return None,
        }
        Some(ended)
    }
}

/// `2026-03-02T10:00:00.000+0800`: Asterisk writes the offset without its colon.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let (before, after) = text.split_at_checked(text.len().checked_sub(2)?)?;
    format!("{before}:{after}").parse().ok()
}

fn of_dial_status(status: &str) -> Option<TelephonyResult> {
    Some(match status {
        "BUSY" => TelephonyResult::Busy,
        "NOANSWER" => TelephonyResult::NoAnswer,
        "CHANUNAVAIL" | "CONGESTION" => TelephonyResult::FailedNetwork,
        "CANCEL" => TelephonyResult::AgentAbandoned,
        "INVALIDARGS" => TelephonyResult::InvalidNumber,
        _ => return None,
    })
}

/// Q.850; a normal clearing says nothing about how the call went.
fn of_cause(cause: u16) -> Option<TelephonyResult> {
    Some(match cause {
        1 | 22 | 28 => TelephonyResult::InvalidNumber,
        17 => TelephonyResult::Busy,
        18 | 19 => TelephonyResult::NoAnswer,
        21 => TelephonyResult::Rejected,
        3 | 27 | 34 | 38 | 41 | 42 | 102 => TelephonyResult::FailedNetwork,
        _ => return None,
    })
}

/// Applies `call.ended` facts; one about a call that nobody here made is stale.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_, Ended>]) -> db::Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(told.len());
    for told in told {
        let access = Access::Only(vec![told.dealership.id]);
        let known = hear(desk, &access, told.fact, told.source).await?;
        outcomes.push(if known { Outcome::Applied } else { Outcome::Stale });
    }
    Ok(outcomes)
}

/// Keeps what an exchange says of a call; false when there is no such call. The first answer stands: a repeat, or a late
/// word of another leg, changes nothing that is known.
pub async fn hear(desk: &mut Desk<'_>, access: &Access, said: &Ended, source: &str) -> db::Result<bool> {
    let Some(mut attempt) = attempts::find(desk.tx, access, said.attempt).await? else { return Ok(false) };
    let is_news = said.ended_at.is_some() && attempt.hung_up_at.is_none();
    attempt.answered_at = attempt.answered_at.or(said.answered_at);
    attempt.hung_up_at = attempt.hung_up_at.or(said.ended_at);
    // That it was answered is more than the cause of the hanging up.
    if attempt.pbx_result.is_none() {
        attempt.pbx_result = said.result.map(|result| result.word().to_owned());
    }
    if attempt.recording_url.is_none() && said.recording_url.is_some() {
        attempt.recording_url.clone_from(&said.recording_url);
        let until = attempt.started_at.plus(desk.config.calls.recordings.signed());
        attempt.recording_until = Some(until);
        let ends = NewClock {
            dealership_id: attempt.dealership_id,
            kind: ClockKind::RecordingEnds,
            subject_id: attempt.id.to_string(),
            key: String::new(),
            due_at: until,
            detail: json!({}),
        };
        clocks::actions::set(desk, &[ends]).await?;
    }
    attempts::save(desk.tx, &[&attempt]).await?;
    let Some(mut task) = store::find_and_lock(desk.tx, &[attempt.task_id]).await?.pop() else { return Ok(true) };
    let is_on_it = task.state == State::Leased && attempt.ended_at.is_none() && task.owner_id == Some(attempt.staff_id);
    let stage = match (attempt.hung_up_at, attempt.answered_at) {
        (Some(_), _) => Stage::WrapUp,
        (None, Some(_)) => Stage::Connected,
        (None, None) => Stage::Dialing,
    };
    if is_on_it && task.stage < Some(stage) {
        (task.stage, task.stage_at, task.updated_at) = (Some(stage), Some(desk.now), desk.now);
        task.lease_until = Some(desk.now.plus(desk.config.calls.lease.signed()));
        keep(desk, std::slice::from_ref(&task)).await?;
    }
    if is_news {
        let mut line = line(desk, &task, "call.hung_up");
        line.actor = Some(source.to_owned());
        line.reason.clone_from(&attempt.pbx_result);
        line.detail["attempt"] = json!(attempt.id);
        desk.record(line);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::hours::tests::at;

    #[test]
    fn what_asterisk_says_becomes_a_result() {
        let id = "cla_0199c0de000000000000000000000001";
        let read =
            |text: String| serde_json::from_str::<ExchangeEvent>(&text).expect("an event").read(at("2026-03-02T10:05"));
        let dial = |status: &str| {
            read(format!(r#"{{"type":"Dial","dialstatus":"{status}","caller":{{"id":"{id}"}},"peer":{{"id":"x"}}}}"#))
        };
        for (status, result) in [
            ("ANSWER", Some(TelephonyResult::Answered)),
            ("BUSY", Some(TelephonyResult::Busy)),
            ("NOANSWER", Some(TelephonyResult::NoAnswer)),
            ("CHANUNAVAIL", Some(TelephonyResult::FailedNetwork)),
        ] {
            assert_eq!(dial(status).expect("ours").result, result, "{status}");
        }
        assert!(dial("").is_none() && dial("RINGING").is_none());
        let destroyed = read(format!(
            r#"{{"type":"ChannelDestroyed","cause":17,"cause_txt":"User busy","timestamp":"2026-03-02T10:01:30.000+0800","channel":{{"id":"{id}"}}}}"#
        ))
        .expect("ours");
        assert_eq!(
            (destroyed.result, destroyed.ended_at),
            (Some(TelephonyResult::Busy), Some("2026-03-02T10:01:30+08:00".parse().expect("a time")))
        );
        assert!(read(r#"{"type":"ChannelDestroyed","cause":17,"channel":{"id":"1234.5"}}"#.to_owned()).is_none());
    }
}
