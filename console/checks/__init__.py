"""The staged check in the window: the Check tab, checks of all servers, and the fault catalog.

`check_presenter` decides without widgets what a Check tab shows; `check_execution` runs and stores a check.
Public interface: `checked_page.CheckablePage`, `check_subject`, `check_all.ServerCheckRunner`,
`check_schedule.CheckSchedule`, `server_badges.ServerHealth`, `fault_catalog_page.FaultsPage`.
"""
