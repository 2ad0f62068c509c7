"""What can be done with the objects. No Qt.

Who knows whom, beyond `models` and the small shared modules `errors`, `secret`, `progress`, `paths`, `files`, `threads`, `together`:

    workspace     -> every capability: it puts them together for a window, a command or a worker
    configuration -> store
    vault         -> (nobody)
    catalogue     -> store, servicenow
    connectivity  -> servicenow
    checks        -> store, connectivity, vault
    judgements    -> store, checks, connectivity
    requests      -> store, servicenow
    transfer      -> store, configuration, servicenow, catalogue
    provisioning  -> store, servicenow
    practice      -> contract and scripts of servicenow (only the command that starts it, the demo and tests import it)
"""
