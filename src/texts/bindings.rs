//! A provider's approved template and its parameters: what may be chosen, and what fits into it.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    channels::sms::Approved,
    notices::{
        ChannelName, Locale,
        letters::{Letters, Rendered, WECHAT_FIELD, content::not_for_the_mainland, cut},
    },
};

/// A provider's own template for a kind: mainland SMS and `WeChat` have no free text, only an approved id and parameters
/// (D4, E2, E3, E5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    pub template: String,
    /// The provider's names of the parameters to ours, or ours in the provider's order.
    #[serde(default)]
    pub params: Params,
    /// What is not approved cannot be chosen.
    #[serde(default)]
    pub approved: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Params {
    Named(BTreeMap<String, Param>),
    Ordered(Vec<Param>),
}
impl Default for Params {
    fn default() -> Self {
        Self::Ordered(Vec::new())
    }
}

/// One of our words as a parameter: `"plate"`, or `{ word = "part_brief", most = 20, cut = true }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Param {
    Word(String),
    Limited(Limited),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limited {
    pub word: String,
    /// The most characters that the provider takes here.
    pub most: usize,
    /// Whether a longer value may be cut, with an ellipsis as its last character; what may not be cut is refused.
    #[serde(default)]
    pub cut: bool,
}

/// Why a provider's template cannot be used for a message, as it stands on record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("template_not_approved")]
    NotApproved,
    #[error("template_param_missing")]
    Missing(String),
    #[error("template_param_too_long")]
    TooLong(String),
    /// A link, the brackets of a signature or a mobile number, in the mainland.
    #[error("template_param_forbidden")]
    Forbidden(String),
}

impl Unusable {
    /// The reason as a word of the record.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotApproved => "template_not_approved",
            Self::Missing(_) => "template_param_missing",
            Self::TooLong(_) => "template_param_too_long",
            Self::Forbidden(_) => "template_param_forbidden",
        }
    }
    /// The word of ours that is at fault, where it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::NotApproved => None,
            Self::Missing(word) | Self::TooLong(word) | Self::Forbidden(word) => Some(word),
        }
    }
}

impl Binding {
    /// The words of ours that it needs.
    pub fn words(&self) -> Vec<&str> {
        self.all().into_iter().map(|(_, param)| param.word()).collect()
    }

