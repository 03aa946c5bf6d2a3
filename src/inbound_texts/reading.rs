//! What a customer's short message means: a word about contact, a digit that answers, or words for a person to read.
use jiff::SignedDuration;

/// A digit answers what was asked within this time (BR-64).
pub const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_hours(72);

/// Whole messages that end contact (`domain/compliance.md` D2, D4); `cancel` and `取消` are read apart.
const STOP: &[&str] = &[
    "stop",
    "stopall",
    "stop all",
    "quit",
    "end",
    "revoke",
    "opt out",
    "opt-out",
    "optout",
    "unsubscribe",
    "arret",
    "remove",
    "td",
    "r",
    "t",
    "n",
    "退订",
    "拒收",
    "不要再发",
];
/// Whole messages that end contact, except after a text about an appointment, where they ask to cancel it (BR-64).
const CANCEL: &[&str] = &["cancel", "取消"];
/// D2 names YES too; here a bare yes answers a question more often than it lifts a stop, so a person reads it.
const START: &[&str] = &["start", "unstop"];
const HELP: &[&str] = &["help", "info"];
/// Parts of longer messages that may be meant to end contact: a person reads those within the hour.
const NEAR_STOP: &[&str] = &["退订", "拒收", "不要再发", "opt out"];
/// The same as words of their own: "the car stops badly" is not one.
const NEAR_STOP_WORDS: &[&str] = &["stop", "stopall", "unsubscribe", "revoke", "optout", "opt-out", "quit"];

/// What a message means before anything is known of its sender's open questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Stop,
    /// Asks to cancel the appointment that the last text was about.
    CancelAppointment,
    Start,
    Help,
    Digit(u8),
    /// Not a word of the lists, but it may be meant as one.
    NearStop,
    Words,
}

/// Reads a whole message; `after_appointment`: the last text to this number was about an appointment.
pub fn read(text: &str, after_appointment: bool) -> Reading {
    let text = normal(text);
    let is = |list: &[&str]| list.contains(&text.as_str());
    if is(CANCEL) {
        return if after_appointment { Reading::CancelAppointment } else { Reading::Stop };
    }
    if is(STOP) {
        return Reading::Stop;
    }
    if is(START) {
        return Reading::Start;
    }
    if is(HELP) {
        return Reading::Help;
    }
    if let [digit @ b'0'..=b'9'] = text.as_bytes() {
        return Reading::Digit(digit - b'0');
    }
    let near = NEAR_STOP.iter().any(|part| text.contains(part))
        || text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| NEAR_STOP_WORDS.contains(&word));
    if near { Reading::NearStop } else { Reading::Words }
}

/// Full-width as half-width, lower case, single spaces, nothing but letters and digits at either end.
fn normal(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        })
        .flat_map(char::to_lowercase)
        .collect();
    let spaced = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

/// A question that a digit can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// 1 confirms, 2 asks for another time.
    Appointment,
    /// 1 to 5.
    Score,
}

/// What a digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Confirm,
    Move,
    Score(u8),
}

/// Which of the open questions, each with its age, a digit answers, and how; `None`: a person reads it.
///
/// Only the newest is asked: a digit that does not fit it is never taken as the answer to an older one.
pub fn bind(digit: u8, open: &[(Question, SignedDuration)]) -> Option<(usize, Answer)> {
    let newest = open.iter().map(|(_, age)| *age).min().filter(|age| *age <= ANSWERS_WITHIN)?;
    let mut asked = open.iter().enumerate().filter(|(_, (_, age))| *age == newest);
    let (at, (question, _)) = asked.next()?;
    if asked.next().is_some() {
        return None;
    }
    let answer = match (question, digit) {
        (Question::Appointment, 1) => Answer::Confirm,
        (Question::Appointment, 2) => Answer::Move,
        (Question::Score, 1..=5) => Answer::Score(digit),
        _ => return None,
    };
    Some((at, answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    #[test]
    fn whole_messages_are_read_whatever_their_width_case_and_marks() {
        for text in ["STOP", " stop. ", "ＳＴＯＰ", "“Stop!”", "退订", "Ｒ", "td", "Opt   out"] {
            assert_eq!(read(text, true), Reading::Stop, "{text}");
        }
        assert_eq!(read("Help?", false), Reading::Help);
        assert_eq!(read("START", false), Reading::Start);
        assert_eq!(read("１。", false), Reading::Digit(1));
    }

    #[test]
    fn near_misses_and_questions_go_to_people() {
        for text in ["stop please", "请不要再发了", "I want to opt out now"] {
            assert_eq!(read(text, false), Reading::NearStop, "{text}");
        }
        for text in ["the car stops badly", "no", "yes", "12", "", "几点取车"] {
            assert_eq!(read(text, false), Reading::Words, "{text}");
        }
    }

    #[test]
    fn cancel_after_an_appointment_text_asks_to_cancel_it() {
        for text in ["取消", "Cancel"] {
            assert_eq!(read(text, true), Reading::CancelAppointment);
            assert_eq!(read(text, false), Reading::Stop);
        }
    }

    #[test]
    fn a_digit_answers_the_newest_question_of_three_days_or_none() {
        let open = [(Question::Appointment, HOUR * 5), (Question::Score, HOUR)];
        assert_eq!(bind(4, &open), Some((1, Answer::Score(4))));
        assert_eq!(bind(2, &open[..1]), Some((0, Answer::Move)));
        assert_eq!(bind(7, &open), None, "no score, and the appointment is not the newest");
        assert_eq!(bind(1, &[(Question::Score, HOUR), (Question::Appointment, HOUR)]), None, "two of one age");
        assert_eq!(bind(1, &[(Question::Appointment, HOUR * 73)]), None, "too long ago");
        assert_eq!(bind(1, &[]), None);
    }
}
