"""The HTTP interface through which other programs raise requests.

Public modules: `server` (runs the interface in an event loop), `clients` (programs and their tokens), `payload_mapping`
(JSON payload to variables). Internal: `app` (routes), `request_body`, `http_problems`, `limits`, `rate_limit`, `openapi`,
`accepted_requests` (stores requests), `connections` and `http_protocol` (limits below HTTP), `log_throttle`.
"""
