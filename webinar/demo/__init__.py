"""Everything that exists for trying the application out: invented talks, a local mailbox.

Nothing in the application imports from here; an installation that is in use never starts it.
"""
