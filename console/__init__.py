"""What people see: the Qt window and the command line. The only place that imports PyQt6."""
