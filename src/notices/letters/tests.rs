//! Every text with every sample, as a snapshot and through the checks.
use std::fmt::Write as _;

use super::*;
use crate::notices::segments;
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
        other => panic!("an e-mail was asked for, not {other:?}"),
    }
}

#[test]
fn every_text_passes_the_checks() {
    let letters = letters();
    let findings: Vec<_> = letters.check().into_iter().map(|f| format!("{f:?}\n  {}", f.fault)).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert_eq!(letters.gaps(), []);
}

/// Every kind of the catalogue, and those that it names as still to be written.
#[test]
fn every_kind_has_its_texts() {
    let letters = letters();
    let has = |kind: &str, channel| Locale::ALL.map(|locale| letters.has(kind, locale, channel));
    let kinds: BTreeSet<String> = letters.texts().map(|(kind, ..)| kind.to_owned()).collect();
    assert_eq!(kinds.len(), 56);
    for kind in &kinds {
        let only_by_phone = matches!(kind.as_str(), "optout.done" | "help.info");
        assert_eq!(has(kind, ChannelName::Email), [!only_by_phone; 3], "{kind}");
        let colleague = kind.starts_with("staff.");
        assert_eq!(has(kind, ChannelName::Wecom), [colleague; 3], "{kind}");
    }
}

/// One file a kind: every sample in every language. The body of an e-mail is shown where a sample changes it.
#[test]
fn every_text_as_it_reads() {
    let letters = letters();
    let kinds: BTreeSet<&str> = letters.texts().map(|(kind, ..)| kind).collect();
    for kind in kinds {
        let mut page = String::new();
        for locale in Locale::ALL {
            for (sample, letter) in letters.samples(kind, locale) {
                let _ = writeln!(page, "===== {} {sample}", locale.code());
                let channels = [ChannelName::Sms, ChannelName::Wecom, ChannelName::Wechat, ChannelName::Email];
                for channel in channels.into_iter().filter(|channel| letters.has(kind, locale, *channel)) {
                    match letters.render(kind, locale, channel, &letter).expect("rendered") {
                        Rendered::Sms { text } => {
                            let size = segments::count(&segments::signed(&text, letter.signature()));
                            let _ = writeln!(page, "SMS ({} units, {} part): {text}", size.units, size.parts);
                        }
                        Rendered::Wecom { text } => {
                            let _ = writeln!(page, "WECOM: {text}");
                        }
                        Rendered::Wechat { fields } => {
                            let fields: Vec<_> =
                                fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                            let _ = writeln!(page, "WECHAT: {}", fields.join(" | "));
                        }
                        Rendered::Email { subject, text, .. } => {
                            let _ = writeln!(page, "SUBJECT: {subject}");
                            if !matches!(sample, "no_salutation" | "company" | "nobody_assigned" | "abroad") {
                                let _ = writeln!(page, "\n{text}");
                            }
                        }
                    }
                }
            }
        }
        insta::assert_snapshot!(format!("{kind}.text"), page);
    }
}

#[test]
fn every_page_as_it_is_written() {
    let letters = letters();
    let kinds: BTreeSet<&str> = letters.texts().map(|(kind, ..)| kind).collect();
    for kind in kinds {
        for locale in Locale::ALL.into_iter().filter(|locale| letters.has(kind, *locale, ChannelName::Email)) {
            for (sample, letter) in letters.samples(kind, locale) {
                let (_, html, _) = email(&letters, kind, locale, &letter);
                if let Ok(folder) = std::env::var("LETTERS_TO") {
                    let path = Path::new(&folder).join(format!("{kind}.{}.{sample}.html", locale.code()));
                    std::fs::write(path, &html).expect("written");
                }
                if sample == "full" && KINDS.contains(&kind) {
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

/// A template that would end the process, or go on for ever, is refused at the door; what is left is capped.
#[test]
fn a_hostile_folder_cannot_hurt_the_process() {
    let with = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("help.info/en/sms.hbs");
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let notice = Sources::read(None).expect("embedded");
        let toml = notice.kinds().find(|(kind, _)| *kind == "help.info").expect("a kind").1["notice.toml"].text.clone();
        std::fs::write(folder.path().join("help.info/notice.toml"), toml).expect("written");
        std::fs::write(&path, text).expect("written");
        Letters::load(Some(folder.path()))
    };
    let deep = format!("{}x{}", "{{#if hon}}".repeat(10_000), "{{/if}}".repeat(10_000));
    let chain = format!("{{{{#if hon}}}}a{}{{{{/if}}}}", "{{else if hon}}b".repeat(5_000));
    let inside = format!("{{{{url {}hon{}}}}}", "(url ".repeat(3_000), ")".repeat(3_000));
    let large = "x".repeat(70_000);
    for text in [
        &deep,
        &chain,
        &inside,
        &large,
        "{{> help.info/en/sms.hbs}}",
        "{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}",
        "{{{{raw}}}}",
        "{{",
    ] {
        assert!(with(text).is_err(), "{text:.60}");
    }
    // Loops over the letters of a name in loops over the letters of a name: the writer ends it.
    let loops = format!("{}{}{}", "{{#each this}}".repeat(8), "x".repeat(1_000), "{{/each}}".repeat(8));
    if let Ok(letters) = with(&loops) {
        let (_, letter) = letters.samples("help.info", Locale::En).swap_remove(0);
        if let Ok(Rendered::Sms { text }) = letters.render("help.info", Locale::En, ChannelName::Sms, &letter) {
            assert!(text.len() <= crate::template::LARGEST_OUTPUT);
        }
    }
}

#[test]
fn acceptance_34_the_check_rejects_a_customers_text_without_the_dealer() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, file) in
        Sources::read(None).expect("embedded").kinds().find(|(kind, _)| *kind == "parts.arrived").expect("a kind").1
    {
        let path = folder.path().join("parts.arrived").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, file.text.replace("{{dealer}}", "")).expect("written");
    }
    let letters = Letters::load(Some(folder.path())).expect("loaded");
    let named = |locale, channel| {
        let findings = letters.check_text("parts.arrived", locale, channel);
        findings.iter().any(|finding| matches!(&finding.fault, Fault::NotStated(what) if what.contains("Lexus")))
    };
    assert!(named(Locale::En, ChannelName::Sms) && named(Locale::En, ChannelName::Email));
}
