"""Background work: thin calls into domain, rendering and adapters, one transaction per step."""
