"""Slides, handouts and photos as they come from outside: what they are, their pages, their text.

One file per kind: `filetypes` tells what an upload is and refuses the rest, `pdf` and `office` read
pages, `photos` makes portraits safe and small. Recordings are read by `webinar.adapters.media`,
bytes are kept by `webinar.adapters.storage`. All of it takes hostile files for granted; a library
that crashes takes its process along, so let a background job read pages, not a request.
"""

from webinar.adapters.documents.filetypes import (
    REFUSALS,
    Kind,
    MediaType,
    download_name,
    identify,
    promised,
    shorten,
)
from webinar.adapters.documents.office import pptx_pages
from webinar.adapters.documents.page import MAX_PAGES, Drawing, Page
from webinar.adapters.documents.pdf import page_count, pdf_drawings, pdf_pages
from webinar.adapters.documents.photos import photo

__all__ = [
    "MAX_PAGES",
    "REFUSALS",
    "Drawing",
    "Kind",
    "MediaType",
    "Page",
    "download_name",
    "identify",
    "page_count",
    "pdf_drawings",
    "pdf_pages",
    "photo",
    "pptx_pages",
    "promised",
    "shorten",
]
