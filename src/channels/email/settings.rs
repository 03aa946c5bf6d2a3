//! `email.url` read into settings: what is wrong in it stops the start, with a sentence that holds no secret.
use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;
use url::Url;

/// How the way to the server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, or nothing is sent (`tls=required`, the default of `smtp://`).
    Required,
    /// TLS from the first byte (`smtps://`).
    Wrapper,
    /// In the clear (`tls=none`): for a relay on the same machine. Never with a password.
    None,
}

/// How long each step may take; the bounds of RFC 5321 4.5.3.2 shortened before the dot, kept after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Name look-up, TCP and, with `smtps://`, TLS.
    pub connect: Duration,
    /// Greeting and EHLO; each of STARTTLS and signing in.
    pub greeting: Duration,
    /// MAIL and RCPT, each.
    pub envelope: Duration,
    /// DATA until 354.
    pub data: Duration,
    /// The text and its final dot until the answer: a shorter wait makes copies.
    pub after_dot: Duration,
    /// A goodbye, said in the background.
    pub quit: Duration,
    /// An open connection nobody uses is kept this long.
    pub idle: Duration,
    /// Messages over one connection.
    pub messages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let step = Duration::from_secs(30);
        Self {
            connect: step,
            greeting: step,
            envelope: step,
            data: step,
            after_dot: Duration::from_mins(10),
            quit: Duration::from_secs(2),
            idle: Duration::from_secs(30),
            messages: 100,
        }
    }
}

/// Where mail goes and how. `Debug` shows no password.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// A certificate authority to trust besides the web's roots, a PEM file (`?ca=PATH`).
    pub ca: Option<PathBuf>,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// What EHLO says we are.
    pub hello_name: String,
    /// Open connections at most.
    pub connections: usize,
    pub limits: Limits,
}

/// The ways `email.url` can name.
#[derive(Clone, Debug)]
pub enum Route {
    Smtp(Box<SmtpSettings>),
    /// One file per message in this folder.
    Dir(PathBuf),
    /// The built-in mailbox.
    Mailbox,
}

/// `email.url` is wrong. The text repeats nothing of it but keys and scheme: it may hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadEmailUrl {
    #[error(
        "email.url is no URL: expected smtp://user:password@host:587?tls=required, smtps://…, dir:PATH or mailbox: (percent-encode special characters in the password)"
    )]
    NoUrl,
    #[error("email.url has the scheme {0}: expected smtp, smtps, dir or mailbox")]
    Scheme(String),
    #[error("email.url names no host, or one that is no host name")]
    Host,
    #[error(
        "email.url has a path, a fragment or something else after the host: percent-encode / and # in the password"
    )]
    Rest,
    #[error("email.url has the option {0}: expected tls or ca, each once")]
    Option(String),
    #[error("email.url has tls={0}: expected tls=required or tls=none with smtp://, and no tls with smtps://")]
    Tls(String),
    #[error("email.url has a user or a password without the other")]
    HalfLogin,
    #[error("email.url has user or password with a broken percent-encoding")]
    Encoding,
    #[error("email.url has a password and tls=none: it would be sent in the clear")]
    LoginInTheClear,
    #[error("email.url is dir: without a folder")]
    NoFolder,
}

impl Route {
    /// Reads `email.url`. Ports default to 587, to 465 with `smtps://` and to 25 with `tls=none`; the caller sets
    /// `hello_name` and `connections` from its own settings.
    pub fn parse(url: &str) -> Result<Self, BadEmailUrl> {
        if let Some(folder) = url.strip_prefix("dir:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() { Err(BadEmailUrl::NoFolder) } else { Ok(Self::Dir(folder.into())) };
        }
        if url == "mailbox:" {
            return Ok(Self::Mailbox);
        }
        let url = Url::parse(url).map_err(|_| BadEmailUrl::NoUrl)?;
        match url.scheme() {
            "smtp" | "smtps" => smtp(&url).map(|settings| Self::Smtp(Box::new(settings))),
            other => Err(BadEmailUrl::Scheme(other.to_owned())),
        }
    }
}

fn smtp(url: &Url) -> Result<SmtpSettings, BadEmailUrl> {
    let host = match url.host() {
        Some(url::Host::Domain(name)) => name.to_owned(),
        Some(url::Host::Ipv4(ip)) => ip.to_string(),
        Some(url::Host::Ipv6(ip)) => ip.to_string(),
        None => return Err(BadEmailUrl::Host),
    };
    if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b)) {
        return Err(BadEmailUrl::Host);
    }
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(BadEmailUrl::Rest);
    }
    let (tls, ca) = options(url)?;
    let user = decoded(url.username())?;
    let password = decoded(url.password().unwrap_or_default())?;
    if user.is_empty() != password.is_empty() {
        return Err(BadEmailUrl::HalfLogin);
    }
    let login = !user.is_empty();
    if login && tls == Tls::None {
        return Err(BadEmailUrl::LoginInTheClear);
    }
    let port = match tls {
        Tls::Required => 587,
        Tls::Wrapper => 465,
        Tls::None => 25,
    };
    Ok(SmtpSettings {
        host,
        port: url.port().unwrap_or(port),
        tls,
        ca,
        user: login.then_some(user),
        password: login.then(|| password.into()),
        hello_name: "localhost".to_owned(),
        connections: 8,
        limits: Limits::default(),
    })
}

