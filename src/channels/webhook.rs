//! Signed posts to other systems (Standard Webhooks), to nobody inside our own network.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
};
use secrecy::{ExposeSecret, SecretString};
use standardwebhooks::Webhook;
use url::{Host, Url};

use super::http_client::{HttpLimits, http_client_resolving};
use crate::clock::Timestamp;

/// A reader answers at once and works afterwards; Standard Webhooks asks for 15 to 30 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What one post came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// HTTP's; none where nobody answered.
    pub status: Option<u16>,
    /// None: taken. Otherwise why not.
    pub reason: Option<&'static str>,
    pub took: Duration,
}

impl Posted {
    pub fn is_taken(&self) -> bool {
        self.reason.is_none()
    }
    /// 410: nobody wants it there any more.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// What is posted where.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    pub url: &'a str,
    /// Of the event: the same over all tries, so that a reader knows it again.
    pub id: &'a str,
    pub body: String,
    /// Each signs.
    pub secrets: &'a [SecretString],
    pub at: Timestamp,
}

/// The way out. Follows no redirects, and looks at each address that a name leads to before it connects.
#[derive(Clone, Debug)]
pub struct Webhooks {
    client: Client,
    allow_private: bool,
}

impl Webhooks {
    /// `allow_private`: readers inside our own network, and `http://`, are allowed.
    pub fn new(allow_private: bool) -> Self {
        let limits = HttpLimits { total: ANSWER_WITHIN, ..HttpLimits::default() };
        Self { client: http_client_resolving(Arc::new(Public { allow_private }), limits), allow_private }
    }

    /// Posts once. An answer that is lost is a failure like any other: the reader knows the event again by its id.
    pub async fn post(&self, post: Post<'_>) -> Posted {
        let begun = Instant::now();
        let (status, reason) = match self.answered(post).await {
            Ok(status) if (200..300).contains(&status) => (Some(status), None),
            Ok(status) => (Some(status), Some(if (300..400).contains(&status) { "redirected" } else { "refused" })),
            Err(reason) => (None, Some(reason)),
        };
        Posted { status, reason, took: begun.elapsed() }
    }

    async fn answered(&self, post: Post<'_>) -> Result<u16, &'static str> {
        let url = Url::parse(post.url).ok().filter(|url| is_allowed(url, self.allow_private)).ok_or("forbidden_url")?;
        let at = post.at.get().as_second();
        let signature = signature(post.secrets, post.id, at, &post.body).ok_or("secret_unusable")?;
        let sent = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
            .header("webhook-id", post.id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(post.body)
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err("timeout"),
            Err(error) if error.is_connect() => Err("connection_failed"),
            Err(_) => Err("connection_lost"),
        }
    }
}

/// `v1,…` of each secret, as a reader that changes over needs both.
fn signature(secrets: &[SecretString], id: &str, at: i64, body: &str) -> Option<String> {
    let signed = secrets.iter().map(|secret| {
        let hook = Webhook::new(secret.expose_secret()).ok()?;
        hook.sign(id, at, body.as_bytes()).ok()
    });
    let signed: Vec<String> = signed.collect::<Option<_>>()?;
    (!signed.is_empty()).then(|| signed.join(" "))
}

/// Whether an address may be told at all; where a name leads to is looked at again at each post.
pub fn is_allowed(url: &Url, allow_private: bool) -> bool {
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let scheme = match url.scheme() {
        "https" => true,
        "http" => allow_private,
        _ => false,
    };
    let host = match url.host() {
        Some(Host::Ipv4(ip)) => allow_private || is_public(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => allow_private || is_public(IpAddr::V6(ip)),
        Some(Host::Domain(name)) => allow_private || name.contains('.'),
        None => false,
    };
    is_plain && scheme && host
}

/// Leads names to public addresses only.
#[derive(Clone, Copy, Debug)]
struct Public {
    allow_private: bool,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|at| allow_private || is_public(at.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// An address of the public internet: not ours, not this machine, not a cloud's metadata, not in any special range of
/// RFC 6890, however it is wrapped.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        // Shared by carriers, reserved for protocols, for benchmarks, and the old 6to4 relays.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 88 && c == 99);
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let inner = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // ::ffff:a.b.c.d, 64:ff9b::a.b.c.d and 6to4
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            inner(high, low)
        }
        // Documentation, Teredo and other protocols
        [0x2001, 0x0db8 | 0..0x0200, ..] => false,
        // The rest of what is given out begins with 001.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_standard() {
        // `channels.md` E9.
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()];
        let signed = signature(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];
        let secrets: Vec<SecretString> = secrets.map(|secret| secret.to_owned().into()).into();
        let signed = signature(&secrets, "msg_1", 1_614_265_330, "{}").unwrap();
        assert_eq!(signed.split(' ').count(), 2);
        assert_eq!(signature(&[], "msg_1", 0, "{}"), None);
    }

    #[test]
    fn nothing_inside_is_public_however_it_is_written() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "198.18.0.1",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.1.1.1", "203.107.6.88", "2606:4700:4700::1111", "2408:8000::1", "::ffff:8.8.8.8"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn an_address_is_https_at_a_public_host_and_nothing_else() {
        let allowed = |url: &str, private| is_allowed(&Url::parse(url).unwrap(), private);
        assert!(allowed("https://crm.example/in?x=1", false));
        for bad in [
            "http://crm.example/",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://user@crm.example/",
            "https://crm.example/#x",
            "ftp://crm.example/",
            "https://intranet/",
        ] {
            assert!(!allowed(bad, false), "{bad}");
        }
        assert!(allowed("http://127.0.0.1:8080/", true));
        assert!(!allowed("file:///etc/passwd", true));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_followed() {
        let resolved = Public { allow_private: false }.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
        assert!(Public { allow_private: true }.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
