"""The list of requests: filters, SQL, results, full text, export, saved filters and lookup."""
