"""The command line. Nothing here imports PyQt6."""
