"""The emulator alone on loopback: python -m sandbox.messenger --port 8082 [--store FILE] [--webhook URL] …"""

import argparse
import asyncio
import sys
from pathlib import Path

import uvicorn

from sandbox.loopback import listen
from sandbox.messenger.app import create_app
from sandbox.messenger.world import MessengerWorld


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.messenger", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, help="a SQLite file that keeps the world across restarts")
    parser.add_argument("--page", nargs=2, default=("101", "Page"), metavar=("ID", "NAME"))
    parser.add_argument("--token", default="EAAsandbox", help="the Page's access token")
    parser.add_argument("--secret", default="sandbox", help="the app's secret, which signs webhooks")
    parser.add_argument("--webhook", help="where events go")
    parser.add_argument("--verify-token", default="sandbox")
    chosen = parser.parse_args()
    page_id, page_name = chosen.page
    # Loopback alone: whoever can connect can act as anybody.
    with listen(chosen.port) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        world = MessengerWorld(
            app_secret=chosen.secret,
            verify_token=chosen.verify_token,
            page_token=chosen.token,
            page_id=page_id,
            page_name=page_name,
            store=chosen.store,
            webhook_url=chosen.webhook,
            base_url=url,
        )
        config = uvicorn.Config(create_app(world), log_level="warning", timeout_graceful_shutdown=1)
        sys.stderr.write(f"Messenger emulator on {url}\n")
        sys.stderr.flush()
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
