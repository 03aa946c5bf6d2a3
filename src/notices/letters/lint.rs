//! What `templates check` looks for: every text with every sample (the rules at the top of `templates.yaml`).
use super::{Letter, LetterError, Letters, Rendered};
use crate::notices::{
    ChannelName,
    segments::{count, signed},
    wording::Locale,
    words::{Words, samples},
};

/// One fault of one text with one sample.
#[derive(Debug)]
pub struct Finding {
    pub kind: String,
    pub locale: Locale,
    pub channel: ChannelName,
    pub sample: &'static str,
    pub fault: Fault,
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Unrenderable(#[from] LetterError),
    #[error("does not state `{0}`: company, department, name and reader belong in every text")]
    NotStated(Box<str>),
    #[error("{units} units are {parts} parts, {allowed} allowed{forced}", forced = forced_by.map_or_else(String::new, |c| format!(" (`{c}` forces UCS-2)")))]
    TooLong { units: usize, parts: usize, allowed: usize, forced_by: Option<char> },
    #[error("a mainland SMS has no brackets, no link and no mobile number: `{0}`")]
    NotForTheMainland(Box<str>),
    #[error("the subject is empty or longer than 70 characters")]
    Subject,
    #[error("`{0}` does not belong in a letter's HTML")]
    Html(&'static str),
    #[error("a text body is never escaped: `{0}`")]
    Escaped(&'static str),
}

impl Letters {
    /// Renders kind × channel × language × sample and names every fault; empty is well.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (kind, locale, channel) in self.texts() {
            let Some(subject) = self.subjects.get(kind).copied() else { continue };
            for (sample, setting, about) in samples(subject, locale) {
                let letter = Words::new(&setting, &about, locale);
                let faults = match self.render(kind, locale, channel, &letter) {
                    Ok(rendered) => faults(&rendered, locale, sample, &letter),
                    Err(error) => vec![error.into()],
                };
                findings.extend(faults.into_iter().map(|fault| Finding {
                    kind: kind.to_owned(),
                    locale,
                    channel,
                    sample,
                    fault,
                }));
            }
        }
        findings
    }
}

fn faults(rendered: &Rendered, locale: Locale, sample: &str, letter: &Words) -> Vec<Fault> {
    let mut faults = Vec::new();
    match rendered {
        Rendered::Sms { text } => {
            let [company, department, person] = letter.sender();
            let stated = letter.signature().is_some();
            let needed = [Some(letter.reader()), (!stated).then_some(company), Some(department), Some(person)];
            faults.extend(not_stated(text, needed));
            faults.extend(too_long(text, locale, sample, letter));
            if stated {
                let bracket = text.chars().find(|c| "【】[]".contains(*c)).map(String::from);
                let link = text.contains("://").then(|| "://".to_owned());
                let unwelcome = bracket.or(link).or_else(|| mobile_number(text));
                faults.extend(unwelcome.map(|what| Fault::NotForTheMainland(what.into())));
            }
        }
        Rendered::Email { subject, html, text } => {
            if subject.is_empty() || subject.chars().count() > 70 {
                faults.push(Fault::Subject);
            }
            let needed = || letter.sender().into_iter().chain([letter.reader(), &letter.phone]).map(Some);
            faults.extend(not_stated(text, needed()));
            let in_html: Vec<_> = needed().flatten().map(handlebars::html_escape).collect();
            faults.extend(not_stated(html, in_html.iter().map(|needed| Some(needed.as_str()))));
            let unwelcome = ["<img", "<script", "<link", "src=", "url(", "@import"];
            faults.extend(unwelcome.into_iter().filter(|what| html.contains(what)).map(Fault::Html));
            if !html.contains(&format!("lang=\"{}\"", locale.code())) {
                faults.push(Fault::Html("a page without lang"));
            }
            let escapes = ["&amp;", "&lt;", "&#x27;", "&quot;"];
            faults.extend(escapes.into_iter().filter(|escape| text.contains(escape)).map(Fault::Escaped));
        }
    }
    faults
}

fn not_stated<'a>(text: &str, needed: impl IntoIterator<Item = Option<&'a str>>) -> Vec<Fault> {
    let said = text.to_lowercase();
    let missing = needed.into_iter().flatten().filter(|needed| !said.contains(&needed.to_lowercase()));
    missing.map(|needed| Fault::NotStated(needed.into())).collect()
}

/// One part in Chinese and English, two in Japanese. The samples that pile up long values may take one more.
fn too_long(text: &str, locale: Locale, sample: &str, letter: &Words) -> Option<Fault> {
    let size = count(&signed(text, letter.signature()));
    let long_values = matches!(sample, "company" | "nobody_assigned" | "abroad");
    let allowed = if locale == Locale::Ja { 2 } else { 1 + usize::from(long_values) };
    let wide = locale == Locale::En && !long_values && size.forced_by.is_some();
    (size.parts > allowed || wide).then_some(Fault::TooLong {
        units: size.units,
        parts: size.parts,
        allowed,
        forced_by: size.forced_by,
    })
}

/// A mainland mobile number, which a notification template must not carry (D4).
fn mobile_number(text: &str) -> Option<String> {
    let digits = text.split(|c: char| !c.is_ascii_digit());
    let is_mobile = |run: &&str| run.len() == 11 && run.starts_with('1') && !run[1..].starts_with(['0', '1', '2']);
    digits.into_iter().find(is_mobile).map(str::to_owned)
}
