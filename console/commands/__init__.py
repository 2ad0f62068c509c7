"""Every command, defined once; menu, context menu, palette and shortcut show that definition."""
