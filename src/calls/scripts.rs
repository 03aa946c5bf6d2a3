//! What is said on a call: a script per type and language, in parts; before the customer is who they say, nothing about a vehicle.
use std::collections::BTreeMap;

use serde::Serialize;

use super::CallType;
use crate::{
    notices::Locale,
    template::{Form, TemplateError, Templates},
};

#[derive(rust_embed::Embed)]
#[folder = "templates/scripts/"]
struct Embedded;

/// The folder of what every call has in common.
const SHARED: &str = "opening";
/// What may be said before the customer is known to be themselves.
const BEFORE_IDENTITY: [&str; 6] = ["dealer", "department", "agent", "agent_no", "name", "phone"];
/// The parts that are said before, or to somebody else.
const PARTS_BEFORE: [&str; 4] = ["opening", "third_party", "convenient", "not_convenient"];

/// Why scripts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("there is no script templates/scripts/{0}/{1}.hbs")]
    Missing(&'static str, &'static str),
    #[error(
        "templates/scripts/{file}:{line}: a part begins with ## and one of opening, third_party, convenient, not_convenient, after_identity, question KEY, branch KEY, close"
    )]
    NoPart { file: Box<str>, line: usize },
    #[error("templates/scripts/{file} says {{{{{name}}}}} in {part}: {why}")]
    Name { file: Box<str>, part: Box<str>, name: Box<str>, why: &'static str },
}

/// What a script may say; empty texts are left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Facts {
    pub dealer: String,
    pub department: String,
    /// The shop's telephone.
    pub phone: String,
    pub agent: String,
    pub agent_no: String,
    /// How the customer is addressed.
    pub name: String,
    pub visited: String,
    pub service: String,
    pub vehicle: String,
    pub when: String,
    pub part: String,
    pub duration: String,
    pub slot1: String,
    pub slot2: String,
    pub item: String,
    pub advisor: String,
    pub is_comeback: bool,
    /// They asked for another time for their appointment.
    pub wants_another_time: bool,
    /// Something that their booking should say is missing.
    pub is_incomplete: bool,
}

/// A script in one language, filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Script {
    pub locale: Locale,
    /// Company, department and own name (seed), and whether it is them.
    pub opening: String,
    /// To somebody else: nothing is disclosed.
    pub third_party: String,
    /// Whether it suits, and that the call may be recorded.
    pub convenient: String,
    pub not_convenient: String,
    /// What it is about: only to the customer.
    pub after_identity: String,
    pub questions: Vec<Question>,
    /// What to do when …: for the agent, not to be read out.
    pub branches: Vec<Question>,
    pub close: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    pub key: String,
    pub text: String,
}

/// Every script, checked and parsed at start.
#[derive(Debug)]
pub struct Scripts {
    templates: Templates,
    /// The parts of each file in their order.
    parts: BTreeMap<(&'static str, Locale), Vec<String>>,
}

impl Scripts {
    /// Reads the built-in scripts; a mistake stops the start.
    pub fn load() -> Result<Self, ScriptError> {
        let mut scripts = Self { templates: Templates::default(), parts: BTreeMap::new() };
        let folders = std::iter::once(SHARED).chain(CallType::ALL.into_iter().map(CallType::word));
        for folder in folders {
            for locale in Locale::ALL {
                scripts.add(folder, locale)?;
            }
        }
        Ok(scripts)
    }

    fn add(&mut self, folder: &'static str, locale: Locale) -> Result<(), ScriptError> {
        let file = format!("{folder}/{}.hbs", locale.code());
        let source = Embedded::get(&file).ok_or(ScriptError::Missing(folder, locale.code()))?;
        let source = String::from_utf8_lossy(&source.data).into_owned();
        let known = names();
        let mut parts = Vec::new();
        for (part, text) in split(&file, &source)? {
            let named = self.templates.add(&key(folder, locale, &part), &text, Form::Text)?;
            for name in named {
                let wrong = |why| ScriptError::Name {
                    file: file.clone().into(),
                    part: part.clone().into(),
                    name: name.clone().into(),
                    why,
                };
                if !known.contains(&name) {
                    return Err(wrong("no script knows it"));
                }
                if PARTS_BEFORE.contains(&part.as_str()) && !BEFORE_IDENTITY.contains(&name.as_str()) {
                    return Err(wrong("nothing about the visit is said before the customer is known to be themselves"));
                }
            }
            parts.push(part);
        }
        self.parts.insert((folder, locale), parts);
        Ok(())
    }

