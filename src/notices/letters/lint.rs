//! What `templates check` looks for: every text with every sample (the rules at the top of `templates.yaml`).
use super::{
    Letter, LetterError, Letters, Rendered, WECHAT_FIELD,
    content::{Forbidden, advertisement, forbidden_in_sms},
};
use crate::notices::{
    ChannelName, Class,
    playbook::Kind,
    segments::{count, signed},
    wording::Locale,
    words::{Words, read_here, samples},
};

/// Texts that are not there on purpose: kind, channel, language, and why.
pub const ABSENT: [(&str, ChannelName, Locale, &str); 2] = [
    ("survey.invite", ChannelName::Sms, Locale::ZhCn, "a mainland SMS may carry neither a survey nor a link"),
    ("survey.remind", ChannelName::Sms, Locale::ZhCn, "a mainland SMS may carry neither a survey nor a link"),
];
/// The longest message for the staff's own app, in bytes (E4).
const WECOM_BYTES: usize = 2_048;
/// The subject of an e-mail, in characters.
const SUBJECT: usize = 70;

/// One fault of one text with one sample.
#[derive(Debug)]
pub struct Finding {
    pub kind: String,
    pub locale: Locale,
    pub channel: ChannelName,
    pub sample: &'static str,
    pub fault: Fault,
}

/// A text that a track needs and that nobody has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub kind: String,
    pub locale: Locale,
    pub channel: ChannelName,
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Unrenderable(#[from] LetterError),
    #[error("does not state `{0}`: company, department, name and reader belong in every text")]
    NotStated(Box<str>),
    #[error("{units} units are {parts} parts, {allowed} allowed{forced}", forced = forced_by.map_or_else(String::new, |c| format!(" (`{c}` forces UCS-2)")))]
    TooLong { units: usize, parts: usize, allowed: usize, forced_by: Option<char> },
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("the subject is empty or longer than 70 characters")]
    Subject,
    #[error("`{0}` does not belong in a letter's HTML")]
    Html(&'static str),
    #[error("a text body is never escaped: `{0}`")]
    Escaped(&'static str),
    #[error("a message for the staff's app takes at most 2,048 bytes, not {0}")]
    Wecom(usize),
    #[error("the field `{0}` is longer than 20 characters")]
    Field(Box<str>),
}

/// One text in the eyes of the checks.
struct Checked<'a> {
    kind: &'a Kind,
    locale: Locale,
    sample: &'static str,
    letter: &'a Words,
}

impl Letters {
    /// Renders kind × channel × language × sample and names every fault; empty is well.
    pub fn check(&self) -> Vec<Finding> {
        self.texts().flat_map(|(kind, locale, channel)| self.check_text(kind, locale, channel)).collect()
    }

    /// The faults of one text, with every sample of what it is about.
    pub fn check_text(&self, name: &str, locale: Locale, channel: ChannelName) -> Vec<Finding> {
        let mut findings = Vec::new();
        let Some(kind) = self.playbook.kind(name) else { return findings };
        for (sample, letter) in self.samples(name, locale) {
            let checked = Checked { kind, locale, sample, letter: &letter };
            let faults = match self.render(name, locale, channel, &letter) {
                Ok(rendered) => checked.faults(&rendered),
                Err(error) => vec![error.into()],
            };
            let finding = |fault| Finding { kind: name.to_owned(), locale, channel, sample, fault };
            findings.extend(faults.into_iter().map(finding));
        }
        findings
    }

    /// The samples of a kind by name, as its reader would have them; `full` is the first.
    pub fn samples(&self, name: &str, locale: Locale) -> Vec<(&'static str, Words)> {
        let Some(kind) = self.playbook.kind(name) else { return Vec::new() };
        let samples = samples(kind.subject, locale).into_iter();
        let read = |(sample, setting, about)| {
            let setting = if kind.audience.works_here() { read_here(setting, locale) } else { setting };
            (sample, Words::new(&setting, &about, locale))
        };
        samples.map(read).collect()
    }

    /// The texts that the tracks of the kinds need and that are neither there nor left out on purpose.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for kind in self.playbook.kinds() {
            for channel in kind.tracks.iter().flatten().filter(|channel| **channel != ChannelName::Call) {
                for locale in Locale::ALL {
                    let left_out = ABSENT.iter().any(|(name, of, language, _)| {
                        (*name, *of, *language) == (kind.name.as_str(), *channel, locale)
                    });
                    if !left_out && !self.has(&kind.name, locale, *channel) {
                        gaps.push(Gap { kind: kind.name.clone(), locale, channel: *channel });
                    }
                }
            }
        }
        gaps
    }
}

