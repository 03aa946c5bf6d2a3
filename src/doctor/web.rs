//! What speaks HTTP: the gateway for texts, which is sent nothing, and our own public address.
use reqwest::{Client, Method, Response, header::DATE};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{Finding, STEP, apart};
use crate::{
    channels::{
        email::Route,
        http_client::{HttpLimits, http_client_on},
        tls::{self, Seen, Verdict},
    },
    clock::Timestamp,
    config::{Config, Provider},
    lanes,
};

/// One question to one place, and what was thought of its certificate.
struct Asking {
    client: Client,
    seen: Seen,
}

impl Asking {
    fn new(now: Timestamp) -> Result<Self, tls::BadAuthority> {
        let (config, seen) = tls::watched(None, now)?;
        let limits = HttpLimits { connect: STEP, read: STEP, total: STEP, ..HttpLimits::default() };
        Ok(Self { client: http_client_on(config, limits), seen })
    }

    /// The answer, or why there is none, without the address: it may hold a secret.
    async fn ask(&self, method: Method, url: Url) -> Result<Response, String> {
        let answered = self.client.request(method, url).send().await;
        answered.map_err(|error| match self.seen.verdict() {
            Some(Verdict::Refused(why)) => format!("its certificate {why}"),
            _ if error.is_timeout() => "does not answer in time".to_owned(),
            _ if error.is_connect() => "cannot be reached: the name is not found, or nobody listens there".to_owned(),
            _ => "broke off in the middle of its answer".to_owned(),
        })
    }

    fn ends_soon(&self, subject: &str) -> Option<Finding> {
        let so = "its certificate ends within two weeks";
        (self.seen.verdict() == Some(Verdict::EndsSoon)).then(|| Finding::warn("tls", subject, so, "renew it"))
    }
}

/// Whether the gateway can be reached. Only the root of its host is asked, by HEAD and without our headers: at the address
/// itself every request might be a text.
pub(super) async fn gateway(config: &Config, now: Timestamp) -> Vec<Finding> {
    let named = "sms.provider";
    match config.sms.provider {
        Provider::None => {
            return vec![Finding::warn("sms", named, "it is none: no text is sent", "set it to http, and sms.http.*")];
        }
        Provider::Mailbox => {
            let to_do = "set it to http before customers are to be reached";
            return vec![Finding::warn("sms", named, "texts go to the built-in mailbox and to nobody", to_do)];
        }
        Provider::Http => {}
    }
    let url = config.sms.http.url.as_ref().and_then(|url| Url::parse(url.expose_secret()).ok());
    let Some(root) = url.as_ref().and_then(root_of) else {
        return vec![Finding::bad("sms", "sms.http.url", "it is no http or https URL with a host", "correct it")];
    };
    let subject = place(&root);
    let asking = match Asking::new(now) {
        Ok(asking) => asking,
        Err(error) => return vec![Finding::bad("sms", subject, error.to_string(), "correct it")],
    };
    match asking.ask(Method::HEAD, root.clone()).await {
        Ok(answer) => {
            let mut found = vec![Finding::ok("sms", &subject, "answers; nothing was sent to it")];
            if root.scheme() == "http" && !is_loopback(&root) {
                let so = "its address begins with http://: texts and keys go in the clear";
                found.push(Finding::warn("sms", &subject, so, "use https:// in sms.http.url"));
            }
            found.extend(clock(&answer, &subject, now));
            found.extend(asking.ends_soon(&subject));
            found
        }
        Err(why) => {
            let to_do = "correct host and port of sms.http.url, or look at the network and its firewall";
            vec![Finding::bad("sms", subject, why, to_do)]
        }
    }
}

