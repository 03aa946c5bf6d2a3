//! Mails as real programs write them, and what we take them for; the first word of a file's name says what it is.
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use aftercare::inbound::{
    Envelope,
    addresses::Recipient,
    letter::Letter,
    reports::Action,
    sorting::{Sorted, sort},
};

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mail");
    let files = std::fs::read_dir(folder).expect("the mails");
    let mut all: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    all.sort();
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    all.iter().map(|path| (name(path), std::fs::read(path).expect("readable"))).collect()
}

fn sorted(raw: &[u8]) -> (Letter, Sorted) {
    let letter = Letter::read(raw);
    let envelope = Envelope { from: None, to: "service@dealer.example".to_owned() };
    let sorted = sort(&letter, &envelope, &Recipient::Elsewhere(envelope.to.clone()));
    (letter, sorted)
}

#[test]
fn every_mail_is_taken_for_what_it_is() {
    let mut confusion: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let corpus = corpus();
    for (name, raw) in &corpus {
        let expected = ["person", "auto", "bounce", "complaint", "opt_out", "invite"];
        let expected = expected.into_iter().find(|word| name.starts_with(word)).expect("a name that says what it is");
        let expected = match expected {
            "auto" => "auto_reply",
            "invite" => "invite_reply",
            word => word,
        };
        let taken_for = sorted(raw).1.class.word();
        *confusion.entry((expected.to_owned(), taken_for)).or_default() += 1;
        if expected != taken_for {
            wrong.push(format!("{name} is taken for {taken_for}"));
        }
    }
    let mut table = String::from("is            taken for     mails\n");
    for ((is, taken_for), n) in &confusion {
        let _ = writeln!(table, "{is:13} {taken_for:13} {n}");
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{wrong:#?}\n{table}");
    insta::assert_snapshot!(table);
    let of = |words: &[&str]| corpus.iter().filter(|(name, _)| words.iter().any(|word| name.starts_with(word))).count();
    assert!(of(&["auto", "bounce"]) >= 40, "reports and automatic answers");
    assert!(of(&["person"]) >= 8, "what people write that looks like one");
    for program in ["postfix", "exim", "exchange", "gmail"] {
        assert!(of(&[&format!("bounce_{program}")]) >= 2 && of(&[&format!("auto_{program}")]) >= 1, "{program}");
    }
}

#[test]
fn what_is_read_of_each_mail() {
    let mut all = String::new();
    for (name, raw) in corpus() {
        let (letter, sorted) = sorted(&raw);
        let _ = writeln!(all, "{name}: {} {}", sorted.class.word(), sorted.reason.unwrap_or_default());
        let _ = writeln!(all, "  from {} | {}", letter.from.as_deref().unwrap_or("-"), letter.subject);
        let _ = writeln!(all, "  text {:?}", letter.text.lines().next().unwrap_or_default());
        for file in &letter.attachments {
            let _ = writeln!(all, "  file {:?} {} {}", file.name, file.kind, file.size);
        }
        if let Some(report) = sorted.report.as_ref().or(letter.report.as_ref()) {
            let _ = writeln!(
                all,
                "  report {:?} about {}",
                report.kind,
                report.message.as_deref().unwrap_or("nothing of ours")
            );
            for one in &report.recipients {
                let status = one.status.map(|status| status.to_string()).unwrap_or_default();
                let what = if one.action == Action::Failed { one.severity().word() } else { "-" };
                let _ = writeln!(
                    all,
                    "    {:?} {status} {what} {:?}",
                    one.action,
                    one.diagnostic.as_deref().unwrap_or_default()
                );
            }
        }
        if let Some(invite) = &letter.invite {
            let _ = writeln!(
                all,
                "  invite {:?} by {} to {} at {}",
                invite.says, invite.attendee, invite.uid, invite.sequence
            );
        }
        if sorted.may_be_answered {
            let _ = writeln!(all, "  may be answered");
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_mail_cut_at_any_place_is_still_read() {
    for (_, raw) in corpus() {
        for at in (0..raw.len()).step_by(7) {
            let _ = sorted(&raw[..at]);
        }
    }
}
