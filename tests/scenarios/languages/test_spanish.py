"""Shopping in Spanish, and in a language of one's own choice."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.stage import Template
from knowledge_base.importing import import_knowledge
from knowledge_base.passages import refresh_passage_vectors
from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


async def test_buying_with_a_correction(guest: Guest) -> None:
    found = await guest.says("hola, busco una taza negra")
    assert "Black stoneware mug" in found
    assert "12,00\xa0€" in found
    assert "2 × <b>Black stoneware mug</b> están en tu carrito" in await guest.says("quiero dos tazas negras")
    assert "Ahora 3 × <b>Black stoneware mug</b>" in await guest.says("mejor que sean 3")
    assert "¿A nombre de quién va?" in await guest.says("quiero pagar")
    ways = await guest.says("Lucía Fernández")
    assert "¿Cómo quieres recibirlo?" in ways
    assert "<b>Envío exprés</b>: 9,90\xa0€, al siguiente día laborable" in ways
    assert "[Recogida en la tienda]" in ways
    assert "¿A dónde lo enviamos?" in await guest.says("exprés por favor")
    assert "¿A qué teléfono" in await guest.says("Calle Mayor 12, 28013 Madrid")
    summary = await guest.says("+34 612 345 678")
    for part in (
        "3 × Black stoneware mug: 36,00\xa0€",
        "<b>Total 45,90\xa0€</b>",
        "Lucía Fernández",
        "Madrid",
    ):
        assert part in summary
    assert "<b>Total 40,90\xa0€</b>" in await guest.says("no, mejor envío estándar")
    assert "Paga aquí con tarjeta" in await guest.says("sí")


async def test_asking_where_the_order_is(guest: Guest) -> None:
    assert "Todavía no tienes pedidos" in await guest.says("¿dónde está mi pedido?")
    await guest.says(
        "quiero la taza negra",
        "quiero pagar",
        "Lucía Fernández",
        "exprés",
        "Calle Mayor 12, 28013 Madrid",
        "+34 612 345 678",
        "sí",
    )
    answer = await guest.says("dónde está mi pedido")
    assert "está pendiente de pago" in answer
    assert "[Pagar 21,90\xa0€]" in answer


async def test_the_language_stays_through_short_answers_and_names_and_changes_with_clear_words(
    guest: Guest,
) -> None:
    assert "¡Hola!" in await guest.says("hola")
    for said in ("ok", "no", "thanks", "2"):
        answer = await guest.says(said)
        assert not any(word in answer for word in ("What", "Your", "You", "Sorry")), (said, answer)
    assert "opening" not in await guest.says("express")
    assert "Your cart is empty" in await guest.says("what is in my cart right now")
    assert "Your cart is empty" in await guest.says("total")


async def test_a_name_from_elsewhere_does_not_change_the_language(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    assert "How would you like to get it?" in await guest.says("José Luis Ortega Núñez")
    assert "Where shall we send it?" in await guest.says("express")
    assert "Which phone number" in await guest.says("Avenida de la Constitución 3, 41001 Sevilla")


async def test_a_language_of_ones_own_choice_stays_whatever_one_writes_in(quick_shop: OpenShop) -> None:
    guest = Guest(quick_shop)
    await guest.says("hello there")
    assert "seguimos en español" in await guest.says("in Spanish please")
    assert "Tu carrito está vacío" in await guest.says("what is in my cart right now")
    assert "let’s go on in English" in await guest.says("en inglés por favor")
    assert "Your cart is empty" in await guest.says("qué hay en mi carrito")
    assert "I speak English and Spanish" in await guest.says("which languages do you speak?")
    assert "seguimos en español" in await guest.taps("Español")


async def test_what_is_written_in_english_only_is_told_with_its_language(guest: Guest) -> None:
    answer = await guest.says("¿cuál es la política de devoluciones?")
    assert "Esto solo lo tengo escrito en inglés" in answer
    assert "Fuente:" in answer
    await guest.says("quiero ver la taza negra")
    about = await guest.says("¿se puede meter en el lavavajillas?")
    assert "Esto solo lo tengo escrito en inglés" in about
    assert "Dishwasher" in about


async def test_each_message_is_answered_from_hello_to_a_cancelled_order(guest: Guest) -> None:
    assert "Cosas buenas para mañanas sin prisa." in await guest.says("hola, buenas")
    assert "Black stoneware mug" in await guest.says("busco una taza negra por menos de 20 euros")
    assert "Dishwasher: Yes" in await guest.says("¿cómo se cuida? ¿va al lavavajillas?")
    assert "están en tu carrito" in await guest.says("añade dos")
    assert "Nombre y apellido" in await guest.says("quiero pagar")
    await guest.says("Lucía Fernández")
    assert "De eso depende" in await guest.says("¿por qué lo necesitas?")
    assert "Calle y número" in await guest.says("exprés")
    await guest.says("Calle Mayor 12, 28013 Madrid")
    assert "Eso no parece un teléfono completo" in await guest.says("612")
    assert "¿Hago el pedido?" in await guest.says("+34 612 345 678")
    assert "Paga aquí con tarjeta" in await guest.says("sí")
    assert "está pendiente de pago" in await guest.says("¿dónde está mi pedido?")
    assert "¿Cancelo el pedido" in await guest.says("quiero cancelar mi pedido")
    assert "está cancelado" in await guest.says("sí")
    answer = await guest.says("quién ganó el mundial de 2010")
    assert any(words in answer for words in ("no te he entendido", "No sé bien qué quieres decir"))


async def test_a_word_of_another_language_in_reply_to_a_question_does_not_change_ours(guest: Guest) -> None:
    await guest.fills()
    await guest.says("checkout")
    await guest.says("Anna Berg")
    for word in ("devoluciones", "vale"):
        assert "How would you like to get it?" in await guest.says(word), word
    assert "carrito" in await guest.says("cancelar"), "whoever wants to leave is heard in any language"


async def test_a_wish_typed_in_a_hurry_is_understood(guest: Guest) -> None:
    assert "mug" in (await guest.says("kiero una tasa azul x favor")).casefold()


async def test_a_colour_is_chosen_in_ones_own_words(guest: Guest) -> None:
    assert "[Moss" in await guest.says("hola, buenas tardes", "añade las espresso cups")
    assert "<b>Espresso cups, set of two (White)</b>" in await guest.says("blanco")


async def test_a_colour_is_left_out_of_what_was_shown(guest: Guest) -> None:
    assert "Black stoneware mug" in await guest.says("hola, buenas tardes", "busco tazas")
    left = await guest.says("cualquiera menos la negra")
    assert "mug" in left.casefold()
    assert "Black stoneware mug" not in left


async def test_thanks_and_refusals_are_no_wishes(guest: Guest) -> None:
    await guest.says("hola, buenas tardes", "quiero la taza negra")
    for words in ("nada más, gracias", "no quiero cupón"):
        answer = await guest.says(words)
        assert not any(part in answer for part in ("no te he entendido", "No sé bien", "cupones")), (
            words,
            answer,
        )


async def test_coming_back_goes_on_where_the_question_was(guest: Guest) -> None:
    await guest.says("hola, buenas tardes", "quiero la taza negra", "quiero pagar")
    assert "¿A nombre de quién va?" in await guest.says("ya estoy de vuelta, ¿por dónde íbamos?")


async def test_the_address_of_an_earlier_order_is_pointed_to(guest: Guest) -> None:
    await guest.says(
        "hola, buenas tardes", "quiero la taza negra", "quiero pagar", "Lucía Fernández", "exprés"
    )
    assert "No tengo nada guardado de un pedido anterior" in await guest.says("la misma de siempre")


async def test_an_order_just_placed_is_taken_back_to_change_it(guest: Guest) -> None:
    await guest.says("hola, buenas tardes", "quiero la taza negra", "quiero pagar")
    await guest.says("Lucía Fernández", "exprés", "Calle Mayor 12, 28013 Madrid", "+34 612 345 678", "sí")
    answer = await guest.says("mejor envío estándar")
    assert "He retirado el pedido" in answer
    assert "<b>Total 16,90\xa0€</b>" in answer


async def test_a_spanish_document_comes_first_and_what_it_lacks_is_still_told_from_the_english_ones(
    quick_shop: OpenShop, shop_template: Template, tmp_path: Path
) -> None:
    document = tmp_path / "cuidados.md"
    document.write_text(
        "---\nlanguage: es\n---\n# Cuidados\n\n## Tablas de nogal\n"
        "Lava la tabla a mano y ponle aceite de lino cada dos meses.\n",
        "utf-8",
    )
    import_knowledge(quick_shop.database, [document], at=AT)
    refresh_passage_vectors(quick_shop.database, shop_template.learnt.means)
    own = await Guest(quick_shop).says("¿cómo cuido la tabla de nogal?")
    assert "aceite de lino cada dos meses" in own
    assert "Fuente: Cuidados › Tablas de nogal" in own
    assert "escrito en inglés" not in own
    other = await Guest(quick_shop).says("¿cuánto tiempo tengo para devolver algo?")
    assert "escrito en inglés" in other
    assert "30 days" in other
