"""Program of one engine process, started by `script_engine`; communicates over its standard streams.

It is a separate process because the engine cannot be interrupted while it may call back, and a crash ends its process.
Run as a file, with the folder that holds `quickjs` as its argument; it ends when its input ends.

Each line is JSON. In: `{"prelude", "script", "call", "memory"}`. Out: `{"ask": text}`, answered by one line of text,
any number of times; then `{"result": text}` or `{"failure": text}`.
"""

import json
import os
import signal
import sys

SCRIPT_LINE_OFFSET = 100_000
"""Lines before a script, so that a line number tells whether it is the script's or the stand-in's."""


def main() -> None:
    """Run scripts until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path.append(sys.argv[1])
    import quickjs

    reader, writer = sys.stdin.buffer, sys.stdout.buffer

    def say(message: dict[str, object]) -> None:
        writer.write(json.dumps(message).encode() + b"\n")
        writer.flush()

    def ask(question: str) -> str:
        say({"ask": question})
        answer = reader.readline()
        if not answer:
            # The parent process has ended.
            os._exit(1)
        return answer.decode()

    say({"ready": True})
    while line := reader.readline():
        task = json.loads(line)
        context = quickjs.Context()
        context.set_memory_limit(task["memory"])
        try:
            context.add_callable("__bridge", ask)
            context.eval(
                f"globalThis.__finish = {task['prelude']}(__bridge, JSON.parse({json.dumps(task['call'])}))"
            )
            finish = context.get("__finish")
            context.eval("delete globalThis.__bridge; delete globalThis.__finish; 0")
            context.eval("\n" * SCRIPT_LINE_OFFSET + task["script"] + "\n;0")
            message: dict[str, object] = {"result": finish()}
        except (quickjs.JSException, UnicodeError) as error:
            message = {"failure": str(error)}
        say(message)


if __name__ == "__main__":
    main()
