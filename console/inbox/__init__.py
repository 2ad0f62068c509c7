"""The requests as the whole window follows them: counts, saved filters, news, and the asking itself."""
