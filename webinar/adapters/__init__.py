"""One outside thing per file: formats, protocols, files. Values in, values out; never a query."""
