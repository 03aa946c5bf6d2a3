//! A conversation with both sides at the wire: a customer's program writes by smtplib and reads by aiosmtpd.
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{ANNA, signing};
use crate::{
    need::{need, python},
    shop::{Opening, Shop},
};

/// Her mail program, which ends with the test.
struct Program {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Where our door is.
    door: u16,
}

impl Program {
    /// Starts it beside a shop whose mail goes to it.
    async fn beside(opening: Opening) -> (Self, Shop) {
        let mut command = Command::new(python());
        command.args(["-c", include_str!("customer.py")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("python runs");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut program = Self { _child: child, input, output, door: 0 };
        let port = program.hears().await;
        let shop = opening.setting("EMAIL__URL", &format!("smtp://127.0.0.1:{port}?tls=none")).open().await;
        program.door = shop.opens_lmtp().await.port();
        (program, shop)
    }

    async fn hears(&mut self) -> Value {
        let line = self.output.next_line().await.expect("readable").expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }
    async fn tells(&mut self, deed: &str, mut named: Value) -> Value {
        named["me"] = ANNA.into();
        self.input.write_all(format!("{}\n", json!([deed, named])).as_bytes()).await.expect("written");
        self.hears().await
    }
    /// Hands a mail over to our door, which takes it; its Message-ID.
    async fn sends(&mut self, deed: &str, mut named: Value) -> String {
        named["door"] = self.door.into();
        let answer = self.tells(deed, named).await;
        assert_eq!(answer["refused"], 0, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }
    async fn reads(&mut self) -> Vec<Value> {
        self.tells("read", json!({})).await.as_array().expect("mails").clone()
    }
    /// She asks, and an advisor answers an hour later; the ids of the question and of her mail.
    async fn asks_and_is_answered(&mut self, shop: &Shop, to: &str) -> (String, String) {
        let asked = self.sends("write", json!({"to": to, "subject": "Brake noise 异响", "text": "They squeal."})).await;
        shop.drain().await;
        let inquiry = shop.inbound_mails().await[0].subject_id.clone().expect("an inquiry");
        shop.advance("1h").await;
        let reply = json!({"text": "Please come on Monday at ten.", "by": "adv-01"});
        let (status, answer) = shop.send("POST", &format!("/v1/inquiries/{inquiry}/replies"), &reply).await;
        assert_eq!(status, 201, "{answer}");
        shop.drain().await;
        (inquiry, asked)
    }
}

const TO: &str = "gz-tianhe@in.dealer.example";

async fn thread(shop: &Shop, inquiry: &str) -> Value {
    shop.get(&format!("/v1/inquiries/{inquiry}")).await
}

#[tokio::test]
async fn a_conversation_between_two_programs_stays_one_thread_on_both_sides() {
    if !need("python aiosmtpd", "a_conversation_between_two_programs_stays_one_thread_on_both_sides") {
        return;
    }
    let (mut anna, shop) = Program::beside(signing()).await;
    let (inquiry, asked) = anna.asks_and_is_answered(&shop, TO).await;
    let [acknowledged, answered] = <[Value; 2]>::try_from(anna.reads().await).expect("two mails");
    assert_eq!(acknowledged["Auto-Submitted"], "auto-replied");
    assert_eq!(acknowledged["In-Reply-To"], asked.as_str());
    assert_eq!(answered["Auto-Submitted"], Value::Null, "a person wrote it");
    assert_eq!(answered["In-Reply-To"], asked.as_str());
    assert!(answered["text"].as_str().is_some_and(|text| text.contains("Monday at ten")), "{answered}");
    assert!(thread(&shop, &inquiry).await["clocks"][0]["stopped_at"].is_string());

    // Her answer goes where her program sends answers, and is the next question of the same thread.
    shop.advance("1h").await;
    let again = anna.sends("answer", json!({"text": "And do I get a loan car?"})).await;
    shop.drain().await;
    let whole = thread(&shop, &inquiry).await;
    assert_eq!(whole["clocks"].as_array().map(Vec::len), Some(2), "{whole}");
    assert!(whole["clocks"][1]["stopped_at"].is_null());
    let reply = json!({"text": "Yes, you do.", "by": "adv-01"});
    assert_eq!(shop.send("POST", &format!("/v1/inquiries/{inquiry}/replies"), &reply).await.0, 201);
    shop.drain().await;
    let last = anna.reads().await.pop().expect("a mail");
    assert_eq!(last["In-Reply-To"], again.as_str());
    let references = last["References"].as_str().unwrap_or_default();
    assert!(references.contains(&asked) && references.ends_with(&again), "{references}");
    assert_eq!(shop.items("/v1/inquiries?limit=100").await.len(), 1);
    assert_eq!(anna.reads().await.len(), 3, "acknowledged once, answered twice");
}

#[tokio::test]
async fn a_report_of_her_server_lets_the_clock_run_from_where_it_began() {
    if !need("python aiosmtpd", "a_report_of_her_server_lets_the_clock_run_from_where_it_began") {
        return;
    }
    let (mut anna, shop) = Program::beside(signing()).await;
    let (inquiry, _) = anna.asks_and_is_answered(&shop, TO).await;
    let before = thread(&shop, &inquiry).await;
    assert_eq!(before["state"], "answered");
    // Somebody is away: no answer, no question, and nobody answers it.
    anna.sends("away", json!({"text": "I am on holiday."})).await;
    shop.drain().await;
    assert_eq!(thread(&shop, &inquiry).await["clocks"], before["clocks"]);
    // In hour 3 the answer comes back.
    shop.advance("2h").await;
    anna.sends("report", json!({"status": "5.2.2", "words": "552 5.2.2 mailbox full"})).await;
    shop.drain().await;
    let after = thread(&shop, &inquiry).await;
    assert_eq!(after["state"], "assigned", "{after}");
    assert!(after["clocks"][0]["stopped_at"].is_null(), "{after}");
    for name in ["opened_at", "due_at"] {
        assert_eq!(after["clocks"][0][name], before["clocks"][0][name]);
    }
    assert_eq!(anna.reads().await.len(), 2, "acknowledged and answered once");
}

#[tokio::test]
async fn without_signed_addresses_the_thread_is_found_by_what_her_program_refers_to() {
    if !need("python aiosmtpd", "without_signed_addresses_the_thread_is_found_by_what_her_program_refers_to") {
        return;
    }
    let (mut anna, shop) = Program::beside(Shop::opening()).await;
    let (inquiry, _) = anna.asks_and_is_answered(&shop, "service@gz-tianhe.example").await;
    shop.advance("1h").await;
    anna.sends("answer", json!({"text": "And do I get a loan car?"})).await;
    shop.drain().await;
    let mails = shop.inbound_mails().await;
    assert_eq!(mails[1].subject_id.as_deref(), Some(inquiry.as_str()));
    assert_eq!(thread(&shop, &inquiry).await["clocks"].as_array().map(Vec::len), Some(2));
}
