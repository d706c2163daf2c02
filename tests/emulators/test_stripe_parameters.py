"""What the emulator refuses of a request's form, in Stripe's words."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from sandbox.stripe.parameters import API_VERSION, SCHEMA, check, decode
from tests.emulators import stripe_parameters
from tests.emulators.stripe_sandbox import (
    ENDPOINT_NAMES,
    START,
    Sandbox,
    intent_parameters,
    price,
    session_parameters,
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def refused(sandbox: Sandbox, path: str, form: dict[str, Any]) -> dict[str, Any]:
    answer = sandbox.http.post(path, data=form)
    assert answer.status_code == 400
    error: dict[str, Any] = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error


def test_the_committed_schema_is_what_the_installed_library_says() -> None:
    assert stripe_parameters.TARGET.read_text(encoding="utf-8") == stripe_parameters.generate()
    assert stripe.api_version == API_VERSION


def test_every_endpoint_has_a_schema_and_honours_only_parameters_in_it() -> None:
    assert sorted(SCHEMA["endpoints"]) == sorted(ENDPOINT_NAMES)
    from sandbox.stripe.endpoints import ENDPOINTS  # noqa: PLC0415

    for endpoint in ENDPOINTS:
        shape = SCHEMA["shapes"][SCHEMA["endpoints"][endpoint.name]]
        assert endpoint.honoured <= {name.rstrip("!") for name in shape}, endpoint.name


def test_brackets_nest_and_empty_brackets_count() -> None:
    pairs = [("a[b][0][c]", "1"), ("a[b][1][c]", "2"), ("expand[]", "x"), ("expand[]", "y")]
    assert decode(pairs) == {"a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}}, "expand": {"0": "x", "1": "y"}}


def test_list_items_keep_their_numeric_order() -> None:
    pairs = [(f"expand[{index}]", f"item{index}") for index in (10, 2, 0)]
    assert check("GET /v1/charges", decode(pairs))["expand"] == ["item0", "item2", "item10"]


def test_an_unknown_parameter_is_named(sandbox: Sandbox) -> None:
    error = refused(sandbox, "/v1/refunds", {"charge": "ch_1", "colour": "red"})
    assert error["message"] == "Received unknown parameter: colour"
    assert (error["code"], error["param"]) == ("parameter_unknown", "colour")
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/parameter-unknown"


def test_several_unknown_parameters_are_named_together(sandbox: Sandbox) -> None:
    error = refused(sandbox, "/v1/refunds", {"charge": "ch_1", "colour": "red", "shape": "round"})
    assert error["message"] == "Received unknown parameters: colour, shape"


def test_a_misspelt_parameter_gets_a_suggestion(sandbox: Sandbox) -> None:
    error = refused(sandbox, "/v1/refunds", {"payment_intents": "pi_1"})
    assert error["message"] == "Received unknown parameter: payment_intents. Did you mean payment_intent?"


def test_an_unknown_parameter_deep_inside_is_named_with_its_path(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.checkout.sessions.create(
            session_parameters(
                line_items=[{"price_data": price("Tea", 500) | {"colour": "red"}, "quantity": 1}]
            )
        )
    assert refusal.value.param == "line_items[0][price_data][colour]"


@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/checkout/sessions"])
def test_payment_method_types_is_refused_since_endive(sandbox: Sandbox, path: str) -> None:
    error = refused(sandbox, path, {"payment_method_types[0]": "card"})
    assert error["param"] == "payment_method_types"
    expected = {
        "/v1/payment_intents": "payment_method_types_no_longer_supported",
        "/v1/checkout/sessions": "parameter_unknown",
    }
    assert error["code"] == expected[path]


@pytest.mark.parametrize("name", ["amount", "currency"])
def test_a_missing_parameter_is_named(sandbox: Sandbox, name: str) -> None:
    form = {"amount": "500", "currency": "eur"}
    del form[name]
    error = refused(sandbox, "/v1/payment_intents", form)
    assert error["message"] == f"Missing required param: {name}."
    assert (error["code"], error["param"]) == ("parameter_missing", name)


def test_a_missing_parameter_deep_inside_is_named_with_its_path(sandbox: Sandbox) -> None:
    items = [{"price_data": {"currency": "eur", "unit_amount": 100, "product_data": {}}, "quantity": 1}]
    with pytest.raises(stripe.InvalidRequestError, match=r"Missing required param: line_items\[0\]"):
        sandbox.client.v1.checkout.sessions.create(session_parameters(line_items=items))


@pytest.mark.parametrize(
    ("form", "message", "code"),
    [
        ({"amount": "a lot"}, "Invalid integer: a lot", "parameter_invalid_integer"),
        ({"amount": "12.50"}, "Invalid integer: 12.50", "parameter_invalid_integer"),
        ({"amount": "0"}, "This value must be greater than or equal to 1.", "parameter_invalid_integer"),
        ({"amount": "-5"}, "This value must be greater than or equal to 1.", "parameter_invalid_integer"),
        ({"amount": "49"}, "Amount must be at least €0.50 eur", "amount_too_small"),
        ({"amount": "100000000"}, "Amount must be no more than €999,999.99", "amount_too_large"),
        ({"confirm": "yes"}, "Invalid boolean: yes", None),
        ({"metadata": "order"}, "Invalid object", None),
        ({"expand": "latest_charge"}, "Invalid array", None),
        (
            {"capture_method": "later"},
            "Invalid capture_method: must be one of automatic, automatic_async, or manual",
            None,
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(
    sandbox: Sandbox, form: dict[str, str], message: str, code: str | None
) -> None:
    error = refused(sandbox, "/v1/payment_intents", {"amount": "500", "currency": "eur", **form})
    assert error["message"] == message
    assert error.get("code") == code
    assert error["param"] == next(iter(form))


def test_an_unknown_currency_is_refused_with_those_there_are(sandbox: Sandbox) -> None:
    error = refused(sandbox, "/v1/payment_intents", {"amount": "500", "currency": "tea"})
    assert error["message"].startswith(
        "Invalid currency: tea. Stripe currently supports these currencies: usd,"
    )


def test_an_empty_value_cannot_unset_what_has_no_empty_state(sandbox: Sandbox) -> None:
    error = refused(sandbox, "/v1/payment_intents", {"amount": "500", "currency": "eur", "description": ""})
    assert error["code"] == "parameter_invalid_empty"
    assert "however 'description' cannot be unset" in error["message"]


def test_a_value_and_a_hash_under_one_name_are_refused(sandbox: Sandbox) -> None:
    error = refused(sandbox, "/v1/refunds", {"metadata": "x", "metadata[a]": "y"})
    assert "both a value and a hash" in error["message"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"k" * 41: "v"}, "Metadata keys can have up to 40 characters"),
        ({"k": "v" * 501}, "Metadata values can have up to 500 characters"),
        ({f"k{index}": "v" for index in range(51)}, "Metadata can have up to 50 keys"),
    ],
)
def test_metadata_has_limits(sandbox: Sandbox, metadata: dict[str, str], message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur", "metadata": metadata})


def test_metadata_is_merged_and_an_empty_value_removes_its_key(sandbox: Sandbox) -> None:
    made = sandbox.client.v1.payment_intents.create(intent_parameters(metadata={"a": "1", "b": "2"}))
    changed = sandbox.client.v1.payment_intents.update(made.id, {"metadata": {"b": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    cleared = sandbox.client.v1.payment_intents.update(made.id, {"metadata": ""})
    assert cleared.metadata.to_dict() == {}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"ui_mode": "elements", "success_url": None}, "ui_mode"),
        ({"tax_id_collection": {"enabled": True}}, "tax_id_collection"),
        (
            {"payment_method_options": {"card": {"setup_future_usage": "on_session"}}},
            "payment_method_options",
        ),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
        ({"payment_intent_data": {"on_behalf_of": "acct_1"}}, "payment_intent_data[on_behalf_of]"),
        ({"excluded_payment_method_types": ["card"]}, "allowed_payment_method_types"),
    ],
)
def test_what_stripe_knows_and_the_sandbox_does_not_is_refused_and_not_ignored(
    sandbox: Sandbox, changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not emulate") as refusal:
        sandbox.client.v1.checkout.sessions.create(session_parameters(**changes))
    assert (refusal.value.code, refusal.value.param) == ("sandbox_not_emulated", param)


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"mode": None}, "mode", "parameter_missing"),
        ({"success_url": None}, "success_url", "parameter_missing"),
        ({"line_items": None}, "line_items", "parameter_missing"),
        ({"success_url": "thanks.html"}, "success_url", "url_invalid"),
        ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
        ({"cancel_url": "nowhere"}, "cancel_url", "url_invalid"),
        ({"customer_email": "ann"}, "customer_email", "email_invalid"),
        ({"client_reference_id": "x" * 201}, "client_reference_id", None),
        ({"expires_at": int(START.timestamp()) + 29 * 60}, "expires_at", None),
        ({"expires_at": int(START.timestamp()) + 24 * 3600 + 1}, "expires_at", None),
        ({"line_items": [{"price_data": price("Tea", 500)}]}, "line_items[0][quantity]", "parameter_missing"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price_data]", "parameter_missing"),
        (
            {"line_items": [{"price_data": price("Tea", 500), "quantity": 0}]},
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            {"line_items": [{"price_data": price("Tea", -1), "quantity": 1}]},
            "line_items[0][price_data][unit_amount]",
            "parameter_invalid_integer",
        ),
        ({"line_items": [{"price_data": price("Tea", 49), "quantity": 1}]}, None, "amount_too_small"),
        ({"line_items": [{"price_data": price("Tea", 99_999_999), "quantity": 2}]}, None, "amount_too_large"),
        (
            {
                "line_items": [
                    {"price_data": price("Tea", 500), "quantity": 1},
                    {"price_data": price("Pot", 500, "usd"), "quantity": 1},
                ]
            },
            "line_items",
            None,
        ),
        (
            {"shipping_address_collection": {"allowed_countries": ["XX"]}},
            "shipping_address_collection[allowed_countries][0]",
            None,
        ),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(
    sandbox: Sandbox, changes: dict[str, Any], param: str | None, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.checkout.sessions.create(session_parameters(**changes))
    assert (refusal.value.param, refusal.value.code) == (param, code)
