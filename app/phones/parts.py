"""The parts of a phone that live in the browser: the page inside it, its camera, and the table it lies on."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element

from app.phones.seen import CannotDo
from console.elements import guarded


class Webview(Element, component="webview.js"):
    """A web page over the chat, until it says that it is done or is closed."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.props["label"] = label

    def show(self, path: str) -> None:
        """Open one of our own pages."""
        self.run_method("show", path)


class Camera(Element, component="camera.js"):
    """Chooses a picture and sends it, smaller."""

    def __init__(self, label: str, on_picture: Callable[[bytes], Awaitable[None]]) -> None:
        super().__init__()
        self._on_picture = on_picture
        self.props["label"] = label
        self.on("picture", lambda heard: guarded(lambda: self._take(heard.args)))

    async def _take(self, emitted: Any) -> None:
        try:
            picture = base64.b64decode(str(emitted), validate=True)
        except binascii.Error as error:
            raise CannotDo("that is no picture") from error
        await self._on_picture(picture)


class Table(Element, component="table.js"):
    """What lies side by side where there is room, and is swiped where there is not."""

    def __init__(self, label: str, names: list[str]) -> None:
        super().__init__()
        self.props["label"] = label
        self.props["names"] = names
