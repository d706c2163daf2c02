"""The emulator alone on loopback: python -m sandbox.telegram --port 8081 [--store FILE] [--bot TOKEN NAME]."""

import argparse
import asyncio
import sys
from pathlib import Path

import uvicorn

from sandbox.loopback import listen
from sandbox.telegram.app import create_app
from sandbox.telegram.world import TelegramWorld


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.telegram", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, help="a SQLite file that keeps the world across restarts")
    parser.add_argument("--bot", nargs=2, action="append", default=[], metavar=("TOKEN", "USERNAME"))
    parser.add_argument(
        "--provider-token", action="append", default=[], help="a payment provider of every bot"
    )
    chosen = parser.parse_args()
    world = TelegramWorld(store=chosen.store)
    for token, username in chosen.bot:
        world.add_bot(token, username, provider_tokens=tuple(chosen.provider_token))
    asyncio.run(serve(world, chosen.port))


async def serve(world: TelegramWorld, port: int) -> None:
    """Serve until the process is told to stop; says so on stderr once connections are taken."""
    config = uvicorn.Config(create_app(world), log_level="warning", timeout_graceful_shutdown=1)
    # Loopback alone: whoever can connect can act as anybody.
    with listen(port) as listening:
        sys.stderr.write(f"Telegram emulator on http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stderr.flush()
        await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    main()
