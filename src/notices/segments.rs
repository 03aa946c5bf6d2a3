//! How many parts a text message takes, and what makes it take more (E10).

/// The GSM 03.38 basic alphabet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table: two units each.
const EXTENSION: &str = "^{}\\[~]|€\u{c}";

/// The size of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// `None` for GSM-7; otherwise the first character that forces UCS-2.
    pub forced_by: Option<char>,
    /// Septets in GSM-7, UTF-16 units in UCS-2.
    pub units: usize,
    /// Parts that are sent and paid for.
    pub parts: usize,
}

/// Counts `text` as it is sent, the gateway's 【signature】 included: GSM-7 160 in one part, else 153 in each; UCS-2 70, else
/// 67. A character that takes two units is never split over two parts.
pub fn count(text: &str) -> Segments {
    let forced_by = text.chars().find(|c| !BASIC.contains(*c) && !EXTENSION.contains(*c));
    let (one, many) = if forced_by.is_some() { (70, 67) } else { (160, 153) };
    let width = |c: char| match forced_by {
        Some(_) => c.len_utf16(),
        None if EXTENSION.contains(c) => 2,
        None => 1,
    };
    let units = text.chars().map(width).sum();
    let parts = if units <= one {
        1
    } else {
        let (parts, _) = text.chars().map(width).fold((1, 0), |(parts, used), width| {
            if used + width > many { (parts + 1, width) } else { (parts, used + width) }
        });
        parts
    };
    Segments { forced_by, units, parts }
}

/// The text with the signature that the gateway puts in front (D4).
pub fn signed(text: &str, signature: Option<&str>) -> String {
    signature.map_or_else(|| text.to_owned(), |name| format!("【{name}】{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_by_alphabet() {
        for (text, forced_by, units, parts) in [
            (String::new(), None, 0, 1),
            ("a".repeat(160), None, 160, 1),
            ("a".repeat(161), None, 161, 2),
            ("a".repeat(306), None, 306, 2),
            ("a".repeat(307), None, 307, 3),
            ("€".repeat(80), None, 160, 1),
            // 152 units and a pair that does not fit beside them.
            (format!("{}{}", "a".repeat(152), "€".repeat(5)), None, 162, 2),
            (format!("{}€{}", "a".repeat(152), "b".repeat(152)), None, 306, 3),
            ("José Ångström".to_owned(), None, 13, 1),
            ("François".to_owned(), Some('ç'), 8, 1),
            ("it’s".to_owned(), Some('’'), 4, 1),
            ("好".repeat(70), Some('好'), 70, 1),
            ("好".repeat(71), Some('好'), 71, 2),
            ("好".repeat(134), Some('好'), 134, 2),
            ("好".repeat(135), Some('好'), 135, 3),
            ("😀".repeat(35), Some('😀'), 70, 1),
            ("😀".repeat(36), Some('😀'), 72, 2),
            // 33 pairs in a part of 67 units.
            ("😀".repeat(67), Some('😀'), 134, 3),
        ] {
            assert_eq!(count(&text), Segments { forced_by, units, parts }, "{text}");
        }
        assert_eq!(count(&signed("您好", Some("雷克萨斯天河"))).units, 10);
    }
}
