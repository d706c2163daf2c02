"""Which sizes there are, for those who wonder which one is theirs."""

from bot.actions.cards import look_at
from bot.actions.reference import meant, on_sale
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.tokens import pack_id
from shop.catalogue import queries


@action("sizes", "one_size", "unclear")
def tell_sizes(dialogue: Dialogue) -> Outcome:
    """The sizes of the product that is meant, with what its description says of it."""
    products = meant(dialogue).products
    if len(products) != 1:
        return Outcome("unclear")
    (product,) = products
    look_at(dialogue, product)
    sized = [
        (value, variant)
        for variant in on_sale(product)
        for name, value in variant.options.items()
        if queries.kind_of(name) == "sizes"
    ]
    if not sized:
        return Outcome("one_size")
    left = {value for value, variant in sized if variant.free_units() != 0}
    facts = {
        "title": product.title,
        "product": pack_id(product.id),
        "sizes": list(dict.fromkeys(value for value, _ in sized)),
        "gone": list(dict.fromkeys(value for value, _ in sized if value not in left)),
        "description": product.description,
    }
    return Outcome("sizes", facts)
