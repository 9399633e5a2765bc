"""Cleaning, sorting, searching and addresses."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.errors import RuleError
from webinar.text import clean, fold, masked, normalise_address, sort_key


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Müller \t", "Müller"),
        ("Hans\u00a0\u00a0Jürgen", "Hans Jürgen"),
        ("Mu\u0308ller", "Müller"),
        ("Zeile\r\nzwei", "Zeile zwei"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("\ufeffAub", "Aub"),
        ("Kist\u200b \u202eevil", "Kist evil"),
        ("\ud800x", "x"),
        (" \u200b ", ""),
    ],
)
def test_clean_leaves_one_readable_line(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@pytest.mark.property
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("buergermeisterin@gemeinde.example", "bu…n@gemeinde.example"),
        ("seubert@lra.example", "se…t@lra.example"),
        ("ida@lra.example", "i…@lra.example"),
        ("a@lra.example", "a…@lra.example"),
    ],
)
def test_masked_address_tells_its_owner_alone(address: str, shown: str) -> None:
    assert masked(address) == shown


@given(st.text())
def test_clean_twice_changes_nothing_and_can_be_stored(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert "\n" not in once


def test_sort_key_follows_din_5007_1() -> None:
    in_order = [
        ("Öchsner", "Ada"),
        ("Muller", "Berta"),
        ("Müller", "Carl"),
        ("Müller", "Zoë"),
        ("Müller-Lang", "Adam"),
        ("Müllerin", "Adam"),
        ("Strasser", "Anna"),
        ("Straßer", "Berta"),
        ("Übel", "Anna"),
        ("von der Tann", "Anna"),
        ("von-der-Tann", "Berta"),
        ("Vornberger", "Anna"),
        ("Zürn", "Anna"),
    ]
    by_din = sorted(in_order, key=lambda name: sort_key(*name))
    assert by_din == [*in_order[1:6], in_order[0], *in_order[6:]]


def test_sort_key_of_the_same_name_in_other_letters_is_the_same() -> None:
    assert sort_key("Groß") == sort_key("GROSS") == sort_key("gross")
    assert sort_key("Mu\u0308ller") == sort_key("Müller") == sort_key("muller")
    assert sort_key("Müller") != sort_key("Mueller"), "ä as a, not as ae"


@pytest.mark.parametrize(
    ("stored", "queries"),
    [
        ("Müller", ["müller", "Mueller", "MULLER", "ller", "Mü", "Mue", "Mu"]),
        ("Mueller", ["Müller", "muller"]),
        ("Muller", ["Müller", "mueller"]),
        ("Größl", ["Groessl", "Grossl", "größ", "GRÖẞL"]),
        ("Bäuerlein", ["Baeuerlein", "bauerlein", "Bäuer"]),
        ("Bauer", ["bauer", "baue", "Bau"]),
        ("Zoë d’Angelo", ["zoe", "dangelo", "d'Angelo"]),
        ("Hans-Jürgen von-der-Tann", ["hans juergen", "von der tann"]),
        ("Frickenhausen a.Main", ["a. Main", "frickenhausen a main"]),
        ("b.weiss@lra.example", ["Weiß", "@lra.example", "b.weiss@lra.example"]),
        ("Sørensen, Łukasz", ["sorensen", "Soerensen", "lukasz"]),
        ("Michael", ["mich", "micha", "michae", "michael"]),
    ],
)
def test_fold_finds_the_name_in_every_spelling(stored: str, queries: list[str]) -> None:
    for query in queries:
        assert fold(query) in fold(stored), query


@pytest.mark.parametrize(
    ("one", "other"),
    [("Bauer", "Baur"), ("Neuenkirchen", "Neunkirchen"), ("Gemeinde Aue", "Gemeinde Au")],
)
def test_fold_keeps_different_names_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_fold_leaves_no_wildcards() -> None:
    assert fold("100%_sicher") == "100 sicher"
    assert fold(" – ") == ""


@pytest.mark.property
@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet="aeouäöüqßnm -'"))
def test_fold_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.property
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüß", max_size=12))
def test_fold_takes_written_out_umlauts_for_umlauts(word: str) -> None:
    written_out = word
    for umlaut, letters in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}.items():
        written_out = written_out.replace(umlaut, letters)
    after_vowels = any(a in "aeiouyqäöü" and b in "äöü" for a, b in pairwise(word))
    assert after_vowels or fold(written_out) == fold(word)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" BUERGERMEISTER@EIBELSTADT.EXAMPLE ", "buergermeister@eibelstadt.example"),
        ("info@Höchberg.example", "info@xn--hchberg-90a.example"),
        ("info@xn--hchberg-90a.example", "info@xn--hchberg-90a.example"),
        ("info@STRASSE.example", "info@strasse.example"),
        ("info@straße.example", "info@xn--strae-oqa.example"),
        ("a.b+c_d'e@sub.lra.example", "a.b+c_d'e@sub.lra.example"),
        ("\u200binfo@aub.example\ufeff", "info@aub.example"),
        ("info@aub。example", "info@aub.example"),
    ],
)
def test_address_has_one_spelling(raw: str, expected: str) -> None:
    assert normalise_address(raw) == expected
    assert normalise_address(expected) == expected


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "address_missing"),
        (" \u200b\n", "address_missing"),
        ("kein-at-zeichen.example", "address_without_at"),
        ("a@b.example; c@d.example", "address_several"),
        ("a@b.example,c@d.example", "address_several"),
        ("a@b@c.example", "address_several"),
        ("hans müller@b.example", "address_with_blank"),
        ("Hans <hans@b.example>", "address_with_blank"),
        ("a@b.example\r\nBcc: x", "address_with_blank"),
        ("müller@b.example", "address_not_ascii"),
        ("@b.example", "address_local_part"),
        ("<a@b.example>", "address_local_part"),
        ('"a"@b.example', "address_local_part"),
        (".a@b.example", "address_local_part"),
        ("a..b@c.example", "address_local_part"),
        ("a@", "address_domain"),
        ("a@localhost", "address_domain"),
        ("a@b..example", "address_domain"),
        ("a@b.example.", "address_domain"),
        ("a@-b.example", "address_domain"),
        ("a@b_c.example", "address_domain"),
        ("a@[127.0.0.1]", "address_domain"),
        ("a@127.0.0.1", "address_domain"),
        ("a@xn--zzzzzzzzzzz.example", "address_domain"),
        ("a@☃️⃣.example", "address_domain"),
        (f"a@{'b' * 64}.example", "address_domain"),
        (f"{'a' * 65}@b.example", "address_too_long"),
        (f"a@{'.'.join(['b' * 60] * 5)}.example", "address_domain"),
        (f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.{'c' * 20}", "address_too_long"),
        ("a" * 100_000, "address_too_long"),
    ],
)
def test_address_is_refused_with_its_own_reason(raw: str, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        normalise_address(raw)
    assert (refused.value.code, refused.value.field) == (code, "email")


@pytest.mark.property
@pytest.mark.hostile
@given(st.text() | st.emails() | st.text().map("a@{}.example".format))
def test_address_is_canonical_or_refused(raw: str) -> None:
    found, code = _outcome(raw)
    assert code == "" or code.startswith("address_")
    assert found.isascii()
    assert found == found.lower()
    assert len(found) <= 254
    assert code or normalise_address(found) == found


def _outcome(raw: str) -> tuple[str, str]:
    try:
        return normalise_address(raw), ""
    except RuleError as refused:
        return "", refused.code
