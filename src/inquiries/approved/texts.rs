//! The texts of approved answers: one per topic and language, from `templates/answers/`, checked by a test and parsed once.
use std::sync::LazyLock;

use serde::Serialize;

use super::Topic;
use crate::{
    notices::Locale,
    template::{Form, TemplateError, Templates},
};

#[derive(rust_embed::Embed)]
#[folder = "templates/answers/"]
struct Embedded;

/// What an answer may say; what is not known is empty, and its text says nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Facts {
    pub(super) dealer: String,
    pub(super) phone: String,
    pub(super) address: String,
    /// Mon-Fri 09:00-18:00.
    pub(super) hours: String,
    /// Days off soon, one a line.
    pub(super) holidays: String,
    /// The visit's day and time, or those of the promise.
    pub(super) when: String,
    pub(super) reference: String,
    /// The car's plate.
    pub(super) plate: String,
    pub(super) is_ready: bool,
    /// The parts, one a line: what, and by when.
    pub(super) parts: String,
}

static TEXTS: LazyLock<Result<Templates, TemplateError>> = LazyLock::new(|| {
    let mut texts = Templates::default();
    for topic in Topic::ALL {
        for locale in Locale::ALL {
            let name = name(topic, locale);
            let source = Embedded::get(&name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
            texts.add(&name, &source.unwrap_or_default(), Form::Text)?;
        }
    }
    Ok(texts)
});

fn name(topic: Topic, locale: Locale) -> String {
    format!("{}/{}.hbs", topic.word(), locale.code())
}

/// The answer; None when its text cannot be rendered, which is logged: a person answers then.
pub(super) fn text(topic: Topic, locale: Locale, facts: &Facts) -> Option<String> {
    let rendered = match &*TEXTS {
        Ok(texts) => texts.render(&name(topic, locale), Form::Text, facts),
        Err(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "the texts of approved answers cannot be used");
            return None;
        }
    };
    match rendered {
        Ok(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an approved answer cannot be rendered");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn every_answer_is_said_in_three_languages() {
        let mut all = String::new();
        for topic in Topic::ALL {
            for locale in Locale::ALL {
                let zh = locale == Locale::ZhCn;
                let facts = |is_ready: bool| Facts {
                    dealer: "LEXUS Guangzhou Tianhe".to_owned(),
                    phone: "+86 20 3810 0000".to_owned(),
                    address: "Tianhe Road 1".to_owned(),
                    hours: if zh { "周一至周五09:00-18:00" } else { "Mon-Fri 09:00-18:00" }.to_owned(),
                    holidays: if zh { "4月4日(周六) 清明节" } else { "Sat, Apr 4 Qingming" }.to_owned(),
                    when: if zh { "3月7日(周六) 09:30" } else { "Sat, Mar 7, 9:30 AM" }.to_owned(),
                    reference: "A-1001".to_owned(),
                    plate: "粤A12345".to_owned(),
                    is_ready,
                    parts: "Brake pads: Mar 12".to_owned(),
                };
                for is_ready in [false, true] {
                    let text = text(topic, locale, &facts(is_ready)).expect("a text");
                    if !is_ready || topic == Topic::MyCar {
                        let _ = writeln!(all, "## {} {} {is_ready}\n{text}\n", topic.word(), locale.code());
                    }
                }
            }
        }
        insta::assert_snapshot!("approved_answers", all);
    }
}
