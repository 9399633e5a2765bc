"""Tables in and out. XLSX files are written by openpyxl or taken apart by hand, part by part."""

import io
import random
from collections.abc import Callable
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.lengths import length
from webinar.adapters.spreadsheet import TableKind, Value, read_table, write_csv, write_xlsx
from webinar.adapters.spreadsheet.table import MAX_BYTES, MAX_CELL, MAX_COLUMNS, MAX_ROWS
from webinar.errors import RuleError

TEXT = "Anrede;Nachname;Amt\r\nFrau;Größl;„Rätin“\r\nHerr;Weiß;Leiter\r\n"
CELLS = [("Frau", "Größl", "„Rätin“"), ("Herr", "Weiß", "Leiter")]


def rows(data: bytes, filename: str = "kontakte.csv") -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in read_table(data, filename=filename).rows]


def refusal(data: bytes, filename: str = "kontakte.csv") -> RuleError:
    with pytest.raises(RuleError) as refused:
        read_table(data, filename=filename)
    assert refused.value.field == "file"
    return refused.value


def workbook(*lines: list[object], change: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    assert book.active is not None
    for number, line in enumerate(lines, start=1):
        for column, value in enumerate(line, start=1):
            if value is not None:
                book.active.cell(number, column, value)
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def replaced(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The zip folder with one of its parts changed."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return out.getvalue()


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
    ],
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_read_in_every_usual_encoding(encoding: str, named: str, delimiter: str) -> None:
    table = read_table(TEXT.replace(";", delimiter).encode(encoding), filename="x.csv")
    assert table.headers == ("Anrede", "Nachname", "Amt")
    assert [row.cells for row in table.rows] == CELLS
    assert (table.encoding, table.delimiter, table.kind) == (named, delimiter, TableKind.CSV)


@pytest.mark.parametrize("order", ["le", "be"])
def test_csv_in_utf_16_is_read_in_both_orders(order: str) -> None:
    data = f"\ufeff{TEXT}".replace(";", "\t").encode(f"utf-16-{order}")
    assert [cells for _, cells in rows(data)] == CELLS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_rows_are_numbered_as_in_excel(end: str) -> None:
    lines = ["", "Name;Ort", "Ada;Aub", ";", '"zwei', 'Zeilen";Kist', "", "Zoë;Rimpar", ""]
    table = read_table(end.join(lines).encode(), filename="x.csv")
    assert table.headers == ("Name", "Ort")
    assert [(row.number, row.cells) for row in table.rows] == [
        (3, ("Ada", "Aub")),
        (5, (f"zwei{end}Zeilen", "Kist")),
        (7, ("Zoë", "Rimpar")),
    ]


def test_csv_delimiter_within_texts_does_not_mislead() -> None:
    data = b'Name;Orte\nAda;"Aub, Kist, Rimpar"\nBea;"Zell, Leinach, Hettstadt"\n'
    assert rows(data) == [
        (2, ("Ada", "Aub, Kist, Rimpar")),
        (3, ("Bea", "Zell, Leinach, Hettstadt")),
    ]
    assert read_table(b"E-Mail\na@b.example\n", filename="x.csv").headers == ("E-Mail",)


def test_csv_delimiter_told_by_excel_is_followed() -> None:
    table = read_table(b"sep=,\r\nName,Ort;Teil\r\nAda,Aub\r\n", filename="x.csv")
    assert table.headers == ("Name", "Ort;Teil")
    assert table.rows[0].number == 2


def test_ragged_rows_are_kept_and_flagged() -> None:
    table = read_table(b"A;B;C;;\n1;2;3\n1;2\n1;2;3;4\n1;2;3;;;\n", filename="x.csv")
    assert table.headers == ("A", "B", "C")
    assert [(row.number, row.cells, row.ragged) for row in table.rows] == [
        (2, ("1", "2", "3"), False),
        (3, ("1", "2", ""), True),
        (4, ("1", "2", "3", "4"), True),
        (5, ("1", "2", "3"), False),
    ]


def test_csv_takes_misplaced_quotation_marks_as_excel_does() -> None:
    assert rows(b'Name;Ort\n5" Rohr;Aub\n"Ada" GmbH;Kist\n')[0] == (2, ('5" Rohr', "Aub"))


def test_xlsx_values_become_sensible_text() -> None:
    def postal_code(book: Workbook) -> None:
        book.worksheets[0]["E2"].number_format = "00000"

    table = read_table(
        workbook(
            [" Name ", "Zahl", "Bruch", "Tag", "PLZ", "Stunde", "Ja", "Formel"],
            ["Größl", 5.0, 0.25, datetime(2027, 1, 14), 1234, datetime(2027, 1, 14, 18, 0), True],  # noqa: DTZ001 - cells know no zone
            change=postal_code,
        ),
        filename="kontakte.xlsx",
    )
    assert table.kind is TableKind.XLSX
    assert table.headers[0] == "Name"
    assert table.rows[0].cells == (
        "Größl",
        "5",
        "0.25",
        "2027-01-14",
        "01234",
        "2027-01-14 18:00",
        "true",
        "",
    )
    assert not table.rows[0].ragged


def test_xlsx_formula_gives_its_stored_value() -> None:
    data = replaced(
        workbook(["Name"], ["=A1"]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(
            b'<c r="A2"><f>A1</f><v></v></c>', b'<c r="A2" t="str"><f>A1</f><v>Ada</v></c>'
        ).replace(b'<c r="A2"><f>A1</f><v /></c>', b'<c r="A2" t="str"><f>A1</f><v>Ada</v></c>'),
    )
    assert rows(data) == [(2, ("Ada",))]


def test_xlsx_rows_keep_their_numbers_and_empty_sheets_are_passed_over() -> None:
    def move(book: Workbook) -> None:
        book.create_sheet("Leer", 0)
        hidden = book.create_sheet("Versteckt", 0)
        hidden["A1"] = "geheim"
        hidden.sheet_state = "hidden"

    data = workbook([], ["Name", "Ort"], [], ["Ada", "Aub"], [None, None, "mehr"], change=move)
    table = read_table(data, filename="x.xlsx")
    assert table.headers == ("Name", "Ort")
    assert [(row.number, row.cells, row.ragged) for row in table.rows] == [
        (4, ("Ada", "Aub"), False),
        (5, ("", "", "mehr"), True),
    ]


def test_xlsx_that_lies_about_its_size_is_read_as_it_is() -> None:
    data = replaced(
        workbook(["Name"], ["Ada"]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"'),
    )
    # A reader that believed it would go through seventeen thousand million cells.
    assert rows(data) == [(2, ("Ada",))]


HOSTILE_CELLS: list[Value] = [
    "=1+1",
    "+49 931 0",
    "-x",
    "@SUM(A1)",
    "\t=x",
    "\r=x",
    "'=x",
    "''@x",
    "'Apostroph",
    "＝1",
    "_x000D_",
    "_x0041_",
    'a;b"c',
    "zwei\nZeilen",
    "",
]


def test_csv_out_is_what_a_german_excel_opens() -> None:
    data = write_csv(["Name", "Zahl"], [["Größl", 5], ["=1+1", None], ["a;b", -3]])
    assert data == '\ufeffName;Zahl\r\nGrößl;5\r\n\'=1+1;\r\n"a;b";-3\r\n'.encode()


@pytest.mark.hostile
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_out_starts_no_cell_with_a_formula(sign: str) -> None:
    line = write_csv(["Kopf"], [[f"{sign}cmd|' /C calc'!A0"]]).decode("utf-8-sig").splitlines()[1]
    assert line.lstrip('"').startswith("'")


@pytest.mark.hostile
def test_xlsx_out_holds_texts_and_no_formulas() -> None:
    book = load_workbook(io.BytesIO(write_xlsx(["Kopf"], [["=1+1"], ["normal"], [7]])))
    sheet = book.worksheets[0]
    assert [sheet.cell(row, 1).data_type for row in (1, 2, 3, 4)] == ["s", "s", "s", "n"]
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].quotePrefix
    assert not sheet["A3"].quotePrefix


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_what_is_written_can_be_read_again(write: Callable[..., bytes]) -> None:
    body = [[f"Zeile {number}", cell] for number, cell in enumerate(HOSTILE_CELLS)]
    table = read_table(write(["Nr", "=Kopf"], body), filename="x")
    assert table.headers == ("Nr", "=Kopf")
    assert [list(row.cells) for row in table.rows] == body


@pytest.mark.property
@pytest.mark.deep
@settings(max_examples=length(30, soak=600), deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co"]))
            | st.text("=+-@'\t\r\n_x0041;\",", max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    )
)
def test_any_text_survives_both_ways(cells: list[list[str]]) -> None:
    body = [[f"Zeile {number}", *line] for number, line in enumerate(cells)]
    for write in (write_csv, write_xlsx):
        table = read_table(write(["A", "B", "C"], body), filename="x")
        assert [list(row.cells) for row in table.rows] == body


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"", "x.csv", "table_empty"),
        (b"\xef\xbb\xbf", "x.csv", "table_empty"),
        (b" ; ;\n\n;;\n", "x.csv", "table_empty"),
        (b"x" * (MAX_BYTES + 1), "x.csv", "table_too_large"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "x.xls", "table_old_excel"),
        (b"%PDF-1.7\n1 0 obj", "x.csv", "table_kind_unknown"),
        (b"<html><table><tr><td>x</td></tr></table>", "x.xls", "table_kind_unknown"),
        (b"name\n", "x.ods", "table_kind_unknown"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "x.png", "table_kind_unknown"),
        ("Name;Größe – €\n".encode("utf-16-le"), "x.csv", "table_encoding_unknown"),
        ("Name;Größe – €\n".encode("utf-16-be"), "x.csv", "table_encoding_unknown"),
        (b"N\0a\0m\0e\0\0\0", "x.csv", "table_kind_unknown"),
        ("Name\n".encode("utf-32"), "x.csv", "table_kind_unknown"),
        (b"\xff\xfeN\0a\0m", "x.csv", "table_encoding_unknown"),
        (b"Name\nM\x81ller\n", "x.csv", "table_encoding_unknown"),
        ("Name\nMüller\n".encode() + b"Gr\xfcn\n", "x.csv", "table_encoding_unknown"),
        (b'Name;Ort\nAda;"Aub\nBea;Kist\n', "x.csv", "table_quote_open"),
        (b"PK\x03\x04", "x.xlsx", "table_damaged"),
        (b"PK\x03\x04" + bytes(500), "x.xlsx", "table_damaged"),
    ],
)
def test_wrong_and_damaged_files_are_refused(data: bytes, filename: str, code: str) -> None:
    assert refusal(data, filename).code == code


