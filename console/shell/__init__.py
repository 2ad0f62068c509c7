"""The main window: menus, command palette, tray, activity strip."""
