//! Letters: the texts of every kind, language and channel, checked at load and rendered from typed contexts.
pub mod content;
mod lint;
mod rendering;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    ChannelName, SubjectKind,
    playbook::{Playbook, PlaybookError},
    sources::{File, SourceError, Sources},
    wording::Locale,
    words::Words,
};
use crate::template::{Form, TemplateError, Templates};

pub use lint::{ABSENT, Fault, Finding, Gap};
pub use rendering::cut;

/// The files of one language that make an e-mail; all of them or none.
const EMAIL: [(&str, Form); 3] =
    [("subject.hbs", Form::Text), ("email.html.hbs", Form::Html), ("email.txt.hbs", Form::Text)];
const SMS: &str = "sms.hbs";
const WECOM: &str = "wecom.hbs";
const WECHAT: &str = "wechat.toml";
/// The most characters that a field of a `WeChat` template message takes (E5).
pub const WECHAT_FIELD: usize = 20;

/// The names that rendering adds to a letter's own.
const ADDED: [&str; 5] = ["lang", "fonts", "preheader", "subject", "tight"];
/// The names that a letter gives to a partial of the layout.
const OF_PARTIALS: [&str; 7] = ["title", "label", "value", "gone", "at", "note", "mark"];

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
    #[error("{file}: {why}")]
    Fields { file: Box<str>, why: Box<str> },
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
    /// A message for the staff's own app, of several lines.
    Wecom {
        text: String,
    },
    /// The fields of an approved template message, by the provider's names.
    Wechat {
        fields: Vec<(String, String)>,
    },
}

/// `wechat.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WechatFields {
    fields: BTreeMap<String, String>,
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
    /// What the texts of a kind are about, and who reads them.
    playbook: Playbook,
    /// The provider's names of the fields of a template message.
    fields: BTreeMap<(String, Locale), Vec<String>>,
}

impl Letters {
    /// Reads the embedded texts and those of a folder that puts its own in place of a kind's; a mistake stops the start.
    pub fn load(override_folder: Option<&Path>) -> Result<Self, LetterError> {
        let sources = Sources::read(override_folder)?;
        Self::from_sources(&sources, &Playbook::from_sources(&sources)?)
    }

    /// The same from files that were read already.
    pub fn from_sources(sources: &Sources, playbook: &Playbook) -> Result<Self, LetterError> {
        let mut letters = Self {
            templates: Templates::default(),
            versions: BTreeMap::new(),
            playbook: playbook.clone(),
            fields: BTreeMap::new(),
        };
        let mut layout = Sha256::new();
        let mut known = Known::default();
        for (name, file) in sources.layout() {
            let Some(partial) = name.strip_suffix(".html.hbs") else {
                continue;
            };
            let names = letters.templates.add_partial(partial, &file.text, Form::Html)?;
            let names = names.into_iter().filter(|name| !OF_PARTIALS.contains(&name.as_str()));
            known.of(SubjectKind::Appointment).check(names, file)?;
            layout.update(file.text.as_bytes());
        }
        for (kind, files) in sources.kinds() {
            let subject = playbook.kind(kind).map_or(SubjectKind::Appointment, |kind| kind.subject);
            for locale in Locale::ALL {
                letters.add(kind, locale, files, known.of(subject), &layout)?;
            }
        }
        Ok(letters)
    }

    /// The same texts, of which one is a published version and says so.
    #[must_use]
    pub fn numbered(mut self, kind: &str, locale: Locale, channel: ChannelName, number: i64) -> Self {
        if let Some(version) = self.versions.get_mut(&(kind.to_owned(), locale, channel)) {
            *version = format!("{number}.{version}");
        }
        self
    }

