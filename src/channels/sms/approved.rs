//! Texts that a provider has approved: their id and their parameters go over the wire in place of words (D4, E2, E3).
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A provider's template with its parameters, as they go over the wire; kept with a message, so that a resend is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub template: String,
    /// By the provider's names, or by their places from 1.
    pub params: Vec<(String, String)>,
    /// Whether the provider knows its parameters by name.
    #[serde(default)]
    pub named: bool,
}

impl Approved {
    /// The parameters as JSON: an object where they have names, else a list.
    pub fn json(&self) -> String {
        let text = |value: &String| Value::from(value.as_str());
        if self.named {
            let object: serde_json::Map<_, _> =
                self.params.iter().map(|(name, value)| (name.clone(), text(value))).collect();
            Value::Object(object).to_string()
        } else {
            Value::Array(self.params.iter().map(|(_, value)| text(value)).collect()).to_string()
        }
    }
}

/// What a gateway is handed: it shows in the body that is configured for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Words; whoever approves texts compares them.
    Text,
    /// Either: an approved template in the mainland, which takes no free text, and words elsewhere.
    Either,
    /// Only templates.
    Template,
}

impl Needs {
    /// Whether a text cannot go without an approved template.
    pub fn a_template(self, mainland: bool) -> bool {
        match self {
            Self::Text => false,
            Self::Either => mainland,
            Self::Template => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_parameters_are_an_object_and_ordered_ones_a_list() {
        let params = vec![("name".to_owned(), "王\"芳".to_owned()), ("plate".to_owned(), "粤A12345".to_owned())];
        let mut approved = Approved { template: "SMS_2001".to_owned(), params, named: true };
        assert_eq!(approved.json(), r#"{"name":"王\"芳","plate":"粤A12345"}"#);
        approved.named = false;
        assert_eq!(approved.json(), r#"["王\"芳","粤A12345"]"#);
    }

    #[test]
    fn the_mainland_takes_no_free_text_from_a_gateway_of_templates() {
        let needed = |needs: Needs| [needs.a_template(true), needs.a_template(false)];
        assert_eq!(needed(Needs::Text), [false, false]);
        assert_eq!(needed(Needs::Either), [true, false]);
        assert_eq!(needed(Needs::Template), [true, true]);
    }
}
