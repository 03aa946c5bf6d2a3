//! Tracks: side by side; inside one the next channel only after the one before ended badly. Pure rules.
use serde::{Deserialize, Serialize};

use super::{ChannelName, Class};
use crate::messages::{Ending, State};

/// A notice's tracks as they were when it was raised, and the channels that were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracks {
    pub tracks: Vec<Vec<ChannelName>>,
    #[serde(default)]
    pub passed: Vec<Passed>,
    /// A call is the last resort of the whole notice and not of its track: it stands back while another track may still tell
    /// it, and nobody is called about what was told, or where no text was there to end badly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub call_stands_back: bool,
}

/// A channel that could not be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    pub track: usize,
    pub step: usize,
    pub channel: ChannelName,
    /// `not_configured`, `no_address`, `no_text`, `quiet_past_use`, `past_use`.
    pub reason: String,
}

/// A message of a notice, as far as tracks care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub track: usize,
    pub step: usize,
    pub state: State,
}

/// Where one track stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A message is on its way.
    Open,
    /// Its message was taken.
    Well,
    /// Its message was called off.
    Called,
    /// This step's turn.
    Next(usize),
    /// Every channel was tried or passed over; true when at least one was tried.
    RanOut(bool),
}

/// Where the notice stands, over all its tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Open,
    /// Some track waits for its next channel.
    Next,
    Done,
    /// A track was tried on every channel and ended badly.
    Failed,
    /// Nothing could be tried.
    Skipped,
    Called,
}

impl Tracks {
    /// As a kind of this class declares them. Beside other tracks a call stands back; what is about somebody's safety is told on
    /// the telephone all the same when its own track ran out.
    pub fn declared(tracks: Vec<Vec<ChannelName>>, class: Class) -> Self {
        let call_stands_back = tracks.len() > 1 && class != Class::Safety;
        Self { tracks, passed: Vec::new(), call_stands_back }
    }

    /// The tracks for a reader who wishes one channel (seed §3, acceptance row 13): that one first, the others of its track
    /// and then of the other tracks only after it ended badly; a call stays the last resort. Where no track has the channel
    /// they stay as they are.
    #[must_use]
    pub fn preferring(mut self, wish: ChannelName) -> Self {
        let Some(home) = self.tracks.iter().position(|track| track.contains(&wish)) else { return self };
        let mut order = vec![wish];
        let others = self.tracks.iter().enumerate().filter(|(n, _)| *n != home).map(|(_, track)| track);
        for channel in self.tracks[home].iter().chain(others.flatten()) {
            if !order.contains(channel) && *channel != ChannelName::Call {
                order.push(*channel);
            }
        }
        if wish != ChannelName::Call && self.tracks.iter().flatten().any(|channel| *channel == ChannelName::Call) {
            order.push(ChannelName::Call);
        }
        self.tracks = vec![order];
        self
    }

    /// Where track `track` stands.
    pub fn standing(&self, track: usize, messages: &[Step]) -> Standing {
        let mut tried = false;
        for step in 0..self.tracks.get(track).map_or(0, Vec::len) {
            let here = |t: usize, s: usize| t == track && s == step;
            if self.passed.iter().any(|passed| here(passed.track, passed.step)) {
                continue;
            }
            let Some(message) = messages.iter().find(|message| here(message.track, message.step)) else {
                return Standing::Next(step);
            };
            match message.state.ending() {
                Ending::Open => return Standing::Open,
                Ending::Well => return Standing::Well,
                Ending::Called => return Standing::Called,
                Ending::Badly => tried = true,
            }
        }
        Standing::RanOut(tried)
    }

    /// The first track and step whose turn it is; not of those that wait for their hour.
    pub fn next(&self, messages: &[Step], waiting: &[usize]) -> Option<(usize, usize)> {
        let free = (0..self.tracks.len()).filter(|track| !waiting.contains(track));
        let next = |track| match self.turn(track, messages) {
            Standing::Next(step) => Some((track, step)),
            _ => None,
        };
        free.into_iter().find_map(next)
    }

