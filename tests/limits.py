"""How long tests wait for what will come: far longer than it takes, as the machine may be busy, and within a test's limit."""

WAIT_S = 50.0
"""For one thing that a test waits for."""
STORY_S = 110.0
"""For a whole story in a loop of its own."""
PROGRAM_S = 100.0
"""For a program that was started, until it has ended."""
MANY_PROGRAMS_S = 400.0
"""For tests that begin with a whole series of programs, one after the other: their own limit of a test."""
