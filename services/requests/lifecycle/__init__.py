"""Create, resume, read, cancel and time out one request."""
