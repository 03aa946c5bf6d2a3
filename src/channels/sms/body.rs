//! The body of a gateway's request: a handlebars text whose values are escaped for its content type.
use handlebars::{Handlebars, RenderError};
use serde::Serialize;

use super::{Approved, Needs, Text};

/// What is sent when nothing else is configured.
pub const DEFAULT_BODY: &str = r#"{"id":"{{id}}","to":"{{to}}","text":"{{text}}"}"#;

/// The values a body may use.
#[derive(Clone, Serialize)]
pub(super) struct Values<'a> {
    /// Our message id, `msg_…`: the gateway's idempotency key or client reference.
    pub(super) id: &'a str,
    /// E.164.
    pub(super) to: &'a str,
    pub(super) text: &'a str,
    /// The sender's number or name; empty when none is configured.
    pub(super) from: &'a str,
    /// The provider's template that says the same; empty where there is none.
    pub(super) template_id: &'a str,
    /// Its parameters in their order, for `{{#each params}}`.
    pub(super) params: Vec<Param<'a>>,
    /// The same as JSON in a text: `TemplateParam` of Aliyun.
    pub(super) params_json: String,
}

/// One parameter of a provider's template; its name is its place from 1 where it has none.
#[derive(Clone, Serialize)]
pub(super) struct Param<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

impl<'a> Values<'a> {
    pub(super) fn new(text: Text<'a>, from: &'a str) -> Self {
        let approved = text.approved;
        let params = approved.map(|approved| approved.params.as_slice()).unwrap_or_default();
        Self {
            id: text.id,
            to: text.to,
            text: text.text,
            from,
            template_id: approved.map_or("", |approved| approved.template.as_str()),
            params: params.iter().map(|(name, value)| Param { name, value }).collect(),
            params_json: approved.map(Approved::json).unwrap_or_default(),
        }
    }
}

/// Escaping follows the content type: JSON strings in `…json`, percent-encoding in `…x-www-form-urlencoded`, entities
/// in `…xml`, none in `text/plain`. So a JSON body is written `"text":"{{text}}"` and a form body `text={{text}}`.
pub(super) struct Body {
    engine: Handlebars<'static>,
    needs: Needs,
}

/// The configured body cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadBody {
    #[error("sms.http.body is no handlebars text over id, to, text, from, template_id, params and params_json: {0}")]
    Template(String),
    #[error("sms.http.body uses {{{{{{…}}}}}} or {{{{&…}}}}, which would send a value without escaping it")]
    Unescaped,
    #[error("sms.http.body does not give JSON: put each value between quotes, \"text\":\"{{{{text}}}}\"")]
    NotJson,
    #[error("the Content-Type of sms.http.headers must be JSON, a form, XML or text/plain")]
    ContentType,
}

impl Body {
    /// Parses the text and tries it with values that need every escape.
    pub(super) fn new(text: &str, content_type: &str) -> Result<Self, BadBody> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let escape: fn(&str) -> String = match kind.as_str() {
            "application/x-www-form-urlencoded" => form,
            "text/plain" => handlebars::no_escape,
            kind if kind.ends_with("json") => json,
            kind if kind.ends_with("xml") => handlebars::html_escape,
            _ => return Err(BadBody::ContentType),
        };
        if text.contains("{{{") || text.contains("{{&") {
            return Err(BadBody::Unescaped);
        }
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        engine.register_escape_fn(escape);
        engine.register_template_string("body", text).map_err(|error| BadBody::Template(error.reason().to_string()))?;
        let mut body = Self { engine, needs: Needs::Text };
        let try_with = |approved: Option<&Approved>| {
            let text = Text { id: "msg_1", to: "+1", text: "\"\\\n&=%王<words", approved };
            let tried = body.render(&Values::new(text, ""));
            let tried = tried.map_err(|error| BadBody::Template(error.reason().to_string()))?;
            if kind.ends_with("json") && serde_json::from_str::<serde::de::IgnoredAny>(&tried).is_err() {
                return Err(BadBody::NotJson);
            }
            Ok(tried)
        };
        let params = vec![("1".to_owned(), "\"\\\n&=%王<".to_owned()), ("2".to_owned(), "b".to_owned())];
        let with_template = try_with(Some(&Approved { template: "tpl-77".to_owned(), params, named: false }))?;
        let says_words = try_with(None)?.contains("words");
        body.needs = match (with_template.contains("tpl-77"), says_words) {
            (false, _) => Needs::Text,
            (true, true) => Needs::Either,
            (true, false) => Needs::Template,
        };
        Ok(body)
    }

    pub(super) fn needs(&self) -> Needs {
        self.needs
    }

    pub(super) fn render(&self, values: &Values<'_>) -> Result<String, RenderError> {
        self.engine.render("body", values)
    }
}

/// What stands between the quotes of a JSON string.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Text<'_> = Text { id: "msg_1", to: "+8613900001234", text: "\"王\"\\\n&a=b", approved: None };

    #[test]
    fn values_are_escaped_for_the_content_type() {
        let awkward = Values::new(TEXT, "AC");
        let json = Body::new(DEFAULT_BODY, "application/json; charset=utf-8").unwrap();
        assert_eq!(json.needs(), Needs::Text);
        let json = json.render(&awkward).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, serde_json::json!({"id": "msg_1", "to": "+8613900001234", "text": TEXT.text}));
        let form = Body::new("to={{to}}&content={{text}}", "application/x-www-form-urlencoded")
            .unwrap()
            .render(&awkward)
            .unwrap();
        let pairs: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        assert_eq!(pairs, [("to".to_owned(), TEXT.to.to_owned()), ("content".to_owned(), TEXT.text.to_owned())]);
    }

    #[test]
    fn a_body_of_templates_is_told_by_what_it_is_made_of() {
        let approved = Approved {
            template: "SMS_2001".to_owned(),
            params: vec![("name".to_owned(), "\"王\"".to_owned()), ("plate".to_owned(), "粤A1".to_owned())],
            named: true,
        };
        let with = Values::new(Text { approved: Some(&approved), ..TEXT }, "");
        for (text, needs, sent) in [
            (
                r#"{"code":"{{template_id}}","param":"{{params_json}}"}"#,
                Needs::Template,
                r#"{"code":"SMS_2001","param":"{\"name\":\"\\\"王\\\"\",\"plate\":\"粤A1\"}"}"#,
            ),
            (
                r#"{"code":"{{template_id}}","set":[{{#each params}}"{{value}}"{{#unless @last}},{{/unless}}{{/each}}]}"#,
                Needs::Template,
                r#"{"code":"SMS_2001","set":["\"王\"","粤A1"]}"#,
            ),
            (
                r#"{ {{#if template_id}}"code":"{{template_id}}"{{else}}"text":"{{text}}"{{/if}} }"#,
                Needs::Either,
                r#"{ "code":"SMS_2001" }"#,
            ),
        ] {
            let body = Body::new(text, "application/json").unwrap();
            assert_eq!((body.needs(), body.render(&with).unwrap().as_str()), (needs, sent));
        }
    }

    #[test]
    fn mistakes_in_a_body_stop_the_start() {
        let wrong = |text, kind| Body::new(text, kind).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(wrong("{{tex}}", "text/plain").contains("handlebars"));
        assert!(wrong("{{#if}", "text/plain").contains("handlebars"));
        assert!(wrong("{{{text}}}", "text/plain").contains("without escaping"));
        assert!(wrong(r#"{"text":{{text}}}"#, "application/json").contains("quotes"));
        assert!(wrong("x", "image/png").contains("Content-Type"));
    }
}
