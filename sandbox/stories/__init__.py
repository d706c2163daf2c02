"""Stories as tests: several people, channels, a clock and faults, against the running shop.

format.py      a story's file, read and checked      playing.py    the player      checks.py   what a story expects
invariants.py  what holds after every step            transcript.py what was said, side by side per person
"""
