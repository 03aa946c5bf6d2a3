//! The readers at our doors, each with what it is known to read: events, mail, reports, texts, signatures, tables, receipts.
use std::{collections::HashMap, fs, path::Path, sync::Arc};

use aftercare::{
    app::App,
    clock::{Clock, Timestamp},
    config::Config,
    customers::{email, phone},
    dealerships::Dealership,
    http::{Access, router},
    id::{Id, Random},
    imports::{
        Kind,
        actions::{Failed, Wanted, import},
    },
    inbound::{
        Envelope,
        addresses::{Addresses, Recipient},
        invite,
        letter::Letter,
        sorting,
    },
    inbound_texts::reading,
    intake::envelope::{Door as Gate, Format, Sheet},
    links::{Claim, Key, Purpose},
    official_account,
};
use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use serde_json::Value;
use tower::ServiceExt;

/// Reads an input; an error is something that must not be.
type Read = Box<dyn Fn(&[u8]) -> Result<(), String>>;

pub(crate) struct Door {
    pub(crate) name: &'static str,
    pub(crate) known: Vec<Vec<u8>>,
    pub(crate) read: Read,
}

fn now() -> Timestamp {
    "2026-03-05T11:00:00+08:00".parse().expect("a time")
}

pub(crate) fn doors() -> Vec<Door> {
    let house = Arc::new(House::open());
    vec![
        events(&house),
        mail(),
        texts(),
        signatures(),
        account(),
        table(&house),
        posted(&house, "receipts", "/in/http/status", RECEIPTS),
        posted(&house, "replies", "/in/http/inbound", REPLIES),
    ]
}

fn data(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).expect("tests/data").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "eml" || kind == "csv"));
    files.sort();
    files.iter().map(|path| fs::read(path).expect("a file")).collect()
}

fn lines(text: &str) -> Vec<Vec<u8>> {
    text.lines().map(|line| line.as_bytes().to_vec()).collect()
}

/// A database of its own, for the readers that need one.
struct House {
    runtime: tokio::runtime::Runtime,
    app: App,
    dealership: Arc<Dealership>,
    folder: tempfile::TempDir,
}

const SECRET: &str = "the secret of these doors";

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let environment = [
            ("DATABASE__URL", format!("sqlite://{}", folder.path().join("a.db").display())),
            ("SMS__RECEIPTS__SECRET", SECRET.to_owned()),
            ("INBOUND__SMS__SECRET", SECRET.to_owned()),
        ];
        let environment = environment.into_iter().map(|(key, value)| (format!("AFTERCARE__{key}"), value)).collect();
        let config = Config::load_with(Some(Path::new("/dev/null")), environment).expect("settings");
        let app = runtime.block_on(async {
            let app = App::open(config, Clock::fixed(now()), Random::seeded(7)).await.expect("an app");
            app.db.migrate().await.expect("a schema");
            app
        });
        let dealership = dealership();
        let put = aftercare::dealerships::actions::put_now(&app, dealership, "fuzz".to_owned());
        let dealership = Arc::new(runtime.block_on(put).expect("stored"));
        Self { runtime, app, dealership, folder }
    }
}

fn dealership() -> Dealership {
    let file: toml::Table = toml::from_str(include_str!("../data/dealerships.toml")).expect("TOML");
    let all = serde_json::to_value(file).expect("JSON");
    let one = all["dealership"].as_array().and_then(|all| all.iter().find(|one| one["code"] == "gz-tianhe"));
    Dealership::parse(Id::new(now(), [1; 10]), "gz-tianhe", "", one.expect("it is there").clone())
        .expect("a dealership")
}

fn events(house: &House) -> Door {
    let dealership = Arc::clone(&house.dealership);
    let gate = Gate {
        access: Access::All,
        own: Some(Arc::clone(&dealership)),
        dealerships: HashMap::from([(dealership.code.clone(), dealership)]),
        now: now(),
    };
    let mut known: Vec<Vec<u8>> = lines(include_str!("../data/day.jsonl")).into_iter().step_by(7).take(120).collect();
    let batch = [b"[".to_vec(), known[..3].join(&b","[..]), b"]".to_vec()].concat();
    known.push(batch);
    let read = move |input: &[u8]| {
        for format in [Format::One, Format::Batch, Format::Either] {
            if let Ok(sheet) = Sheet::read(format, input) {
                let _ = sheet.dealerships().len();
                let _ = gate.admit(&sheet);
            }
        }
        Ok(())
    };
    Door { name: "events", known, read: Box::new(read) }
}

/// Letters, delivery reports, answers of calendars.
fn mail() -> Door {
    let recipients = [
        Recipient::Elsewhere("service@dealer.example".to_owned()),
        Recipient::Shop("gz".to_owned()),
        Recipient::Forged,
    ];
    let read = move |input: &[u8]| {
        let letter = Letter::read(input);
        for recipient in &recipients {
            for from in [None, Some(String::new()), letter.from.clone()] {
                let envelope = Envelope { from, to: "service@dealer.example".to_owned() };
                let _ = sorting::sort(&letter, &envelope, recipient);
            }
        }
        let _ = invite::read(input);
        Ok(())
    };
    Door { name: "mail", known: data("mail"), read: Box::new(read) }
}

