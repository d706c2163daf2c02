"""Product search as a process of its own: python -m tests.searching DATABASE_URL.

For each line of words on its standard input it answers a line of JSON, the handles of the first ten; a second thread searches all the
while with the same search, as other customers would.
"""

import json
import sys
import threading

from knowledge_base.query import ProductQuery
from knowledge_base.search import ProductSearch
from shop.catalogue.model import Product
from storage.engine import Database

OTHER_WORDS = ("mug", "wool scarf", "zephirine", "something blue under 40")


def main() -> None:
    database, search, over = Database.open(sys.argv[1]), ProductSearch(), threading.Event()

    def find(words: str) -> list[str]:
        def work(session):
            hits = search.find(session, ProductQuery(words)).hits
            return [session.get_one(Product, hit.product_id).handle for hit in hits]

        return database.read(work)

    def others() -> None:
        while not over.is_set():
            for words in OTHER_WORDS:
                find(words)

    crowd = threading.Thread(target=others)
    crowd.start()
    try:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(find(line.strip())) + "\n")
            sys.stdout.flush()
    finally:
        over.set()
        crowd.join()
        database.close()


if __name__ == "__main__":
    main()
