"""Exported items of Privilege Manager: reading them, writing copies of approval actions, comparing.

Bytes in, bytes out: nothing here opens a file, a store or a connection.
"""