    fn add(
        &mut self,
        kind: &str,
        locale: Locale,
        files: &BTreeMap<String, File>,
        known: &Names,
        layout: &Sha256,
    ) -> Result<(), LetterError> {
        let folder = locale.code();
        let file = |name: &str| files.get(&format!("{folder}/{name}"));
        let mut take = |name: &str, form: Form| -> Result<Option<&str>, LetterError> {
            let Some(file) = file(name) else {
                return Ok(None);
            };
            let names = self.templates.add(&key(kind, locale, name), &file.text, form)?;
            known.check(names, file)?;
            Ok(Some(file.text.as_str()))
        };
        let sms = take(SMS, Form::Text)?;
        let wecom = take(WECOM, Form::Text)?;
        let mut email = Vec::new();
        for (name, form) in EMAIL {
            email.extend(take(name, form)?);
        }
        let wechat = file(WECHAT);
        if let Some(file) = wechat {
            let fields = self.add_fields(kind, locale, file, known)?;
            self.fields.insert((kind.to_owned(), locale), fields);
        }
        let mut version = |channel, hash: Sha256| {
            let number = hash.finalize().iter().take(6).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
            self.versions.insert((kind.to_owned(), locale, channel), format!("{number:012x}"));
        };
        if let Some(sms) = sms {
            version(ChannelName::Sms, Sha256::new_with_prefix(sms));
        }
        if let Some(wecom) = wecom {
            version(ChannelName::Wecom, Sha256::new_with_prefix(wecom));
        }
        if let Some(file) = wechat {
            version(ChannelName::Wechat, Sha256::new_with_prefix(&file.text));
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

    /// The fields of a template message, each a little template of its own; answers their names.
    fn add_fields(
        &mut self,
        kind: &str,
        locale: Locale,
        file: &File,
        known: &Names,
    ) -> Result<Vec<String>, LetterError> {
        let wrong = |why: String| LetterError::Fields { file: file.path.clone(), why: why.into() };
        let declared: WechatFields = toml::from_str(&file.text).map_err(|error| wrong(error.message().to_owned()))?;
        if declared.fields.is_empty() {
            return Err(wrong("a template message without fields says nothing".to_owned()));
        }
        for (name, text) in &declared.fields {
            let names = self.templates.add(&field_key(kind, locale, name), text, Form::Text)?;
            known.check(names, file)?;
        }
        Ok(declared.fields.into_keys().collect())
    }

    /// Whether texts about such a subject may use all these words, as the parameters of a provider's template.
    ///
    /// # Errors
    /// Names the first word that is none.
    pub fn knows<'a>(&self, subject: SubjectKind, words: impl IntoIterator<Item = &'a str>) -> Result<(), LetterError> {
        let file = File { text: String::new(), path: "params".into() };
        Known::default().of(subject).check(words.into_iter().map(str::to_owned), &file)
    }

    /// The kinds that these are the texts of.
    pub fn playbook(&self) -> &Playbook {
        &self.playbook
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
}

fn key(kind: &str, locale: Locale, file: &str) -> String {
    format!("{kind}/{}/{file}", locale.code())
}

fn field_key(kind: &str, locale: Locale, field: &str) -> String {
    format!("{}#{field}", key(kind, locale, WECHAT))
}

/// The names that the texts about each kind of subject may use.
#[derive(Default)]
struct Known(BTreeMap<SubjectKind, Names>);

impl Known {
    fn of(&mut self, subject: SubjectKind) -> &Names {
        self.0.entry(subject).or_insert_with(|| {
            let own = Words::names(subject);
            let is_empty = own.is_empty();
            let added = ADDED.into_iter().map(str::to_owned);
            Names((!is_empty).then(|| own.into_iter().chain(added).collect()))
        })
    }
}

/// The names of the typed context, and those that rendering adds; None for a subject that has no words.
struct Names(Option<BTreeSet<String>>);

impl Names {
    fn check(&self, names: impl IntoIterator<Item = String>, file: &File) -> Result<(), LetterError> {
        let Some(known) = &self.0 else {
            return Ok(());
        };
        match names.into_iter().find(|name| !known.contains(name)) {
            Some(name) => Err(LetterError::UnknownName { file: file.path.clone(), name: name.into() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
