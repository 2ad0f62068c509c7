"""Requested items, approvals and comments of ServiceNow, and the rule which item belongs to a request.

Public modules: `requested_item` (the class, and its mapping to observed columns), `item_reader` (reads one item with its
approvals), `resolve_requested_item` and `ownership` (which item belongs to a request), `find_by_approval_id` (search after a lost
answer to Create), `comments`, `request_action` (who did what, as a sentence), `problems` (problems of requests).
"""
