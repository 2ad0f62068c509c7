"""The whole set-up of ServiceNow approvals: discovery on an instance, the four objects, and the checklist."""