    /// The parameters as the provider wants them, by its names or by their places from 1, from the words of a letter.
    ///
    /// # Errors
    /// When the template is not approved, a word has no value, or a value is too long and may not be cut.
    pub fn fill(&self, words: &Value) -> Result<Vec<(String, String)>, Unusable> {
        if !self.approved {
            return Err(Unusable::NotApproved);
        }
        let fill = |(name, param): (String, &Param)| {
            let value = match words.get(param.word()) {
                Some(Value::String(text)) => text.trim().to_owned(),
                Some(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            };
            if value.is_empty() {
                return Err(Unusable::Missing(param.word().to_owned()));
            }
            let (most, may_cut) = param.limit();
            if value.chars().count() <= most {
                Ok((name, value))
            } else if may_cut {
                Ok((name, cut(&value, most)))
            } else {
                Err(Unusable::TooLong(param.word().to_owned()))
            }
        };
        self.all().into_iter().map(fill).collect()
    }

    /// What goes over the wire for a letter with these words.
    ///
    /// # Errors
    /// As [`Binding::fill`]; and in the mainland when a value holds what no parameter may hold there.
    pub fn approved(&self, words: &Value, mainland: bool) -> Result<Approved, Unusable> {
        let params = self.fill(words)?;
        let forbidden = params.iter().position(|(_, value)| mainland && not_for_the_mainland(value).is_some());
        if let Some(at) = forbidden {
            return Err(Unusable::Forbidden(self.words()[at].to_owned()));
        }
        let named = matches!(self.params, Params::Named(_));
        Ok(Approved { template: self.template.clone(), params, named })
    }

    /// The fields of a `WeChat` template message: those that it names, else those that the kind declares, each in one line of
    /// what fits (E5). The name of a thing is cut; half of anything else would be something else.
    ///
    /// # Errors
    /// As [`Binding::fill`].
    pub fn fields(&self, words: &Value, declared: &[(String, String)]) -> Result<Approved, Unusable> {
        let own = self.fill(words)?;
        let params = if own.is_empty() { declared.to_vec() } else { own };
        let fitting = |(name, value): (String, String)| {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            match value.chars().count() {
                0..=WECHAT_FIELD => Ok((name, value)),
                _ if name.starts_with("thing") => Ok((name, cut(&value, WECHAT_FIELD))),
                _ => Err(Unusable::TooLong(self.word_of(&name))),
            }
        };
        let params = params.into_iter().map(fitting).collect::<Result<_, _>>()?;
        Ok(Approved { template: self.template.clone(), params, named: true })
    }

    /// Our word in a field; where it names none, the field is of the kind.
    fn word_of(&self, field: &str) -> String {
        let own = self.all().into_iter().find(|(name, _)| name == field);
        own.map_or_else(|| field.to_owned(), |(_, param)| param.word().to_owned())
    }

    /// The samples of a kind that it does not fit, and why: a letter like one of them takes the next channel.
    pub fn misfits(
        &self,
        letters: &Letters,
        kind: &str,
        locale: Locale,
        (channel, mainland): (ChannelName, bool),
    ) -> Vec<(&'static str, Unusable)> {
        let samples = letters.samples(kind, locale).into_iter();
        let misfit = |(sample, letter)| {
            let words = serde_json::to_value(&letter).unwrap_or_default();
            let fitted = match letters.render(kind, locale, channel, &letter) {
                Ok(Rendered::Wechat { fields }) => self.fields(&words, &fields),
                _ => self.approved(&words, mainland),
            };
            Some((sample, fitted.err()?))
        };
        samples.filter_map(misfit).collect()
    }

    fn all(&self) -> Vec<(String, &Param)> {
        match &self.params {
            Params::Named(named) => named.iter().map(|(name, param)| (name.clone(), param)).collect(),
            Params::Ordered(ordered) => {
                ordered.iter().enumerate().map(|(at, param)| ((at + 1).to_string(), param)).collect()
            }
        }
    }
}

impl Param {
    pub fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Limited(limited) => &limited.word,
        }
    }
    fn limit(&self) -> (usize, bool) {
        match self {
            Self::Word(_) => (usize::MAX, false),
            Self::Limited(limited) => (limited.most, limited.cut),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn binding(text: &str) -> Binding {
        toml::from_str(text).expect("a binding")
    }

    #[test]
    fn parameters_by_name_and_by_place() {
        let words = json!({ "hon": "王芳女士", "part_brief": "左前大灯总成等2项", "plate": "粤A12345", "count": 2, "eta": null });
        let named = binding("template = 'SMS_2001'\napproved = true\nparams = { name = 'hon', plate = 'plate' }");
        let told = named.fill(&words).expect("filled");
        assert_eq!(told, [("name".into(), "王芳女士".into()), ("plate".into(), "粤A12345".into())]);
        let ordered = binding(
            "template = '110234'\napproved = true\nparams = ['count', { word = 'part_brief', most = 6, cut = true }]",
        );
        assert_eq!(
            ordered.fill(&words).expect("filled"),
            [("1".into(), "2".into()), ("2".into(), "左前大灯总…".into())]
        );
        assert_eq!(ordered.words(), ["count", "part_brief"]);
    }

    #[test]
    fn what_goes_over_the_wire_holds_nothing_that_the_mainland_refuses() {
        let named = binding("template = 'SMS_2001'\napproved = true\nparams = { name = 'hon', part = 'part' }");
        let words = |part: &str| json!({ "hon": "王芳女士", "part": part });
        let wire = named.approved(&words("前刹车片"), true).expect("fits");
        assert_eq!(
            (wire.template.as_str(), wire.json().as_str()),
            ("SMS_2001", r#"{"name":"王芳女士","part":"前刹车片"}"#)
        );
        for part in ["【原厂】前刹车片", "https://a.example", "13900001234"] {
            let refused = named.approved(&words(part), true).expect_err("refused");
            assert_eq!((refused.reason(), refused.word()), ("template_param_forbidden", Some("part")), "{part}");
            assert!(named.approved(&words(part), false).is_ok(), "elsewhere it may");
        }
    }

    #[test]
    fn a_field_is_one_line_of_twenty_characters() {
        let declared = [("thing1".to_owned(), "前刹车片".to_owned())];
        let words = json!({ "part": "左前大灯总成\n带清洗装置、自动水平调节功能", "plate": "粤A12345", "when": "3月7日(周六) 上午9:30 至 11:00 之间" });
        let of = |params: &str| {
            let text = format!("template = 'tpl_x'\napproved = true\nparams = {{ {params} }}");
            binding(&text).fields(&words, &declared)
        };
        let cut = of("thing1 = 'part', car_number2 = 'plate'").expect("fits");
        assert_eq!(
            cut.params,
            [
                ("car_number2".into(), "粤A12345".into()),
                ("thing1".into(), "左前大灯总成 带清洗装置、自动水平调节…".into())
            ]
        );
        assert_eq!(of("time3 = 'when'"), Err(Unusable::TooLong("when".to_owned())), "half a time is another one");
        let kinds = binding("template = 'tpl_x'\napproved = true").fields(&words, &declared).expect("fits");
        assert_eq!((kinds.template.as_str(), kinds.params), ("tpl_x", declared.to_vec()));
        assert_eq!(binding("template = 'tpl_x'").fields(&words, &declared), Err(Unusable::NotApproved));
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        let words = json!({ "part": "abcdef", "eta": null });
        let reason = |text: &str| binding(text).fill(&words).expect_err("refused").reason();
        assert_eq!(reason("template = 'x'\nparams = ['part']"), "template_not_approved");
        assert_eq!(reason("template = 'x'\napproved = true\nparams = ['eta']"), "template_param_missing");
        assert_eq!(reason("template = 'x'\napproved = true\nparams = ['nobody']"), "template_param_missing");
        assert_eq!(
            reason("template = 'x'\napproved = true\nparams = [{ word = 'part', most = 5 }]"),
            "template_param_too_long"
        );
        assert_eq!(cut("好好好", 3), "好好好");
        assert_eq!(cut("好好好好", 3), "好好…");
    }
}
