//! Phone numbers: from what somebody typed to E.164, or to a reason why not (`channels.md` E10, trap "letters become digits").
use phonenumber::{Mode, PhoneNumber, country};

/// A number that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phone {
    /// E.164: `+8613900001234`.
    Good(String),
    /// Blanks collapsed, otherwise as it was typed; kept so that somebody can ask for the right one.
    Bad { typed: String, reason: &'static str },
}

/// It holds letters or control characters: no number at all, and turning letters into digits would call a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must hold digits only, without letters or control characters")]
pub struct NotANumber;

/// The longest text that is kept as a bad number.
const LONGEST: usize = 40;

/// Reads `typed` as somebody in `region` (ISO 3166) would dial it; without a region only numbers with `+` or `00` are good.
pub fn read(typed: &str, region: Option<&str>) -> Result<Phone, NotANumber> {
    let plain: String = typed.trim().chars().map(half_width).collect();
    if plain.chars().any(|c| c.is_alphabetic() || c.is_control()) {
        return Err(NotANumber);
    }
    Ok(match normal(&plain, region) {
        Ok(number) => Phone::Good(number),
        Err(reason) => {
            let typed = plain.split_whitespace().collect::<Vec<_>>().join(" ");
            Phone::Bad { typed: typed.chars().take(LONGEST).collect(), reason }
        }
    })
}

fn normal(plain: &str, region: Option<&str>) -> Result<String, &'static str> {
    let mut digits = String::new();
    for c in plain.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => digits.push(c),
            ' ' | '-' | '(' | ')' | '.' | '/' => {}
            _ => return Err("unexpected_character"),
        }
    }
    // No national number begins with 00 where we work: people write 0086 in every country.
    if let Some(rest) = digits.strip_prefix("00") {
        digits = format!("+{rest}");
    }
    match digits.trim_start_matches('+').len() {
        0 => return Err("no_digits"),
        1..=4 => return Err("too_short"),
        5..=17 => {}
        _ => return Err("too_long"),
    }
    // The library would take the trunk prefix of a region off another country's number: 1 off +86 139… in the US.
    let region: Option<country::Id> =
        if digits.starts_with('+') { None } else { Some(region.and_then(|r| r.parse().ok()).ok_or("no_region")?) };
    let number = phonenumber::parse(region, &digits).map_err(|_| "not_a_number")?;
    let e164 = number.format().mode(Mode::E164).to_string();
    if is_acceptable(&number) && is_e164(&e164) { Ok(e164) } else { Err("not_a_number") }
}

/// The metadata's patterns know which ranges are in use; a number outside them may still be a customer's. They leave out
/// 555-01xx in North America, and China opens new mobile ranges (192, 197) before a release knows them. So in these two
/// plans, where every number has the same form, the form decides; elsewhere, where lengths vary, the patterns do.
fn is_acceptable(number: &PhoneNumber) -> bool {
    let national = number.national().to_string();
    let national = national.as_bytes();
    match number.code().value() {
        1 => matches!(national, [b'2'..=b'9', _, _, b'2'..=b'9', _, _, _, _, _, _]),
        86 if matches!(national, [b'1', b'3'..=b'9', ..]) => national.len() == 11,
        _ => number.is_valid(),
    }
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

/// Full-width forms and the many dashes and blanks of input methods, as ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{fe63}' => '-',
        c if c.is_whitespace() && !c.is_control() => ' ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_e_164_by_their_region() {
        let cases = [
            ("139 0000 1234", "CN", "+8613900001234"),
            ("+86 139-0000-1234", "CN", "+8613900001234"),
            ("0086 13900001234", "CN", "+8613900001234"),
            ("+8613900001234", "US", "+8613900001234"),
            ("１３９００００１２３４", "CN", "+8613900001234"),
            ("＋８６（１３９）００００－１２３４", "CN", "+8613900001234"),
            ("020-8888 1234", "CN", "+862088881234"),
            ("(020)88881234", "CN", "+862088881234"),
            ("021-5555 1234", "CN", "+862155551234"),
            ("+86 020 8888 1234", "CN", "+862088881234"),
            ("15400001234", "CN", "+8615400001234"),
            ("19296991092", "CN", "+8619296991092"),
            ("03-5555-0101", "JP", "+81355550101"),
            ("070-2603-4358", "JP", "+817026034358"),
            ("０９０ー１２３４ー５６７８", "JP", "+819012345678"),
            ("(310) 555-0100", "US", "+13105550100"),
            ("310.555.0199", "US", "+13105550199"),
            ("1-310-555-0100", "US", "+13105550100"),
            ("+49 30 1234567", "CN", "+49301234567"),
        ];
        for (typed, region, wanted) in cases {
            assert_eq!(read(typed, Some(region)), Ok(Phone::Good(wanted.to_owned())), "{typed} in {region}");
        }
        assert_eq!(read("+81 3-5555-0101", None), Ok(Phone::Good("+81355550101".to_owned())));
    }

    #[test]
    fn digits_that_make_no_number_are_kept_with_the_reason() {
        let cases = [
            ("12345", "CN", "not_a_number"),
            ("139 0000 123", "CN", "not_a_number"),
            ("139 0000 12345", "CN", "not_a_number"),
            ("120 0000 1234", "CN", "not_a_number"),
            ("8888 1234", "CN", "not_a_number"),
            ("555-0100", "US", "not_a_number"),
            ("(110) 555-0100", "US", "not_a_number"),
            ("090-1234-567", "JP", "not_a_number"),
            ("+999 1234567", "CN", "not_a_number"),
            ("110", "CN", "too_short"),
            ("---", "CN", "no_digits"),
            ("", "CN", "no_digits"),
            ("123456789012345678", "CN", "too_long"),
            ("139 0000 1234#8", "CN", "unexpected_character"),
            ("139+0000 1234", "CN", "unexpected_character"),
        ];
        for (typed, region, wanted) in cases {
            match read(typed, Some(region)) {
                Ok(Phone::Bad { reason, .. }) => assert_eq!(reason, wanted, "{typed}"),
                other => panic!("{typed}: {other:?}"),
            }
        }
        assert_eq!(read("13900001234", None), Ok(Phone::Bad { typed: "13900001234".to_owned(), reason: "no_region" }));
    }

    #[test]
    fn letters_and_control_characters_are_refused() {
        for typed in
            ["1-800-FLOWERS", "139O0001234", "无", "139 0000 1234 转 8", "139\r\n0000", "+86\u{0}139", "ＡＢＣ"]
        {
            assert_eq!(read(typed, Some("CN")), Err(NotANumber), "{typed:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_e_164_or_bad_or_refused(typed: String, region in "CN|JP|US|DE|XX") {
            if let Ok(Phone::Good(number)) = read(&typed, Some(&region)) {
                assert!(is_e164(&number), "{number}");
            }
        }
        #[test]
        fn a_good_number_stays_itself(typed in r"(\+|00)?[0-9]{1,3}[ -]?[0-9]{3,11}", region in "CN|JP|US|GB") {
            if let Ok(Phone::Good(number)) = read(&typed, Some(&region)) {
                assert_eq!(read(&number, Some(&region)), Ok(Phone::Good(number.clone())));
                assert_eq!(read(&number, None), Ok(Phone::Good(number)));
            }
        }
    }
}
