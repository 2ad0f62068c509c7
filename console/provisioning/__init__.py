"""The page of the task Create ServiceNow Approval Request Items."""
