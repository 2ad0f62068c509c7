"""What the window does for all its servers: rounds of checks, and how each one stands."""
