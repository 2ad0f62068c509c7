"""The page Connect Privilege Manager.

`connect_facts` reads what is known, `presenter` decides without widgets what the page shows, `connect_page` builds the
widgets. The page writes only to the store of this console; what Privilege Manager needs is entered there by a person.
"""
