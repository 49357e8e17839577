"""Writes test/http/pydantic.json: what Pydantic 2 prints as `type` for a value under a schema's counterpart.

    pip install 'pydantic[email]==2.13.4' && python scripts/pydantic-types.py

The reference's clients read these types. Each row has the JSON Schema of one field, the Python type that stands for it, a
value, and the type of the first error. Where Pydantic takes the value because it coerces (we do not), the type is that of
its strict mode, and `coerced` is true. Rows that it takes in either mode are left out.
"""
import json
import pathlib
import sys
from datetime import date, datetime, time, timedelta

from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

import pydantic
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic import AnyUrl, AwareDatetime, BaseModel, ConfigDict, Field, create_model
from pydantic import ValidationError


class Region(Enum):
    eu = "eu"
    us = "us"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


STRINGS = ["", "abc", "12.5", "12", " 7 ", "1e3", "true", "nan", "+5", "1_000", "5.0", "5.", ".5", "-Infinity", "YES", "off", "x1", "0x10", "1 0", "--1"]
VALUES = [None, True, 0, 1, 2, 1.5, -3, 1e20, [], {}, *STRINGS]
INNER = {"type": "object", "required": ["a"], "additionalProperties": False, "properties": {"a": {"type": "integer"}}}


def kind_of(name: str) -> dict:
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"const": name}}}


FIELDS: list[tuple[Any, Any, list[Any]]] = [
    ({"type": "string"}, str, VALUES),
    ({"type": "number"}, float, VALUES),
    ({"type": "integer"}, int, VALUES),
    ({"type": "boolean"}, bool, VALUES),
    ({"type": "null"}, None, VALUES),
    ({"type": "array"}, list, VALUES),
    ({"type": "object"}, dict, VALUES),
    ({"type": ["string", "null"]}, Optional[str], [1, True, [], {}]),
    ({"type": ["number", "null"]}, Optional[float], ["abc", [], {}]),
    ({"type": ["integer", "null"]}, Optional[int], ["abc", 1.5, [], {}]),
    (INNER, Inner, [None, 1, "x", [], {}, {"a": "x"}, {"a": 1, "b": 2}, {"a": 1.5}]),
    ({"type": "string", "minLength": 2}, Annotated[str, MinLen(2)], ["", "a"]),
    ({"type": "string", "maxLength": 2}, Annotated[str, MaxLen(2)], ["abc"]),
    ({"type": "string", "pattern": "^a$"}, Annotated[str, Field(pattern="^a$")], ["b"]),
    ({"type": "number", "exclusiveMinimum": 0}, Annotated[float, Gt(0)], [0, -1]),
    ({"type": "number", "minimum": 1}, Annotated[float, Ge(1)], [0]),
    ({"type": "number", "exclusiveMaximum": 3}, Annotated[float, Lt(3)], [3]),
    ({"type": "integer", "maximum": 3}, Annotated[int, Le(3)], [4]),
    ({"type": "integer", "multipleOf": 5}, Annotated[int, MultipleOf(5)], [7]),
    ({"type": "array", "minItems": 1}, Annotated[list, MinLen(1)], [[]]),
    ({"type": "array", "maxItems": 1}, Annotated[list, MaxLen(1)], [[1, 2]]),
    ({"type": "object", "minProperties": 1}, Annotated[dict, MinLen(1)], [{}]),
    ({"type": "object", "maxProperties": 1}, Annotated[dict, MaxLen(1)], [{"a": 1, "b": 2}]),
    ({"const": "a"}, Literal["a"], ["b", 1, None]),
    ({"enum": ["eu", "us"]}, Region, ["asia", 1, None]),
    ({"type": "array", "items": {"type": "integer"}}, list[int], [["x"], [1.5]]),
    ({"type": "string", "format": "date"}, date, ["abc", "2023-02-30", "2023-1-1", "2023-01-01T10:00:00Z"]),
    ({"type": "string", "format": "date-time"}, AwareDatetime, ["abc", "2023-10-01T10:00:00", "2023-02-30T10:00:00Z"]),
    ({"type": "string", "format": "time"}, time, ["abc", "25:00:00Z"]),
    ({"type": "string", "format": "duration"}, timedelta, ["abc"]),
    ({"type": "string", "format": "uuid"}, UUID, ["abc"]),
    ({"type": "string", "format": "ipv4"}, IPv4Address, ["abc"]),
    ({"type": "string", "format": "ipv6"}, IPv6Address, ["abc"]),
    ({"type": "string", "format": "uri"}, AnyUrl, ["not a uri"]),
    (
        {"oneOf": [kind_of("cat"), kind_of("dog")]},
        Annotated[Union[Cat, Dog], Field(discriminator="kind")],
        [{"kind": "nope"}, {"kind": 1}, {}, 1, "x", []],
    ),
]


def type_of(model: type[BaseModel], value: Any, strict: bool) -> str | None:
    try:
        model.model_validate({"f": value}, strict=strict)
        return None
    except ValidationError as error:
        return error.errors()[0]["type"]


def main() -> None:
    rows = []
    for schema, kind, values in FIELDS:
        model = create_model("Payload", f=(kind, ...))
        for value in values:
            lax, strict = type_of(model, value, False), type_of(model, value, True)
            if lax is not None:
                rows.append({"schema": schema, "value": value, "type": lax})
            elif strict is not None:
                rows.append({"schema": schema, "value": value, "type": strict, "coerced": True})
    try:
        create_model("Payload", f=(str, ...)).model_validate({})
    except ValidationError as error:
        rows.append({"schema": {"type": "string"}, "type": error.errors()[0]["type"]})
    target = pathlib.Path(__file__).parent.parent / "test/http/pydantic.json"
    lines = ",\n".join("    " + json.dumps(row) for row in rows)
    target.write_text(f'{{\n  "pydantic": "{pydantic.VERSION}",\n  "rows": [\n{lines}\n  ]\n}}\n')
    print(f"{len(rows)} rows written", file=sys.stderr)


main()
