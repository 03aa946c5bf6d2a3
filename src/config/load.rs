//! Reading the settings: defaults, then a file, then the environment; secrets from their `_file` twins; then the rules that
//! concern two settings at once.
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use config::{Environment, FileFormat};
use secrecy::ExposeSecret;

use super::{
    Config, DEFAULTS, Provider,
    secrets::{SECRETS, from_twin},
};

/// Read when no other file is named and it is there.
pub const FILE: &str = "aftercare.toml";
/// Characters of a secret that nobody can guess.
const SHORTEST_KEY: usize = 32;
const SHORTEST_SECRET: usize = 16;

/// Why the settings cannot be used. No text of it repeats a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {path}, which {named_by} names")]
    Unreadable {
        path: PathBuf,
        named_by: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{}, line {line}: {message}", path.display())]
    Syntax { path: PathBuf, line: usize, message: String },
    #[error("{}; aftercare config prints every setting with its meaning", words(.0))]
    Wrong(config::ConfigError),
    #[error("set {0} or {0}_file, not both")]
    Twice(&'static str),
    #[error("{0}: each line must be Name: value")]
    NotLines(&'static str),
    #[error("{0} is set, so {1} must be set too")]
    Missing(&'static str, &'static str),
    #[error("{0} {1}")]
    Rule(&'static str, &'static str),
}

impl Config {
    /// The settings as this process is to use them.
    ///
    /// # Errors
    /// All of them are for the operator: exit code 2.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        Self::from_layers(file, None)
    }

    /// The defaults, whatever file or environment there is.
    pub fn defaults() -> Result<Self, Error> {
        let defaults = config::File::from_str(DEFAULTS, FileFormat::Toml);
        let all = config::Config::builder().add_source(defaults).build().map_err(Error::Wrong)?;
        all.try_deserialize().map_err(Error::Wrong)
    }

    /// As [`Config::load`], with an environment of the caller's instead of the process's.
    pub fn load_with(file: Option<&Path>, environment: HashMap<String, String>) -> Result<Self, Error> {
        Self::from_layers(file, Some(environment))
    }

    fn from_layers(file: Option<&Path>, environment: Option<HashMap<String, String>>) -> Result<Self, Error> {
        let environment = Environment::with_prefix("AFTERCARE")
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true)
            .source(environment);
        let mut given = config::Config::builder();
        if let Some(text) = file_text(file)? {
            given = given.add_source(config::File::from_str(&text, FileFormat::Toml));
        }
        let given = given.add_source(environment).build().map_err(Error::Wrong)?;
        let mut all = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, FileFormat::Toml))
            .add_source(given.clone());
        for key in SECRETS {
            if let Some(value) = from_twin(&given, key)? {
                all = all.set_override(key, value).map_err(Error::Wrong)?;
            }
        }
        let config: Self = all.build().and_then(config::Config::try_deserialize).map_err(Error::Wrong)?;
        config.check()?;
        Ok(config)
    }

    /// The rules that one setting alone cannot tell.
    fn check(&self) -> Result<(), Error> {
        if self.email.url.is_some() && self.email.from.is_none() {
            return Err(Error::Missing("email.url", "email.from"));
        }
        if self.email.from.as_deref().is_some_and(|from| !is_address(from)) {
            return Err(Error::Rule("email.from", "is no e-mail address"));
        }
        if self.sms.provider == Provider::Http && self.sms.http.url.is_none() {
            return Err(Error::Missing("sms.provider = http", "sms.http.url"));
        }
        if !matches!(self.http.public_url.scheme(), "http" | "https") || self.http.public_url.host().is_none() {
            return Err(Error::Rule("http.public_url", "must begin with http:// or https:// and name a host"));
        }
        if self.http.link_key.as_ref().is_some_and(|key| key.expose_secret().len() < 16) {
            return Err(Error::Rule("http.link_key", "must have 16 characters or more"));
        }
        if self.email.connections == 0 {
            return Err(Error::Rule("email.connections", "must be 1 or more"));
        }
        self.check_inbound()?;
        self.wecom.check()?;
        self.wechat.check()?;
        if self.worker.lease.get().is_zero() || self.worker.poll.get().is_zero() {
            return Err(Error::Rule("worker.lease and worker.poll", "must be longer than nothing"));
        }
        let database = self.database.url.expose_secret();
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database.starts_with(scheme)) {
            return Err(Error::Rule("database.url", "must begin with sqlite:// or postgres://"));
        }
        Ok(())
    }
}

