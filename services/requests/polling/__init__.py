"""Polls instances about open requests and stores what they answer."""
