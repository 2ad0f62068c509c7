"""The intake as a program of its own, to be killed: writes its address, then serves until it ends."""

import asyncio
import sys

from services.intake.server import IntakeServer
from services.store import Store


async def main(store, port):
    async with IntakeServer(Store.open(store, actor="worker"), port=port) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
