"""The sandbox's Stripe alone on a port of this machine: python -m sandbox.stripe --port 8090."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from sandbox.stripe.app import create_app
from sandbox.stripe.world import StripeWorld
from storage.clock import SystemClock


def serve(  # noqa: PLR0917 - the command line's options
    port: Annotated[int, typer.Option(help="Where to listen on 127.0.0.1.")] = 8090,
    api_key: Annotated[str, typer.Option(help="The key that the shop must send.")] = "sk_test_sandbox",
    webhook_secret: Annotated[str, typer.Option(help="Signs webhooks.")] = "whsec_sandbox",  # noqa: S107 - no secret
    webhook_url: Annotated[list[str] | None, typer.Option(help="Where webhooks go; may be repeated.")] = None,
    store: Annotated[Path | None, typer.Option(help="SQLite file; without it a restart forgets all.")] = None,
    shop_name: Annotated[str, typer.Option(help="The name on the pay page.")] = "Demo shop",
) -> None:
    """Serve until interrupted."""
    world = StripeWorld(
        SystemClock(),
        api_key=api_key,
        webhook_secret=webhook_secret,
        base_url=f"http://127.0.0.1:{port}",
        store=store,
        webhook_urls=webhook_url or [],
        shop_name=shop_name,
    )
    uvicorn.run(create_app(world, alone=True), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    typer.run(serve)
