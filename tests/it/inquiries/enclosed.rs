//! Files: with an answer in the mail that leaves, and with a mail that comes in.
use base64::{Engine, prelude::BASE64_STANDARD};
use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::{
    fakes::smtp::Act,
    inbound::{mail, signing},
};

const PDF: &[u8] = b"%PDF-1.7 a quote\r\n.\r\n\x00\xff";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a photo";

fn attached(name: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "content": BASE64_STANDARD.encode(bytes)})
}

/// Names and bytes of the files in a mail.
fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mail = MessageParser::default().parse(bytes).expect("a mail");
    mail.attachments()
        .map(|part| (part.attachment_name().unwrap_or_default().to_owned(), part.contents().to_vec()))
        .collect()
}

#[tokio::test]
async fn files_go_with_an_answer_and_are_the_same_bytes_when_it_is_sent_again() {
    let shop = Shop::opening()
        .mail(|n| if n == 1 { Act::AtDot("451 4.3.0 come again") } else { Act::Accept })
        .setting("EMAIL__FROM", "aftercare@dealer.example")
        .open()
        .await;
    staffed(&shop).await;
    asks(&shop, &anna(), "W-1", "What would new pads cost?").await;
    let body = json!({"text": "Here is the quote.", "by": "adv-01",
        "attachments": [attached("报价 1.pdf", PDF), attached("../photo.png", PNG)]});
    let (status, answer) = shop.keyed("POST", "/v1/inquiries/W-1/replies", "k-1", &body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["attachments"].as_array().map(Vec::len), Some(2));
    let (again, replayed) = shop.keyed("POST", "/v1/inquiries/W-1/replies", "k-1", &body).await;
    assert_eq!((again, &replayed["id"]), (201, &answer["id"]));
    let mut other = body.clone();
    other["attachments"] = json!([attached("报价 1.pdf", b"%PDF-other")]);
    assert_eq!(shop.keyed("POST", "/v1/inquiries/W-1/replies", "k-1", &other).await.0, 422);
    shop.drain().await;
    shop.advance("10m").await;
    let mail = shop.inbox("anna@example.com").pop().expect("an answer");
    assert!(mail.text.contains("Here is the quote."));
    assert_eq!(files(&mail.bytes), [("报价 1.pdf".to_owned(), PDF.to_vec()), ("photo.png".to_owned(), PNG.to_vec())]);
    assert_eq!(shop.get("/v1/inquiries/W-1").await["state"], "answered");
}

async fn staffed(shop: &Shop) {
    let body =
        json!({"dealership": "gz-tianhe", "name": "Chen", "roles": ["advisor"], "email": ADVISOR, "active": true});
    assert_eq!(shop.put("/v1/staff/adv-01", &body).await.0, 200);
}

#[tokio::test]
async fn files_that_may_not_go_are_refused_with_their_reason() {
    let shop = tianhe("2026-03-02T10:00").await;
    asks(&shop, &anna(), "W-1", "What would new pads cost?").await;
    let many: Vec<Value> = (0..6).map(|n| attached(&format!("{n}.pdf"), PDF)).collect();
    let mut large = b"%PDF-".to_vec();
    large.resize(5 << 20, 0);
    for (attachments, channel, code) in [
        (json!([attached("run.exe", b"MZ")]), "email", "file_kind_not_allowed"),
        (json!([attached("page.pdf", b"<html>")]), "email", "file_kind_not_allowed"),
        (json!([attached("empty.pdf", b"")]), "email", "file_empty"),
        (json!([{"name": "a.pdf", "content": "!"}]), "email", "not_base64"),
        (json!(many), "email", "too_many_files"),
        (json!([attached("a.pdf", &large), attached("b.pdf", &large)]), "email", "files_too_large"),
        (json!([attached("a.pdf", PDF)]), "phone", "not_possible"),
    ] {
        let body = json!({"text": "Hello", "by": "adv-01", "channel": channel, "attachments": attachments});
        let (status, answer) = write(&shop, "W-1", &body).await;
        assert_eq!((status, answer["errors"][0]["code"].as_str()), (422, Some(code)), "{answer}");
    }
    let mut huge = b"%PDF-".to_vec();
    huge.resize(16 << 20, 0);
    let body = json!({"text": "Hello", "by": "adv-01", "attachments": [attached("a.pdf", &huge)]});
    assert_eq!(write(&shop, "W-1", &body).await.0, 413);
    assert_eq!(shop.inbox("anna@example.com").len(), 1, "the acknowledgement alone");
}

#[tokio::test]
async fn a_photo_that_came_by_mail_is_a_download_of_its_thread_and_nobody_elses() {
    let shop = signing().open().await;
    let text = "See the photo.\r\n\r\n--b\r\nContent-Type: image/png; name=x.png\r\nContent-Disposition: attachment; filename=\"../x.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let page = "\r\n--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=\"evil.html\"\r\n\r\n<script>alert(1)</script>\r\n--b--";
    let raw = mail("anna@example.com", "scratch", "", "TEXT");
    let raw = raw.replace(
        "Content-Type: text/plain; charset=utf-8\r\n\r\nTEXT",
        &format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}{}{page}",
            BASE64_STANDARD.encode(PNG)
        ),
    );
    let row = shop.mailed(Some("anna@example.com"), "gz-tianhe@in.dealer.example", &raw).await;
    let id = row.subject_id.expect("an inquiry");
    let thread = shop.get(&format!("/v1/inquiries/{id}")).await;
    let entry = &thread["thread"][0];
    assert!(entry["text"].as_str().is_some_and(|text| text.contains("[evil.html]")), "named: {entry}");
    let kept = entry["attachments"].as_array().expect("files");
    assert_eq!(kept.len(), 1, "and not kept: {kept:?}");
    assert_eq!((&kept[0]["name"], &kept[0]["type"]), (&json!("x.png"), &json!("image/png")));
    let file = kept[0]["id"].as_str().expect("an id");
    let (headers, bytes) = shop.downloads(&format!("/v1/inquiries/{id}/files/{file}")).await;
    assert_eq!(bytes, PNG);
    assert!(headers["content-disposition"].starts_with("attachment; filename*=UTF-8''x.png"), "{headers:?}");
    assert!(headers["content-security-policy"].starts_with("sandbox"), "{headers:?}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    asks(&shop, &anna(), "W-9", "Another matter entirely.").await;
    let other = shop.key_for(None).await;
    assert_eq!(shop.call("GET", &format!("/v1/inquiries/W-9/files/{file}"), &other, None).await.0, 404);
    let foreign = shop.key_for(Some("sh-pudong")).await;
    assert_eq!(shop.call("GET", &format!("/v1/inquiries/{id}/files/{file}"), &foreign, None).await.0, 404);
}
