"""Approval actions on their way into Privilege Manager: the export, the copy, and whether the server shows it."""
