//! What a person reads, in three languages; and the entry in their calendar.
use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::{ANNA, ANNAS_PHONE};
use crate::{
    need::{need, python},
    shop::{Customer, Mail, Shop, anna, fang, kenji},
};

async fn confirmation(customer: &Customer, address: &str, phone: &str) -> String {
    let shop = Shop::open().await;
    shop.book(customer, "2026-03-05T09:30").await;
    shop.drain().await;
    let (inbox, texts) = (shop.inbox(address), shop.phone(phone));
    assert_eq!((inbox.len(), texts.len()), (1, 1));
    assert!(inbox[0].invite.is_some());
    format!("{}\n\n{}\n\n{}", texts[0], inbox[0].subject, without_token(&inbox[0].text))
}

/// A link is signed with a key of its own in each installation.
fn without_token(text: &str) -> String {
    let cut =
        |line: &str| line.split_once("/a/").map_or_else(|| line.to_owned(), |(before, _)| format!("{before}/a/TOKEN"));
    text.split('\n').map(cut).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_confirmation_in_english() {
    insta::assert_snapshot!(confirmation(&anna(), ANNA, ANNAS_PHONE).await, @r"
    Ms. Weber, 粤A12345 is booked for Thu, Mar 5, 9:30 AM. To change: 020-8888 0000. 陈晓, 售后服务部

    Your appointment: Thu, Mar 5, 9:30 AM, 雷克萨斯天河店

    Dear Ms. Weber,

    Thank you for booking with us; your appointment is confirmed. We look forward to welcoming you.

    Date and time: Thu, Mar 5, 9:30 AM
    Vehicle: ES300h 2024 / 粤A12345
    Service: 40,000 km service
    Advisor: 陈晓
    Location: 广州市天河区示例路1号
    Reference: A-1

    To change or cancel the appointment, or if you have any questions, please call 020-8888 0000.
    View or change the appointment: http://127.0.0.1:8080/a/TOKEN

    A calendar file is attached; open it to add the appointment to your calendar.

    With kind regards,
    陈晓
    售后服务部, 雷克萨斯天河店

    --
    雷克萨斯天河店
    广州市天河区示例路1号
    020-8888 0000  service@gz-tianhe.example
    ");
}

#[tokio::test]
async fn a_confirmation_in_chinese_goes_to_the_mobile() {
    insta::assert_snapshot!(confirmation(&fang(), "wang@example.com", "+8613800005678").await, @r"
    王芳女士您好，粤A54321已预约3月5日周四09:30到店，4万公里保养。改期：020-88880000。售后服务部陈晓

    预约确认：3月5日(周四) 09:30 雷克萨斯天河店

    尊敬的王芳女士：

    您好！您的到店预约已确认，我们恭候您的光临。

    到店时间：3月5日(周四) 09:30
    车辆：RX350h 2023 / 粤A54321
    服务项目：4万公里保养
    服务顾问：陈晓
    地点：广州市天河区示例路1号
    预约编号：A-2

    如需改期、取消，或有任何疑问，请致电 020-8888 0000。
    查看或更改预约：http://127.0.0.1:8080/a/TOKEN

    随信附上日历文件，打开即可将本次预约加入您的日历。

    雷克萨斯天河店 售后服务部
    陈晓 敬上

    --
    雷克萨斯天河店
    广州市天河区示例路1号
    020-8888 0000  service@gz-tianhe.example
    ");
}

#[tokio::test]
async fn a_confirmation_in_japanese() {
    insta::assert_snapshot!(confirmation(&kenji(), "sato@example.com", "+819012345678").await, @r"
    佐藤様、3月5日(木)9:30 品川 300 あ 12-34 12か月点検のご予約を承りました。ご変更は03-5555-0000までお願いいたします。レクサス港サービス部 伊藤 健

    【ご予約確認】3月5日(木) 9:30 レクサス港

    佐藤様

    平素よりご愛顧を賜り、誠にありがとうございます。下記のとおりご予約を承りました。ご来店を心よりお待ちしております。

    ご来店日時：3月5日(木) 9:30
    お車：NX350h 2022 / 品川 300 あ 12-34
    作業内容：12か月点検
    担当：伊藤 健
    場所：東京都港区見本1-1
    ご予約番号：A-3

    ご変更・お取り消しのご希望やご不明な点がございましたら、お手数ですが 03-5555-0000 までお電話くださいますようお願いいたします。
    ご予約の確認・変更：http://127.0.0.1:8080/a/TOKEN

    カレンダーファイルを添付しております。お開きいただくと、ご予約をカレンダーに登録いただけます。

    レクサス港 サービス部
    担当 伊藤 健

    --
    レクサス港
    東京都港区見本1-1
    03-5555-0000  service@tk-minato.example
    ");
}

/// Booked, moved twice and cancelled, each told.
async fn four_mails() -> Vec<Mail> {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    for start in ["2026-03-06T14:00", "2026-03-07T16:00"] {
        shop.moves(&anna(), start).await;
        shop.drain().await;
    }
    shop.cancels(&anna()).await;
    shop.drain().await;
    shop.inbox(ANNA)
}

const FOUR: &str = "REQUEST 0 CONFIRMED 20260305T013000Z
REQUEST 1 CONFIRMED 20260306T060000Z
REQUEST 2 CONFIRMED 20260307T080000Z
CANCEL 3 CANCELLED 20260307T080000Z";

#[tokio::test]
async fn a_calendar_entry_is_one_for_life() {
    let mails = four_mails().await;
    let said = |mail: &Mail| ["METHOD", "SEQUENCE", "STATUS", "DTSTART"].map(|name| mail.calendar(name)).join(" ");
    assert_eq!(mails.iter().map(said).collect::<Vec<_>>().join("\n"), FOUR);
    assert!(mails.iter().all(|mail| mail.calendar("UID") == mails[0].calendar("UID")));
    let mut ids: Vec<_> = mails.iter().map(|mail| &mail.message_id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each is a mail of its own");
}

#[tokio::test]
async fn another_program_reads_the_calendar_entry_as_we_do() {
    if !need("python icalendar", "another_program_reads_the_calendar_entry_as_we_do") {
        return;
    }
    let script = r#"
import sys, email, email.policy, icalendar
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
for part in mail.walk():
    if part.get_content_type() == "text/calendar":
        calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
        [event] = calendar.walk("VEVENT")
        assert part["content-type"].params["method"] == calendar["METHOD"]
        print(calendar["METHOD"], event["SEQUENCE"], event["STATUS"], event["DTSTART"].to_ical().decode(), event["UID"])
"#;
    let read = |mail: &Mail| {
        let mut program = Command::new(python());
        let program = program.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut program = program.expect("python runs");
        program.stdin.take().expect("its input").write_all(&mail.bytes).expect("written");
        String::from_utf8(program.wait_with_output().expect("it ends").stdout).expect("text")
    };
    let lines: Vec<String> = four_mails().await.iter().map(read).collect();
    let (said, uids): (Vec<_>, Vec<_>) =
        lines.iter().map(|line| line.trim_end().rsplit_once(' ').expect("a line")).unzip();
    assert_eq!(said.join("\n"), FOUR);
    assert!(uids.iter().all(|uid| *uid == uids[0]));
}
