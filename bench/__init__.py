"""Measured workloads, each beside the ceiling that bare libraries reach on the same machine.

`python -m bench` runs them all. `workloads` says what is measured, `ceiling` is what it is compared
with, `servers`, `databases` and `client` are the ground that both stand on, `report` writes.
`sending` measures the worker that sends mail, to the relays of `sinks`; `files` what is saved,
played and brought, behind the nginx of `proxy`, with the clients of `transfers`.

What an application request spends its processor time on, on PostgreSQL, in hundredths. The ceilings
have only what is marked with a star, and that in the bare driver where it is SQL.

    page (1 statement)                      answers (7 statements)
    46  the template *                      17  link and holder *
    34  link, holder, talk, stand           11  what the answer depends on, places * included
     4  hooks before and after, headers      9  the lock *, which reads the talk
     5  connection and session               8  the place's row *
     3  the form                            12  calendar entry * and mail *
     8  Flask and the rest *                 6  the answer's row *
                                             4  commit *
                                            33  Flask *, hooks, session, the rest

All answers to one talk wait for its lock, one after the other: what is asked and written inside it
counts twice.

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