impl Config {
    fn check_inbound(&self) -> Result<(), Error> {
        let is_short = |secret: &Option<secrecy::SecretString>, least| {
            secret.as_ref().is_some_and(|secret| secret.expose_secret().chars().count() < least)
        };
        let is_domain =
            |domain: &Option<String>| domain.as_deref().is_none_or(|domain| is_address(&format!("a@{domain}")));
        if !is_domain(&self.inbound.domain) {
            return Err(Error::Rule("inbound.domain", "is no domain"));
        }
        if !is_domain(&self.email.bounce_domain) {
            return Err(Error::Rule("email.bounce_domain", "is no domain"));
        }
        if is_short(&self.inbound.key, SHORTEST_KEY) {
            return Err(Error::Rule("inbound.key", "must be 32 characters or more"));
        }
        if is_short(&self.inbound.email.secret, SHORTEST_SECRET) {
            return Err(Error::Rule("inbound.email.secret", "must be 16 characters or more"));
        }
        if is_short(&self.inbound.sms.secret, SHORTEST_SECRET) {
            return Err(Error::Rule("inbound.sms.secret", "must be 16 characters or more"));
        }
        if is_short(&self.sms.receipts.secret, SHORTEST_SECRET) {
            return Err(Error::Rule("sms.receipts.secret", "must be 16 characters or more"));
        }
        if self.inbound.lmtp.connections == 0 || self.inbound.size_limit == 0 || self.inbound.most_waiting == 0 {
            return Err(Error::Rule("inbound.size_limit, .most_waiting and .lmtp.connections", "must be 1 or more"));
        }
        Ok(())
    }
}

impl Default for Config {
    /// The defaults alone.
    fn default() -> Self {
        toml::from_str(DEFAULTS).expect("the defaults are valid; a test reads them")
    }
}

/// The file's text, whose syntax is known to be good: the parser's own complaint would quote the line, which may hold a
/// password.
fn file_text(file: Option<&Path>) -> Result<Option<String>, Error> {
    let path = file.unwrap_or(Path::new(FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Unreadable { path: path.to_owned(), named_by: "--config", source }),
    };
    match toml::from_str::<toml::Table>(&text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(Error::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |at| text[..at.start.min(text.len())].lines().count().max(1)),
            message: error.message().to_owned(),
        }),
    }
}

/// What is wrong and where, without the value: it may be a secret in the wrong place.
fn words(error: &config::ConfigError) -> String {
    use config::ConfigError::{At, Type};
    let named = |key: &Option<String>| key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
    match error {
        Type { expected, key, .. } => format!("{}must be {expected}", named(key)),
        At { error, key, .. } => format!("{}{}", named(key), words(error)),
        other => {
            let text = other.to_string();
            match (text.find("string \""), text.rfind("\", expected")) {
                (Some(from), Some(to)) if from < to => format!("{}a text{}", &text[..from], &text[to + 1..]),
                _ => text,
            }
        }
    }
}

