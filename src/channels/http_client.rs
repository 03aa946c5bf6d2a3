//! The one HTTP client: no redirects, no proxy from the environment, no repeats, every wait limited.
use std::time::Duration;

use super::tls;

/// How long HTTP may take (`architecture.md` 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    pub connect: Duration,
    /// The longest silence while an answer is read.
    pub read: Duration,
    /// From the first byte out to the last byte in.
    pub total: Duration,
    /// Shorter than the keep-alive of the usual servers, so that a request seldom meets a closing connection.
    pub idle: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            total: Duration::from_secs(30),
            idle: Duration::from_secs(15),
        }
    }
}

/// A client for gateways and webhooks. A request is never silently sent twice: a lost answer is the caller's to judge.
///
/// # Panics
/// Never with the settings below; reqwest's builder has no infallible form.
pub fn http_client(limits: HttpLimits) -> reqwest::Client {
    let tls = tls::client_config(None).expect("the built-in roots need no file");
    http_client_on(tls, limits)
}

/// The same for addresses that others name: `resolver` says where a name may lead.
///
/// # Panics
/// Never, as [`http_client`].
pub fn http_client_resolving<R: reqwest::dns::Resolve + 'static>(
    resolver: std::sync::Arc<R>,
    limits: HttpLimits,
) -> reqwest::Client {
    let tls = tls::client_config(None).expect("the built-in roots need no file");
    builder(tls, limits).dns_resolver(resolver).build().expect("a client with our TLS and no other choices")
}

/// The same with a TLS set-up of the caller's.
///
/// # Panics
/// Never, as [`http_client`].
pub fn http_client_on(tls: rustls::ClientConfig, limits: HttpLimits) -> reqwest::Client {
    builder(tls, limits).build().expect("a client with our TLS and no other choices")
}

fn builder(tls: rustls::ClientConfig, limits: HttpLimits) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        .timeout(limits.total)
        .pool_idle_timeout(limits.idle)
        .tcp_nodelay(true)
}
