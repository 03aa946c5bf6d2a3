//! Changes an input at random, a few times over: bits, bytes, pieces, numbers, and what parsers stumble over.
use aftercare::id::Random;

/// The largest input that is made, in bytes.
pub(crate) const LARGEST: usize = 64 << 10;

/// What separates, ends and escapes in the formats of our doors, and values at their edges.
const WORDS: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\n\n",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[",
    b"]",
    b"}",
    b",",
    b";",
    b"\t",
    b"=?utf-8?B?",
    b"?=",
    b"--",
    b"<![CDATA[",
    b"]]>",
    b"&#0;",
    b"<!DOCTYPE x [<!ENTITY a \"b\">]>",
    b"%00",
    b"+",
    b".",
    b"@",
    b"<>",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e400",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"99999-12-31",
    b"2026-02-30T25:61:61Z",
    b"0000-00-00",
    b"24:00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x81\x30\x81\x30",
    b"\xf0\x9f\x92\xa9",
    b"\xe2\x80\xae",
    b"\xed\xa0\x80",
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Transfer-Encoding: base64",
    b"Final-Recipient: rfc822;",
    b"Status: 5.1.1",
    b"BEGIN:VCALENDAR",
    b"id",
    b"ref",
    b"data",
    b"time",
];

/// One of the known inputs, changed.
pub(crate) fn changed(known: &[Vec<u8>], random: &Random) -> Vec<u8> {
    let mut input = known[pick(random, known.len())].clone();
    for _ in 0..=random.below(6) {
        change(&mut input, known, random);
        input.truncate(LARGEST);
    }
    input
}

fn change(input: &mut Vec<u8>, known: &[Vec<u8>], random: &Random) {
    let at = pick(random, input.len() + 1);
    let end = (at + 1 + pick(random, 40)).min(input.len());
    match random.below(9) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = u8::try_from(random.below(256)).unwrap_or_default(),
        2 if at < end => drop(input.drain(at..end)),
        3 if at < end => {
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        // Deep nesting, endless lines.
        4 if at < end => {
            let piece = input[at..end].repeat(1 + pick(random, 2_000));
            input.splice(at..at, piece);
        }
        5 => input.truncate(at),
        6 => {
            let other = &known[pick(random, known.len())];
            let from = pick(random, other.len() + 1);
            let to = (from + pick(random, 400)).min(other.len());
            input.splice(at..at, other[from..to].to_vec());
        }
        7 => {
            let word = WORDS[pick(random, WORDS.len())];
            let times = if random.below(8) == 0 { 1 + pick(random, 3_000) } else { 1 };
            input.splice(at..at, word.repeat(times));
        }
        _ => {
            let word = WORDS[pick(random, WORDS.len())];
            input.splice(at.min(end)..end, word.to_vec());
        }
    }
}

fn pick(random: &Random, below: usize) -> usize {
    usize::try_from(random.below(below.max(1) as u64)).unwrap_or_default()
}
