"""Forms and the base of object pages: editors, edit session, saving, merging, history, pickers.

`object_page.ObjectPage` is the base of every page of an object; `form` and `field_editors` describe its fields.
"""