fn is_address(text: &str) -> bool {
    let clean = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let (before, domain) = text.split_once('@').unwrap_or_default();
    clean && !before.is_empty() && !domain.is_empty() && !domain.contains('@')
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// The whole chain of causes, as the command line prints it.
    fn complaint(error: &dyn std::error::Error) -> String {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        text
    }

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aftercare.toml");
        std::fs::write(&path, file).expect("written");
        let environment = environment.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        Config::load_with(Some(&path), environment).map_err(|error| complaint(&error))
    }

    #[test]
    fn what_aftercare_config_prints_is_a_valid_file_and_changes_nothing() {
        let printed = load(DEFAULTS, &[]).expect("valid");
        assert_eq!(format!("{printed:?}"), format!("{:?}", load("", &[]).expect("valid")));
        assert_eq!(printed.database.url.expose_secret(), Config::default().database.url.expose_secret());
        assert_eq!(printed.database.url.expose_secret(), "sqlite://aftercare.db");
        assert_eq!(printed.http.body_limit, 4 * 1024 * 1024);
        assert_eq!(printed.email.retry.spans().len(), 5);
    }

    #[test]
    fn every_setting_without_a_default_is_shown_with_an_example() {
        let shown = |line: &str| {
            let (name, rest) = line.trim_start_matches("# ").split_once(' ').unwrap_or_default();
            rest.starts_with("= ") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        let examples: String = DEFAULTS
            .lines()
            .map(|line| if line.starts_with("# ") && shown(line) { &line[2..] } else { line })
            .fold(String::new(), |text, line| text + line + "\n");
        let Config { database, http, email, sms, templates, .. } = toml::from_str(&examples).expect("valid");
        let super::super::Email { url, url_file, from, from_name, message_id_domain, .. } = email;
        assert!(
            url.is_some() && url_file.is_some() && from.is_some() && from_name.is_some() && message_id_domain.is_some()
        );
        assert!(database.url_file.is_some() && templates.folder.is_some() && sms.from.is_some());
        assert!(sms.http.url.is_some() && sms.http.url_file.is_some());
        assert!(http.link_key.is_some() && http.link_key_file.is_some());
        assert!(sms.http.headers_file.is_some() && !sms.http.headers.is_empty());
    }

    #[test]
    fn the_environment_wins_over_the_file_and_digits_stay_text() {
        let config = load(
            "[http]\nlisten = \"127.0.0.1:1\"\nbody_limit = 100\n[sms]\nprovider = \"mailbox\"",
            &[
                ("AFTERCARE__HTTP__LISTEN", "127.0.0.1:2"),
                ("AFTERCARE__EMAIL__RETRY", "1s,2s"),
                ("AFTERCARE__EMAIL__CONNECTIONS", "3"),
                ("AFTERCARE__SMS__FROM", "0012345"),
                ("AFTERCARE__SMS__HTTP__HEADERS", "X-Token: 0012345"),
                ("AFTERCARE__SMS__HTTP__SUCCESS_STATUS", "200,202"),
                ("AFTERCARE__SMS__HTTP__ID_POINTER", ""),
                ("AFTERCARE_TEST_CLOCK", "/tmp/clock"),
            ],
        )
        .expect("valid");
        assert_eq!((config.http.listen.port(), config.http.body_limit), (2, 100));
        assert_eq!(config.email.retry.after(9).as_secs(), 2);
        assert_eq!(config.email.connections, 3);
        assert_eq!(config.sms.from.as_deref(), Some("0012345"));
        assert_eq!(config.sms.http.headers["X-Token"].expose_secret(), "0012345");
        assert!(config.sms.http.success_status.accepts(202) && !config.sms.http.success_status.accepts(201));
        assert_eq!(config.sms.http.id_pointer, "/id");
    }

    #[test]
    fn secrets_come_from_files_and_are_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        let url = file("url", "smtp://u:s3cret@h\n");
        let headers = file("headers", "Authorization: Bearer s3cret:x\n\nX-Two: 2\n");
        let text =
            format!("[email]\nurl_file = {url:?}\nfrom = \"a@b.example\"\n[sms.http]\nheaders_file = {headers:?}");
        let config = load(&text, &[]).expect("valid");
        assert_eq!(config.email.url.as_ref().expect("read").expose_secret(), "smtp://u:s3cret@h");
        assert_eq!(config.sms.http.headers["Authorization"].expose_secret(), "Bearer s3cret:x");
        assert_eq!(config.sms.http.headers.len(), 2);
        assert_eq!(config.email.message_id_domain(), Some("b.example"));
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn a_robots_key_is_a_dealerships_and_no_secret_is_shown() {
        let keys = [("AFTERCARE__WECOM__KEYS", "gz-tianhe: s3cret-1\nsh-pudong: s3cret-2")];
        let config = load("[wecom]\nprovider = \"http\"", &keys).expect("valid");
        assert_eq!(config.wecom.keys["gz-tianhe"].expose_secret(), "s3cret-1");
        assert!(config.wecom.keys.len() == 2 && !format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn mistakes_are_named_and_no_secret_is_repeated() {
        for (file, environment, says) in [
            ("[sms]\nprovider = \"twilio\"", &[][..], "knows none, http, mailbox"),
            ("[sms]\nprovider = \"http\"", &[], "sms.http.url must be set"),
            ("[email]\nurl = \"smtp://u:s3cret@h\"", &[], "email.from must be set"),
            ("[email]\nurl = \"smtp://u:s3cret@h", &[], "line 2"),
            ("[email]\nurl = \"smtp://u:s3cret@h\"\nurl_file = \"x\"", &[], "not both"),
            ("[email]\nfrom = \"nobody\"", &[], "email.from"),
            ("[email]\nurl_file = \"/nowhere/at/all\"", &[], "/nowhere/at/all"),
            ("[smpt]\nhost = \"h\"", &[], "smpt"),
            ("[email]\nconnection = 3", &[], "connection"),
            ("[email]\nretry = []", &[], "at least one"),
            ("[worker]\nlease = \"soon\"", &[], "is no time"),
            ("[http]\npublic_url = \"ftp://h\"", &[], "http.public_url"),
            ("email = \"smtp://u:s3cret@h\"", &[], "email: "),
            ("[email]\nconnections = \"s3cret\"", &[], "email.connections: "),
            ("[sms.http]\nheaders = \"Bearer s3cret\"", &[], "Name: value"),
            ("[wecom]\nprovider = \"http\"", &[], "wecom.key"),
            ("[wecom]\ncorp_id = \"ww1\"", &[], "belong together"),
            ("[wechat]\nprovider = \"http\"\napp_id = \"wx1\"", &[], "wechat.secret"),
            ("[wechat]\ntoken = \"s3cret!\"", &[], "wechat.token"),
            ("", &[("AFTERCARE__HTTP__LISTEN", "here")], "listen"),
            ("", &[("AFTERCARE__HTTP__BODY_LIMIT", "much")], "body_limit"),
            ("", &[("AFTERCARE__LOG__FORMAT", "xml")], "knows text, json"),
            ("", &[("AFTERCARE__NO__SUCH", "1")], "no"),
            ("", &[("AFTERCARE__DATABASE__URL", "mysql://u:s3cret@h")], "sqlite:// or postgres://"),
        ] {
            let said = load(file, environment).expect_err(file);
            assert!(said.contains(says), "{file}{environment:?}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
            eprintln!("{said}");
        }
        let missing = Config::load_with(Some(Path::new("/nowhere/a.toml")), HashMap::new());
        assert!(matches!(missing, Err(Error::Unreadable { .. })));
    }
}