    /// Where one track stands beside the others: the same, but that a call may have to stand back.
    pub fn turn(&self, track: usize, messages: &[Step]) -> Standing {
        let own = self.standing(track, messages);
        if !self.call_stands_back || !self.is_call(track, own) {
            return own;
        }
        let others: Vec<Standing> =
            (0..self.tracks.len()).filter(|n| *n != track).map(|n| self.standing(n, messages)).collect();
        let may_tell = |s: &Standing| matches!(s, Standing::Open | Standing::Next(_)) && !self.is_call(track, *s);
        let ended_badly = |m: &Step| m.state.ending() == Ending::Badly;
        if others.iter().any(may_tell) {
            Standing::Open
        } else if others.contains(&Standing::Well) || !messages.iter().any(ended_badly) {
            Standing::RanOut(messages.iter().any(|m| m.track == track && ended_badly(m)))
        } else {
            own
        }
    }
    /// Whether another channel comes after this step, should nothing be heard of it; silence alone has nobody called where a call
    /// stands back.
    pub fn has_another(&self, track: usize, step: usize) -> bool {
        let after = self.tracks.get(track).and_then(|channels| channels.get(step.saturating_add(1)..));
        after.into_iter().flatten().any(|channel| !self.call_stands_back || *channel != ChannelName::Call)
    }
    fn is_call(&self, track: usize, standing: Standing) -> bool {
        let Standing::Next(step) = standing else { return false };
        self.tracks[track].get(step) == Some(&ChannelName::Call)
    }

    /// Whether some track's next channel has its turn because the one before ended badly, and not because it waits for its
    /// hour; a call's turn comes when anything did.
    pub fn fell_through(&self, messages: &[Step]) -> bool {
        let ended_badly = |track: Option<usize>| {
            messages.iter().any(|m| track.is_none_or(|track| m.track == track) && m.state.ending() == Ending::Badly)
        };
        (0..self.tracks.len()).any(|track| {
            let turn = self.turn(track, messages);
            let whose = Some(track).filter(|_| !self.is_call(track, turn));
            matches!(turn, Standing::Next(_)) && ended_badly(whose)
        })
    }

