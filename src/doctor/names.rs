//! The sender's domain in the DNS: somebody takes its mail (MX), and receivers are told who may send it (SPF, RFC 7208).
use std::time::Duration;

use hickory_resolver::{
    TokioResolver,
    net::NetError,
    proto::rr::{RData, RecordType},
};

use super::Finding;
use crate::{channels::email::Route, config::Config, lanes};

/// What the DNS answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    These(Vec<String>),
    /// There is no such domain.
    NoDomain,
    Unreachable,
}

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let is_smtp = matches!(lanes::mail_route(&config.email), Ok(Some(Route::Smtp(_))));
    let domain = config.email.from.as_deref().and_then(|from| from.rsplit_once('@')).map(|(_, domain)| domain);
    let Some(domain) = domain.filter(|_| is_smtp) else { return Vec::new() };
    let (mx, txt) = match resolver() {
        Some(resolver) => {
            tokio::join!(ask(&resolver, domain, RecordType::MX), ask(&resolver, domain, RecordType::TXT))
        }
        None => (Answer::Unreachable, Answer::Unreachable),
    };
    judged(domain, &mx, &txt)
}

fn resolver() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    (options.timeout, options.attempts) = (Duration::from_secs(2), 1);
    builder.build().ok()
}

async fn ask(resolver: &TokioResolver, domain: &str, kind: RecordType) -> Answer {
    // The dot at its end: a domain of this machine's own is never put behind it.
    match resolver.lookup(format!("{}.", domain.trim_end_matches('.')), kind).await {
        Ok(found) => Answer::These(found.answers().iter().filter_map(|record| words(&record.data)).collect()),
        Err(error) => missing(&error),
    }
}

fn missing(error: &NetError) -> Answer {
    if error.is_nx_domain() {
        Answer::NoDomain
    } else if error.is_no_records_found() {
        Answer::These(Vec::new())
    } else {
        Answer::Unreachable
    }
}

fn words(data: &RData) -> Option<String> {
    match data {
        RData::MX(mx) => Some(mx.exchange.to_string()),
        RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
        _ => None,
    }
}

fn judged(domain: &str, mx: &Answer, txt: &Answer) -> Vec<Finding> {
    let later = "look again from a machine that can ask the DNS";
    if *mx == Answer::NoDomain || *txt == Answer::NoDomain {
        let to_do = "correct email.from: receivers refuse mail from a domain that is none";
        return vec![Finding::bad("dns", domain, "there is no such domain", to_do)];
    }
    let taken = match mx {
        Answer::These(hosts) if hosts.is_empty() => {
            let to_do = "add an MX record: answers and reports about undelivered mail go there";
            Finding::warn("dns", domain, "it has no MX", to_do)
        }
        Answer::These(hosts) => Finding::ok("dns", domain, format!("its mail goes to {}", hosts.join(", "))),
        Answer::NoDomain | Answer::Unreachable => {
            Finding::warn("dns", domain, "its MX could not be looked at: the DNS does not answer", later)
        }
    };
    let is_spf = |text: &&String| text.as_str() == "v=spf1" || text.starts_with("v=spf1 ");
    let told = match txt {
        Answer::These(texts) => match texts.iter().filter(is_spf).count() {
            1 => Finding::ok("dns", domain, "it says who may send its mail (SPF)"),
            0 => {
                let to_do = "add a TXT record \"v=spf1 … -all\" that names the mail server of email.url";
                Finding::warn("dns", domain, "it has no SPF: its mail is taken for spam", to_do)
            }
            _ => {
                let to_do = "keep one TXT record that begins with v=spf1 (RFC 7208 4.5)";
                Finding::bad("dns", domain, "it has more than one SPF record, which counts as none", to_do)
            }
        },
        Answer::NoDomain | Answer::Unreachable => {
            Finding::warn("dns", domain, "its SPF could not be looked at: the DNS does not answer", later)
        }
    };
    vec![taken, told]
}

#[cfg(test)]
mod tests {
    use super::{Answer, judged};
    use crate::doctor::Level::{self, Bad, Ok, Warn};

    fn levels(mx: &Answer, txt: &Answer) -> Vec<Level> {
        judged("example.com", mx, txt).into_iter().map(|finding| finding.level).collect()
    }
    fn these(texts: &[&str]) -> Answer {
        Answer::These(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn a_domain_that_cannot_be_looked_at_is_no_fault_and_one_that_is_none_is() {
        let mx = these(&["mx.example.com."]);
        assert_eq!(levels(&mx, &these(&["v=spf1 mx -all", "another"])), [Ok, Ok]);
        assert_eq!(levels(&these(&[]), &these(&["v=spf10 mx"])), [Warn, Warn]);
        assert_eq!(levels(&mx, &these(&["v=spf1 mx -all", "v=spf1 -all"])), [Ok, Bad]);
        assert_eq!(levels(&Answer::Unreachable, &Answer::Unreachable), [Warn, Warn]);
        assert_eq!(levels(&Answer::NoDomain, &Answer::NoDomain), [Bad]);
    }
}
