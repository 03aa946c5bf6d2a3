//! Templates: handlebars under limits, one registry that escapes for HTML and one that leaves text alone.
pub mod limits;

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason, no_escape};
use serde::Serialize;

pub use limits::{Form, Refused};

/// The most that one rendering may write, in bytes.
pub const LARGEST_OUTPUT: usize = 256 * 1024;

/// Why a template cannot be taken or rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("{name}:{line}: {why}")]
    Refused { name: Box<str>, line: usize, why: Refused },
    #[error("{name}:{line}: {why}")]
    Syntax { name: Box<str>, line: usize, why: Box<str> },
    #[error("{name} would write more than 256 KB")]
    TooLong { name: Box<str> },
    #[error("{name} cannot be rendered: {why}")]
    Render { name: Box<str>, why: Box<str> },
}

/// The templates of one purpose, checked and parsed at load. The partials are ours and include nothing themselves.
#[derive(Debug)]
pub struct Templates {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
    partials: BTreeSet<String>,
}

impl Default for Templates {
    fn default() -> Self {
        let registry = || {
            let mut registry = Handlebars::new();
            registry.set_strict_mode(true);
            registry.set_prevent_indent(true);
            // It would write what customers are called into our log.
            registry.unregister_helper("log");
            registry.register_helper("url", Box::new(url_helper));
            registry
        };
        let mut text = registry();
        // Otherwise O'Neil arrives by SMS as O&#x27;Neil.
        text.register_escape_fn(no_escape);
        Self { html: registry(), text, partials: BTreeSet::new() }
    }
}

impl Templates {
    /// Adds a partial for the templates of one form; gives the names of facts it mentions.
    pub fn add_partial(&mut self, name: &str, source: &str, form: Form) -> Result<BTreeSet<String>, TemplateError> {
        // A partial that includes itself through another would never end, so partials include none.
        let names = self.register(name, source, form, &[])?;
        self.partials.insert(name.to_owned());
        Ok(names)
    }

    /// Adds a template; gives the names of facts it mentions, because `{{#if typo}}` is silent even in strict mode.
    pub fn add(&mut self, name: &str, source: &str, form: Form) -> Result<BTreeSet<String>, TemplateError> {
        let partials = self.partials.clone();
        let partials: Vec<_> = partials.iter().map(String::as_str).collect();
        self.register(name, source, form, &partials)
    }

    fn register(
        &mut self,
        name: &str,
        source: &str,
        form: Form,
        partials: &[&str],
    ) -> Result<BTreeSet<String>, TemplateError> {
        let names = limits::check(source, form, partials).map_err(|(line, why)| TemplateError::Refused {
            name: name.into(),
            line,
            why,
        })?;
        let registry = match form {
            Form::Html => &mut self.html,
            Form::Text => &mut self.text,
        };
        registry.register_template_string(name, source).map_err(|error| TemplateError::Syntax {
            name: name.into(),
            line: error.pos().map_or(1, |(line, _)| line),
            why: error.reason().to_string().into(),
        })?;
        Ok(names)
    }

    pub fn has(&self, name: &str, form: Form) -> bool {
        self.registry(form).has_template(name)
    }

    /// Renders a template; a name that the context lacks is an error.
    pub fn render(&self, name: &str, form: Form, context: &impl Serialize) -> Result<String, TemplateError> {
        let mut capped = Capped(Vec::new());
        let rendered = self.registry(form).render_to_write(name, context, &mut capped);
        rendered.map_err(|error| match error.reason() {
            RenderErrorReason::IOError(_) => TemplateError::TooLong { name: name.into() },
            reason => TemplateError::Render { name: name.into(), why: reason.to_string().into() },
        })?;
        String::from_utf8(capped.0).map_err(|_| TemplateError::Render { name: name.into(), why: "not UTF-8".into() })
    }

    fn registry(&self, form: Form) -> &Handlebars<'static> {
        match form {
            Form::Html => &self.html,
            Form::Text => &self.text,
        }
    }
}

/// A writer that refuses to grow beyond the cap.
struct Capped(Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST_OUTPUT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `{{url x}}`: an address that is safe to click.
fn url_helper(
    helper: &Helper<'_>,
    registry: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = helper.param(0).and_then(|value| value.value().as_str()).unwrap_or_default();
    let safe =
        safe_link(text).ok_or_else(|| RenderErrorReason::Other("a link must be https, tel or mailto".to_owned()))?;
    out.write(&registry.get_escape_fn()(&safe))?;
    Ok(())
}

/// The link as it may be shown: https, tel and mailto; http only to this machine, which is the demo.
pub fn safe_link(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let loopback = || match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let safe = match url.scheme() {
        "https" => url.username().is_empty() && url.password().is_none(),
        "http" => loopback(),
        "tel" => url.path().chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '(' | ')')),
        "mailto" => url.path().contains('@') && url.query().is_none(),
        _ => false,
    };
    safe.then(|| url.into())
}

#[cfg(test)]
mod tests;
