//! Every text with every sample, as a snapshot and through the checks.
use std::fmt::Write as _;

use super::*;
use crate::notices::words::{About, Links, Setting, samples};

const KINDS: [&str; 4] =
    ["appointment.confirmation", "appointment.change", "appointment.cancellation", "appointment.reminder"];

fn visits(locale: Locale) -> Vec<(&'static str, Setting, About)> {
    samples(SubjectKind::Appointment, locale)
}
fn letters() -> Letters {
    Letters::load(None).expect("the embedded texts")
}
fn email(letters: &Letters, kind: &str, locale: Locale, letter: &Words) -> (String, String, String) {
    match letters.render(kind, locale, ChannelName::Email, letter).expect("rendered") {
        Rendered::Email { subject, html, text } => (subject, html, text),
        Rendered::Sms { .. } => panic!("an e-mail was asked for"),
    }
}
fn sms(letters: &Letters, kind: &str, locale: Locale, letter: &Words) -> String {
    match letters.render(kind, locale, ChannelName::Sms, letter).expect("rendered") {
        Rendered::Sms { text } => text,
        Rendered::Email { .. } => panic!("an SMS was asked for"),
    }
}

#[test]
fn every_text_passes_the_checks() {
    let findings: Vec<_> = letters().check().into_iter().map(|f| format!("{f:?}\n  {}", f.fault)).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert_eq!(letters().texts().count(), KINDS.len() * 3 * 2);
}

#[test]
fn every_text_as_it_reads() {
    let letters = letters();
    for kind in KINDS {
        for locale in Locale::ALL {
            let mut page = String::new();
            for (sample, setting, about) in visits(locale) {
                let letter = Words::new(&setting, &about, locale);
                let text = sms(&letters, kind, locale, &letter);
                let size = segments::count(&segments::signed(&text, letter.signature()));
                let (subject, _, body) = email(&letters, kind, locale, &letter);
                let _ = write!(
                    page,
                    "===== {sample}\nSMS ({} units, {} part): {text}\nSUBJECT: {subject}\n\n{body}\n",
                    size.units, size.parts
                );
            }
            insta::assert_snapshot!(format!("{kind}.{}.text", locale.code()), page);
        }
    }
}

#[test]
fn every_page_as_it_is_written() {
    let letters = letters();
    for kind in KINDS {
        for locale in Locale::ALL {
            for (sample, setting, about) in visits(locale) {
                let (_, html, _) = email(&letters, kind, locale, &Words::new(&setting, &about, locale));
                if let Ok(folder) = std::env::var("LETTERS_TO") {
                    let path = Path::new(&folder).join(format!("{kind}.{}.{sample}.html", locale.code()));
                    std::fs::write(path, &html).expect("written");
                }
                if sample == "full" {
                    insta::assert_snapshot!(format!("{kind}.{}.html", locale.code()), html);
                }
            }
        }
    }
}

#[test]
fn html_escapes_and_text_does_not() {
    let letters = letters();
    let (_, setting, about) = visits(Locale::En).into_iter().find(|(name, ..)| *name == "company").expect("a sample");
    let letter = Words::new(&setting, &about, Locale::En);
    let (_, html, text) = email(&letters, KINDS[0], Locale::En, &letter);
    assert!(text.contains("Dear O'Neil & <Söhne>,"), "{text}");
    assert!(html.contains("Dear O&#x27;Neil &amp; &lt;Söhne&gt;,") && !html.contains("<Söhne>"), "{html}");
}

#[test]
fn buttons_need_links_and_links_are_only_telephone_and_mail_without() {
    let letters = letters();
    for kind in KINDS {
        for locale in Locale::ALL {
            let (_, mut setting, about) = visits(locale).swap_remove(0);
            let (_, html, _) = email(&letters, kind, locale, &Words::new(&setting, &about, locale));
            for link in html.split("href=\"").skip(1) {
                assert!(link.starts_with("tel:") || link.starts_with("mailto:"), "{kind} {locale:?}: {link:.40}");
            }
            assert!(!html.contains("class=\"button\""));
            setting.links = Some(Links { manage: "javascript:alert(1)".to_owned() });
            let hostile = Words::new(&setting, &about, locale);
            let rendered = letters.render(kind, locale, ChannelName::Email, &hostile);
            assert_eq!(rendered.is_err(), kind != "appointment.cancellation", "{kind}");
        }
    }
}

#[test]
fn a_version_is_of_everything_a_text_is_rendered_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = folder.path().join("layout");
    std::fs::create_dir(&layout).expect("a folder");
    for (name, file) in Sources::read(None).expect("embedded").layout() {
        let more = if name == "foot.html.hbs" { "<!-- changed -->" } else { "" };
        std::fs::write(layout.join(name), format!("{}{more}", file.text)).expect("written");
    }
    let (before, after) = (letters(), Letters::load(Some(folder.path())).expect("loaded"));
    let version =
        |letters: &Letters, channel| letters.version(KINDS[0], Locale::Ja, channel).expect("a text").to_owned();
    assert_ne!(version(&before, ChannelName::Email), version(&after, ChannelName::Email));
    assert_eq!(version(&before, ChannelName::Sms), version(&after, ChannelName::Sms));
    assert_eq!(version(&before, ChannelName::Sms).len(), 12);
}

/// A folder replaces a kind whole, its declaration too.
fn declare(folder: &Path) {
    let sources = Sources::read(None).expect("embedded");
    let (_, files) = sources.kinds().find(|(kind, _)| *kind == "appointment.reminder").expect("a kind");
    let path = folder.join("appointment.reminder/notice.toml");
    std::fs::write(path, &files["notice.toml"].text).expect("written");
}

#[test]
fn mistakes_in_a_folder_stop_the_start() {
    let refused = |name: &str, text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("appointment.reminder").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("written");
        declare(folder.path());
        Letters::load(Some(folder.path())).expect_err("refused").to_string()
    };
    for (name, text, reason) in [
        ("en/sms.hbs", "{{#if plat}}x{{/if}}", "en/sms.hbs: `plat` is nothing that a letter knows"),
        ("en/sms.hbs", "\n{{#if plate}}", "appointment.reminder/en/sms.hbs:"),
        ("en/subject.hbs", "x", "appointment.reminder/en has part of an e-mail"),
        ("en/email.html.hbs", "{{{hon}}}", "unescaped output"),
        ("en/email.html.hbs", "{{> appointment.reminder/en/email.html.hbs}}", "is no partial of ours"),
    ] {
        let error = refused(name, text);
        assert!(error.contains(reason), "{error}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("appointment.reminder")).expect("a folder");
    declare(folder.path());
    let letters = Letters::load(Some(folder.path())).expect("loaded");
    assert!(!letters.has("appointment.reminder", Locale::En, ChannelName::Sms));
    let (_, setting, about) = visits(Locale::En).swap_remove(0);
    let letter = Words::new(&setting, &about, Locale::En);
    let missing = letters.render("appointment.reminder", Locale::En, ChannelName::Sms, &letter);
    assert!(matches!(missing, Err(LetterError::NoText { .. })));
}
