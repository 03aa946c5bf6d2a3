//! Declarations that are read, and mistakes that are named.
use super::*;

const REMINDER: &str = r#"raised_by = ["appointment.booked"]
class = "transactional"
audience = "customer"
subject = "appointment"
tracks = [["wechat", "sms", "call"]]
"#;

fn kind(text: &str) -> Result<Kind, String> {
    let file = File { text: text.to_owned(), path: "x/notice.toml".into() };
    Kind::parse("x.y", &file).map_err(|error| error.to_string())
}

#[test]
fn a_mistake_is_named_with_its_file_line_and_reason() {
    for (more, reason) in [
        ("send_at = \"start_at - 24\"", "x/notice.toml:6: `24` is no duration"),
        (
            "send_at = \"starts_at - 24h\"",
            ":6: `starts_at` is no fact of Appointment; known: now, occurred_at, start_at",
        ),
        ("send_at = \"eta\"", ":6: `eta` is no fact"),
        ("send_at = \"start_at 24h\"", ":6: expected the end, found `24h`"),
        ("send_at = \"min(start_at\"", ":6: expected ), found `the end`"),
        ("send_at = \"start_at + booked_at\"", ":6: expected a duration, found `booked_at`"),
        ("\nhours = \"19:00-10:00\"", ":7: the window"),
        ("skip_if = \"start_at - booked_at = 36h\"", ":6: expected <, <=, > or >="),
        ("skip_if = \"start_at < 36h\"", ":6: expected -, found `<`"),
        ("skip_if = \"((((((((((conditional))))))))))\"", ":6: nested too deeply"),
        ("skip_if = \"not complete\"", ":6: `complete` is no fact of Appointment"),
        ("sendat = \"now\"", ":6: unknown field `sendat`"),
        ("withdrawn_by = [\"appointment.canceled\"]", ":6: `appointment.canceled` is no type of event"),
        ("open_day = \"after\"", ":6: unknown variant `after`"),
        ("[bindings.aliyun]\ntemplat = \"SMS_1\"", ":7: unknown field `templat`"),
        ("live = maybe", ":6: "),
    ] {
        let error = kind(&format!("{REMINDER}{more}")).expect_err(more);
        assert!(error.contains(reason), "{more}: {error}");
    }
    for (tracks, reason) in [
        ("[]", "empty"),
        ("[[]]", "empty"),
        ("[[\"sms\"],[\"sms\"]]", "twice"),
        ("[[\"call\",\"sms\"]]", "`call` ends"),
        ("[[\"fax\"]]", "unknown variant `fax`"),
    ] {
        let text = REMINDER.replace("[[\"wechat\", \"sms\", \"call\"]]", tracks);
        assert!(kind(&text).expect_err(tracks).contains(reason), "{tracks}");
    }
}

#[test]
fn the_whole_grammar_is_read() {
    let text = format!(
        "{REMINDER}send_at = \"max(now, min(start_at - 1d, end_at + 1h30m))\"\nhours = \"10:00-19:00\"\n\
         open_day = \"before\"\nskip_if = \"start_at - booked_at < 36h or conditional and not is_comeback\"\n\
         useful_until = \"start_at - 2h\"\nlive = true\n[bindings.aliyun]\ntemplate = \"SMS_2001\"\n\
         params = {{ name = \"hon\" }}\napproved = true\n[bindings.tencent]\ntemplate = \"110234\"\nparams = [\"hon\"]\n"
    );
    let kind = kind(&text).expect("a kind");
    assert!(kind.live && kind.bindings["aliyun"].approved && !kind.bindings["tencent"].approved);
    assert!(matches!(kind.skip_if, Some(Condition::Any(ref parts)) if parts.len() == 2));
}

#[test]
fn our_kinds_are_raised_and_withdrawn_as_the_appointment_goes() {
    let playbook = Playbook::load(None).expect("the embedded kinds");
    let names = |kinds: Vec<&Kind>| {
        let names = kinds.iter().filter_map(|kind| kind.name.strip_prefix("appointment."));
        names.collect::<Vec<_>>().join(" ")
    };
    for (event, raised, withdrawn) in [
        ("appointment.proposed", "proposal", "proposal"),
        ("appointment.booked", "confirmation reminder reminder_early", "cancellation proposal"),
        (
            "appointment.rescheduled",
            "change reminder reminder_early",
            "cancellation change confirmation missed proposal reminder reminder_early",
        ),
        ("appointment.cancelled", "cancellation", "change confirmation missed proposal reminder reminder_early"),
        ("appointment.confirmed", "", "proposal"),
        ("appointment.arrived", "", "cancellation change confirmation missed proposal reminder reminder_early"),
        ("appointment.completed", "", "cancellation change confirmation missed proposal reminder reminder_early"),
        ("appointment.no_show", "missed", "change confirmation reminder reminder_early"),
    ] {
        assert_eq!(names(playbook.raised_by(event).collect()), raised, "raised by {event}");
        assert_eq!(names(playbook.withdrawn_by(event).collect()), withdrawn, "withdrawn by {event}");
    }
}

#[test]
fn a_folder_takes_the_place_of_a_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let kind = folder.path().join("appointment.reminder");
    std::fs::create_dir(&kind).expect("a folder");
    std::fs::write(kind.join("notice.toml"), REMINDER).expect("written");
    let playbook = Playbook::load(Some(folder.path())).expect("kinds");
    assert!(playbook.kind("appointment.reminder").expect("the kind").hours.is_none());
    assert!(playbook.kind("appointment.change").is_some());
    std::fs::write(kind.join("notice.toml"), "class = 1").expect("written");
    let error = Playbook::load(Some(folder.path())).expect_err("refused").to_string();
    assert!(error.contains("appointment.reminder/notice.toml:1: "), "{error}");
    // A customer has no skills of ours: what could not be meant is refused, not passed over.
    std::fs::write(kind.join("notice.toml"), format!("and_skill = \"technical_lead\"\n{REMINDER}")).expect("written");
    let error = Playbook::load(Some(folder.path())).expect_err("refused").to_string();
    assert!(error.contains("notice.toml:1: ") && error.contains("and_skill"), "{error}");
}
