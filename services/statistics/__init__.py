"""Statistics of past requests.

Public modules: `request_statistics` (counts and durations of processes and servers), `timing_advice` (figures for choosing
polling interval and timeout).
"""
