//! What the `WeChat` official account tells us: what became of a message, who follows it, what its followers write (E5).
//!
//! ```text
//!  GET  /in/wechat ──▶ signed? ──▶ the word is given back: the account's page takes the address
//!  POST /in/wechat ──▶ signed? ──▶ a receipt │ an address lost or found │ a text, on the road of texts
//! ```
pub mod api;

use jiff::SignedDuration;
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::{clock::Timestamp, id::hex, receipts::Status};

/// A signature is good for so long: it says nothing of the body, and who has read an address could use it again.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What their query says of who sent it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Signed {
    pub signature: String,
    /// Seconds since 1970.
    pub timestamp: String,
    pub nonce: String,
}

impl Signed {
    /// Whether whoever knows the token has made it, just now.
    pub fn is_by(&self, token: &str, now: Timestamp) -> bool {
        let mut parts = [token, &self.timestamp, &self.nonce];
        parts.sort_unstable();
        let sum = hex(&Sha1::digest(parts.concat()));
        let is_new = self.timestamp.parse::<i64>().is_ok_and(|at| {
            let age = now.get().as_second().saturating_sub(at);
            age.unsigned_abs() <= GOOD_FOR.as_secs().unsigned_abs()
        });
        bool::from(sum.as_bytes().ct_eq(self.signature.as_bytes())) && is_new
    }
}

/// What they tell, and for when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// `CreateTime`: by their clock, in whole seconds; none where they wrote no such time.
    pub at: Option<Timestamp>,
    pub told: Told,
}

/// What they tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// What became of a template message.
    Finished {
        openid: String,
        msgid: String,
        status: Status,
        /// Their own word for why not.
        reason: Option<String>,
    },
    Follows {
        openid: String,
    },
    Left {
        openid: String,
    },
    Wrote {
        openid: String,
        id: String,
        text: String,
    },
    /// Nothing that concerns us.
    Other,
}

/// The user no longer takes anything of the account.
pub const BLOCKED: &str = "user block";

/// Why a body says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("it is no XML of the official account")]
    NoXml,
    #[error("it is encrypted: set the account to messages in plain text")]
    Encrypted,
}

/// The fields of a body: the elements inside the outermost one. Entities of its own are not read, and deeper ones passed over.
fn fields(body: &[u8]) -> Result<Vec<(String, String)>, Unread> {
    let text = std::str::from_utf8(body).map_err(|_| Unread::NoXml)?;
    let mut reader = Reader::from_str(text);
    let (mut found, mut depth): (Vec<(String, String)>, usize) = (Vec::new(), 0);
    loop {
        let more = match reader.read_event().map_err(|_| Unread::NoXml)? {
            Event::Start(start) => {
                depth += 1;
                if depth == 2 {
                    found.push((String::from_utf8_lossy(start.name().as_ref()).into_owned(), String::new()));
                }
                continue;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Event::CData(words) => words.decode().map_err(|_| Unread::NoXml)?.into_owned(),
            Event::Text(words) => words.decode().map_err(|_| Unread::NoXml)?.into_owned(),
            Event::GeneralRef(name) => {
                if let Ok(Some(char)) = name.resolve_char_ref() {
                    char.to_string()
                } else {
                    let name = name.decode().map_err(|_| Unread::NoXml)?;
                    resolve_predefined_entity(&name).ok_or(Unread::NoXml)?.to_owned()
                }
            }
            Event::DocType(_) => return Err(Unread::NoXml),
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
        };
        if let (2, Some((_, value))) = (depth, found.last_mut()) {
            // What no database keeps and nobody reads.
            value.extend(more.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        }
    }
    if found.is_empty() { Err(Unread::NoXml) } else { Ok(found) }
}

/// Reads what they tell.
///
/// # Errors
/// [`Unread`].
pub fn read(body: &[u8]) -> Result<Word, Unread> {
    let fields = fields(body)?;
    let seconds = fields.iter().find(|(key, _)| key == "CreateTime").and_then(|(_, value)| value.trim().parse().ok());
    let at = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()).map(Timestamp::new);
    Ok(Word { at, told: told(&fields)? })
}

fn told(fields: &[(String, String)]) -> Result<Told, Unread> {
    let of = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned());
        found.filter(|value| !value.is_empty() && value.len() <= 20_000)
    };
    if of("Encrypt").is_some() {
        return Err(Unread::Encrypted);
    }
    let (Some(openid), Some(kind)) = (of("FromUserName"), of("MsgType")) else { return Err(Unread::NoXml) };
    if kind != "event" {
        let Some(id) = of("MsgId") else { return Err(Unread::NoXml) };
        // A picture or a voice lies at the account: whoever answers is told that there is one.
        let text = of("Content").or(of("Recognition")).unwrap_or_else(|| format!("[{kind}]"));
        return Ok(Told::Wrote { openid, id, text });
    }
    let event = of("Event").unwrap_or_default();
    Ok(match event.as_str() {
        "TEMPLATESENDJOBFINISH" => match (of("MsgID"), of("Status")) {
            (Some(msgid), Some(word)) => {
                let (status, reason) = meaning(&word);
                Told::Finished { openid, msgid, status, reason }
            }
            _ => return Err(Unread::NoXml),
        },
        "subscribe" => Told::Follows { openid },
        "unsubscribe" => Told::Left { openid },
        _ => Told::Other,
    })
}

