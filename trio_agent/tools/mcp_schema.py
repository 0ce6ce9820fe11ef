"""What is wrong with the schema of a tool that a server offers.

One that a provider does not take makes it refuse the whole question, and every one after it: such a tool is better left out.
Looked at is what JSON Schema 2020-12 says of the shape of the words that matter here, no more: the schema is a stranger's,
of any size and depth, and whole validators take seconds for some.

Source: json-schema.org/draft/2020-12, the vocabularies core, applicator, validation and meta-data.
"""

from __future__ import annotations

from typing import Any

import msgspec

MAX_SCHEMA_BYTES = 64 * 1024
"""Every question to the model holds all of them."""

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_SCHEMA = frozenset(
    {
        *("additionalProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems"),
        *("items", "contains", "not", "if", "then", "else"),
    }
)
_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_TEXT = frozenset({"title", "description", "pattern", "format", "$ref", "$id", "$schema", "$comment"})
_NUMBER = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_COUNT = frozenset(
    {
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        *("minContains", "maxContains"),
    }
)


def schema_problem(schema: dict[str, Any]) -> str:
    """Why no provider can be sent `schema` (decoded JSON) as a tool's, fit to be told; empty where nothing is wrong."""
    try:
        size = len(msgspec.json.encode(schema))
    except RecursionError:
        return "its schema is too deep"
    if size > MAX_SCHEMA_BYTES:
        return f"its schema has more than {MAX_SCHEMA_BYTES // 1024} KiB"
    if schema.get("type", "object") != "object":
        return 'its schema is not of the type "object"'
    rest: list[object] = [schema]
    while rest:
        here = rest.pop()
        if isinstance(here, bool):
            continue
        if not isinstance(here, dict):
            return "its schema has something else where a schema must stand"
        for word, value in here.items():
            if not _is_fit(word, value):
                return f"its schema has a {word[:40]!r} that is none"
            if word in _SCHEMA:
                rest.append(value)
            elif word in _SCHEMAS:
                rest += value
            elif word in _NAMED_SCHEMAS:
                rest += value.values()
    return ""


def _is_fit(word: str, value: object) -> bool:
    """Whether `value` has the shape that `word` wants. Words that mean nothing here may hold anything."""
    match word:
        case "type":
            kinds = value if isinstance(value, list) else [value]
            return bool(kinds) and all(isinstance(kind, str) and kind in _TYPES for kind in kinds)
        case "required":
            return isinstance(value, list) and all(isinstance(name, str) for name in value)
        case "enum":
            return isinstance(value, list)
    if word in _SCHEMAS:
        return isinstance(value, list) and bool(value)
    if word in _NAMED_SCHEMAS:
        return isinstance(value, dict)
    if word in _TEXT:
        return isinstance(value, str)
    if word in _NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if word in _COUNT:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return True
