//! What a template may contain, looked at before the engine sees it: it ends the whole process on some texts (trap 5).
use std::collections::BTreeSet;

/// The largest template, in bytes.
pub const LARGEST: usize = 64 * 1024;
/// How deep blocks may nest; every branch of an else-chain counts, because the engine nests those too.
pub const NESTING: usize = 16;
/// How many subexpressions, lists and objects one tag may hold, which bounds how deep they nest.
pub const SUBEXPRESSIONS: usize = 8;

/// Why a template is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("larger than 64 KB")]
    TooLarge,
    #[error("blocks nest deeper than 16")]
    NestedTooDeep,
    #[error("more than 8 subexpressions in one tag")]
    TooManySubexpressions,
    #[error("a tag, a comment or a text in quotes does not end")]
    Unclosed,
    #[error("raw tags, escaped braces and decorators are not used here")]
    RawOrDecorator,
    #[error("inline partials and partial blocks are not used here")]
    InlinePartial,
    #[error("`{0}` is no partial of ours")]
    UnknownPartial(Box<str>),
    #[error("unescaped output is not allowed in HTML")]
    Unescaped,
    #[error("a link is written href=\"{{{{url x}}}}\"")]
    LinkWithoutUrl,
}

/// What a text is rendered into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Html,
    Text,
}

/// Checks `source` and gives the names of facts that it mentions; an error comes with its line.
///
/// It is deliberately stricter than the engine's grammar: every `{{` counts as a tag wherever it stands, so no text can
/// hide one from this check and show it to the engine.
pub fn check(source: &str, form: Form, partials: &[&str]) -> Result<BTreeSet<String>, (usize, Refused)> {
    if source.len() > LARGEST {
        return Err((1, Refused::TooLarge));
    }
    let mut names = BTreeSet::new();
    let mut depth: Vec<usize> = Vec::new();
    let mut seen = 0;
    while let Some(found) = source[seen..].find("{{") {
        let start = seen + found;
        let line = source[..start].matches('\n').count() + 1;
        let refuse = |why: Refused| (line, why);
        let before = &source[..start];
        let inside = &source[start + 2..];
        if before.ends_with('\\') || inside.starts_with("{{") {
            return Err(refuse(Refused::RawOrDecorator));
        }
        if let Some(comment) = inside.strip_prefix("!--") {
            let end = comment.find("--}}").ok_or_else(|| refuse(Refused::Unclosed))?;
            if comment[..end].contains("{{") || comment[..end].contains("}}") {
                return Err(refuse(Refused::Unclosed));
            }
            seen = start + 2 + 3 + end + 4;
            continue;
        }
        let end = inside.find("}}").ok_or_else(|| refuse(Refused::Unclosed))?;
        let tag = inside[..end].trim_matches('~').trim();
        read_tag(tag, form, before, partials, &mut names).map_err(refuse)?;
        match tag.as_bytes().first() {
            Some(b'#') => depth.push(1),
            Some(b'/') => drop(depth.pop()),
            Some(b'^') if tag.len() > 1 => count(&mut depth),
            _ if tag.split_whitespace().next() == Some("else") => count(&mut depth),
            _ => {}
        }
        if depth.iter().sum::<usize>() > NESTING {
            return Err(refuse(Refused::NestedTooDeep));
        }
        seen = start + 2 + end + 2;
    }
    Ok(names)
}

/// One more branch in the innermost chain. Outside any block it opens one, in case the engine thinks so too.
fn count(depth: &mut Vec<usize>) {
    match depth.last_mut() {
        Some(branches) => *branches += 1,
        None => depth.push(1),
    }
}

fn read_tag(
    tag: &str,
    form: Form,
    before: &str,
    partials: &[&str],
    names: &mut BTreeSet<String>,
) -> Result<(), Refused> {
    let body = match tag.as_bytes().first() {
        Some(b'{' | b'&') if form == Form::Html => return Err(Refused::Unescaped),
        Some(b'{' | b'&' | b'*' | b'!') => return Err(Refused::RawOrDecorator),
        Some(b'>') => {
            let name = tag[1..].split_whitespace().next().unwrap_or_default();
            if !partials.contains(&name) {
                return Err(Refused::UnknownPartial(name.into()));
            }
            tag[1..].trim_start().strip_prefix(name).unwrap_or_default()
        }
        Some(b'#') if tag[1..].trim_start().starts_with('>') => return Err(Refused::InlinePartial),
        Some(b'#') if tag[1..].trim_start().starts_with('*') => return Err(Refused::InlinePartial),
        Some(b'#' | b'^') => &tag[1..],
        Some(b'/') => return Ok(()),
        _ => tag,
    };
    if form == Form::Html && in_a_link(before) && !tag.starts_with("url ") {
        return Err(Refused::LinkWithoutUrl);
    }
    words(body, names)
}

/// Whether a tag at the end of `before` begins the value of a link.
fn in_a_link(before: &str) -> bool {
    let value = before.trim_end_matches(['"', '\'']).trim_end().strip_suffix('=');
    let name = value.map(str::trim_end).map(str::to_ascii_lowercase);
    name.is_some_and(|name| ["href", "src", "action"].iter().any(|link| name.ends_with(link)))
}

/// The names of facts in a tag, and the limits that hold inside one.
fn words(body: &str, names: &mut BTreeSet<String>) -> Result<(), Refused> {
    const OURS: [&str; 10] = ["if", "unless", "else", "each", "this", "url", "with", "true", "false", "null"];
    let mut quote = None;
    let mut opened = 0;
    let mut open = 0_usize;
    let mut word = String::new();
    for c in body.chars().chain([' ']) {
        if let Some(end) = quote {
            // The engine reads `\"` as a quote inside a text; ours simply has none.
            if c == '\\' {
                return Err(Refused::Unclosed);
            }
            quote = (c != end).then_some(end);
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => {
                opened += 1;
                open += 1;
            }
            ')' | ']' | '}' => open = open.saturating_sub(1),
            c if c.is_alphanumeric() || matches!(c, '_' | '.' | '@') => {
                word.push(c);
                continue;
            }
            _ => {}
        }
        let root = word.split('.').next().unwrap_or_default();
        let is_name = root.starts_with(|c: char| c.is_alphabetic()) && !OURS.contains(&root);
        if is_name && c != '=' {
            names.insert(root.to_owned());
        }
        word.clear();
    }
    if opened > SUBEXPRESSIONS {
        return Err(Refused::TooManySubexpressions);
    }
    if quote.is_some() || open > 0 {
        return Err(Refused::Unclosed);
    }
    Ok(())
}