fn options(url: &Url) -> Result<(Tls, Option<PathBuf>), BadEmailUrl> {
    let wrapped = url.scheme() == "smtps";
    let (mut tls, mut ca) = (None, None);
    for (key, value) in url.query_pairs() {
        match (&*key, &*value) {
            ("tls", "required") if !wrapped && tls.is_none() => tls = Some(Tls::Required),
            ("tls", "none") if !wrapped && tls.is_none() => tls = Some(Tls::None),
            ("tls", other) => return Err(BadEmailUrl::Tls(other.chars().take(20).collect())),
            ("ca", path) if ca.is_none() && !path.is_empty() => ca = Some(PathBuf::from(path)),
            (other, _) => return Err(BadEmailUrl::Option(other.chars().take(20).collect())),
        }
    }
    let tls = if wrapped { Tls::Wrapper } else { tls.unwrap_or(Tls::Required) };
    Ok((tls, ca))
}

/// Percent-decoding; a plus sign stays one.
fn decoded(text: &str) -> Result<String, BadEmailUrl> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |digit: Option<u8>| digit.and_then(|d| char::from(d).to_digit(16));
        bytes.push(match byte {
            b'%' => match (hex(rest.next()), hex(rest.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|_| BadEmailUrl::Encoding)?,
                _ => return Err(BadEmailUrl::Encoding),
            },
            plain => plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| BadEmailUrl::Encoding)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parsed(url: &str) -> SmtpSettings {
        match Route::parse(url) {
            Ok(Route::Smtp(settings)) => *settings,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn urls_and_their_defaults() {
        let full = parsed("smtp://us%40er:p%2Fa+s%25@mail.example:2587?tls=required&ca=/etc/ca.pem");
        assert_eq!((full.host.as_str(), full.port, full.tls), ("mail.example", 2587, Tls::Required));
        assert_eq!(full.user.as_deref(), Some("us@er"));
        assert_eq!(full.password.as_ref().unwrap().expose_secret(), "p/a+s%");
        assert_eq!(full.ca.as_deref(), Some(std::path::Path::new("/etc/ca.pem")));
        assert!(!format!("{full:?}").contains("p/a+s"));
        assert_eq!((parsed("smtp://h").port, parsed("smtp://h").tls), (587, Tls::Required));
        assert_eq!((parsed("smtps://h").port, parsed("smtps://h").tls), (465, Tls::Wrapper));
        assert_eq!(parsed("smtp://127.0.0.1:2525?tls=none").tls, Tls::None);
        assert_eq!(parsed("smtp://[::1]:2525?tls=none").host, "::1");
        assert!(matches!(Route::parse("mailbox:"), Ok(Route::Mailbox)));
        assert!(matches!(Route::parse("dir:out/mail"), Ok(Route::Dir(path)) if path.as_os_str() == "out/mail"));
    }

    #[test]
    fn mistakes_stop_the_start_and_show_no_password() {
        for (url, error) in [
            ("", BadEmailUrl::NoUrl),
            ("mail.example:25", BadEmailUrl::Scheme("mail.example".to_owned())),
            ("http://h", BadEmailUrl::Scheme("http".to_owned())),
            ("smtp://", BadEmailUrl::Host),
            ("smtp:h", BadEmailUrl::Host),
            ("smtp://h/inbox", BadEmailUrl::Rest),
            ("smtp://h?tls=maybe", BadEmailUrl::Tls("maybe".to_owned())),
            ("smtp://h?tls=none&tls=required", BadEmailUrl::Tls("required".to_owned())),
            ("smtps://h?tls=required", BadEmailUrl::Tls("required".to_owned())),
            ("smtp://h?timeout=3", BadEmailUrl::Option("timeout".to_owned())),
            ("smtp://user@h", BadEmailUrl::HalfLogin),
            ("smtp://u:s3cret%zz@h", BadEmailUrl::Encoding),
            ("smtp://u:s3cret@h?tls=none", BadEmailUrl::LoginInTheClear),
            ("dir:", BadEmailUrl::NoFolder),
        ] {
            let found = Route::parse(url).expect_err(url);
            assert_eq!(found, error, "{url}");
            assert!(!found.to_string().contains("s3cret"));
        }
    }
}
