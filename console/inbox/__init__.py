"""The Requests page and what belongs to it in the window: saved filters, notifications, polling.

Public modules, which other packages of `console` use:

- `requests_page`: the page, which the page registry creates
- `filter_counts`: the filters with their counts; `saved_filter_nodes`: saved filters in the tree
- `notifications`: messages about new and old requests; `polling_controller`: polling while the window is open
- `my_names`: the names of the user in ServiceNow

The decisions of the page are in modules without Qt: `requests_presenter`, `selection_presenter`, `list_status`,
`list_criteria`, `row_selection`, `empty_list`, `action_availability` and `action_plan`. `requests_layout` has the widgets;
`list_controller` and `details_loader` read the store and ServiceNow for them.
"""
