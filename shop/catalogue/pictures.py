"""Takes picture files into the media folder, under names made from what is in them."""

import hashlib
from pathlib import Path
from typing import Final

PICTURE_BYTES_MAX: Final = (
    10 * 1024 * 1024
)  # what Telegram takes as a photo: core.telegram.org/bots/api#sendphoto


def picture_kind(content: bytes) -> str | None:
    """The file extension of a picture we can show, by its first bytes; None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return ".webp"
    return None


def read_picture(source: str, folder: Path) -> bytes:
    """The file that `source` names inside `folder`. Raises ValueError with a reason that can be shown."""
    base = folder.resolve()
    path = (base / source).resolve()  # links are followed first, so that none leads outside
    if not path.is_relative_to(base):
        raise ValueError(f"{source!r} lies outside the folder of the file")
    try:
        if path.stat().st_size > PICTURE_BYTES_MAX:
            raise ValueError(f"{source!r} is larger than {PICTURE_BYTES_MAX // 1024 // 1024} MB")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{source!r} cannot be read: {error.strerror or error}") from error
    if picture_kind(content) is None:
        raise ValueError(f"{source!r} is no PNG, JPEG, GIF or WebP picture")
    return content


def keep_picture(content: bytes, media: Path) -> str:
    """Put a picture into `media`; the same picture again is the same file. Returns its name there."""
    kind = picture_kind(content)
    assert kind is not None, "read_picture lets only pictures through"
    name = f"{hashlib.sha256(content).hexdigest()[:32]}{kind}"
    target = media / name
    if not target.exists():
        media.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(target)  # whoever looks meanwhile sees a whole picture or none
    return name
