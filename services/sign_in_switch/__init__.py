"""Changes how a ServiceNow server signs in: what to prepare there, two rehearsals compared, the switch and its undo."""
