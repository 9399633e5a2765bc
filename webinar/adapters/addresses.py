"""Mail addresses and display names as the outside takes them, the same in headers, on the wire and
in calendars: an ATTENDEE must equal the To address letter for letter.

Leaves the check whether somebody reads an address to the forms. Neighbours: `mime`, `calendar` and
`smtp` beside it, which all write addresses through here.
"""

import re

import idna

# C0, DEL, C1 and the two Unicode line separators: none has a place in a header or a parameter, and
# some readers break lines at them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LOCAL_FORBIDDEN = re.compile(r"""[\s()<>\[\]:;@\\,"]""")
_NAME_FORBIDDEN = re.compile(r"""[@:,;"\\<>]""")


def one_line(value: str) -> str:
    """`value` unchanged, or ValueError when it holds a line break or another control character.

    The guard against header injection: a refusal, since a silent repair would hide its cause.
    """
    if _CONTROL.search(value):
        raise ValueError("control character or line break in a value of one line")
    return value


def ascii_address(address: str) -> str:
    """`address` (local@domain, no display name) with its domain as A-labels (RFC 5890, UTS 46).

    An ASCII address comes back unchanged. The local part is kept, also when it is not ASCII: then
    only servers with SMTPUTF8 (RFC 6531) take it. Raises ValueError for anything that is not one
    bare address: quoted local parts are legal (RFC 5321 4.1.2) but refused, no office uses them.
    """
    local, _, domain = one_line(address).rpartition("@")
    if not local or not domain or _LOCAL_FORBIDDEN.search(local):
        raise ValueError("not a bare mail address")
    if domain.isascii():
        if not re.fullmatch(r"[A-Za-z0-9.-]+", domain):
            raise ValueError("not a mail domain")
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as trouble:
        raise ValueError("not a mail domain") from trouble


def display_name(name: str) -> str:
    """`name` without `@ : , " ; < > \\` and with single spaces.

    Some gateways refuse the first four in display names even when quoted; in a calendar's CN the
    quotation mark cannot be written at all (RFC 5545 3.2). Line breaks raise ValueError.
    """
    return " ".join(_NAME_FORBIDDEN.sub(" ", one_line(name)).split())
