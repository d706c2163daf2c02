"""Where the demo's pages are: the phones are its front page, so the web chat has an address of its own."""

from typing import Final

PHONES_PATH: Final = "/"
CHAT_PATH: Final = "/chat"
BACK_PATH: Final = (
    "/back"  # payment pages lead here: it closes the page inside a phone, and leads others to the chat
)
FILES_PATH: Final = "/phones-files"
