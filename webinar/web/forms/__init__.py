"""Forms: what a page takes in, with each message at its field."""
