"""The demo's front page: phones side by side, so that one person can play a customer, a friend, a group and staff.

It lives in `app`, the only room that may know both the console's elements and the sandbox's people.

page.py     the page and its routes          desk.py    the clock's hands and the next thing to go wrong
cast.py     whose phones these are           trouble.py what can go wrong
device.py   one phone, live                  bubbles.py how what is seen is drawn
seen.py     what a phone shows, in one form  telegram_line.py, messenger_line.py   how each messenger fills it
"""