impl Checked<'_> {
    fn faults(&self, rendered: &Rendered) -> Vec<Fault> {
        match rendered {
            Rendered::Sms { text } => self.sms(text),
            Rendered::Email { subject, html, text } => self.email(subject, html, text),
            Rendered::Wecom { text } => {
                let too_long = text.len() > WECOM_BYTES;
                too_long.then_some(Fault::Wecom(text.len())).into_iter().chain(escaped(text)).collect()
            }
            Rendered::Wechat { fields } => {
                let long = |(name, value): &(String, String)| {
                    (value.chars().count() > WECHAT_FIELD).then(|| Fault::Field(name.as_str().into()))
                };
                // Template messages are not for offers, whatever was consented to (E5).
                let offer = |(_, value): &(String, String)| {
                    let class =
                        if self.kind.class == Class::Marketing { Class::Transactional } else { self.kind.class };
                    advertisement(value, class).map(Fault::from)
                };
                fields.iter().filter_map(long).chain(fields.iter().filter_map(offer)).collect()
            }
        }
    }

    fn sms(&self, text: &str) -> Vec<Fault> {
        let letter = self.letter;
        let [company, department, person] = letter.sender();
        let is_signed = letter.signature().is_some();
        // A colleague knows their own shop, but not always by which of its systems they are called.
        let person = (!self.kind.audience.works_here()).then_some(person);
        let needed = [Some(letter.reader()), (!is_signed).then_some(company), Some(department), person];
        let mut faults = not_stated(text, needed);
        faults.extend(self.too_long(text));
        faults.extend(forbidden_in_sms(text, self.kind.class, is_signed).map(Fault::from));
        faults.extend(escaped(text));
        faults
    }

    fn email(&self, subject: &str, html: &str, text: &str) -> Vec<Fault> {
        let letter = self.letter;
        let mut faults = Vec::new();
        if subject.is_empty() || subject.chars().count() > SUBJECT {
            faults.push(Fault::Subject);
        }
        let [company, department, person] = letter.sender();
        let mut needed = vec![company, department, letter.reader()];
        if !self.kind.audience.works_here() {
            needed.extend([person, letter.phone.as_str()]);
        }
        faults.extend(not_stated(text, needed.iter().copied().map(Some)));
        let in_html: Vec<_> = needed.iter().map(|needed| handlebars::html_escape(needed)).collect();
        faults.extend(not_stated(html, in_html.iter().map(|needed| Some(needed.as_str()))));
        let unwelcome = ["<img", "<script", "<link", "src=", "url(", "@import"];
        faults.extend(unwelcome.into_iter().filter(|what| html.contains(what)).map(Fault::Html));
        if !html.contains(&format!("lang=\"{}\"", self.locale.code())) {
            faults.push(Fault::Html("a page without lang"));
        }
        if self.kind.class != Class::Internal {
            faults.extend(advertisement(text, self.kind.class).map(Fault::from));
        }
        faults.extend(escaped(text));
        faults
    }

    /// One part in Chinese and English, two in Japanese. The samples that pile up long values may take one more, and so may
    /// the list of opening hours.
    fn too_long(&self, text: &str) -> Option<Fault> {
        let size = count(&signed(text, self.letter.signature()));
        let long_values =
            matches!(self.sample, "company" | "nobody_assigned" | "abroad" | "linked") || self.kind.name == "help.info";
        let allowed = if self.locale == Locale::Ja { 2 } else { 1 + usize::from(long_values) };
        let wide = self.locale == Locale::En && !long_values && size.forced_by.is_some();
        (size.parts > allowed || wide).then_some(Fault::TooLong {
            units: size.units,
            parts: size.parts,
            allowed,
            forced_by: size.forced_by,
        })
    }
}

fn not_stated<'a>(text: &str, needed: impl IntoIterator<Item = Option<&'a str>>) -> Vec<Fault> {
    let said = text.to_lowercase();
    let missing = needed.into_iter().flatten().filter(|needed| !said.contains(&needed.to_lowercase()));
    missing.map(|needed| Fault::NotStated(needed.into())).collect()
}

fn escaped(text: &str) -> impl Iterator<Item = Fault> {
    let escapes = ["&amp;", "&lt;", "&#x27;", "&quot;"];
    escapes.into_iter().filter(|escape| text.contains(escape)).map(Fault::Escaped)
}
