"""The names of tasks in Task Runs that more than one part of the program reads."""

CHECK_TASK = "check"
"""A check of a server that finished; its object is the server."""
ENDPOINTS_TASK = "update-endpoints"
"""An update of endpoints; its object is the Privilege Manager server."""
