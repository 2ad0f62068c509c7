"""The expiry calendar in the window: on Home, as a page, in the tree, and as notifications."""
