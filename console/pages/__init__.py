"""One page for each kind of object, and the pages that stand by themselves."""
