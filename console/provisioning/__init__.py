"""The page Create ServiceNow Approval Request Items.

`presenter` decides without widgets what the page shows and what its buttons do; `plan_controller` and `run_controller`
call `services.provisioning` through `operations`; `provisioning_page` and the tabs build the widgets.
Public interface: `provisioning_page.ProvisioningPage`, `operations`, `run_dialog.RunDialog`.
"""