/// What people type: answers by text, numbers, addresses.
fn texts() -> Door {
    let known = lines(
        "STOP\nstop please\n退订\n1\n２\n配信停止\ncancel\nSTART\n138 0013 8000\n+86 20 8888-1234\n(020) 8888 1234 ext 5\n王芳@example.com\nanna.weber+car@example.co.uk\n明天可以吗？",
    );
    let read = |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let _ = reading::read(&text, false);
        let _ = reading::read(&text, true);
        for region in [None, Some("CN"), Some("JP"), Some("US")] {
            let _ = phone::read(&text, region);
        }
        let _ = email::read(&text);
        Ok(())
    };
    Door { name: "texts", known, read: Box::new(read) }
}

/// Links and addresses that we signed: a changed one opens nothing.
fn signatures() -> Door {
    let key = Key::new(b"a key of thirty-two bytes or more");
    let subject = "apt_0199a3f04c807d6aa1b2c3d4e5f60718".to_owned();
    let claim = Claim { subject, expires: now().get().as_second() + 3_600 };
    let token = key.sign(Purpose::Appointment, &claim);
    let addresses = Addresses::new([7; 32], Some("a.example".to_owned()), Some("b.example".to_owned()));
    let message = Id::new(now(), [3; 10]);
    let signed: Vec<String> = [addresses.reply(message), addresses.bounce(message), addresses.opt_out(message)]
        .into_iter()
        .flatten()
        .collect();
    let mut known: Vec<Vec<u8>> = signed.iter().map(|address| address.as_bytes().to_vec()).collect();
    known.push(token.as_bytes().to_vec());
    let read = move |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        if key.open(Purpose::Appointment, &text, now()).is_ok() && text != token {
            return Err("opened what we did not sign".to_owned());
        }
        let is_ours = signed.iter().any(|own| own.eq_ignore_ascii_case(text.trim()));
        match addresses.read(&text) {
            Some(Recipient::Reply(_) | Recipient::Bounce(_) | Recipient::OptOut(_)) if !is_ours => {
                Err("believed an address that we did not sign".to_owned())
            }
            _ => Ok(()),
        }
    };
    Door { name: "signatures", known, read: Box::new(read) }
}

fn account() -> Door {
    let known = [
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o6_bm]]></FromUserName><CreateTime>1772676000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>7301</MsgId></xml>",
        "<xml><FromUserName>o6_bm</FromUserName><CreateTime>1772676000</CreateTime><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status>failed:user block</Status></xml>",
        "<xml><FromUserName>o6_bm</FromUserName><CreateTime>1772676000</CreateTime><MsgType>event</MsgType><Event>unsubscribe</Event></xml>",
    ];
    let read = |input: &[u8]| {
        let _ = official_account::read(input);
        Ok(())
    };
    Door { name: "account", known: known.map(|text| text.as_bytes().to_vec()).to_vec(), read: Box::new(read) }
}

/// Tables of a dealer management system, understood and not stored.
fn table(house: &Arc<House>) -> Door {
    let mut known = data("import");
    for file in &mut known {
        file.truncate(8 << 10);
    }
    let house = Arc::clone(house);
    let read = move |input: &[u8]| {
        let file = house.folder.path().join("table.csv");
        fs::write(&file, input).map_err(|error| error.to_string())?;
        let wanted = Wanted {
            kind: Kind::Customers,
            file,
            dealership: Arc::clone(&house.dealership),
            source: "dms".to_owned(),
            dry_run: true,
        };
        match house.runtime.block_on(import(&house.app, &wanted, &|_, _| ())) {
            Ok(_) | Err(Failed::Unusable(_)) => Ok(()),
            Err(Failed::Broken(error)) => Err(format!("{error:#}")),
        }
    };
    Door { name: "tables", known, read: Box::new(read) }
}

const RECEIPTS: &[&str] = &[
    r#"{"id":"sm-1","status":"DELIVRD"}"#,
    r#"[{"id":"sm-1","status":"delivered","at":"2026-03-05T10:00:00+08:00"},{"id":"sm-2","status":"UNDELIV","error":"absent"}]"#,
    r#"{"reports":[{"id":7,"status":"failed","at":1772676000}]}"#,
];
const REPLIES: &[&str] = &[
    r#"{"id":"in-1","from":"+8613900001234","text":"1"}"#,
    r#"{"id":"in-2","from":"139 0000 1234","to":"10690001","text":"退订"}"#,
];

/// A gateway's door over HTTP, whose reader needs the database: whatever comes, the answer is no 5xx.
fn posted(house: &Arc<House>, name: &'static str, path: &'static str, known: &[&str]) -> Door {
    let (house, router) = (Arc::clone(house), router::router(house.app.clone()));
    let read = move |input: &[u8]| {
        for kind in ["application/json", "application/x-www-form-urlencoded"] {
            let request =
                Request::post(path).header("content-type", kind).header("authorization", format!("Bearer {SECRET}"));
            let request = request.body(Body::from(input.to_vec())).map_err(|error| error.to_string())?;
            let response =
                house.runtime.block_on(router.clone().oneshot(request)).map_err(|error| error.to_string())?;
            let status = response.status();
            let body = house.runtime.block_on(to_bytes(response.into_body(), 1 << 20)).unwrap_or_default();
            if status.is_server_error() {
                return Err(format!("{status} as {kind}: {}", String::from_utf8_lossy(&body)));
            }
            if status.is_client_error() && serde_json::from_slice::<Value>(&body).is_err() {
                return Err(format!("{status} as {kind} is no problem"));
            }
        }
        Ok(())
    };
    Door { name, known: known.iter().map(|text| text.as_bytes().to_vec()).collect(), read: Box::new(read) }
}
