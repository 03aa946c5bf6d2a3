//! In which encoding a file is written: told by its mark, else by what can be read in it; and its bytes as UTF-8.
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

const CHUNK: usize = 64 << 10;

/// The encoding of a file, and how many bytes of a mark stand before the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Detected {
    pub(super) encoding: &'static Encoding,
    pub(super) mark: u64,
}

/// Looks at all of a file: a long one may be plain ASCII until its last customer's name. In `region` a text that could be
/// either is Japanese or Chinese.
pub(super) fn detect(mut file: impl Read, region: &str) -> io::Result<Detected> {
    let mut chunk = vec![0; CHUNK];
    let mut length = fill(&mut file, &mut chunk)?;
    if let Some((encoding, mark)) = Encoding::for_bom(&chunk[..length]) {
        return Ok(Detected { encoding, mark: mark as u64 });
    }
    if let Some(encoding) = utf_16(&chunk[..length]) {
        return Ok(Detected { encoding, mark: 0 });
    }
    // The order decides where more than one of them can read it: UTF-8 hardly ever does so by chance.
    let candidates = if region == "JP" { [UTF_8, SHIFT_JIS, GB18030] } else { [UTF_8, GB18030, SHIFT_JIS] };
    let mut trials = candidates.map(|encoding| Some(encoding.new_decoder_without_bom_handling()));
    let mut text = vec![0; CHUNK * 3 + 16];
    loop {
        let is_last = length == 0;
        for trial in &mut trials {
            if trial.as_mut().is_some_and(|decoder| !can_read(decoder, &chunk[..length], &mut text, is_last)) {
                *trial = None;
            }
        }
        if is_last {
            break;
        }
        length = fill(&mut file, &mut chunk)?;
    }
    let readable = candidates.iter().zip(&trials).find(|(_, trial)| trial.is_some()).map(|(encoding, _)| *encoding);
    // With faults in it, it is more likely a damaged file of the place than anything else.
    Ok(Detected { encoding: readable.unwrap_or(candidates[1]), mark: 0 })
}

/// Without a mark: every second byte of what is mostly commas and digits is 0.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), bytes.len() / 2);
    match pairs {
        0 => None,
        _ if odd * 5 > pairs && even * 50 < pairs => Some(UTF_16LE),
        _ if even * 5 > pairs && odd * 50 < pairs => Some(UTF_16BE),
        _ => None,
    }
}

fn can_read(decoder: &mut Decoder, bytes: &[u8], text: &mut [u8], is_last: bool) -> bool {
    matches!(decoder.decode_to_utf8_without_replacement(bytes, text, is_last), (DecoderResult::InputEmpty, ..))
}

fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match from.read(&mut into[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads UTF-8 out of bytes in another encoding; what cannot be read becomes U+FFFD, and its row is refused for it.
pub(super) struct AsUtf8<R> {
    from: R,
    decoder: Decoder,
    bytes: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    is_over: bool,
}

impl<R: Read> AsUtf8<R> {
    /// `from` stands behind the mark.
    pub(super) fn new(from: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { from, decoder, bytes: vec![0; CHUNK], text: Vec::new(), given: 0, is_over: false }
    }
}

impl<R: Read> Read for AsUtf8<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.is_over {
            let length = fill(&mut self.from, &mut self.bytes)?;
            self.is_over = length < self.bytes.len();
            let most = self.decoder.max_utf8_buffer_length(length).unwrap_or(CHUNK * 4);
            self.text.resize(most, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&self.bytes[..length], &mut self.text, self.is_over);
            self.text.truncate(written);
            self.given = 0;
        }
        let length = into.len().min(self.text.len() - self.given);
        into[..length].copy_from_slice(&self.text[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8], region: &str) -> (&'static str, String) {
        let found = detect(bytes, region).expect("bytes");
        let mut text = String::new();
        AsUtf8::new(&bytes[usize::try_from(found.mark).unwrap()..], found.encoding)
            .read_to_string(&mut text)
            .expect("text");
        (found.encoding.name(), text)
    }

    #[test]
    fn every_encoding_that_dealers_send_is_told_and_read() {
        let chinese = "客户编号,姓名,手机\nC-1,王芳,139 0000 1234\n".repeat(5_000);
        let japanese = "顧客番号,氏名,携帯\nC-1,佐藤 健二,090-1234-5678\nC-2,ｻﾄｳ,\n".repeat(5_000);
        let utf_16 = |text: &str, big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let (gb, jis) = (GB18030.encode(&chinese).0.into_owned(), SHIFT_JIS.encode(&japanese).0.into_owned());
        for (bytes, region, encoding, text) in [
            (chinese.clone().into_bytes(), "CN", "UTF-8", &chinese),
            ([b"\xef\xbb\xbf", chinese.as_bytes()].concat(), "CN", "UTF-8", &chinese),
            (gb.clone(), "CN", "gb18030", &chinese),
            (jis, "JP", "Shift_JIS", &japanese),
            ([&[0xff, 0xfe][..], &utf_16(&chinese, false)].concat(), "CN", "UTF-16LE", &chinese),
            ([&[0xfe, 0xff][..], &utf_16(&chinese, true)].concat(), "CN", "UTF-16BE", &chinese),
            (utf_16(&chinese, false), "CN", "UTF-16LE", &chinese),
            (utf_16(&chinese, true), "US", "UTF-16BE", &chinese),
        ] {
            let (told, read) = text_of(&bytes, region);
            assert_eq!((told, read == *text), (encoding, true), "{encoding} in {region}");
        }
        let late = [&b"C-1,Anna\n"[..]].concat().repeat(20_000);
        assert_eq!(text_of(&[late, gb].concat(), "CN").0, "gb18030", "the first name that is not ASCII comes late");
    }
}
