//! The parameters of a provider's template as people write them in the console, a line each.
use std::{collections::BTreeMap, fmt};

use super::bindings::{Limited, Param, Params};

/// A line that is no parameter.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} is no parameter: write `word`, `name = word`, and behind it the most characters, with … where a longer value may be cut: `part = part_brief 20…`"
)]
pub struct NoParameter {
    pub line: usize,
}

impl Params {
    /// Reads one parameter a line: all by the provider's names, or all in the provider's order.
    ///
    /// # Errors
    /// The first line that is none, or that has a name where others have none.
    pub fn read(text: &str) -> Result<Self, NoParameter> {
        let (mut named, mut ordered) = (BTreeMap::new(), Vec::new());
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = NoParameter { line: at + 1 };
            match line.split_once('=') {
                Some((name, param)) if ordered.is_empty() && is_word(name.trim()) => {
                    let Some(param) = Param::read(param) else { return Err(wrong) };
                    if named.insert(name.trim().to_owned(), param).is_some() {
                        return Err(wrong);
                    }
                }
                None if named.is_empty() => match Param::read(line) {
                    Some(param) => ordered.push(param),
                    None => return Err(wrong),
                },
                _ => return Err(wrong),
            }
        }
        Ok(if named.is_empty() { Self::Ordered(ordered) } else { Self::Named(named) })
    }
}

impl Param {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split_whitespace();
        let word = parts.next().filter(|word| is_word(word))?.to_owned();
        let limit = parts.next();
        if parts.next().is_some() {
            return None;
        }
        let Some(limit) = limit else { return Some(Self::Word(word)) };
        let most = limit.trim_end_matches('…');
        let cut = most.len() < limit.len();
        let most = most.parse().ok().filter(|most| *most > 0)?;
        Some(Self::Limited(Limited { word, most, cut }))
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(named) => named.iter().try_for_each(|(name, param)| writeln!(f, "{name} = {param}")),
            Self::Ordered(ordered) => ordered.iter().try_for_each(|param| writeln!(f, "{param}")),
        }
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Limited(Limited { word, most, cut }) => {
                write!(f, "{word} {most}{}", if *cut { "…" } else { "" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["hon\npart_brief 20…\nplate 8\n", "name = hon\npart = part_brief 20…\n", ""] {
            assert_eq!(Params::read(text).expect("parameters").to_string(), text);
        }
        let spaced = Params::read("  name=hon  \r\n\r\n plate = plate 8 \r\n").expect("parameters");
        assert_eq!(spaced.to_string(), "name = hon\nplate = plate 8\n");
    }

    #[test]
    fn a_line_that_is_no_parameter_is_named() {
        for (text, line) in [
            ("hon\nname = plate", 2),
            ("name = hon\nplate", 2),
            ("name = hon\nname = plate", 2),
            ("hon many", 1),
            ("hon 0", 1),
            ("hon 20 more", 1),
            ("= hon", 1),
            ("na me = hon", 1),
            ("{{hon}}", 1),
        ] {
            assert_eq!(Params::read(text), Err(NoParameter { line }), "{text}");
        }
    }
}