    /// The script of a type in a language.
    ///
    /// # Errors
    /// When a part cannot be rendered; every name was checked at start.
    pub fn render(&self, kind: CallType, locale: Locale, facts: &Facts) -> Result<Script, ScriptError> {
        let mut script = Script {
            locale,
            opening: String::new(),
            third_party: String::new(),
            convenient: String::new(),
            not_convenient: String::new(),
            after_identity: String::new(),
            questions: Vec::new(),
            branches: Vec::new(),
            close: String::new(),
        };
        for folder in [SHARED, kind.word()] {
            for part in self.parts.get(&(folder, locale)).into_iter().flatten() {
                let text = self.templates.render(&key(folder, locale, part), Form::Text, facts)?;
                let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                let text = lines.join("\n");
                match part.split_once(' ') {
                    Some(("question", key)) => script.questions.push(Question { key: key.to_owned(), text }),
                    Some((_, key)) => script.branches.push(Question { key: key.to_owned(), text }),
                    None => match part.as_str() {
                        "opening" => script.opening = text,
                        "third_party" => script.third_party = text,
                        "convenient" => script.convenient = text,
                        "not_convenient" => script.not_convenient = text,
                        "close" => script.close = text,
                        _ => script.after_identity = text,
                    },
                }
            }
        }
        Ok(script)
    }
}

/// The parts of a file: each begins with `## name`.
fn split(file: &str, source: &str) -> Result<Vec<(String, String)>, ScriptError> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (at, line) in source.lines().enumerate() {
        if let Some(name) = line.strip_prefix("## ") {
            let name = name.trim();
            let word = name.split(' ').next().unwrap_or_default();
            let has_key = matches!(word, "question" | "branch");
            let plain = ["after_identity", "close"].contains(&name) || PARTS_BEFORE.contains(&name);
            if !(plain || has_key && name.split(' ').count() == 2) {
                return Err(ScriptError::NoPart { file: file.into(), line: at + 1 });
            }
            parts.push((name.to_owned(), String::new()));
        } else if let Some((_, text)) = parts.last_mut() {
            text.push_str(line);
            text.push('\n');
        } else if !(line.trim().is_empty() || line.starts_with("{{!--")) {
            return Err(ScriptError::NoPart { file: file.into(), line: at + 1 });
        }
    }
    Ok(parts)
}

fn key(folder: &str, locale: Locale, part: &str) -> String {
    format!("{folder}/{}/{part}", locale.code())
}

fn names() -> Vec<String> {
    let facts = serde_json::to_value(Facts::default()).unwrap_or_default();
    facts.as_object().into_iter().flat_map(|facts| facts.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            dealer: "雷克萨斯天河店".into(),
            department: "售后服务部".into(),
            phone: "020-8888 0000".into(),
            agent: "李娜".into(),
            agent_no: "agt-01".into(),
            name: "王芳女士".into(),
            visited: "3月2日(周一)".into(),
            service: "4万公里保养".into(),
            vehicle: "粤A12345".into(),
            when: "3月5日(周四) 09:30".into(),
            part: "前制动片".into(),
            ..Facts::default()
        }
    }

    #[test]
    fn every_type_has_its_script_in_three_languages_and_nothing_is_said_of_the_vehicle_before_the_customer_is_known() {
        let scripts = Scripts::load().expect("the built-in scripts");
        let mut all = String::new();
        for kind in CallType::ALL {
            for locale in Locale::ALL {
                for facts in [
                    facts(),
                    Facts { agent: "A".into(), dealer: "D".into(), department: "P".into(), ..Facts::default() },
                ] {
                    let script = scripts.render(kind, locale, &facts).expect("a script");
                    for part in [&script.opening, &script.third_party, &script.convenient, &script.not_convenient] {
                        assert!(!part.is_empty(), "{kind:?} {locale:?}");
                        for secret in ["粤A12345", "4万公里保养", "3月", "前制动片"] {
                            assert!(!part.contains(secret), "{kind:?} {locale:?}: {part}");
                        }
                    }
                    for named in [&facts.dealer, &facts.department, &facts.agent] {
                        assert!(script.opening.contains(named.as_str()), "{}", script.opening);
                    }
                    assert!(!script.after_identity.is_empty() && !script.questions.is_empty());
                    assert!(!format!("{script:?}").contains("{{"));
                }
                if kind == CallType::FollowUp {
                    let script = scripts.render(kind, locale, &facts()).expect("a script");
                    all.push_str(&serde_json::to_string_pretty(&script).expect("JSON"));
                }
            }
        }
        insta::assert_snapshot!("follow_up_scripts", all);
    }

    #[test]
    fn a_script_with_a_typo_stops_the_start() {
        assert!(split("x", "## opening\nhello\n## question fixed\nfixed?").is_ok());
        for wrong in ["hello", "## openning\nhello", "## question\nwhat?", "## question a b\nwhat?"] {
            assert!(matches!(split("x", wrong), Err(ScriptError::NoPart { .. })), "{wrong}");
        }
    }
}
