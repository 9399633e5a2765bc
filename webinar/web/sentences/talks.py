"""Sentences about series, talks and speakers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SENTENCES: dict[str, LazyString] = {
    "took_part_twice": _l("Please enter either minutes or a share, not both."),
    "took_part_nothing": _l("Please enter at least one minute, or leave the field empty."),
    "took_part_share": _l("Please enter a share from 1 to 100 percent."),
    "took_part_longer": _l("The talk is shorter than that."),
    "agenda_line": _l(
        "Line %(line)d: “%(text)s” does not begin with a time. This is how a line looks: 18:05 Talk"
    ),
    "agenda_line_long": _l("Line %(line)d has more than %(limit)d characters."),
    "agenda_long": _l("The agenda can have %(limit)d lines at most."),
    "closing_after_start": _l("Registration has to close before the talk starts."),
    "closing_without_day": _l("Please enter the day on which registration closes."),
    "opening_after_closing": _l("Registration has to open before it closes."),
    "opening_after_start": _l("Registration has to open before the talk starts."),
    "opening_without_day": _l("Please enter the day on which registration opens."),
    "limit_of_none": _l("Please enter at least 1, or leave the field empty."),
    "question_too_long": _l("Please enter at most %(length)d characters."),
    "question_answered": _l(
        "Answers to this question: %(count)d. Export the registrations if you still need "
        "the answers, then tick that they are deleted."
    ),
    "choices_missing": _l("Please enter at least two lines, one for each choice."),
    "choices_too_many": _l("Please enter at most %(limit)d choices."),
    "choice_too_long": _l("A choice can have %(length)d characters at most."),
    "topic_too_long": _l("A topic can have %(length)d characters at most."),
    "topic_without_letters": _l("“%(topic)s” names no topic."),
    "topics_too_many": _l("Please enter at most %(limit)d topics."),
    "end_before_start": _l("The talk has to end after it starts, within twelve hours."),
    "hour_doubled": _l(
        "The clock shows %(hour)s twice in that night. Please choose which hour you mean."
    ),
    "hour_skipped": _l("The clock skips %(hour)s in that night. Please choose another time."),
    "photo_alt_missing": _l("Please describe the photo for people who do not see it."),
    "photo_credit_missing": _l("Please say who took the photo."),
    "photo_too_large": _l("The photo is larger than %(limit)d MB."),
    "places_below_taken": _l(
        "%(taken)d places are held already. Please enter at least this number."
    ),
    "reminder_after_start": _l("The talk has begun. No reminder goes out any more."),
    "reminder_exists": _l("This reminder is there already."),
    "reminder_out_of_range": _l("Please enter a number: at most %(days)d days or %(hours)d hours."),
    "series_has_talks": _l("The series has %(count)d talks and stays as long as they do."),
    "side_in_use": _l(
        "%(count)d people hold a place or wait on the side that this format does not offer. "
        "Please change their registrations first."
    ),
    "speaker_has_talks": _l(
        "This person speaks at %(count)d talks. Please take them off the talks first."
    ),
    "talk_changed_meanwhile": _l("Somebody else has changed this talk in the meantime."),
    "talk_is_cancelled": _l("The talk is cancelled and can no longer be changed."),
    "talk_move_forbidden": _l("The talk is not in a state in which that is possible."),
    "talk_not_ready": _l("Something is missing without which the talk cannot be published."),
    "title_missing": _l("Please enter a title."),
    "zone_unknown": _l("This time zone is not known. Please enter a name such as Europe/Berlin."),
}
