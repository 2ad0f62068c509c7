"""The list of requests.

Public modules: `inbox` (reads, counts and finds rows), `filters` (filters and orders as values), `saved_filters`, `export`
(CSV and JSON), `lookup` (find a request by any id), `freshness` (how up to date the list is). Internal: `filter_sql` (the
only place where a filter becomes SQL), `result_set`, `index_selection`, `full_text`, `folded_columns`.
"""
