"""One page per kind of configuration object."""
