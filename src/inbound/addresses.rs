//! Addresses that carry what they are about, signed: `r+<message>.<mac>` for answers, `b+…` for reports, `u+…` to opt out.
//!
//! Small letters and digits only, because some servers change the case of what stands before the `@`.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{id::Id, messages::Message};

/// Bytes of a signature: nobody can try 2^80 addresses, and the whole stays under the 64 octets of RFC 5321 4.5.3.1.1.
const SIGNATURE: usize = 10;

/// Makes and reads the addresses of this installation.
#[derive(Clone)]
pub struct Addresses {
    key: [u8; 32],
    /// Where answers go; none = to the dealership's own mailbox.
    domain: Option<String>,
    /// Where reports go; none = to the sender's address.
    bounce_domain: Option<String>,
}

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Addresses")
            .field("domain", &self.domain)
            .field("bounce_domain", &self.bounce_domain)
            .finish_non_exhaustive()
    }
}

/// For whom a mail is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// An answer to this message.
    Reply(Id<Message>),
    /// A report about it.
    Bounce(Id<Message>),
    /// Its reader wants no more of its kind.
    OptOut(Id<Message>),
    /// One of the above with a signature that is not ours: kept, and believed in nothing.
    Forged,
    /// The part before the `@` of an address at our own domain: a dealership's code.
    Shop(String),
    /// An address elsewhere, which may be a dealership's.
    Elsewhere(String),
}

#[derive(Clone, Copy)]
enum Purpose {
    Reply,
    Bounce,
    OptOut,
}

impl Purpose {
    fn letter(self) -> &'static str {
        match self {
            Self::Reply => "r",
            Self::Bounce => "b",
            Self::OptOut => "u",
        }
    }
}

impl Addresses {
    pub fn new(key: [u8; 32], domain: Option<String>, bounce_domain: Option<String>) -> Self {
        Self { key, domain, bounce_domain }
    }

    /// `Reply-To` of a message.
    pub fn reply(&self, message: Id<Message>) -> Option<String> {
        Some(self.address(Purpose::Reply, message, self.domain.as_deref()?))
    }
    /// Its envelope sender.
    pub fn bounce(&self, message: Id<Message>) -> Option<String> {
        Some(self.address(Purpose::Bounce, message, self.bounce_domain.as_deref()?))
    }
    /// The `mailto:` of its `List-Unsubscribe`.
    pub fn opt_out(&self, message: Id<Message>) -> Option<String> {
        Some(self.address(Purpose::OptOut, message, self.domain.as_deref()?))
    }

    /// For whom a mail to this address is.
    pub fn read(&self, address: &str) -> Option<Recipient> {
        let (local, domain) = address.trim().rsplit_once('@')?;
        let is = |own: &Option<String>| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(domain));
        let (answers, reports) = (is(&self.domain), is(&self.bounce_domain));
        if !answers && !reports {
            return Some(Recipient::Elsewhere(address.trim().to_owned()));
        }
        let local = local.to_ascii_lowercase();
        Some(match local.split_once('+') {
            Some(("r", rest)) if answers => {
                self.opened(Purpose::Reply, rest).map_or(Recipient::Forged, Recipient::Reply)
            }
            Some(("u", rest)) if answers => {
                self.opened(Purpose::OptOut, rest).map_or(Recipient::Forged, Recipient::OptOut)
            }
            Some(("b", rest)) if reports => {
                self.opened(Purpose::Bounce, rest).map_or(Recipient::Forged, Recipient::Bounce)
            }
            _ => Recipient::Shop(local),
        })
    }

    fn address(&self, purpose: Purpose, message: Id<Message>, domain: &str) -> String {
        let id = message.to_string();
        let id = id.trim_start_matches("msg_");
        format!("{}+{id}.{}@{domain}", purpose.letter(), self.signature(purpose, id))
    }

    fn opened(&self, purpose: Purpose, rest: &str) -> Option<Id<Message>> {
        let (id, signature) = rest.split_once('.')?;
        let expected = self.signature(purpose, id);
        let is_ours: bool = expected.as_bytes().ct_eq(signature.as_bytes()).into();
        is_ours.then(|| format!("msg_{id}").parse().ok()).flatten()
    }

    fn signature(&self, purpose: Purpose, id: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(b"mail:");
        mac.update(purpose.letter().as_bytes());
        mac.update(b":");
        mac.update(id.as_bytes());
        crate::id::hex(&mac.finalize().into_bytes()[..SIGNATURE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(key: u8) -> Addresses {
        Addresses::new([key; 32], Some("in.dealer.example".to_owned()), Some("bounce.dealer.example".to_owned()))
    }
    fn message() -> Id<Message> {
        "msg_01a2076b440077078707070707070707".parse().expect("an id")
    }

    #[test]
    fn an_address_says_what_it_is_about_and_nobody_else_can_make_it() {
        let ours = addresses(1);
        let reply = ours.reply(message()).expect("a domain");
        assert!(reply.split('@').next().is_some_and(|local| local.len() <= 64), "{reply}");
        assert_eq!(ours.read(&reply.to_uppercase()), Some(Recipient::Reply(message())));
        assert_eq!(ours.read(&ours.bounce(message()).expect("a domain")), Some(Recipient::Bounce(message())));
        assert_eq!(addresses(2).read(&reply), Some(Recipient::Forged));
        // A signature is good for one purpose.
        assert_eq!(ours.read(&reply.replacen('r', "u", 1)), Some(Recipient::Forged));
        assert_eq!(ours.read("r+@in.dealer.example"), Some(Recipient::Forged));
    }

    #[test]
    fn other_addresses_are_a_shops_or_elsewhere() {
        let ours = addresses(1);
        assert_eq!(ours.read("GZ-Tianhe@IN.dealer.example"), Some(Recipient::Shop("gz-tianhe".to_owned())));
        assert_eq!(
            ours.read("service@dealer.example"),
            Some(Recipient::Elsewhere("service@dealer.example".to_owned()))
        );
        assert_eq!(ours.read("nobody"), None);
    }
}