@pytest.mark.hostile
def test_limits_are_kept() -> None:
    many = b"Name\n" + b"x\n" * MAX_ROWS
    assert len(rows(many)) == MAX_ROWS
    assert refusal(many + b"x\n").code == "table_too_many_rows"
    assert refusal(b";".join([b"x"] * (MAX_COLUMNS + 1))).code == "table_too_many_columns"
    long = refusal(b"Name\n\n" + b"x" * (MAX_CELL + 1))
    assert (long.code, long.values["row"]) == ("table_cell_too_long", 3)
    assert refusal(b"Name\n" + b"x" * 200_000).code == "table_cell_too_long"
    wide = workbook(["Name"], [*[None] * MAX_COLUMNS, "x"])
    assert refusal(wide).code == "table_too_many_columns"


def _word() -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as folder:
        main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
        folder.writestr("[Content_Types].xml", f'<Types><Override ContentType="{main}"/></Types>')
        folder.writestr("word/document.xml", "<x/>")
    return out.getvalue()


def _plain_zip() -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as folder:
        folder.writestr("a.txt", "x")
    return out.getvalue()


def _sheet(inside: bytes) -> bytes:
    begin = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return replaced(
        workbook(["Name"]),
        "xl/worksheets/sheet1.xml",
        lambda _: begin + b"<sheetData>" + inside + b"</sheetData></worksheet>",
    )


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><worksheet>&j;</worksheet>"
)


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_word, "table_kind_unknown"),
        (_plain_zip, "table_kind_unknown"),
        (lambda: workbook(["Name"])[:-200], "table_damaged"),
        (lambda: _sheet(b"<row><c/>"), "table_damaged"),
        (lambda: _sheet(b'<row r="x"><c r="?"><v>1</v></c></row>'), "table_damaged"),
        (lambda: _sheet(b'<row><c t="s"><v>99</v></c></row>'), "table_damaged"),
        (lambda: _sheet(b"<row>" + b"<c/>" * 20_000 + b"</row>"), "table_unpacks_too_large"),
        (lambda: _sheet(b" " * 60_000_000), "table_unpacks_too_large"),
        (
            lambda: replaced(workbook(["N"]), "xl/styles.xml", lambda x: x + b" " * 9_000_000),
            "table_unpacks_too_large",
        ),
        (
            lambda: replaced(workbook(["N"]), "xl/worksheets/sheet1.xml", lambda _: LAUGHS),
            "table_damaged",
        ),
        (workbook, "table_empty"),
    ],
)
def test_hostile_workbooks_are_refused(make: Callable[[], bytes], code: str) -> None:
    assert refusal(make(), "x.xlsx").code == code


@pytest.mark.hostile
def test_damage_anywhere_ends_in_a_table_or_a_refusal() -> None:
    whole = write_xlsx(["Name", "Ort"], [["Ada", "Aub"], ["Bea", "Kist"]])
    chance = random.Random(7)
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        _table_or_refusal(bytes(broken))


@pytest.mark.property
@pytest.mark.hostile
@given(st.binary() | st.text("a;,\t\"'\n\r=ä", max_size=60).map(str.encode))
def test_any_bytes_end_in_a_table_or_a_refusal(data: bytes) -> None:
    _table_or_refusal(data)


def _table_or_refusal(data: bytes) -> None:
    try:
        table = read_table(data, filename="x")
    except RuleError as refused:
        code = refused.code
    else:
        code = ""
        assert table.headers
        assert all(len(row.cells) >= len(table.headers) for row in table.rows)
    assert code == "" or code.startswith("table_")
