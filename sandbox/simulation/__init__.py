"""Many simulated people use the shop for days; one seed decides all they do and all that goes wrong.

timetable.py   who comes, on which messenger, when          shoppers.py   what they want, and how they react
acts.py        one doing of one person                      words.py      what they write, typos included
faults.py      what goes wrong, by name                     crowd.py      everybody at once, in order of time
run.py         plays it, checks the rules after each step   shrink.py     the shortest way to what was found

The same seed is the same run on the same machine's database: people, clock, faults and references come from it, and
what people do at one instant arrives in one order. So no two turns race here; that they may is what the tests on
PostgreSQL and the killed processes are for.
"""
