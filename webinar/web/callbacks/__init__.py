"""Calls of machines: Prosody, Jibri and JaaS. Each proves itself with a secret of its own.

They are no browsers: no cookie, no CSRF token, answers in JSON. What they say of people is a
pseudonym and times; names and addresses in their messages are not kept and not logged.
"""
