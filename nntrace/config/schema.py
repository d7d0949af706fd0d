"""The JSON Schema of the config language, from its types."""

from __future__ import annotations

from typing import Any

from msgspec import json

from nntrace.config.model import Drawn, Written

_MATRIX = {
    "anyOf": [
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        {"type": "array", "items": {"type": "number"}},
        {"type": "number"},
    ]
}


def schema() -> str:
    """The schema as text, indented."""
    defined = json.schema(Written)["$defs"]
    defined["Config"] = {**defined.pop("Written"), "title": "Config"}
    rule = json.schema(Drawn)
    defined.update(rule.pop("$defs"))
    keys = defined["Config"]["properties"]
    keys["weights"]["anyOf"] = [
        {"type": "number"},
        {"type": "object", "patternProperties": {"^[Wb][1-9][0-9]*$": _MATRIX}, "additionalProperties": False},
        {
            "type": "object",
            "properties": {"file": {"type": "string", "description": "an NPZ file, relative to the config"}},
            "required": ["file"],
            "additionalProperties": False,
        },
        rule,
    ]
    defined["Data"]["anyOf"] = [{"required": ["x", "y"]}, {"required": ["x", "labels"]}, {"required": ["file"]}]
    where: dict[str, Any] = defined["Expectation"]["properties"]
    del where["figures"]
    defined["Expectation"] |= {"additionalProperties": {"type": "number"}, "required": []}
    del defined["Figure"]
    described = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nntrace config",
        "$ref": "#/$defs/Config",
        "$defs": defined,
    }
    return json.format(json.encode(described), indent=2).decode() + "\n"
