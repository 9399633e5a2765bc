"""The rules of the house: no Flask, no HTTP, no SMTP. Functions flush; who calls them commits."""
