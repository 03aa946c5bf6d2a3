//! A letter becomes a text: one page of HTML and one of text, one SMS, one message for colleagues, or the fields of a template.
use serde::Serialize;

use super::{EMAIL, Letter, LetterError, Letters, Rendered, SMS, WECHAT_FIELD, WECOM, field_key, key};
use crate::{
    notices::{ChannelName, segments, wording::Locale},
    template::Form,
};

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
        match channel {
            ChannelName::Sms => {
                let mut text = one_line(&one(SMS, Form::Text, &page)?);
                if segments::count(&segments::signed(&text, letter.signature())).parts > 1 {
                    page.tight = true;
                    text = one_line(&one(SMS, Form::Text, &page)?);
                }
                return Ok(Rendered::Sms { text });
            }
            ChannelName::Wecom => {
                let text = paragraphs(&one(WECOM, Form::Text, &page)?).trim_end().to_owned();
                return Ok(Rendered::Wecom { text });
            }
            ChannelName::Wechat => return self.fields_of(kind, locale, &page),
            ChannelName::Email | ChannelName::Call => {}
        }
        let [(subject, _), (html, _), (text, _)] = EMAIL;
        let subject = one_line(&one(subject, Form::Text, &page)?);
        // The short text says the whole letter in a sentence, which is what a preview is for.
        let short = [(ChannelName::Sms, SMS), (ChannelName::Wecom, WECOM)];
        let short = short.into_iter().find(|(channel, _)| self.has(kind, locale, *channel));
        let preheader = match short {
            Some((_, file)) => one_line(&one(file, Form::Text, &page)?),
            None => subject.clone(),
        };
        page = Page { preheader: &preheader, subject: &subject, ..page };
        let html = one(html, Form::Html, &page)?;
        let text = paragraphs(&one(text, Form::Text, &page)?);
        Ok(Rendered::Email { subject, html, text })
    }

    /// Each field as the provider takes it: one line, and never empty. The name of a thing is cut to its length; half a time, a
    /// number or a plate would be another one, so those are left whole for the checks to name.
    fn fields_of<L: Serialize>(&self, kind: &str, locale: Locale, page: &Page<'_, L>) -> Result<Rendered, LetterError> {
        let names = self.fields.get(&(kind.to_owned(), locale)).map(Vec::as_slice).unwrap_or_default();
        let render = |name: &String| -> Result<(String, String), LetterError> {
            let value = one_line(&self.templates.render(&field_key(kind, locale, name), Form::Text, page)?);
            let value = match value {
                empty if empty.is_empty() => "-".to_owned(),
                value if name.starts_with("thing") => cut(&value, WECHAT_FIELD),
                value => value,
            };
            Ok((name.clone(), value))
        };
        Ok(Rendered::Wechat { fields: names.iter().map(render).collect::<Result<_, _>>()? })
    }
}

/// At most `most` characters; what is cut ends in an ellipsis, which is one of them.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
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
