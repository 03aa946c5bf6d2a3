//! Letters: the texts of every kind, language and channel, checked at load and rendered from typed contexts.
mod lint;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    ChannelName, SubjectKind,
    playbook::{Playbook, PlaybookError},
    segments,
    sources::{File, SourceError, Sources},
    wording::Locale,
    words::Words,
};
use crate::template::{Form, TemplateError, Templates};

pub use lint::{Fault, Finding};

/// The files of one language that make an e-mail; all of them or none.
const EMAIL: [(&str, Form); 3] =
    [("subject.hbs", Form::Text), ("email.html.hbs", Form::Html), ("email.txt.hbs", Form::Text)];
const SMS: &str = "sms.hbs";

/// The names that rendering adds to a letter's own.
const ADDED: [&str; 5] = ["lang", "fonts", "preheader", "subject", "tight"];
/// The names that a letter gives to a partial of the layout.
const OF_PARTIALS: [&str; 4] = ["title", "label", "value", "gone"];

/// Why letters cannot be loaded or rendered.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Playbook(#[from] PlaybookError),
    #[error("{file}: `{name}` is nothing that a letter knows")]
    UnknownName { file: Box<str>, name: Box<str> },
    #[error("{folder} has part of an e-mail: subject.hbs, email.html.hbs and email.txt.hbs belong together")]
    HalfAnEmail { folder: Box<str> },
    #[error("there is no {kind} for {channel:?} in {locale:?}")]
    NoText { kind: Box<str>, locale: Locale, channel: ChannelName },
}

/// A text as it is kept and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    Email {
        subject: String,
        html: String,
        text: String,
    },
    /// Without the gateway's signature.
    Sms {
        text: String,
    },
}

/// What a text can be rendered from.
pub trait Letter: Serialize {
    /// What the gateway puts in front of an SMS.
    fn signature(&self) -> Option<&str>;
    /// Company, department, and person or what stands for one: every text states them.
    fn sender(&self) -> [&str; 3];
    /// How the reader is addressed.
    fn reader(&self) -> &str;
}

/// Every text, parsed.
#[derive(Debug)]
pub struct Letters {
    templates: Templates,
    versions: BTreeMap<(String, Locale, ChannelName), String>,
    /// What the texts of a kind are about.
    subjects: BTreeMap<String, SubjectKind>,
}

/// A letter with what rendering adds to it.
#[derive(Serialize)]
struct Page<'a, L> {
    #[serde(flatten)]
    letter: &'a L,
    lang: &'static str,
    fonts: &'static str,
    /// Shown by mail programs beside the subject.
    preheader: &'a str,
    subject: &'a str,
    /// The SMS is over one part: leave out what can be left out.
    tight: bool,
}

impl Letters {
    /// Reads the embedded texts and those of a folder that puts its own in place of a kind's; a mistake stops the start.
    pub fn load(override_folder: Option<&Path>) -> Result<Self, LetterError> {
        let sources = Sources::read(override_folder)?;
        Self::from_sources(&sources, &Playbook::from_sources(&sources)?)
    }

    /// The same from files that were read already.
    pub fn from_sources(sources: &Sources, playbook: &Playbook) -> Result<Self, LetterError> {
        let subjects = playbook.kinds().map(|kind| (kind.name.clone(), kind.subject)).collect();
        let mut letters = Self { templates: Templates::default(), versions: BTreeMap::new(), subjects };
        let mut layout = Sha256::new();
        for (name, file) in sources.layout() {
            let Some(partial) = name.strip_suffix(".html.hbs") else {
                continue;
            };
            let names = letters.templates.add_partial(partial, &file.text, Form::Html)?;
            let names = names.into_iter().filter(|name| !OF_PARTIALS.contains(&name.as_str()));
            let known = known_names(SubjectKind::Appointment);
            every_name_is_known(names, &known, file)?;
            layout.update(file.text.as_bytes());
        }
        for (kind, files) in sources.kinds() {
            for locale in Locale::ALL {
                let subject = letters.subjects.get(kind).copied().unwrap_or(SubjectKind::Appointment);
                letters.add(kind, locale, files, &known_names(subject), &layout)?;
            }
        }
        Ok(letters)
    }

