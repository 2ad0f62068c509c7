"""Starting the process: options, event loop, signals, first window."""
