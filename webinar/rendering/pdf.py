"""PDF documents by Typst: values in, bytes out. The templates lie in templates/pdf.

Every document meets PDF/UA-1, so that screen readers read it; Typst refuses to write one that does
not. Values reach the template as JSON, never as Typst's own language: what people typed stays text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import typst

from webinar.config import ROOT

FOLDER = ROOT / "templates" / "pdf"


def document(name: str, data: Mapping[str, object]) -> bytes:
    """The document of the template `name` with the values `data` (title and language included)."""
    made = typst.compile(
        str(FOLDER / f"{name}.typ"),
        root=str(FOLDER),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made
