"""People at the far ends: one way to talk, tap, pay and look, whatever messenger they use.

person.py     what everybody can do and see        telegram.py, messenger.py, web.py    how, on each messenger

Stories, the simulator, the page of phones and the tests all act through these.
"""

from sandbox.people.person import Action, CannotDo, Person, Seen

__all__ = ["Action", "CannotDo", "Person", "Seen"]
