"""The full view of one request, and the answer for its caller."""
