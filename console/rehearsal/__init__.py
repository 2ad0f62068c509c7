"""Rehearsals: a real request that is raised, followed and cleaned up to test an Approval Process.

Public modules: `rehearsal_dialog` for one process, `rehearsal_from_inbox` to choose the process first.
"""
