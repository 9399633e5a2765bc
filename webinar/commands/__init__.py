"""Commands for operators, one noun per file; `webinar.cli` gathers them."""
