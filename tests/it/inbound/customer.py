"""A customer's side of the wire: smtplib hands over what is written, aiosmtpd takes what comes; one command a line."""
import asyncio
import email
import email.policy
import json
import smtplib
import sys
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import make_msgid

from aiosmtpd.smtp import SMTP

inbox = []


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        inbox.append((envelope.mail_from, envelope.rcpt_tos, mail))
        return "250 2.0.0 taken"


def hand_over(door, sender, to, mail):
    with smtplib.LMTP("127.0.0.1", door) as connection:
        refused = connection.sendmail(sender, [to], mail.as_bytes())
    return {"refused": len(refused), "id": mail["Message-ID"]}


def written(me, to, subject, text):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Anna Weber <{me}>", to, subject
    mail["Message-ID"] = make_msgid(domain="example.com")
    mail.set_content(text)
    return mail


def write(door, me, to, subject, text):
    return hand_over(door, me, to, written(me, to, subject, text))


def newest(me):
    return [(path, mail) for path, to, mail in inbox if to == [me]][-1]


def answer(door, me, text):
    _, mail = newest(me)
    to = (mail["Reply-To"] or mail["From"]).addresses[0].addr_spec
    reply = written(me, to, f"Re: {mail['Subject']}", text)
    reply["In-Reply-To"] = mail["Message-ID"]
    reply["References"] = " ".join(filter(None, [mail["References"], mail["Message-ID"]]))
    return hand_over(door, me, to, reply)


def away(door, me, text):
    path, mail = newest(me)
    reply = written(me, path, f"Automatic reply: {mail['Subject']}", text)
    reply["Auto-Submitted"] = "auto-replied"
    return hand_over(door, "", path, reply)


def report(door, me, status, words):
    path, mail = newest(me)
    whole = MIMEMultipart("report", report_type="delivery-status")
    whole["From"], whole["To"], whole["Subject"] = "MAILER-DAEMON@mx.example", path, "Undelivered Mail Returned to Sender"
    whole["Message-ID"] = make_msgid(domain="mx.example")
    whole.attach(MIMEText(f"Your mail could not be delivered: {words}"))
    server, reader, fields = Message(), Message(), Message()
    server["Reporting-MTA"] = "dns; mx.example"
    reader["Final-Recipient"], reader["Action"], reader["Status"] = f"rfc822; {me}", "failed", status
    reader["Diagnostic-Code"] = f"smtp; {words}"
    fields["Content-Type"] = "message/delivery-status"
    fields.set_payload([server, reader])
    whole.attach(fields)
    whole.attach(MIMEText("".join(f"{name}: {value}\n" for name, value in mail.items()), "rfc822-headers", "utf-8"))
    return hand_over(door, "", path, whole)


def read(me):
    named = ["Subject", "Message-ID", "In-Reply-To", "References", "Reply-To", "Auto-Submitted"]
    show = lambda path, mail: {
        "path": path,
        "text": mail.get_body(("plain",)).get_content(),
        **{name: str(mail[name]) for name in named if mail[name]},
    }
    return [show(path, mail) for path, to, mail in inbox if to == [me]]


DEEDS = {"write": write, "answer": answer, "away": away, "report": report, "read": read}


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Mailbox(), hostname="mx.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        deed, named = json.loads(line)
        print(json.dumps(await loop.run_in_executor(None, lambda: DEEDS[deed](**named))), flush=True)


asyncio.run(main())
