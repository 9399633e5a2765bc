"""The desk: pages for the office's own accounts."""
