"""What loading a model needed for a moment goes back to the system."""

import ctypes
import ctypes.util
import sys


def give_back() -> None:
    """Let glibc return what was freed; after a model is read that is some 60 MB. Elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(ctypes.util.find_library("c")), "malloc_trim", None)
    if trim is not None:  # musl has none
        trim(0)
