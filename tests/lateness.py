"""Answers that come late, to find tests and pages that count on an order which only a quick machine keeps.

With `--late SEED` whatever a window lets a thread do takes up to LATE_MOST_S longer, by chance drawn from SEED.
"""

import random
import time

import qasync

LATE_MOST_S = 0.08


def make_late(seed):
    """Let every answer of a thread reach the window late from now on; returns what undoes it."""
    chance, ask = random.Random(seed), qasync.QEventLoop.run_in_executor

    def run_in_executor(loop, executor, function, *arguments):
        seconds = chance.random() ** 3 * LATE_MOST_S

        def slow():
            try:
                return function(*arguments)
            finally:
                time.sleep(seconds)

        return ask(loop, executor, slow)

    qasync.QEventLoop.run_in_executor = run_in_executor

    def undo():
        qasync.QEventLoop.run_in_executor = ask

    return undo
