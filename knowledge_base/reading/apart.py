"""Reads documents in a process of its own: one that takes too much time or memory ends that process, not the shop's."""

import logging
import multiprocessing
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from knowledge_base.reading.document import ParsedDocument, UnreadableDocument

SECONDS_MAX: Final = 60.0
MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
ENDINGS: Final = {".html", ".htm", ".pdf", ".docx"}


class TooMuchMemory(UnreadableDocument):
    """What it could not give back would be missing for the next document: its process has to be replaced."""


class SeparateReader:
    """One reading process, begun when the first document comes and replaced when one was too much for it."""

    def __init__(self, *, seconds_max: float = SECONDS_MAX, memory_bytes_max: int = MEMORY_BYTES_MAX) -> None:
        self._seconds_max = seconds_max
        self._memory_bytes_max = memory_bytes_max
        self._worker: tuple[SpawnProcess, Connection[Any, Any]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, path: Path) -> ParsedDocument:
        """The document in `path`, by its ending (one of ENDINGS). Raises UnreadableDocument."""
        connection = self._begin()
        try:
            connection.send(path)
            if not connection.poll(self._seconds_max):
                self._stop()
                raise UnreadableDocument(f"takes longer than {self._seconds_max:g} seconds to read")
            found: ParsedDocument | UnreadableDocument = connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._stop()
            raise _too_much(self._memory_bytes_max) from None
        if isinstance(found, UnreadableDocument):
            if isinstance(found, TooMuchMemory):
                self._stop()
            raise found
        return found

    def _begin(self) -> "Connection[Any, Any]":
        if self._worker is not None and not self._worker[0].is_alive():
            self._stop()  # it was ended while nobody asked: the next document is not to blame
        if self._worker is None:
            context = multiprocessing.get_context("spawn")  # a fork would copy the shop's open connections
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(theirs, self._memory_bytes_max), daemon=True, name="reader"
            )
            process.start()
            theirs.close()
            self._worker = (process, cast("Connection[Any, Any]", ours))
        return self._worker[1]

    def _stop(self) -> None:
        if self._worker is None:
            return
        process, connection = self._worker
        self._worker = None
        connection.close()
        process.kill()
        process.join()
        process.close()


def _serve(connection: "Connection[Any, Any]", memory_bytes_max: int) -> None:
    """The reading process: a document for each path, until nobody asks any more."""
    _limit_memory(memory_bytes_max)
    logging.disable()  # parsers tell of every oddity; what matters is the outcome
    readers = _readers()
    while True:
        try:
            path: Path = connection.recv()
        except EOFError:
            return
        try:
            found: ParsedDocument | UnreadableDocument = readers[path.suffix.casefold()](path)
        except UnreadableDocument as error:
            found = error
        except OSError as error:
            found = UnreadableDocument(f"cannot be read: {error.strerror or error}")
        except (MemoryError, RecursionError):
            found = _too_much(memory_bytes_max)
        except Exception as error:  # noqa: BLE001 - what a stranger's file does to a parser is told, whatever it is
            found = UnreadableDocument(f"cannot be read ({type(error).__name__}: {error})")
        connection.send(found)


def _readers() -> Mapping[str, Callable[[Path], ParsedDocument]]:
    # Imported here: the shop itself never loads the parsers.
    from knowledge_base.reading.pdf import read_pdf  # noqa: PLC0415
    from knowledge_base.reading.web import read_html  # noqa: PLC0415
    from knowledge_base.reading.word import read_docx  # noqa: PLC0415

    def read_page(path: Path) -> ParsedDocument:
        return read_html(path.read_bytes())

    return {".html": read_page, ".htm": read_page, ".pdf": read_pdf, ".docx": read_docx}


def _too_much(memory_bytes_max: int) -> TooMuchMemory:
    return TooMuchMemory(f"needs more than {memory_bytes_max // 1024 // 1024} MB of memory to read")


def _limit_memory(bytes_max: int) -> None:
    if sys.platform == "linux":  # elsewhere the limit is not kept to, or there is none
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))