/// `success`, `failed:user block`, `failed: system failed`.
fn meaning(word: &str) -> (Status, Option<String>) {
    match word.split_once(':') {
        None if word == "success" => (Status::Delivered, None),
        Some(("failed", why)) => (Status::Undelivered, Some(why.trim().to_owned())),
        _ => (Status::Undelivered, Some(word.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-02T02:00:00Z";

    fn signed(token: &str, timestamp: &str) -> Signed {
        let mut parts = [token, timestamp, "nonce"];
        parts.sort_unstable();
        let signature = hex(&Sha1::digest(parts.concat()));
        Signed { signature, timestamp: timestamp.to_owned(), nonce: "nonce".to_owned() }
    }

    #[test]
    fn only_who_knows_the_token_has_signed_and_only_for_a_while() {
        let now: Timestamp = NOW.parse().expect("a time");
        let at = |seconds: i64| (now.get().as_second() + seconds).to_string();
        assert!(signed("token", &at(0)).is_by("token", now));
        assert!(!signed("other", &at(0)).is_by("token", now));
        assert!(signed("token", &at(-599)).is_by("token", now) && !signed("token", &at(-601)).is_by("token", now));
        assert!(!signed("token", &at(601)).is_by("token", now) && !signed("token", "soon").is_by("token", now));
        let moved = Signed { timestamp: at(1), ..signed("token", &at(0)) };
        assert!(!moved.is_by("token", now), "every part is signed");
        // By another program: sorted, joined, SHA-1 in small hex.
        let (signature, timestamp) = ("9ab7601a2d9e0e5c04efc72a77c5e7d77464485f".to_owned(), "1772416800".to_owned());
        assert!(Signed { signature, timestamp, nonce: "nonce".to_owned() }.is_by("token", now));
    }

    #[test]
    fn what_they_tell_is_read_as_they_write_it() {
        let told = |rest: &str| {
            read(format!("<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\n<FromUserName><![CDATA[oAbc]]></FromUserName>\n<CreateTime>1395658920</CreateTime>{rest}</xml>").as_bytes()).map(|word| {
                assert_eq!(word.at.map(|at| at.get().as_second()), Some(1_395_658_920));
                word.told
            })
        };
        let finished = |status: &str| {
            told(&format!(
                "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>"
            ))
        };
        let is = |status, reason: Option<&str>| {
            let (openid, msgid) = ("oAbc".to_owned(), "200163836".to_owned());
            Ok(Told::Finished { openid, msgid, status, reason: reason.map(str::to_owned) })
        };
        assert_eq!(finished("success"), is(Status::Delivered, None));
        assert_eq!(finished("failed:user block"), is(Status::Undelivered, Some(BLOCKED)));
        assert_eq!(finished("failed: system failed"), is(Status::Undelivered, Some("system failed")));
        let wrote = told("<MsgType>text</MsgType><Content>1 &lt; 2 &amp; 好&#33;</Content><MsgId>22</MsgId>");
        assert_eq!(
            wrote,
            Ok(Told::Wrote { openid: "oAbc".to_owned(), id: "22".to_owned(), text: "1 < 2 & 好!".to_owned() })
        );
        let odd = told("<MsgType>text</MsgType><Content><![CDATA[a\u{0}b\nc]]></Content><MsgId>24</MsgId>");
        assert!(matches!(odd, Ok(Told::Wrote { text, .. }) if text == "ab\nc"));
        let picture = told("<MsgType>image</MsgType><PicUrl>http://a.example/1</PicUrl><MsgId>23</MsgId>");
        assert!(matches!(picture, Ok(Told::Wrote { text, .. }) if text == "[image]"));
        let event = |name: &str| told(&format!("<MsgType>event</MsgType><Event>{name}</Event>"));
        assert_eq!(event("unsubscribe"), Ok(Told::Left { openid: "oAbc".to_owned() }));
        assert_eq!(event("VIEW"), Ok(Told::Other));
        assert_eq!(told("<Encrypt>abc</Encrypt>"), Err(Unread::Encrypted));
    }

    #[test]
    fn what_is_no_xml_of_theirs_is_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><MsgType>&b;</MsgType></xml>";
        for body in
            ["", "{}", "<xml>", "<xml></xml>", "<xml><MsgType>text</MsgType></xml>", bomb, "<xml><A>&b;</A></xml>"]
        {
            assert_eq!(read(body.as_bytes()), Err(Unread::NoXml), "{body}");
        }
        assert_eq!(read(&[0xff, 0xfe]), Err(Unread::NoXml));
    }
}
