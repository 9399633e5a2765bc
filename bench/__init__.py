"""Measured workloads, each beside the ceiling that bare libraries reach on the same machine.

`python -m bench` runs them all. `workloads` says what is measured, `ceiling` is what it is compared
with, `servers`, `databases` and `client` are the ground that both stand on, `report` writes.
`sending` measures the worker that sends mail, to the relays of `sinks`.

What an application request spends its processor time on, on PostgreSQL, in hundredths. The ceilings
have only what is marked with a star, and that in the bare driver where it is SQL.

    page (2 statements)                     answers (10 statements)
    38  the template *                      16  link, calendar entry * and mail *
    26  link, holder, talk, speakers        14  link, holder, talk *
    15  stand, places, materials            13  the place's row *
     5  hooks before and after, headers     12  the answer's row *, commit *
     5  connection and session              10  what the answer depends on, under the lock
     4  the form                             7  the lock *
     7  Flask and the rest *                 7  the invitation before the lock
                                             5  counting places *
                                            16  Flask *, hooks, form, session

For a mail of a long mailing the worker needs 0.65 ms of processor time, of 1.2 ms from mail to
mail; beside it PostgreSQL needs 0.6 ms. In hundredths of the worker's:

    before a batch of 200               for each mail
    13  taking it in hand               18  filling in the letter, MIME frame
    11  what the mails rest on          20  the relay
     2  whether the causes hold         21  keeping its end and a later one's bytes
    15  readers, links, signatures

A statement through the session costs two to four times what it costs in the bare driver, more for
rows of many columns; a flush of one row costs as much as two statements.
"""
