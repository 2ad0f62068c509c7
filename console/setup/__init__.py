"""Home and the set-up wizard.

`wizard_presenter`, `missing_plan` and `home_steps` decide without widgets; `wizard_work` and `home_facts` call the
services. Public interface: `home.HomePage`, `wizard.open_wizard`.
"""
