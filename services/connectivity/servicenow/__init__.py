"""The check of a ServiceNow instance: what is asked of it, and how its answers are judged."""
