"""Request parameters: the bracketed form on the wire, and what each endpoint takes of it.

What an endpoint takes is data: parameters.json, generated from the types in Stripe's own Python library
(see `source` in that file). Nothing is guessed here, and nothing unknown passes.
"""

import difflib
import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, cast

from sandbox.stripe.errors import StripeError, invalid

Parameters = dict[str, Any]

METADATA_KEYS_MAX = 50  # https://docs.stripe.com/api/metadata
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500
STRING_LENGTH_MAX = 5000
# The texts of a dispute that may be longer: https://docs.stripe.com/api/disputes/update#update_dispute-evidence
LONG_TEXT_LENGTH_MAX = 20_000
_LONG_TEXTS: Final = frozenset(
    f"evidence[{name}]"
    for name in (
        "access_activity_log",
        "cancellation_policy_disclosure",
        "cancellation_rebuttal",
        "duplicate_charge_explanation",
        "product_description",
        "refund_policy_disclosure",
        "refund_refusal_explanation",
        "uncategorized_text",
    )
)

SCHEMA: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "parameters.json").read_text(encoding="utf-8")
)
API_VERSION: Final[str] = SCHEMA["source"]["api_version"]

# https://docs.stripe.com/changelog/endive/2026-09-30/removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents
# Checkout Sessions lost it too, there without a code of its own.
_WITHOUT_METHOD_TYPES: Final = frozenset(
    {
        "POST /v1/payment_intents",
        "POST /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/confirm",
    }
)

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_INTEGER = re.compile(r"^-?\d{1,18}$")


