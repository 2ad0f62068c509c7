"""Limits of what a client may send to the intake. The OpenAPI document states them, too."""

BODY_SIZE_MAX = 64 * 1024
"""Bytes of a body."""
BODY_DRAIN_MAX = 1024 * 1024
"""Bytes of a body that is too large which are still read: a client that is cut off earlier may never read the answer."""
BODY_DEPTH_MAX = 32
"""Levels of nesting in a body."""
BODY_TIMEOUT_S = 10.0
KEY_LENGTH_MAX = 255
"""Characters of an Idempotency-Key."""
CLIENT_ID_LENGTH_MAX = 200
"""Characters of the id that the payload itself has for its request."""
TOKEN_LENGTH_MAX = 200
