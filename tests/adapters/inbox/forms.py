"""Replies, bounces and answers in the forms that mail programs and servers give them.

Written by hand after the documented shapes, with invented people. Each form is the bytes and what
is to be read in them. Sources: RFC 3464, 3834, 5546, 6047, and the texts that the programs' own
documentation and sources show.
"""

from __future__ import annotations

from base64 import encodebytes
from dataclasses import dataclass
from datetime import UTC, datetime
from quopri import encodestring

UID = "2027-01-14.bauantrag@lra.example"
OURS = "after-work-wissen@lra.example"
MAYOR = "buergermeisterin@musterort.example"
SENT_ID = "b3NlbmRlci1pZA@lra.example"
STAMP = datetime(2026, 12, 8, 7, 15, 30, tzinfo=UTC)
SERVER = "mx.lra.example"
VOUCHED = f"{SERVER}; dmarc=pass (p=none) header.from=musterort.example; dkim=pass header.d=musterort.example"


@dataclass(frozen=True)
class Form:
    name: str
    content: bytes
    kind: str
    expected: dict[str, object]


def crlf(text: str, charset: str = "utf-8") -> bytes:
    return text.replace("\n", "\r\n").encode(charset)


def head(subject: str, *, sender: str = f"Hannah Seubert <{MAYOR}>", more: str = "") -> str:
    return (
        f"Return-Path: <{MAYOR}>\nAuthentication-Results: {VOUCHED}\n"
        f"Received: from mail.musterort.example by {SERVER}; Tue, 8 Dec 2026 08:15:31 +0100\n"
        f"From: {sender}\nTo: {OURS}\nSubject: {subject}\nDate: Tue, 8 Dec 2026 08:15:30 +0100\n"
        f"Message-ID: <{abs(hash(subject + more)) % 10**9}@musterort.example>\n{more}"
        "MIME-Version: 1.0\n"
    )


def event(
    partstat: str = "ACCEPTED",
    *,
    organizer: str = f"ORGANIZER:mailto:{OURS}\n",
    attendee: str = "",
    sequence: str = "SEQUENCE:0\n",
    comment: str = "",
    method: str = "REPLY",
    before: str = "",
) -> str:
    who = attendee or f"ATTENDEE;PARTSTAT={partstat}:mailto:{MAYOR}\n"
    return (
        f"BEGIN:VCALENDAR\nMETHOD:{method}\nPRODID:-//Beispiel//Kalender//DE\nVERSION:2.0\n{before}"
        f"BEGIN:VEVENT\n{organizer}{who}UID:{UID}\n{sequence}DTSTAMP:20261208T071530Z\n"
        f"DTSTART:20270114T170000Z\nSUMMARY:Zugesagt: Der digitale Bauantrag\n{comment}"
        "END:VEVENT\nEND:VCALENDAR\n"
    )


def single(
    ics: str,
    *,
    encoding: str = "7bit",
    charset: str = "utf-8",
    subject: str = "Zugesagt",
    more: str = "",
    sender: str = f"Hannah Seubert <{MAYOR}>",
) -> bytes:
    """The calendar is the whole body."""
    raw = crlf(ics, charset)
    body = {"base64": encodebytes, "quoted-printable": encodestring}.get(encoding, bytes)(raw)
    top = head(subject, more=more, sender=sender) + (
        f'Content-Type: text/calendar; method=REPLY; charset="{charset}"\n'
        f"Content-Transfer-Encoding: {encoding}\n\n"
    )
    return crlf(top) + body


def mixed(
    ics: str,
    *,
    text: str = "",
    kind: str = "alternative",
    media: str = "text/calendar",
    encoding: str = "base64",
    subject: str = "Zugesagt: Der digitale Bauantrag",
    attached: bool = False,
    more: str = "",
) -> bytes:
    """Text and calendar beside each other."""
    raw = crlf(ics)
    body = encodebytes(raw).decode() if encoding == "base64" else encodestring(raw).decode()
    name = '\nContent-Disposition: attachment; filename="invite.ics"' if attached else ""
    method = "" if attached else "; method=REPLY"
    return crlf(
        head(subject, more=more) + f'Content-Type: multipart/{kind}; boundary="=_grenze"\n\n'
        "--=_grenze\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f"{text}\n--=_grenze\nContent-Type: {media}; charset=utf-8{method}{name}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{body}\n--=_grenze--\n"
    )