def decode(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Nest `a[b][0]=x` into {"a": {"b": {"0": "x"}}}; `a[]=x` counts its own indices up."""
    tree: Parameters = {}
    for key, value in pairs:
        match = _KEY.match(key)
        if match is None:
            raise invalid(f"Invalid request parameter name: {key}", param=key)
        steps = [match.group(1), *re.findall(r"\[([^\[\]]*)\]", match.group(2))]
        _place(tree, steps, value, key)
    return tree


def _place(tree: Parameters, steps: list[str], value: str, key: str) -> None:
    node = tree
    for step in steps[:-1]:
        child = node.setdefault(step or str(len(node)), {})
        if not isinstance(child, dict):
            raise invalid(f"Invalid request parameter: {key} is both a value and a hash", param=key)
        node = cast(Parameters, child)
    node[steps[-1] or str(len(node))] = value


def check(endpoint: str, tree: Parameters) -> Parameters:
    """The parameters as typed values. Raises the refusal that Stripe gives for the first that is wrong."""
    if endpoint in _WITHOUT_METHOD_TYPES and "payment_method_types" in tree:
        raise invalid(
            "The `payment_method_types` parameter is no longer supported. Use dynamic payment methods, narrowed with "
            "`allowed_payment_method_types` or `excluded_payment_method_types` if need be.",
            param="payment_method_types",
            code="payment_method_types_no_longer_supported",
        )
    return _object(SCHEMA["endpoints"][endpoint], tree, "")


def _object(shape_name: str, tree: Parameters, path: str) -> Parameters:
    shape: dict[str, Any] = SCHEMA["shapes"][shape_name]
    types = {name.rstrip("!"): kind for name, kind in shape.items()}
    unknown = [name for name in tree if name not in types]
    if unknown:
        raise _unknown([_join(path, name) for name in unknown], unknown[0], list(types))
    for name in shape:
        if name.endswith("!") and name[:-1] not in tree:
            raise missing(_join(path, name[:-1]))
    return {name: _value(types[name], value, _join(path, name)) for name, value in tree.items()}


def missing(param: str) -> StripeError:
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def _unknown(paths: list[str], first: str, known: list[str]) -> StripeError:
    plural = "s" if len(paths) > 1 else ""
    near = difflib.get_close_matches(first, known, n=1, cutoff=0.75)
    hint = f". Did you mean {near[0]}?" if near and not plural else ""
    return invalid(
        f"Received unknown parameter{plural}: {', '.join(paths)}{hint}",
        param=paths[0],
        code="parameter_unknown",
    )


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(kind: Any, value: Any, path: str) -> Any:
    if isinstance(kind, str):
        return _leaf(kind, value, path)
    ((form, detail),) = kind.items()
    return _FORMS[form](detail, value, path)


def _leaf(kind: str, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid {'string' if kind == 'string' else kind}: {_shown(value)}", param=path)
    if value == "":
        raise _empty(path)
    return _LEAVES[kind](value, path)


def _empty(path: str) -> StripeError:
    return invalid(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a "
        "non-empty value.",
        param=path,
        code="parameter_invalid_empty",
    )


def _string(value: str, path: str) -> str:
    length_max = LONG_TEXT_LENGTH_MAX if path in _LONG_TEXTS else STRING_LENGTH_MAX
    if len(value) > length_max:
        raise too_long(value, path, length_max)
    return value


def too_long(value: str, path: str, length_max: int) -> StripeError:
    return invalid(
        f"Invalid string: {value[:10]}…{value[-10:]}; must be at most {length_max} characters", param=path
    )


def _integer(value: str, path: str) -> int:
    if not _INTEGER.match(value):
        raise invalid(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
    return int(value)


def _decimal(value: str, path: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {value}", param=path) from None
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {value}", param=path)
    return number


def _boolean(value: str, path: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=path)
    return value == "true"


def _hash(shape_name: str, value: Any, path: str) -> Parameters:
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=path)
    return _object(shape_name, cast(Parameters, value), path)


def _list(kind: Any, value: Any, path: str) -> list[Any]:
    if not isinstance(value, dict) or not all(key.isdigit() for key in cast(Parameters, value)):
        raise invalid("Invalid array", param=path)
    items = sorted(cast(Parameters, value).items(), key=lambda item: int(item[0]))
    return [_value(kind, item, f"{path}[{index}]") for index, (_, item) in enumerate(items)]


def _map(kind: Any, value: Any, path: str) -> Parameters:
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=path)
    entries = cast(Parameters, value)
    if kind != "string":
        return {key: _value(kind, entry, _join(path, key)) for key, entry in entries.items()}
    for key, entry in entries.items():
        _check_metadata_entry(key, entry, path)
    return entries


def _check_metadata_entry(key: str, entry: Any, path: str) -> None:
    if not isinstance(entry, str):
        raise invalid(f"Invalid string: {_shown(entry)}", param=f"{path}[{key}]")
    if len(key) > METADATA_KEY_LENGTH_MAX:
        raise invalid(
            f"Metadata keys can have up to {METADATA_KEY_LENGTH_MAX} characters, but you passed in a key that is "
            f"{len(key)} characters. Invalid key: {key}",
            param=path,
        )
    if len(entry) > METADATA_VALUE_LENGTH_MAX:
        raise invalid(
            f"Metadata values can have up to {METADATA_VALUE_LENGTH_MAX} characters, but you passed in a value that "
            f"is {len(entry)} characters. Invalid value: {entry}",
            param=f"{path}[{key}]",
        )


def merged_metadata(old: dict[str, str], new: dict[str, str] | str | None) -> dict[str, str]:
    """`new` laid over `old`; an empty value removes its key, an empty string removes them all."""
    if new is None:
        return old
    merged = {} if isinstance(new, str) else {k: v for k, v in {**old, **new}.items() if v != ""}
    if len(merged) > METADATA_KEYS_MAX:
        raise invalid(
            f"Metadata can have up to {METADATA_KEYS_MAX} keys, but this would make {len(merged)}.",
            param="metadata",
        )
    return merged


def _one_of(values: list[str] | str, value: Any, path: str) -> str:
    allowed: list[str] = SCHEMA["values"][values] if isinstance(values, str) else values
    if value == "" and "" not in allowed:
        raise _empty(path)
    if value not in allowed:
        raise invalid(f"Invalid {path}: must be one of {_enumerated(allowed)}", param=path)
    return str(value)


def _enumerated(values: list[str]) -> str:
    if len(values) < 3:
        return " or ".join(values)
    return f"{', '.join(values[:-1])}, or {values[-1]}"


def _any(kinds: list[Any], value: Any, path: str) -> Any:
    refusal: StripeError | None = None
    for kind in kinds:
        try:
            return _value(kind, value, path)
        except StripeError as error:
            if not _merely_clears(kind) and (refusal is None or _tells_more(kind, value)):
                refusal = error
    assert refusal is not None
    raise refusal


def _merely_clears(kind: Any) -> bool:
    return kind == {"one_of": [""]}


def _tells_more(kind: Any, value: Any) -> bool:
    """Of several refusals the one for the form that was sent is the useful one."""
    nested = isinstance(kind, dict) and not {"object", "list", "map"}.isdisjoint(cast(Parameters, kind))
    return nested == isinstance(value, dict)


def _shown(value: Any) -> str:
    return json.dumps(value)[:100]


_LEAVES: Final = {"string": _string, "integer": _integer, "decimal": _decimal, "boolean": _boolean}
_FORMS: Final = {"object": _hash, "list": _list, "map": _map, "one_of": _one_of, "any": _any}
