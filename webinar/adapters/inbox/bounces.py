"""Messages that came back: reports after RFC 3464 and the forms of those who never read it.

The report's own part is asked first. Without one, the known forms (Exim, qmail, Postfix's text,
Exchange's letter, smail as T-Online sends it, names in the subject) are read as text. The original
message is recognised by our Message-ID in whatever was sent back; the domain decides whom to
believe.
"""

from __future__ import annotations

import re
from email.message import Message

from webinar.adapters.inbox.message import (
    addresses,
    addresses_in,
    clean_line,
    data,
    header,
    headers,
    message_ids,
    parts,
    text,
)
from webinar.adapters.inbox.values import Bounce

DIAGNOSTIC_LENGTH = 500
MOST_RECIPIENTS = 10
_REPORTS = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED = {
    "message/rfc822",
    "message/global",
    "message/global-headers",
    "text/rfc822-headers",
    "message/rfc822-headers",
}

_DAEMONS = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|postmaster|mdaemon|mailer|bounces?|"
    r"microsoftexchange[0-9a-f]+|complaints|mail-delivery|maildelivery)$"
)
_SUBJECT = re.compile(
    r"""undeliver|unzustellbar|nicht\ zustellbar|nicht\ zugestellt|unzustellbarkeit
    | zustellung.{0,30}(?:fehlgeschlagen|nicht|verz.gert) | failure\ notice | returned\ mail
    | delivery\ (?:status|failure|failed|delayed|has\ failed|unsuccessful|incomplete|notification)
    | mail\ delivery | mail\ system\ error | delayed\ mail | warning:\ (?:message|could\ not)
    | could\ not\ be\ delivered | message\ not\ delivered | nondeliverable | non\ remis
    | konnte\ nicht\ .{0,30}zugestellt | r.cksendung | mail\ an\ .{3,80}(?:nicht|unzustellbar)
    | verz.gert""",
    re.IGNORECASE | re.VERBOSE,
)
_DELAYED = re.compile(
    r"""\bdelayed\b | verz.gert | still\ being\ retried | will\ (?:keep\ trying|be\ retried)
    | not\ yet\ been\ delivered | no\ action\ is\ required | warning\ message\ only
    | weitere\ zustellversuche | noch\ nicht\ zugestellt | temporary\ (?:problem|failure)""",
    re.IGNORECASE | re.VERBOSE,
)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_FIELD = re.compile(r"^([A-Za-z-]{3,40}):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_LEADS = re.compile(
    r"""(?:^|\n)[ \t]*(?:
      <(?P<angle>[^\s<>]+@[^\s<>]+)>\s*(?::|\.\.\.)        # qmail, Postfix, GMX, smail
    | (?:to|an|empf.nger|recipient(?:\ address)?|user|failed\ recipient)\s*:\s*
        <?(?P<named>[^\s<>"']+@[^\s<>"']+)>?
    | '(?P<quoted>[^\s'<>]+@[^\s'<>]+)'\s+(?:on|am)\s
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def bounce(message: Message, *, sender: str, subject: str, words: str) -> Bounce | None:
    """What the message reports of one that was sent, or None where it is no report.

    A report goes out by a machine with an empty envelope sender (RFC 3464 2): what only looks like
    one in its subject comes from a person who forwards it.
    """
    report = _report(message)
    if report is not None:
        return report
    machine = (
        _DAEMONS.match(sender.partition("@")[0]) is not None
        or header(message, "Return-Path").strip() == "<>"
        or bool(header(message, "X-Failed-Recipients"))
    )
    if not machine or not (_SUBJECT.search(subject) or header(message, "X-Failed-Recipients")):
        return None
    return _from_text(message, subject=subject, words=words)


def returned_ids(message: Message) -> list[str]:
    """The Message-IDs in what a report sends back, the likeliest first."""
    found: list[str] = []
    for part in parts(message, inside=True):
        kind = part.get_content_type()
        if kind in _RETURNED and isinstance(part.get_payload(), list):
            for inner in part.get_payload():
                if isinstance(inner, Message):
                    found += message_ids(header(inner, "Message-ID"))
        elif kind in _RETURNED or kind.startswith("text/"):
            found += message_ids(_whole(part))
    return list(dict.fromkeys(found))


def _report(message: Message) -> Bounce | None:
    for part in parts(message):
        if part.get_content_type() in _REPORTS:
            return _judged(_groups(_report_text(part)))
    declared = str(message.get_param("report-type") or "").lower() == "delivery-status"
    for part in parts(message):
        # Gateways that recode a report call its part plain text.
        whole = _whole(part) if declared or part.get_content_maintype() == "text" else ""
        if re.search(r"^final-recipient:", whole, re.IGNORECASE | re.MULTILINE):
            return _judged(_groups(whole))
    return None


def _report_text(part: Message) -> str:
    """The parser takes the groups of fields for messages; an encoded part it leaves as text."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _whole(part)
    encoding = header(part, "Content-Transfer-Encoding").lower()
    if encoding in ("base64", "quoted-printable"):
        inner = "".join(str(child.get_payload()) for child in payload if isinstance(child, Message))
        bare = Message()
        bare["Content-Transfer-Encoding"] = encoding
        bare.set_payload(inner)
        decoded = data(bare).decode("utf-8", "replace")
        if "recipient" in decoded.lower():
            return decoded.replace("\r\n", "\n")
    groups = []
    for child in payload:
        if isinstance(child, Message):
            groups.append("\n".join(f"{name}: {value}" for name, value in child.items()))
    return "\n\n".join(groups)


def _whole(part: Message) -> str:
    return text(part).replace("\r\n", "\n")


def _groups(whole: str) -> list[dict[str, str]]:
    """The groups of fields of a report, names in small letters (RFC 3464 2.1)."""
    groups = []
    for block in re.split(r"\n[ \t]*\n", whole):
        fields = {name.lower(): clean_line(value) for name, value in _FIELD.findall(block)}
        if fields.keys() & {"final-recipient", "original-recipient", "action"}:
            groups.append(fields)
    return groups


def _judged(groups: list[dict[str, str]]) -> Bounce:
    """Each mail of ours has one recipient: of several groups the worst speaks."""
    failed = [group for group in groups if _failed(group)]
    group = next(iter([*failed, *groups]), {})
    diagnostic = group.get("diagnostic-code", "")
    status = _ENHANCED.search(group.get("status", "")) or _ENHANCED.search(diagnostic)
    named = [group.get("original-recipient", ""), group.get("final-recipient", "")]
    return Bounce(
        final=bool(failed),
        recipients=_known(address for value in named for address in addresses_in(_typed(value))),
        status=status[1] if status else "",
        diagnostic=_typed(diagnostic)[:DIAGNOSTIC_LENGTH],
    )


def _failed(group: dict[str, str]) -> bool:
    action = group.get("action", "").strip().lower()
    return action.startswith("fail") or (not action and group.get("status", "").startswith("5"))


def _typed(value: str) -> str:
    """`rfc822; name@place` without the type."""
    return re.sub(r"^\s*[A-Za-z0-9-]{2,20}\s*;\s*", "", value)


def _from_text(message: Message, *, subject: str, words: str) -> Bounce:
    whole = words or "\n".join(_whole(p) for p in parts(message))
    # What was sent back begins below; its addresses and figures are our own.
    said = re.split(
        r"\n-{3,}.{0,60}(?:copy of the message|original message|headers follow|returned message)"
        r"|\n\|?-{5,}\s*message (?:text|header)",
        whole,
        maxsplit=1,
        flags=re.IGNORECASE,
    )[0]
    status = _ENHANCED.search(said) or _CODE.search(said)
    return Bounce(
        final=not (_DELAYED.search(subject) or (_DELAYED.search(said) and not _is_final(status))),
        recipients=_recipients(message, subject=subject, said=said),
        status=status[1] if status else "",
        diagnostic=clean_line(said)[:DIAGNOSTIC_LENGTH],
    )


def _is_final(status: re.Match[str] | None) -> bool:
    return status is not None and status[1].startswith("5")


def _recipients(message: Message, *, subject: str, said: str) -> tuple[str, ...]:
    failed = [a for value in headers(message, "X-Failed-Recipients") for a in addresses(value)]
    leads = [next(filter(None, match.groups())) for match in _LEADS.finditer(said)]
    found = [a for lead in leads for a in addresses_in(lead)]
    return _known([*failed, *found, *addresses_in(subject), *addresses_in(said)])


def _known(found: object) -> tuple[str, ...]:
    listed = list(found) if hasattr(found, "__iter__") else []
    return tuple(dict.fromkeys(listed))[:MOST_RECIPIENTS]