    /// Where the whole notice stands.
    pub fn progress(&self, messages: &[Step]) -> Progress {
        let all: Vec<Standing> = (0..self.tracks.len()).map(|track| self.turn(track, messages)).collect();
        let any = |wanted: fn(&Standing) -> bool| all.iter().any(wanted);
        if any(|s| matches!(s, Standing::Next(_))) {
            Progress::Next
        } else if any(|s| matches!(s, Standing::Open)) {
            Progress::Open
        } else if any(|s| matches!(s, Standing::RanOut(true))) {
            Progress::Failed
        } else if any(|s| matches!(s, Standing::Well)) {
            Progress::Done
        } else if any(|s| matches!(s, Standing::Called)) {
            Progress::Called
        } else {
            Progress::Skipped
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChannelName::{Email, Sms, Wechat};

    fn tracks(passed: &[(usize, usize)]) -> Tracks {
        let passed =
            passed.iter().map(|&(track, step)| Passed { track, step, channel: Email, reason: "no_address".into() });
        let tracks = Tracks::declared(vec![vec![Email], vec![Wechat, Sms]], Class::Transactional);
        Tracks { passed: passed.collect(), ..tracks }
    }
    fn step(track: usize, step: usize, state: State) -> Step {
        Step { track, step, state }
    }

    #[test]
    fn the_next_channel_only_after_a_bad_end() {
        let tracks = tracks(&[]);
        assert_eq!(tracks.standing(1, &[]), Standing::Next(0));
        for (state, standing) in [
            (State::Ready, Standing::Open),
            (State::Unknown, Standing::Open),
            (State::Held, Standing::Open),
            (State::Accepted, Standing::Well),
            (State::Cancelled, Standing::Called),
            (State::Failed, Standing::Next(1)),
            (State::Expired, Standing::Next(1)),
            (State::Dead, Standing::Next(1)),
        ] {
            assert_eq!(tracks.standing(1, &[step(1, 0, state)]), standing, "{state:?}");
        }
    }

    #[test]
    fn a_track_that_waits_for_its_hour_has_not_fallen_through() {
        let mail_taken = [step(0, 0, State::Accepted)];
        assert!(!tracks(&[(1, 0)]).fell_through(&mail_taken));
        assert!(tracks(&[]).fell_through(&[mail_taken[0], step(1, 0, State::Failed)]));
    }

    #[test]
    fn a_call_is_the_last_resort_of_all_tracks_together() {
        let tracks = |passed: &[(usize, usize)]| Tracks {
            passed: tracks(passed).passed,
            ..Tracks::declared(vec![vec![Email], vec![Sms, ChannelName::Call]], Class::Transactional)
        };
        let no_number = tracks(&[(1, 0)]);
        for (mail, turn, progress) in [
            (State::Ready, Standing::Open, Progress::Open),
            (State::Unknown, Standing::Open, Progress::Open),
            (State::Accepted, Standing::RanOut(false), Progress::Done),
            (State::Failed, Standing::Next(1), Progress::Next),
        ] {
            let messages = [step(0, 0, mail)];
            assert_eq!(no_number.turn(1, &messages), turn, "{mail:?}");
            assert_eq!(no_number.progress(&messages), progress, "{mail:?}");
            assert_eq!(no_number.fell_through(&messages), progress == Progress::Next, "{mail:?}");
        }
        // The text was refused and the mail was taken: one of its ways failed, and nobody has to be called.
        let told = [step(0, 0, State::Accepted), step(1, 0, State::Failed)];
        assert_eq!(tracks(&[]).progress(&told), Progress::Failed);
        assert_eq!(tracks(&[(0, 0), (1, 0)]).progress(&[]), Progress::Skipped, "nothing was there to end badly");
        // A wish for one channel makes one track of them, and changes nothing of that.
        let wished = tracks(&[]).preferring(Email);
        assert_eq!(wished.tracks, [vec![Email, Sms, ChannelName::Call]]);
        let passed = |n: usize| {
            (0..n)
                .map(|step| Passed { track: 0, step, channel: Email, reason: "no_address".into() })
                .collect::<Vec<_>>()
        };
        assert_eq!(Tracks { passed: passed(2), ..wished.clone() }.progress(&[]), Progress::Skipped);
        assert!(!wished.has_another(0, 1), "silence of a text is no reason to call");
        let refused = [step(0, 1, State::Failed)];
        assert_eq!(Tracks { passed: passed(1), ..wished }.next(&refused, &[]), Some((0, 2)));
    }

    #[test]
    fn what_is_about_safety_is_told_on_the_telephone_although_a_mail_was_taken() {
        let tracks = Tracks::declared(vec![vec![Sms, ChannelName::Call], vec![Email]], Class::Safety);
        let told = [step(0, 0, State::Failed), step(1, 0, State::Accepted)];
        assert_eq!(tracks.next(&told, &[]), Some((0, 1)));
    }

    #[test]
    fn whoever_waits_for_their_hour_is_passed_by_and_a_call_stands_back_for_them() {
        let tracks = Tracks::declared(vec![vec![Sms, ChannelName::Call], vec![Email]], Class::Transactional);
        let refused = [step(0, 0, State::Failed)];
        assert_eq!(tracks.next(&refused, &[]), Some((1, 0)));
        assert_eq!(tracks.next(&refused, &[1]), None);
        let passed = vec![Passed { track: 1, step: 0, channel: Email, reason: "suppressed".into() }];
        assert_eq!(Tracks { passed, ..tracks }.next(&refused, &[1]), Some((0, 1)), "whichever track stands first");
    }

    #[test]
    fn a_notice_is_done_when_every_track_that_could_be_tried_ended_well() {
        let both = [step(0, 0, State::Accepted), step(1, 1, State::Accepted)];
        assert_eq!(tracks(&[(1, 0)]).progress(&both), Progress::Done);
        assert_eq!(tracks(&[(0, 0), (1, 0)]).progress(&both[1..]), Progress::Done);
        assert_eq!(tracks(&[(0, 0), (1, 0), (1, 1)]).progress(&[]), Progress::Skipped);
        assert_eq!(tracks(&[(1, 0)]).progress(&[both[0], step(1, 1, State::Failed)]), Progress::Failed);
        assert_eq!(tracks(&[(1, 0)]).progress(&[both[0], step(1, 1, State::Unknown)]), Progress::Open);
        assert_eq!(tracks(&[]).progress(&[both[0], step(1, 0, State::Failed)]), Progress::Next);
    }
}
