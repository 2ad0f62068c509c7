"""Application policies: the page that lists those of a Privilege Manager server, and the plan of one of them."""
