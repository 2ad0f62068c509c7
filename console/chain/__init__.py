"""The approval chain in the window: a tab of policies, and a page for chains that begin at another object."""
