"""Files on their way to a messenger. Each is drawn anew when it is sent: what stands on a paper follows the money.

They are small and seldom asked for twice, so no platform's id of one is remembered, and none is kept for later sends.
"""

from typing import Final

import structlog

from bot.channels.port import Draw
from bot.messages import DealPicture, Document

log = structlog.get_logger()

TYPE: Final = "application/pdf"


async def file_of(document: Document | DealPicture, draw: Draw | None, *, bytes_max: int) -> bytes | None:
    """The file, or None, with a line in the log, when there is none to send."""
    content = None if draw is None else await draw(document)
    if content is None:
        log.warning("document.missing", document=document.name)
    elif not 0 < len(content) <= bytes_max:
        log.warning("document.unfit", document=document.name, bytes=len(content), bytes_max=bytes_max)
    else:
        return content
    return None


def link_to(document: Document) -> str:
    """The line that stands where the file could not be sent."""
    return f"{document.name}: {document.url}"
