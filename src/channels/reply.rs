//! A provider's words made fit to keep: one line, short, and without our customer's address, number or text.

/// The longest reply that is kept, in characters.
const LONGEST: usize = 500;
const MASK: &str = "[…]";
/// Shorter texts name nobody, and masking them would leave nothing of a reply.
const SHORTEST: usize = 5;

/// Cleans `words` and masks everything in `private` (addresses, numbers, texts), whatever its case.
/// Runs of seven or more digits that end a private number are masked too: gateways like to drop the country code.
pub(super) fn kept(words: &str, private: &[&str]) -> Option<String> {
    let mut line = one_line(words);
    for secret in private.iter().filter(|secret| secret.len() >= SHORTEST) {
        line = masked(&line, &one_line(secret));
        line = without_number(&line, secret);
    }
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() {
        short.pop();
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

/// Control characters become spaces, runs of spaces become one.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// ASCII case is ignored; byte positions of the lower-case copy are those of the original.
fn masked(line: &str, secret: &str) -> String {
    let secret = secret.to_ascii_lowercase();
    if secret.is_empty() {
        return line.to_owned();
    }
    let lower = line.to_ascii_lowercase();
    let mut out = String::with_capacity(line.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(&secret) {
        out.push_str(&line[from..at]);
        out.push_str(MASK);
        from = at + found.len();
    }
    out.push_str(&line[from..]);
    out
}

fn without_number(line: &str, secret: &str) -> String {
    let number: String = secret.chars().filter(char::is_ascii_digit).collect();
    let is_number = secret.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')'));
    if !is_number || number.len() < 7 {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (run, after) = digits.split_at(end);
        out.push_str(before);
        let ours = run.len() >= 7 && (number.ends_with(run) || run.ends_with(&number));
        out.push_str(if ours { MASK } else { run });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_keeps_nothing_of_the_customer() {
        let of = |words: &str, secret: &str| kept(words, &[secret]).unwrap_or_default();
        assert_eq!(of("5.1.1 <Anna@Example.COM>:\r\n\tunknown\u{0}", "anna@example.com"), "5.1.1 <[…]>: unknown");
        assert_eq!(of("no such number 13900001234 (8613900001234)", "+8613900001234"), "no such number […] ([…])");
        assert_eq!(of("error 1234 at 20261123", "+8613900001234"), "error 1234 at 20261123");
        assert_eq!(kept("\r\n", &[]), None);
        assert_eq!(kept(&"长".repeat(900), &[]).unwrap().chars().count(), LONGEST);
    }
}
