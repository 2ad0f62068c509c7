"""Helpers without product knowledge that every other service uses: errors, redaction, logging, files, tasks."""
