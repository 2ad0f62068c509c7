"""What every part of the window uses.

Public interface: `context` (the shared object), `task_runner`, `debounce`, `lazy_imports`, `activity`, `drafts`,
`command_registry`, `undo_stack`, `targets`, `options`, `window_settings`, `request_polling`, `tray`.
"""