def replied(name: str, content: bytes, said: str = "accepted", **more: object) -> Form:
    expected = {"uid": UID, "attendee": MAYOR, "said": said, "stamp": STAMP, **more}
    return Form(name, content, "Reply", expected)


_SENT_BY = (
    f'ATTENDEE;PARTSTAT=ACCEPTED;SENT-BY="mailto:vorzimmer@musterort.example";CN="Seubert, Hannah"'
    f":mailto:{MAYOR}\n"
)
_DELEGATED = (
    f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:bauamt@musterort.example":mailto:{MAYOR}\n'
    f'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:{MAYOR}":'
    "mailto:bauamt@musterort.example\n"
)
_FOLDED = f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;RSVP=FA\n LSE;CN=Hannah Seubert:mailto:{MAYOR[:12]}\n {MAYOR[12:]}\n"
_ZONE = (
    "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\n"
    "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
)
_ALARM = "BEGIN:VALARM\nUID:nicht-diese@x.example\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n"

REPLIES = [
    replied(
        "exchange without organizer, base64",
        mixed(event(organizer="", attendee=f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Hannah Seubert:MAILTO:{MAYOR}\n",
                    before=_ZONE)),
    ),
    replied("outlook single part, quoted-printable", single(event(), encoding="quoted-printable")),
    replied("outlook declined with comment",
            mixed(event("DECLINED", comment="COMMENT;LANGUAGE=de-DE:Leider im Urlaub\\, Grüße\\nH. S.\n"),
                  subject="Abgelehnt: Der digitale Bauantrag"),
            "declined", comment="Leider im Urlaub, Grüße\nH. S."),
    replied("outlook tentative", mixed(event("TENTATIVE"), subject="Mit Vorbehalt: Bauantrag"), "tentative"),
    replied("gmail", mixed(event(), text="Hannah Seubert hat diese Einladung angenommen.", kind="mixed", encoding="base64")),
    replied("gmail attached as application/ics only", mixed(event(), media="application/ics", attached=True, kind="mixed")),
    replied("apple mail, base64 alone", single(event(), encoding="base64")),
    replied("icloud with folded attendee", single(event(attendee=_FOLDED)), "declined"),
    replied("thunderbird", mixed(event(), kind="mixed", encoding="quoted-printable")),
    replied("zimbra with name", mixed(event(sequence="SEQUENCE:2\n"), media='text/calendar; name="meeting.ics"'), sequence=2),
    replied("open-xchange", mixed(event(before="CALSCALE:GREGORIAN\n"), encoding="base64", kind="mixed")),
    replied("notes with lines of its own",
            single(event(before="X-LOTUS-CHARSET:UTF-8\nKaputte Zeile ohne Wert\n"), encoding="7bit")),
    replied("sogo in latin-1", single(event(comment="COMMENT:Grüße\n"), charset="iso-8859-1", encoding="quoted-printable"), comment="Grüße"),
    replied("utf-16", single(event(), charset="utf-16", encoding="base64")),
    replied("charset that does not exist", single(event()).replace(b'charset="utf-8"', b'charset="x-lra-1"')),
    replied("windows-1252 bytes called us-ascii",
            single(event(comment="COMMENT:Grüße\n"), charset="cp1252").replace(b'"cp1252"', b"us-ascii"), comment="Grüße"),
    replied("sent by the front office", single(event(attendee=_SENT_BY)), sent_by="vorzimmer@musterort.example"),
    replied("delegated", single(event(attendee=_DELEGATED)), "delegated", delegated_to="bauamt@musterort.example"),
    replied("method in the header only", single(event().replace("METHOD:REPLY\n", ""))),
    replied("no sequence", single(event(sequence="")), sequence=0),
    replied("lower case names", single(event().replace("ATTENDEE", "attendee").replace("PARTSTAT", "partstat"))),
    replied("partstat in quotation marks", single(event('"ACCEPTED"'))),
    replied("line feeds alone", single(event()).replace(b"\r\n", b"\n")),
    replied("alarm inside the event", single(event().replace("END:VEVENT", f"{_ALARM}END:VEVENT"))),
    replied("nextcloud with byte order mark", single("\ufeff" + event(), encoding="base64")),
    replied("forwarded by a list of rules, in mixed within mixed",
            crlf(head("Zugesagt") + 'Content-Type: multipart/mixed; boundary="aussen"\n\n--aussen\n')
            + mixed(event()).split(b"MIME-Version: 1.0\r\n", 1)[1] + b"\r\n--aussen--\r\n"),
]  # fmt: skip


