"""Actions on requests: approve, reject, cancel and remind.

Public modules: `decide`, `cancel` and `remind`, each with one function for several requests. `batch` runs them with one lock
per request (`request_lock`), `action_run` has what all actions share. Who may decide is a rule of `domain.permissions`.
"""