/// Whether the links in letters lead to us.
pub(super) async fn public(config: &Config, now: Timestamp) -> Vec<Finding> {
    let url = &config.http.public_url;
    let subject = url.as_str().trim_end_matches('/').to_owned();
    let is_real = reaches_customers(config);
    let mut found = Vec::new();
    if is_loopback(url) {
        let so = "only this very machine can follow links to it";
        let to_do = "set http.public_url to the https:// address by which customers reach this house";
        found.push(if is_real {
            Finding::bad("web", &subject, so, to_do)
        } else {
            Finding::warn("web", &subject, so, to_do)
        });
    } else if url.scheme() != "https" {
        let so = "it is not https: what customers open and sign in with can be read on the way";
        let to_do = "put a proxy with a certificate before http.listen, and https:// in http.public_url";
        found.push(Finding::bad("web", &subject, so, to_do));
    }
    let healthy = Url::parse(&format!("{subject}/healthz")).ok();
    let Some((asking, healthy)) = Asking::new(now).ok().zip(healthy) else { return found };
    let start = "start aftercare serve; look at the proxy before it and at http.public_url";
    match asking.ask(Method::GET, healthy).await {
        Ok(answer) if answer.status().is_success() => {
            found.push(Finding::ok("web", &subject, "answers at /healthz"));
            found.extend(clock(&answer, &subject, now));
            found.extend(asking.ends_soon(&subject));
        }
        Ok(answer) => {
            let so = format!("answers {} at /healthz: it is not this program", answer.status().as_u16());
            found.push(Finding::bad("web", &subject, so, start));
        }
        Err(why) if is_loopback(url) && !is_real => found.push(Finding::warn("web", &subject, why, start)),
        Err(why) => found.push(Finding::bad("web", &subject, why, start)),
    }
    found
}

/// Whether anything leaves this machine: until then a rehearsal needs no public address.
fn reaches_customers(config: &Config) -> bool {
    let by_mail = match lanes::mail_route(&config.email) {
        Ok(Some(Route::Smtp(settings))) => {
            Url::parse(&format!("smtp://{}", settings.host)).is_ok_and(|url| !is_loopback(&url))
        }
        _ => false,
    };
    let gateway = config.sms.http.url.as_ref().filter(|_| config.sms.provider == Provider::Http);
    by_mail || gateway.and_then(|url| Url::parse(url.expose_secret()).ok()).is_some_and(|url| !is_loopback(&url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            // A scheme that is not http leaves numbers as they are written.
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// Its host alone, without whatever secret is in its path, its query or before its host.
fn root_of(url: &Url) -> Option<Url> {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    let is_bare = root.set_username("").is_ok() && root.set_password(None).is_ok();
    (is_bare && matches!(root.scheme(), "http" | "https") && root.has_host()).then_some(root)
}

fn place(root: &Url) -> String {
    let host = root.host_str().unwrap_or_default();
    root.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// How far its clock is from ours, where it says what time it is.
fn clock(answer: &Response, subject: &str, now: Timestamp) -> Option<Finding> {
    let said = answer.headers().get(DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(said).ok()?;
    Some(apart(subject, Timestamp::new(theirs).since(now).as_secs()))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{is_loopback, place, root_of};

    #[test]
    fn what_is_asked_and_named_holds_no_secret() {
        let url = Url::parse("https://user:s3cret@gateway.example/key-s3cret/send?token=s3cret").expect("a URL");
        let root = root_of(&url).expect("a root");
        assert_eq!((root.as_str(), place(&root).as_str()), ("https://gateway.example/", "gateway.example:443"));
        assert!(root_of(&Url::parse("mailto:a@b.example").expect("a URL")).is_none());
    }

    #[test]
    fn this_very_machine_is_known_by_each_of_its_names() {
        let is = |text: &str| is_loopback(&Url::parse(text).expect("a URL"));
        for here in
            ["http://localhost:8080", "http://127.0.0.1", "http://[::1]/", "https://a.localhost", "smtp://127.0.0.1"]
        {
            assert!(is(here), "{here}");
        }
        for there in ["https://aftercare.example", "http://10.0.0.1:8080", "https://localhost.example"] {
            assert!(!is(there), "{there}");
        }
    }
}
