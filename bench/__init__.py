"""Measured workloads, each beside the ceiling that bare libraries reach on the same machine.

`python -m bench` runs them all. `workloads` says what is measured, `ceiling` is what it is compared
with, `servers`, `databases` and `client` are the ground that both stand on, `report` writes.
`sending` measures the worker that sends mail, to the relays of `sinks`.
"""