    fn add(
        &mut self,
        kind: &str,
        locale: Locale,
        files: &BTreeMap<String, File>,
        known: &BTreeSet<String>,
        layout: &Sha256,
    ) -> Result<(), LetterError> {
        let folder = locale.code();
        let file = |name: &str| files.get(&format!("{folder}/{name}"));
        let mut take = |name: &str, form: Form| -> Result<Option<&str>, LetterError> {
            let Some(file) = file(name) else {
                return Ok(None);
            };
            let names = self.templates.add(&key(kind, locale, name), &file.text, form)?;
            every_name_is_known(names, known, file)?;
            Ok(Some(file.text.as_str()))
        };
        let sms = take(SMS, Form::Text)?;
        let mut email = Vec::new();
        for (name, form) in EMAIL {
            email.extend(take(name, form)?);
        }
        let mut version = |channel, hash: Sha256| {
            let number = hash.finalize().iter().take(6).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
            self.versions.insert((kind.to_owned(), locale, channel), format!("{number:012x}"));
        };
        if let Some(sms) = sms {
            version(ChannelName::Sms, Sha256::new_with_prefix(sms));
        }
        if email.len() == EMAIL.len() {
            let mut hash = layout.clone();
            for source in email.iter().copied().chain(sms) {
                hash.update(source.as_bytes());
                hash.update([0]);
            }
            version(ChannelName::Email, hash);
        } else if !email.is_empty() {
            let folder = format!("{kind}/{folder}");
            return Err(LetterError::HalfAnEmail { folder: folder.into() });
        }
        Ok(())
    }

    /// Whether there is a text.
    pub fn has(&self, kind: &str, locale: Locale, channel: ChannelName) -> bool {
        self.version(kind, locale, channel).is_some()
    }

    /// The version of a text: a short hash of everything it is rendered from, the layout included.
    pub fn version(&self, kind: &str, locale: Locale, channel: ChannelName) -> Option<&str> {
        self.versions.get(&(kind.to_owned(), locale, channel)).map(String::as_str)
    }

    /// Every text there is.
    pub fn texts(&self) -> impl Iterator<Item = (&str, Locale, ChannelName)> {
        self.versions.keys().map(|(kind, locale, channel)| (kind.as_str(), *locale, *channel))
    }

    /// Renders one text. An SMS that needs more than its one part is rendered again without what can be left out.
    pub fn render(
        &self,
        kind: &str,
        locale: Locale,
        channel: ChannelName,
        letter: &impl Letter,
    ) -> Result<Rendered, LetterError> {
        if !self.has(kind, locale, channel) {
            return Err(LetterError::NoText { kind: kind.into(), locale, channel });
        }
        let mut page =
            Page { letter, lang: locale.code(), fonts: fonts(locale), preheader: "", subject: "", tight: false };
        let one =
            |name: &str, form: Form, page: &Page<'_, _>| self.templates.render(&key(kind, locale, name), form, page);
        if channel == ChannelName::Sms {
            let mut text = one_line(&one(SMS, Form::Text, &page)?);
            if segments::count(&segments::signed(&text, letter.signature())).parts > 1 {
                page.tight = true;
                text = one_line(&one(SMS, Form::Text, &page)?);
            }
            return Ok(Rendered::Sms { text });
        }
        let [(subject, _), (html, _), (text, _)] = EMAIL;
        let subject = one_line(&one(subject, Form::Text, &page)?);
        // The short text says the whole letter in a sentence, which is what a preview is for.
        let has_sms = self.has(kind, locale, ChannelName::Sms);
        let preheader = if has_sms { one_line(&one(SMS, Form::Text, &page)?) } else { subject.clone() };
        page = Page { preheader: &preheader, subject: &subject, ..page };
        let html = one(html, Form::Html, &page)?;
        let text = paragraphs(&one(text, Form::Text, &page)?);
        Ok(Rendered::Email { subject, html, text })
    }
}

fn key(kind: &str, locale: Locale, file: &str) -> String {
    format!("{kind}/{}/{file}", locale.code())
}

/// The names of the typed context, and those that rendering adds.
fn known_names(subject: SubjectKind) -> BTreeSet<String> {
    Words::names(subject).into_iter().chain(ADDED.into_iter().map(str::to_owned)).collect()
}

fn every_name_is_known(
    names: impl IntoIterator<Item = String>,
    known: &BTreeSet<String>,
    file: &File,
) -> Result<(), LetterError> {
    match names.into_iter().find(|name| !known.contains(name)) {
        Some(name) => Err(LetterError::UnknownName { file: file.path.clone(), name: name.into() }),
        None => Ok(()),
    }
}

/// The fonts of a page, in names that need no quotes.
fn fonts(locale: Locale) -> &'static str {
    match locale {
        Locale::ZhCn => {
            "-apple-system, PingFang SC, Hiragino Sans GB, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
        }
        Locale::En => "-apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif",
        Locale::Ja => {
            "-apple-system, Hiragino Sans, Yu Gothic Medium, Yu Gothic, Meiryo, Noto Sans CJK JP, Noto Sans JP, sans-serif"
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines without trailing blanks, and never two empty ones in a row.
fn paragraphs(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && kept.last().is_some_and(|last| last.is_empty())) {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

#[cfg(test)]
mod tests;
