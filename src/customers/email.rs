//! E-mail addresses: what our SMTP can deliver to, or a reason why not.

/// An address that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Email {
    /// The local part as it was typed, the domain in lower case and in ASCII (Punycode).
    Good(String),
    /// As it was typed.
    Bad { typed: String, reason: &'static str },
}

/// The longest address of RFC 5321, and the longest local part.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// Reads an address; `typed` has no control characters.
pub fn read(typed: &str) -> Email {
    let typed = typed.trim();
    match normal(typed) {
        Ok(address) => Email::Good(address),
        Err(reason) => Email::Bad { typed: typed.to_owned(), reason },
    }
}

fn normal(typed: &str) -> Result<String, &'static str> {
    let (local, domain) = typed.rsplit_once('@').ok_or("no_at_sign")?;
    if !local.is_ascii() {
        // Few servers take SMTPUTF8, and lettre refuses it: a person has to ask for another address.
        return Err("local_part_not_ascii");
    }
    if local.len() > LONGEST_LOCAL {
        return Err("too_long");
    }
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_word_character);
    if !local.split('.').all(is_word) {
        return Err("malformed_local_part");
    }
    let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else { return Err("malformed_domain") };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !domain.contains('.') || !domain.split('.').all(is_label) {
        return Err("malformed_domain");
    }
    let address = format!("{local}@{domain}");
    if address.len() > LONGEST { Err("too_long") } else { Ok(address) }
}

/// `atext` of RFC 5322.
fn is_word_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_brought_to_one_form_or_kept_with_a_reason() {
        let good = [
            ("wang@example.com", "wang@example.com"),
            (" Wang.Fang+car@EXAMPLE.Com ", "Wang.Fang+car@example.com"),
            ("o'neil@例子.测试", "o'neil@xn--fsqu00a.xn--0zwm56d"),
        ];
        for (typed, wanted) in good {
            assert_eq!(read(typed), Email::Good(wanted.to_owned()));
        }
        let long = format!("{}@example.com", "a".repeat(65));
        let bad = [
            ("", "no_at_sign"),
            ("wang", "no_at_sign"),
            ("王@example.com", "local_part_not_ascii"),
            (".a@example.com", "malformed_local_part"),
            ("a b@example.com", "malformed_local_part"),
            ("a@b@example.com", "malformed_local_part"),
            ("@example.com", "malformed_local_part"),
            ("a@", "malformed_domain"),
            ("a@localhost", "malformed_domain"),
            ("a@-x.com", "malformed_domain"),
            ("a@127.0.0.1", "malformed_domain"),
            ("a@exa mple.com", "malformed_domain"),
            ("a@example..com", "malformed_domain"),
            (long.as_str(), "too_long"),
        ];
        for (typed, wanted) in bad {
            assert_eq!(read(typed), Email::Bad { typed: typed.to_owned(), reason: wanted });
        }
    }

    proptest::proptest! {
        #[test]
        fn a_good_address_is_ascii_and_stays_itself(typed in r"[ -~é王]{0,20}@[a-zA-Z0-9.é-]{0,20}") {
            if let Email::Good(address) = read(&typed) {
                assert!(address.is_ascii());
                assert_eq!(read(&address), Email::Good(address));
            }
        }
    }
}
