"""Sentences about files, what is added to the archive, and tables that are read."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webinar.adapters.documents import MAX_PAGES

FILES: dict[str, LazyString] = {
    "file_too_large": _l("The file is larger than this office accepts."),
    "storage_quota": _l(
        "The archive has no room left for a file of this size. Please delete recordings that "
        "nobody needs, or ask whoever runs the server for more room."
    ),
    "file_is_web_page": _l(
        "This is a web page. It could run scripts and is not accepted; please save it as PDF."
    ),
    "file_is_svg": _l(
        "This is a drawing in SVG. It could run scripts and is not accepted; please save it as "
        "PDF or PNG."
    ),
    "file_not_scanned": _l(
        "The virus scanner did not answer, so the file was not accepted. Please try again later "
        "or tell whoever runs the server."
    ),
    "file_too_large_to_scan": _l(
        "The file is larger than the virus scanner takes. Please make it smaller, for example by "
        "compressing its pictures, or tell whoever runs the server."
    ),
    "storage_full": _l(
        "There is no room for this file at the moment. Please tell whoever runs the server."
    ),
    "storage_away": _l(
        "The store of files does not answer at the moment. Nothing was changed. "
        "Please try again in a minute."
    ),
    "file_not_there": _l("This file does not exist."),
    "file_empty": _l("The file is empty."),
    "file_damaged": _l("The file is damaged or incomplete. Please save or export it once more."),
    "file_encrypted": _l("The file is protected with a password. Please save it without one."),
    "file_has_macros": _l("The file holds macros. Please save it without them."),
    "file_is_archive": _l("This is an archive. Please add the files in it one by one."),
    "file_office_old_or_encrypted": _l(
        "The file has an old Office format or a password. "
        "Please save it as PPTX, DOCX or XLSX, without a password, or as PDF."
    ),
    "file_type_not_allowed": _l("Files of this kind are not accepted here."),
    "file_unpacks_too_large": _l("The file would unpack to far more than it seems to hold."),
    "file_too_many_pages": _l(
        "The document has more than %(limit)d pages and is not accepted. Please split it, or leave "
        "out what does not belong to the talk.",
        limit=MAX_PAGES,
    ),
    "image_too_large": _l("The picture has too many pixels. Please make it smaller."),
    "file_too_slow": _l("The pages could not be read in reasonable time."),
    "file_gone": _l("The stored file is missing. Please tell whoever runs the server."),
    "worker_died": _l("The reading was broken off at every try."),
    "processing_broke": _l("The reading broke off because of a fault on the server."),
    "ffmpeg_missing": _l("ffmpeg is not installed on this server."),
    "film_failed": _l("ffmpeg could not read this recording."),
    "film_too_slow": _l("ffmpeg did not finish in reasonable time."),
    "nothing_to_try": _l("There is nothing to try again: everything is done or on its way."),
    "video_plays_badly": _l(
        "Not every browser plays this recording. MP4 with H.264 and AAC plays everywhere."
    ),
}
FILMS: dict[str, LazyString] = {
    "subtitles_encoding": _l("The characters of the file cannot be read. Please save it in UTF-8."),
    "subtitles_time": _l("The times in line %(line)s cannot be read."),
    "subtitles_backwards": _l("What line %(line)s begins ends before it has begun."),
    "subtitles_too_long": _l("The text at line %(line)s has more than %(limit)s characters."),
    "subtitles_too_many": _l("The file has more than %(limit)s lines of subtitles."),
    "subtitles_none": _l("There are no subtitles in this file. It should be WebVTT or SRT."),
    "subtitles_language": _l("Please choose a language."),
    "subtitles_behind_end": _l(
        "The last line begins after the end of the recording. Is it the right file?"
    ),
    "chapters_too_many": _l("There are more than %(limit)s chapters."),
    "chapter_behind_end": _l("“%(title)s” begins after the end of the recording."),
    "chapter_twice": _l("“%(title)s” begins at the same moment as another chapter."),
    "chapter_title_too_long": _l("The title “%(title)s…” has more than 200 characters."),
    "page_time_behind_end": _l("This is after the end of the recording."),
    "page_time_twice": _l("Another page appears at the same moment."),
    "cut_not_possible": _l("This recording cannot be cut: its length is not known."),
    "cut_leaves_nothing": _l("Less than a second would remain."),
    "cut_changes_nothing": _l("Nothing would be cut away."),
    "cut_changed": _l(
        "The cut does not belong to the recording as it stands. Nothing was changed."
    ),
}
MATERIALS: dict[str, LazyString] = {
    "material_missing": _l("This file does not exist."),
    "material_title_missing": _l("Please enter a title."),
    "material_already_there": _l("This talk has the same file already: %(title)s"),
    "material_not_slides": _l("These are no slides. Slides come as PDF, PPTX or ODP."),
    "material_not_recording": _l("This is no recording. Recordings come as MP4 or WebM."),
    "material_not_subtitles": _l("These are no subtitles. Subtitles come as VTT."),
    "material_not_handout": _l("This is no handout. Please choose the kind that fits the file."),
    "material_not_link": _l("A link is an address, not a file."),
    "deletion_in_past": _l("Please choose a day in the future."),
    "url_not_valid": _l(
        "This is no complete web address. It looks like this: https://www.example.org/page"
    ),
    "url_scheme": _l("The address must begin with https:// or http://."),
}
RELEASES: dict[str, LazyString] = {
    "release_for_nobody": _l("Please choose for whom."),
    "release_audience_gone": _l("One of the audiences does not exist any more."),
    "release_changed": _l(
        "What you chose is released already or has been deleted. Nothing was changed."
    ),
    "recording_refused": _l(
        "A speaker does not want the recording to be shown. Without a new consent on the page of "
        "the talk it stays closed."
    ),
    "material_refused": _l(
        "The speaker has taken this out of the archive. It can be released again once the speaker "
        "agrees."
    ),
    "release_ends_in_past": _l("Please choose a day in the future."),
    "release_ends_before": _l("The release would end before it begins."),
    "release_in_past": _l("This moment has passed. Please choose a later one."),
    "release_too_far": _l("A release can be planned for a year ahead at most."),
    "release_planned_already": _l(
        "Something of it waits in another planned release. Please call that off first."
    ),
    "release_happened": _l("The time has come already: this release is settled."),
    "release_of_draft": _l("Publish the talk first, then release its materials."),
}
RECORDINGS: dict[str, LazyString] = {
    "recording_without_consent": _l(
        "This talk is not recorded, or somebody who speaks has not consented. "
        "The recording cannot be kept for it."
    ),
    "recording_settled": _l("Somebody has decided about this recording in the meantime."),
    "recording_offset": _l("Somebody else sends the same recording."),
}
TABLES: dict[str, LazyString] = {
    "table_too_large": _l("The table has more than %(megabytes)s MB."),
    "table_old_excel": _l("This is an old Excel file. Please save it as XLSX or CSV."),
    "table_kind_unknown": _l("This is no table that can be read. Please save it as XLSX or CSV."),
    "table_encoding_unknown": _l(
        "The characters of the file cannot be read. Please save it as CSV in UTF-8."
    ),
    "table_too_many_rows": _l("The table has more than %(limit)s rows."),
    "table_too_many_columns": _l("Row %(row)s has more than %(limit)s columns."),
    "table_cell_too_long": _l("A cell in row %(row)s has more than %(limit)s characters."),
    "table_quote_open": _l("A quotation mark in row %(row)s is never closed."),
    "table_has_macros": _l("The table holds macros. Please save it without them."),
    "table_encrypted": _l("The table is protected with a password. Please save it without one."),
    "table_unpacks_too_large": _l("The table would unpack to far more than it seems to hold."),
    "table_damaged": _l("The table is damaged or incomplete. Please save it once more."),
    "table_empty": _l("The table has no rows."),
}
UPLOADS: dict[str, LazyString] = {
    "file_infected": _l("The virus scanner found “%(found)s” in the file. It was not kept."),
    "upload_missing": _l("This upload has ended or was given up. Please begin it again."),
    "upload_locked": _l("This upload is still being received on another connection."),
    "upload_offset": _l("The upload has come further than this. It goes on by itself."),
    "upload_lost": _l("What was received has been lost. Please send the file again."),
    "upload_damaged": _l("A part arrived altered. It is sent again."),
}
SENTENCES: dict[str, LazyString] = {
    **FILES,
    **UPLOADS,
    **FILMS,
    **MATERIALS,
    **RELEASES,
    **RECORDINGS,
    **TABLES,
}