def report(
    fields: str,
    *,
    text: str = "Ihre Nachricht wurde nicht zugestellt.",
    returned: str = "",
    subject: str = "Undelivered Mail Returned to Sender",
    sender: str = "",
    kind: str = "message/delivery-status",
    original: str = "message/rfc822",
) -> bytes:
    """A report after RFC 3464."""
    sent = returned or (
        f"From: Landratsamt <{OURS}>\nTo: {MAYOR}\nMessage-ID: <{SENT_ID}>\n"
        "Subject: Einladung\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n"
    )
    return crlf(
        head(subject, sender=sender or "Mail Delivery System <MAILER-DAEMON@mx.lra.example>",
             more="Auto-Submitted: auto-replied\n")
        + 'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n\n'
        f"--b1\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b1\nContent-Type: {kind}\n\nReporting-MTA: dns; mx.lra.example\n\n{fields}\n"
        f"--b1\nContent-Type: {original}\n\n{sent}\n--b1--\n"
    )  # fmt: skip


def letter(
    subject: str,
    text: str,
    *,
    sender: str = "Mail Delivery System <MAILER-DAEMON@gmx.example>",
    more: str = "",
) -> bytes:
    """A report as a plain letter."""
    top = head(subject, sender=sender, more=more).replace(f"<{MAYOR}>\nAuth", "<>\nAuth")
    return crlf(top + f"Content-Type: text/plain; charset=utf-8\n\n{text}\n")


def bounced(
    name: str,
    content: bytes,
    *,
    final: bool = True,
    status: str = "",
    ours: bool = True,
    recipient: str = MAYOR,
) -> Form:
    expected = {"final": final, "status": status, "first": recipient, "ours": ours}
    return Form(name, content, "Bounce", expected)


_RFC = f"Final-Recipient: rfc822; {MAYOR}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <{MAYOR}>: Recipient address rejected: User unknown\n"
_COPY = f"\n--- Below this line is a copy of the message.\n\nFrom: {OURS}\nTo: {MAYOR}\nMessage-ID: <{SENT_ID}>\nSubject: Einladung\n"

