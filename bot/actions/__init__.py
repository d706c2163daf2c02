"""What flow steps call, one file a topic: they find facts and name an outcome; flows choose the words.

Whoever imports the room has all of its actions: a new file is enough to add some.
"""

import importlib
import pkgutil

from bot.dialogue.dialogue import ACTIONS

__all__ = ["ACTIONS"]

for topic in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{topic.name}")
