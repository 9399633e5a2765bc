"""What uploads are and what we refuse, page by page; nearly all files are made here, in code."""

import io
import struct
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import Workbook
from PIL import Image, ImageCms
from pptx import Presentation
from pptx.util import Inches

from webinar.adapters import documents
from webinar.adapters.documents import MediaType
from webinar.demo import decks
from webinar.errors import RuleError

OOXML = "application/vnd.openxmlformats-officedocument."


def pptx(*titles: str, notes: str = "") -> bytes:
    deck = Presentation()
    for title in titles or ("Titel",):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = title
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


def folder(entries: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, data in entries.items():
            target.writestr(name, data)
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    types = f'<Types><Override ContentType="{OOXML}wordprocessingml.document.main+xml"/></Types>'
    return folder({"[Content_Types].xml": types.encode(), "word/document.xml": b"<w/>"} | more)


def odf(kind: str, manifest: bytes = b"<manifest/>") -> bytes:
    media_type = f"application/vnd.oasis.opendocument.{kind}".encode()
    entries = {"mimetype": media_type, "content.xml": b"<c/>", "META-INF/manifest.xml": manifest}
    return folder(entries, method=zipfile.ZIP_STORED)


def picture(form: str, *, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, form, **options)
    return out.getvalue()


def with_entry(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr(name, content)
    return out.getvalue()


def pdf(*contents: bytes, extra: bytes = b"") -> bytes:
    """A small PDF with one page for each content stream; its cross references are right."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(contents)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for i, content in enumerate(contents):
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 320 180]/Contents {5 + 2 * i} 0 R"
        objects.append(page.encode() + b"/Resources<</Font<</F 3 0 R>>>>>>")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    out, offsets = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer<</Size %d/Root 1 0 R%s>>\n" % (len(objects) + 1, extra))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def line(text: str) -> bytes:
    return f"BT /F 24 Tf 20 90 Td ({text}) Tj ET".encode()


def locked_pdf() -> bytes:
    """One page behind a password (standard security handler, revision 2) that nobody knows."""
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>/ID[<00><00>]"
    return pdf(line("geheim"), extra=lock % (b"ab" * 32, b"cd" * 32))


def refusal(data: bytes, filename: str = "datei.pdf") -> str:
    with pytest.raises(RuleError) as refused:
        documents.identify(io.BytesIO(data), filename=filename)
    assert refused.value.code in documents.REFUSALS
    assert refused.value.field == "file"
    return refused.value.code


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pdf(line("x")), MediaType.PDF),
        (pptx(), MediaType.PPTX),
        (docx(), MediaType.DOCX),
        (xlsx(), MediaType.XLSX),
        (odf("text"), MediaType.ODT),
        (odf("presentation"), MediaType.ODP),
        (odf("spreadsheet"), MediaType.ODS),
        (picture("PNG"), MediaType.PNG),
        (picture("JPEG"), MediaType.JPEG),
        ("WEBVTT\n\n00:00.000 --> 00:02.000\nGrüß Gott\n".encode(), MediaType.VTT),
        ("\ufeffWEBVTT\n".encode(), MediaType.VTT),
        (decks.SLIDES.read_bytes(), MediaType.PDF),
        (decks.RECORDING.read_bytes(), MediaType.MP4),
    ],
)
def test_identify_knows_what_we_take(data: bytes, expected: MediaType) -> None:
    file = io.BytesIO(data)
    assert documents.identify(file, filename="ohne-endung") is expected
    assert file.tell() == 0
    assert MediaType.of(expected.media_type) is expected


def test_identify_takes_a_phone_picture_with_a_second_view() -> None:
    out = io.BytesIO()
    views = [Image.new("RGB", (40, 30), colour) for colour in ("teal", "navy")]
    views[0].save(out, "MPO", save_all=True, append_images=views[1:])
    assert documents.identify(out, filename="IMG_1.JPG") is MediaType.JPEG
    assert documents.photo(out)[8:12] == b"WEBP"


@pytest.mark.hostile
def test_identify_goes_by_content_when_the_name_lies() -> None:
    assert documents.identify(io.BytesIO(docx()), filename="folien.pptx") is MediaType.DOCX
    assert documents.identify(io.BytesIO(pptx()), filename="brief.docx") is MediaType.PPTX
    assert documents.identify(io.BytesIO(picture("PNG")), filename="a.exe") is MediaType.PNG


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"Hallo Welt", "file_type_not_allowed"),
        (b"<!doctype html><script>alert(1)</script>", "file_is_web_page"),
        (b"<html><body>%PDF-1.7</body></html>", "file_is_web_page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "file_is_svg"),
        (b"MZ" + bytes(500), "file_type_not_allowed"),
        (b"\x7fELF" + bytes(500), "file_type_not_allowed"),
        (b"#!/bin/sh\nrm -rf /\n", "file_type_not_allowed"),
        (b"GIF89a" + bytes(50), "file_type_not_allowed"),
        (b"Rar!\x1a\x07\x00" + bytes(99), "file_is_archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "file_is_archive"),
        (b"\x1f\x8b\x08" + bytes(99), "file_is_archive"),
        (folder({"a.txt": b"x"}), "file_is_archive"),
        (folder({}), "file_type_not_allowed"),
        (b"\xef\xbb\xbf<html>", "file_type_not_allowed"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "file_office_old_or_encrypted"),
        (b"WEBVTTX\n", "file_type_not_allowed"),
        (b"WEBVTT\n\xff\xfe", "file_damaged"),
    ],
)
def test_identify_refuses_everything_else(data: bytes, code: str) -> None:
    assert refusal(data) == code


@pytest.mark.hostile
def test_identify_refuses_macros_however_they_are_named() -> None:
    assert refusal(with_entry(pptx(), "ppt/vbaProject.bin", b"x")) == "file_has_macros"
    assert refusal(with_entry(docx(), "word/VBAPROJECT.BIN", b"x")) == "file_has_macros"
    assert refusal(with_entry(odf("text"), "Basic/Standard/Module1.xml", b"x")) == "file_has_macros"
    types = b'<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"'
    assert refusal(folder({"[Content_Types].xml": types})) == "file_has_macros"


@pytest.mark.hostile
def test_identify_refuses_what_asks_for_a_password() -> None:
    assert refusal(locked_pdf()) == "file_encrypted"
    assert refusal(odf("text", b"<manifest:encryption-data/>")) == "file_encrypted"
    locked = bytearray(docx())
    at = locked.index(b"PK\1\2")
    struct.pack_into("<H", locked, at + 8, 1)
    assert refusal(bytes(locked)) == "file_encrypted"


@pytest.mark.hostile
@pytest.mark.parametrize(
    "whole",
    [decks.SLIDES.read_bytes(), decks.RECORDING.read_bytes(), pptx(), docx(), pdf(line("x"))],
    ids=["slides", "recording", "pptx", "docx", "pdf"],
)
def test_identify_refuses_files_cut_short(whole: bytes) -> None:
    for share in (0.3, 0.6, 0.9):
        assert refusal(whole[: int(len(whole) * share)]) == "file_damaged"


@pytest.mark.hostile
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_identify_refuses_pictures_cut_short(form: str) -> None:
    noise = io.BytesIO()
    Image.effect_noise((300, 300), 80).convert("RGB").save(noise, form)
    assert refusal(noise.getvalue()[:-2000]) == "file_damaged"


@pytest.mark.hostile
def test_identify_refuses_a_pdf_of_mere_ends() -> None:
    assert refusal(b"%PDF-1.7\n" + b"\0" * 3000 + b"%%EOF") == "file_damaged"


@pytest.mark.hostile
def test_identify_refuses_a_document_of_thousands_of_pages() -> None:
    whole = pdf(*[b""] * documents.MAX_PAGES)
    assert documents.identify(io.BytesIO(whole), filename="gesetz.pdf") is MediaType.PDF
    assert refusal(pdf(*[b""] * (documents.MAX_PAGES + 1))) == "file_too_many_pages"
    assert refusal(pdf(*[b""] * 5_000)) == "file_too_many_pages"


@pytest.mark.hostile
def test_identify_refuses_a_deck_of_thousands_of_slides() -> None:
    def deck(slides: int) -> bytes:
        types = f'<Override ContentType="{OOXML}presentationml.presentation.main+xml"/>'
        entries = {"[Content_Types].xml": types.encode(), "ppt/presentation.xml": b"<p/>"}
        names = (f"ppt/slides/slide{number}.xml" for number in range(1, slides + 1))
        return folder(entries | dict.fromkeys(names, b"<s/>"), method=zipfile.ZIP_STORED)

    assert documents.identify(io.BytesIO(deck(1000)), filename="a.pptx") is MediaType.PPTX
    assert refusal(deck(1001)) == "file_too_many_pages"


@pytest.mark.hostile
def test_identify_refuses_a_bomb_before_unpacking_it() -> None:
    bomb = with_entry(docx(), "word/media/zero.bin", bytes(64 * 1024 * 1024))
    assert len(bomb) < 200_000
    assert refusal(bomb) == "file_unpacks_too_large"


@pytest.mark.hostile
def test_identify_refuses_a_swarm_of_entries() -> None:
    swarm = folder({f"word/{n}.xml": b"" for n in range(5_001)}, method=zipfile.ZIP_STORED)
    assert refusal(swarm) == "file_unpacks_too_large"


@pytest.mark.hostile
def test_identify_refuses_a_folder_whose_sizes_hide_in_zip64() -> None:
    honest = docx()
    at = honest.rindex(b"PK\5\6")
    hidden = honest[:at] + b"PK\6\7" + bytes(16) + honest[at:]
    assert refusal(hidden) == "file_unpacks_too_large"


@pytest.mark.hostile
def test_identify_survives_any_damaged_byte_of_a_document() -> None:
    whole = docx()
    for at in range(0, len(whole), 3):
        broken = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        outcome = ""
        with suppress(RuleError):
            outcome = documents.identify(io.BytesIO(broken), filename="x").name
        assert outcome in ("", "DOCX")


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\Folien.pdf", "Folien.pdf"),
        ("ä" * 300 + ".pdf", "ä" * 80),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe"),
        ("a\r\nSet-Cookie: x\0.pdf", "aSet-Cookie: x.pdf"),
        ("..", ""),
    ],
)
def test_refusal_names_the_file_harmlessly(name: str, shown: str) -> None:
    with pytest.raises(RuleError) as refused:
        documents.identify(io.BytesIO(b"Hallo"), filename=name)
    assert refused.value.values["name"] == shown


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("Folien (Entwurf 2).pptx", "Folien (Entwurf 2).pdf"),
        ("../../x.html", "x.pdf"),
        ("", "Datei.pdf"),
        ("...", "Datei.pdf"),
        ("Gru\u0308n: ja?.pdf", "Grün- ja-.pdf"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_download_name_keeps_the_stem_and_earns_its_extension(name: str, saved: str) -> None:
    assert documents.download_name(name, media_type=MediaType.PDF) == saved


def size_of(picture: bytes | None) -> tuple[int, int]:
    assert picture is not None
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "WEBP"
        return image.size


def test_pdf_pages_bring_text_and_pictures() -> None:
    pages = list(documents.pdf_pages(decks.SLIDES))
    assert [page.number for page in pages] == list(range(1, 9))
    assert documents.page_count(decks.SLIDES) == 8
    assert "ersetzenden Scannen" in pages[3].text
    assert "Verfahrensanweisung" in pages[3].text
    drawn = list(documents.pdf_drawings(decks.SLIDES, first=7, last=20))
    assert [page.number for page in drawn] == [7, 8]
    for page in drawn:
        assert (size_of(page.picture), size_of(page.thumbnail)) == ((1280, 720), (480, 270))
        with Image.open(io.BytesIO(page.picture or b"")) as image:
            assert len(image.getcolors(1280 * 720) or []) > 10


def test_pdf_pages_stop_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(pdf(line("a"), line("b"), line("c")))
    assert [p.text for p in documents.pdf_pages(path, limit=2)] == ["a", "b"]


@pytest.mark.hostile
def test_broken_page_does_not_stop_the_others(tmp_path: Path) -> None:
    whole = pdf(line("eins"), line("zwei"), line("drei"))
    path = tmp_path / "a"
    path.write_bytes(whole.replace(b"6 0 obj\n<</Type/Page/", b"6 0 obj\n<</Type/Nope/"))
    pages = list(documents.pdf_pages(path))
    assert [page.number for page in pages] == [1, 2, 3]
    assert pages[0].text == "eins"
    assert pages[2].text == "drei"


@pytest.mark.hostile
def test_page_of_absurd_shape_makes_a_small_picture(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(pdf(line("x")).replace(b"[0 0 320 180]", b"[0 0 1 14400]"))
    (page,) = documents.pdf_drawings(path, first=1, last=1)
    assert size_of(page.picture)[1] <= 3 * 1280
    assert size_of(page.thumbnail)[1] <= 3 * 480


@pytest.mark.race
def test_pdf_pages_in_many_threads_agree() -> None:
    found: list[list[str]] = []

    def read() -> None:
        found.append([page.text for page in documents.pdf_pages(decks.SLIDES)])

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(texts == found[0] for texts in found)


def test_pptx_pages_bring_text_of_tables_groups_and_notes(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Der Weg"
    table = slide.shapes.add_table(1, 2, 0, 0, Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Poststelle", "Scannen"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "in der Gruppe"
    slide.shapes.add_picture(io.BytesIO(picture("PNG")), 0, 0)
    slide.notes_slide.notes_text_frame.text = "nicht vergessen"
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.save(str(tmp_path / "a"))
    first, second = documents.pptx_pages(tmp_path / "a")
    assert first.text == "Der Weg\nPoststelle Scannen\nin der Gruppe\nnicht vergessen"
    assert (first.number, second.number, second.text) == (1, 2, "")


def test_pptx_pages_stop_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pptx("a", "b", "c"))
    assert [page.text for page in documents.pptx_pages(tmp_path / "a", limit=2)] == ["a", "b"]


@pytest.mark.hostile
@pytest.mark.parametrize("data", [docx(), folder({"x": b""}), b"nothing", b""])
def test_pptx_pages_of_something_else_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(RuleError) as refused:
        list(documents.pptx_pages(tmp_path / "a"))
    assert refused.value.code == "file_damaged"


@pytest.mark.hostile
def test_pptx_pages_with_endless_entities_stay_small(tmp_path: Path) -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(8)
    )
    data = pptx()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "ppt/slides/slide1.xml":
                body = content.split(b"?>", 1)[1].replace(b"Titel", b"&i;")
                content = laughs + b"]>" + body
            new.writestr(entry.filename, content)
    (tmp_path / "a").write_bytes(out.getvalue())
    texts: list[str] = []
    with suppress(RuleError):
        texts += [page.text for page in documents.pptx_pages(tmp_path / "a")]
    assert sum(map(len, texts)) < 1000


def test_photo_is_upright_small_and_bare() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Kamerafabrik"
    wide = picture("JPEG", size=(2000, 1500), exif=exif, comment=b"Kamerafabrik")
    made = documents.photo(io.BytesIO(wide))
    with Image.open(io.BytesIO(made)) as image:
        assert image.format == "WEBP"
        assert image.size == (600, 800)
        assert not image.getexif()
    assert b"Kamerafabrik" not in made


def test_photo_is_never_enlarged_and_transparency_turns_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 30), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(documents.photo(out))) as image:
        assert image.size == (20, 30)
        assert image.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
def test_photo_takes_other_colour_modes(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (40, 50)).save(out, "JPEG" if mode != "1" else "PNG")
    assert documents.photo(out)[8:12] == b"WEBP"


def test_photo_with_profile_loses_it_and_keeps_its_colours() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = documents.photo(io.BytesIO(picture("JPEG", icc_profile=profile)))
    with Image.open(io.BytesIO(made)) as image:
        assert "icc_profile" not in image.info
        red, green, blue = image.convert("RGB").getpixel((10, 10))
    assert (red < 20, abs(green - 128) < 15, abs(blue - 128) < 15) == (True, True, True)


@pytest.mark.hostile
def test_photo_refuses_too_many_pixels_before_decoding() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    assert len(out.getvalue()) < 50_000
    with pytest.raises(RuleError) as refused:
        documents.photo(out)
    assert (refused.value.code, refused.value.field) == ("image_too_large", "photo")
    assert refusal(out.getvalue()) == "image_too_large"


@pytest.mark.hostile
@pytest.mark.parametrize("data", [b"", b"text", picture("GIF"), picture("JPEG")[:300]])
def test_photo_refuses_what_is_no_whole_picture(data: bytes) -> None:
    with pytest.raises(RuleError) as refused:
        documents.photo(io.BytesIO(data))
    assert refused.value.code == "file_damaged"


@pytest.mark.hostile
def test_identify_bounds_the_text_that_a_reader_would_load() -> None:
    noise = Image.effect_noise((4000, 4200), 90).tobytes()
    stored = io.BytesIO(docx())
    with zipfile.ZipFile(stored, "a", zipfile.ZIP_STORED) as target:
        for number in range(5):
            target.writestr(f"word/media/{number}.bin", noise)
    assert documents.identify(stored, filename="a") is MediaType.DOCX
    with zipfile.ZipFile(stored, "a", zipfile.ZIP_STORED) as target:
        for number in range(5):
            target.writestr(f"word/{number}.xml", noise)
    assert refusal(stored.getvalue()) == "file_unpacks_too_large"
