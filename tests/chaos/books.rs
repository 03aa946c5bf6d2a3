//! The three books beside each other: what the client was told, what our database says, what arrived.
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::{
    arrivals::{Arrival, Fate},
    ours::{OurAttempt, OurMessage},
};

/// The books of one run, all faults over and everything due sent.
pub(crate) struct Books {
    /// Events answered 202.
    pub(crate) told: usize,
    /// References of which the client was told 202 and about which at least one message must have gone out.
    pub(crate) owed: BTreeSet<String>,
    pub(crate) ours: Vec<OurMessage>,
    pub(crate) mail: BTreeMap<String, Vec<Arrival>>,
    pub(crate) sms: BTreeMap<String, Vec<Arrival>>,
}

/// How far messages may have been repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// Not at all, and nothing is unknown: nothing was killed during a hand-over, and no answer was lost.
    None,
    /// An e-mail once more, if it is marked `unknown`.
    Marked,
}

impl Books {
    /// Prints the sums and checks them message by message.
    pub(crate) fn compare(&self, title: &str, repeats: Repeats) -> Result<()> {
        let arrived = |book: &BTreeMap<String, Vec<Arrival>>| {
            let copies: usize = book.values().flatten().filter(|arrival| arrival.fate.has_arrived()).count();
            let messages = book.values().filter(|arrivals| arrivals.iter().any(|a| a.fate.has_arrived())).count();
            (messages, copies - messages)
        };
        let ((mails, mail_repeats), (texts, text_repeats)) = (arrived(&self.mail), arrived(&self.sms));
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for message in &self.ours {
            *states.entry(&message.state).or_default() += 1;
        }
        let states = states.iter().map(|(state, n)| format!("{n} {state}")).collect::<Vec<_>>().join(", ");
        let unknowns: usize = self.ours.iter().map(OurMessage::unknowns).sum();
        println!(
            "  {title}: told 202 {} · ours {} ({states}; {unknowns} hand-overs unknown) · arrived {mails} mails, {texts} SMS · repeats {mail_repeats} mails, {text_repeats} SMS",
            self.told,
            self.ours.len(),
        );
        let differences = self.differences(repeats);
        if differences.is_empty() {
            return Ok(());
        }
        for difference in differences.iter().take(20) {
            println!("    difference: {difference}");
        }
        bail!("{title}: {} differences, first: {}", differences.len(), differences[0])
    }

    fn differences(&self, repeats: Repeats) -> Vec<String> {
        let mut differences = Vec::new();
        let mut say = |what: String| differences.push(what);
        let ids: BTreeSet<&str> = self.ours.iter().map(|message| message.id.as_str()).collect();
        for id in self.mail.keys().chain(self.sms.keys()).filter(|id| !ids.contains(id.as_str())) {
            say(format!("{id} arrived, but our database does not know it"));
        }
        for reference in &self.owed {
            // What the servers refused went out too; whether they really did is checked message by message.
            let gone = |m: &OurMessage| m.was_accepted() || m.unknowns() > 0 || m.state == "failed";
            if !self.ours.iter().any(|m| m.subject.reference == *reference && gone(m)) {
                say(format!("{reference} was answered 202, and nothing about it went out"));
            }
        }
        for message in &self.ours {
            let empty = Vec::new();
            let book = if message.channel == "email" { &self.mail } else { &self.sms };
            let arrivals = book.get(&message.id).unwrap_or(&empty);
            for what in differences_of(message, arrivals, repeats) {
                say(format!("{} ({} {}, {}): {what}", message.id, message.kind, message.channel, message.state));
            }
        }
        differences
    }
}

fn differences_of(message: &OurMessage, arrivals: &[Arrival], repeats: Repeats) -> Vec<String> {
    let mut differences = Vec::new();
    let mut say = |what: String| differences.push(what);
    if message.is_on_its_way() {
        say("is still on its way".to_owned());
    }
    if message.state == "dead" {
        say(format!("was given up: {:?}", message.reason));
    }
    let handed_over: Vec<&OurAttempt> =
        message.attempts.iter().filter(|a| a.outcome.as_deref() != Some("not_sent")).collect();
    if !agree(&handed_over, arrivals) {
        let ours: Vec<_> = handed_over.iter().map(|a| a.outcome.as_deref().unwrap_or("open")).collect();
        let theirs: Vec<_> = arrivals.iter().map(|arrival| arrival.fate).collect();
        say(format!("we recorded {ours:?}, the server {theirs:?}"));
    }
    let copies = arrivals.iter().filter(|arrival| arrival.fate.has_arrived()).count();
    if message.was_accepted() && copies == 0 {
        say("we say accepted, nothing arrived".to_owned());
    }
    let put_off = arrivals.iter().filter(|arrival| arrival.fate == Fate::Defer).count();
    // An answer was lost, and before it could be looked at again nobody had a use for the message any more.
    let past_use = message.reason.as_deref() == Some("unknown_past_use") && message.unknowns() > 0;
    let is_refused = arrivals.iter().any(|arrival| arrival.fate == Fate::Refuse);
    if message.state == "failed" && put_off < 5 && !is_refused && !past_use {
        say(format!("is failed ({:?}), though nobody refused it", message.reason));
    }
    let accepted = arrivals.iter().any(|a| matches!(a.fate, Fate::Accept | Fate::AcceptLate(_)));
    if accepted && !message.was_accepted() && message.unknowns() == 0 {
        say("the server took it, we do not say so".to_owned());
    }
    let most = match (repeats, message.channel.as_str()) {
        (Repeats::Marked, "email") if message.unknowns() > 0 => 2,
        _ => 1,
    };
    if copies > most {
        say(format!("arrived {copies} times, {} unknown hand-overs are marked", message.unknowns()));
    }
    if repeats == Repeats::None && message.unknowns() > 0 {
        say("is marked unknown, though no hand-over was disturbed".to_owned());
    }
    if arrivals.windows(2).any(|pair| pair[0].bytes != pair[1].bytes) {
        say("was sent again with other bytes".to_owned());
    }
    differences
}

/// Our attempts and the server's answers tell the same story in the same order. An unknown attempt may or may not have
/// reached the server, and whatever it said was lost.
fn agree(ours: &[&OurAttempt], theirs: &[Arrival]) -> bool {
    let Some((attempt, rest)) = ours.split_first() else {
        return theirs.is_empty();
    };
    if attempt.is_unknown() {
        return agree(rest, theirs) || (!theirs.is_empty() && agree(rest, &theirs[1..]));
    }
    let Some((arrival, after)) = theirs.split_first() else {
        // Refused or put off before the body: the server never had the whole message.
        return matches!(attempt.outcome.as_deref(), Some("refused" | "later"))
            && attempt.phase != "answered"
            && agree(rest, theirs);
    };
    let same = match arrival.fate {
        Fate::Accept | Fate::AcceptLate(_) => attempt.outcome.as_deref() == Some("accepted"),
        Fate::Refuse => attempt.outcome.as_deref() == Some("refused"),
        Fate::Defer => attempt.outcome.as_deref() == Some("later"),
        Fate::Cut => false,
    };
    same && agree(rest, after)
}