BOUNCES = [
    bounced("postfix", report(_RFC), status="5.1.1"),
    bounced("postfix, headers only", report(_RFC, original="text/rfc822-headers"), status="5.1.1"),
    bounced("postfix, delayed", report(_RFC.replace("failed", "delayed").replace("5.1.1", "4.4.1"),
            subject="Delayed Mail (still being retried)"), final=False, status="4.4.1"),
    bounced("sendmail, several groups",
            report(f"Final-Recipient: RFC822; anders@x.example\nAction: delivered\nStatus: 2.0.0\n\n{_RFC}"), status="5.1.1"),
    bounced("exchange", report(f"Final-Recipient: rfc822;{MAYOR}\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n",
            sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@musterort.example>",
            subject="Unzustellbar: Einladung"), status="5.1.10"),
    bounced("exchange, report called plain text", report(_RFC, kind="text/plain"), status="5.1.1"),
    bounced("exim with a report", report(f"Action: failed\nFinal-Recipient: rfc822;{MAYOR}\nStatus: 5.0.0\nRemote-MTA: dns; mx.musterort.example\n",
            subject="Mail delivery failed: returning message to sender"), status="5.0.0"),
    bounced("original recipient differs", report(f"Original-Recipient: rfc822;{MAYOR}\nFinal-Recipient: rfc822;postfach17@intern.example\nAction: failed\nStatus: 5.2.2\n"), status="5.2.2"),
    bounced("without action", report(f"Final-Recipient: rfc822;{MAYOR}\nStatus: 5.1.2\n"), status="5.1.2"),
    bounced("gmail report", report(_RFC, sender="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
            subject="Delivery Status Notification (Failure)"), status="5.1.1"),
    bounced("relayed, no failure", report(f"Final-Recipient: rfc822;{MAYOR}\nAction: relayed\nStatus: 2.0.0\n"), final=False, status="2.0.0"),
    bounced("exim, letter", letter("Mail delivery failed: returning message to sender",
            f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {MAYOR}\n    SMTP error from remote mail server after RCPT TO:<{MAYOR}>:\n    host mx.musterort.example: 550 5.1.1 unknown user\n\n------ This is a copy of the message's headers. ------\n\nMessage-ID: <{SENT_ID}>\n",
            more=f"X-Failed-Recipients: {MAYOR}\n"), status="5.1.1"),
    bounced("qmail", letter("failure notice",
            f"Hi. This is the qmail-send program at mx.musterort.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{MAYOR}>:\nSorry, no mailbox here by that name. (#5.1.1)\n{_COPY}"), status="5.1.1"),
    bounced("postfix, text form", letter("Undelivered Mail Returned to Sender",
            f"This is the mail system at host mx.lra.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<{MAYOR}>: host mx.musterort.example[192.0.2.7] said: 550 5.7.1 rejected (in reply to RCPT TO command)\n{_COPY}"), status="5.7.1"),
    bounced("gmx", letter("Mail delivery failed: returning message to sender",
            f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n<{MAYOR}>:\n550 Requested action not taken: mailbox unavailable\n\n--- The header of the original message is following. ---\n\nMessage-ID: <{SENT_ID}>\n"), status="550"),
    bounced("t-online", letter("Mail delivery failed",
            f"|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <{MAYOR}> ... unknown user\n|------------------------- Message text follows: ------------------------|\nMessage-ID: <{SENT_ID}>\nTo: {MAYOR}\n",
            sender="<Postmaster@t-online.example>")),
    bounced("exchange, german letter without our message", letter("Unzustellbar: Einladung",
            f"Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nHannah Seubert\n({MAYOR})\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\n#550 5.1.1 RESOLVER.ADR.RecipNotFound ##\n", sender="Postmaster <postmaster@musterort.example>"), status="5.1.1", ours=False),
    bounced("exchange 5.5, old letter", letter("Undeliverable: Einladung",
            f"Your message did not reach some or all of the intended recipients.\n\n      Subject: Einladung\n      Sent: 08.12.2026 08:00\n\nThe following recipient(s) cannot be reached:\n\n      '{MAYOR}' on 08.12.2026 08:01\n            550 5.2.2 mailbox full\n", sender="System Administrator <postmaster@musterort.example>"), status="5.2.2", ours=False),
    bounced("recipient in the subject", letter(f"Mail an {MAYOR} nicht zustellbar", "Das Postfach ist voll.",
            sender="<mailer-daemon@kommunal.example>"), ours=False),
    bounced("warning only", letter("Warning: message 1abcDE-00 delayed 24 hours",
            f"A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours.\n\n  {MAYOR}\n    host mx.musterort.example: 451 4.7.1 greylisted\n\nNo action is required on your part.\n", more=f"X-Failed-Recipients: {MAYOR}\n"),
            final=False, status="4.7.1", ours=False),
    bounced("notes letter", letter("DELIVERY FAILURE: User seubert not listed in Domino Directory",
            f"Your message\n\n  Subject: Einladung\n\nwas not delivered to:\n\n  {MAYOR}\n\nbecause:\n\n  User seubert (seubert@musterort.example) not listed in Domino Directory\n", sender="<postmaster@musterort.example>"), ours=False),
    bounced("report in base64", report(encodebytes(crlf(_RFC)).decode()).replace(
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.lra.example\r\n\r\n",
            b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"), status="5.1.1"),
]  # fmt: skip


def note(
    name: str, subject: str, text: str = "Ich bin bis 15. Januar nicht im Büro.", more: str = ""
) -> Form:
    content = crlf(
        head(subject, more=more) + f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    return Form(name, content, "Automatic", {})


AUTOMATIC = [
    note("rfc 3834", "Re: Einladung", more="Auto-Submitted: auto-replied\n"),
    note("exchange, german", "Automatische Antwort: Einladung", more="X-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\n"),
    note("exchange, english, headers lost", "Automatic reply: Einladung"),
    note("notes agent", "Hannah Seubert ist außer Haus.", more="Auto-Submitted: auto-generated\n"),
    note("gmail vacation", "Re: Einladung", more="Precedence: bulk\nX-Autoreply: yes\nAuto-Submitted: auto-replied\n"),
    note("out of office", "Out of Office: Einladung"),
    note("abwesenheit", "Abwesenheitsnotiz: Einladung"),
    note("read receipt", "Gelesen: Einladung"),
    note("encoded subject", "=?iso-8859-1?Q?Automatische_Antwort:_Gr=FC=DFe?="),
]  # fmt: skip


def wrote(
    name: str,
    text: str,
    meant: str,
    *,
    subject: str = "AW: Einladung",
    html: bool = False,
    read: str | None = None,
) -> Form:
    media = "text/html" if html else "text/plain"
    more = f"In-Reply-To: <{SENT_ID}>\n"
    content = crlf(head(subject, more=more) + f"Content-Type: {media}; charset=utf-8\n\n{text}\n")
    expected: dict[str, object] = {"meant": meant, "refers": SENT_ID}
    return Form(name, content, "Answer", expected | ({"text": read} if read is not None else {}))


_QUOTE = f"\n\nAm Di., 8. Dez. 2026 um 08:00 Uhr schrieb Landratsamt <\n{OURS}>:\n> Kommen Sie? Ich kann leider nicht teilnehmen.\n"
ANSWERS = [
    wrote("accepts", "Guten Tag,\n\nich nehme sehr gerne teil.\n\nH. Seubert" + _QUOTE, "accept",
          read="Guten Tag,\n\nich nehme sehr gerne teil.\n\nH. Seubert"),
    wrote("declines", "Leider kann ich am 14. Januar nicht teilnehmen." + _QUOTE, "decline"),
    wrote("declines: verhindert", "An diesem Abend bin ich leider verhindert.", "decline"),
    wrote("declines: absagen", "ich muss leider absagen", "decline"),
    wrote("declines with the words of a yes", "Ich nehme daher nicht teil, freue mich aber auf den nächsten Abend.", "decline"),
    wrote("accepts: zusagen", "Hiermit sage ich verbindlich zu.", "accept"),
    wrote("accepts: komme gerne", "Ich komme gerne.", "accept"),
    wrote("accepts in english", "I will gladly attend.\n\nOn Tue, Dec 8, 2026, Landratsamt wrote:\n> I cannot attend", "accept"),
    wrote("declines in english", "Unfortunately I can't make it.", "decline"),
    wrote("asks", "Ich komme gerne. Gibt es Parkplätze?", "question"),
    wrote("says both", "Ich kann am 14. nicht teilnehmen, am 21. komme ich gerne und bin dabei.", ""),
    wrote("says neither", "Vielen Dank für die Einladung.", ""),
    wrote("outlook quotation", "Ich bin dabei.\n\n-----Ursprüngliche Nachricht-----\nVon: LRA\nIch kann nicht kommen", "accept", read="Ich bin dabei."),
    wrote("outlook lines", "Gerne, ich nehme teil.\n\n________________________________\nVon: Landratsamt <a@b.example>\nGesendet: Dienstag\n", "accept"),
    wrote("html with quotation", "<html><head><style>p{}</style></head><body><p>Ich sage <b>gerne</b> zu.</p><blockquote>nicht teilnehmen?</blockquote></body></html>", "accept", html=True, read="Ich sage gerne zu."),
    wrote("calendar lost on the way", "", "decline", subject="Abgelehnt: Der digitale Bauantrag"),
    Form("counter proposal", single(event("TENTATIVE", method="COUNTER"), subject="Neue Zeit vorgeschlagen").replace(b"method=REPLY", b"method=COUNTER"), "Answer", {"meant": "question", "counter": True}),
    Form("a person forwards a report", crlf(head("WG: Undelivered Mail Returned to Sender") + "Content-Type: text/plain\n\nBitte sehen Sie sich das an.\n"), "Answer", {"meant": ""}),
]  # fmt: skip

ASIDE = [
    Form("newsletter", crlf(head("Rundbrief", more="List-Id: <rundbrief.x.example>\n") + "\nNeues.\n"), "Unknown", {"trouble": "mass_mail"}),
    Form("two senders", crlf(head("Hallo", sender=f"{MAYOR}, x@y.example") + "\nHallo\n"), "Unknown", {"trouble": "no_sender"}),
    Form("our own", crlf(head("Einladung", sender=OURS) + "\nHallo\n"), "Unknown", {"trouble": "own_mail"}),
    Form("nothing at all", b"", "Unknown", {"trouble": "no_sender"}),
    Form("no mail", bytes(range(256)), "Unknown", {"trouble": "no_sender"}),
]  # fmt: skip

FORMS = [*REPLIES, *BOUNCES, *AUTOMATIC, *ANSWERS, *ASIDE]
