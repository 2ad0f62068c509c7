"""Checks of servers: the Check tab, rounds over all servers, remedies and the fault catalog page."""
