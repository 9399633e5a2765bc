"""Pages behind a personal link: no account, no cookie, nothing happens on GET."""
