"""What is registered in the product, and the committed list of it in handlers.txt."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot_app.config import PROJECT_ROOT
from tests.served import JWT_SECRET

LISTED = Path(__file__).with_name("handlers.txt")


class Route(str):
    """A route as handlers.txt writes it, `POST /api/auth/sign-in`, that knows what it can be sent."""

    __slots__ = ("fields", "queries")

    fields: list[str]
    queries: list[str]

    def __new__(cls, line: str, fields: list[str], queries: list[str]) -> "Route":
        """Make one of its line, the fields of its form and what it reads of the address."""
        route = super().__new__(cls, line)
        route.fields, route.queries = fields, queries
        return route


@dataclass(frozen=True)
class Handler:
    """A registered event handler: its name on the wire, and the types of what it takes."""

    name: str
    arguments: dict[str, str]
    is_known: bool

    @property
    def short(self) -> str:
        """Its state and its own name: `conversation.open`."""
        state, _, method = self.name.rpartition(".")
        return f"{state.rpartition('.')[2].rpartition('____')[2]}.{method}"

    def good(self, **ids: str) -> dict[str, Any]:
        """Give arguments of the right shape, with these ids where one fits."""
        return {name: _good(name, kind, ids) for name, kind in self.arguments.items()}


def _good(name: str, kind: str, ids: dict[str, str]) -> Any:
    if kind == "bool":
        return True
    if kind == "str":
        return ids.get(name, "changed by a stranger")
    if kind.startswith("form:"):
        fields = kind.removeprefix("form:").split(",")
        return {
            f: ids.get(f, "" if f == "temperature" else "changed by a stranger") for f in fields
        }
    return {}


_REGISTRY = """
import inspect, json, sys, types
from typing import get_type_hints
from typing_extensions import is_typeddict
from chatbot_app import chatbot_app
from chatbot_app.api import create_api
from chatbot_app.state.gate import is_known
from reflex_base.registry import RegistrationContext

for name, source in json.loads(sys.argv[1]).items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(source, vars(module))

def kind(annotation):
    if is_typeddict(annotation):
        return "form:" + ",".join(get_type_hints(annotation))
    return getattr(annotation, "__name__", str(annotation))

def arguments(name, function):
    if name.endswith(".setvar"):
        return {"var_name": "str", "value": "str"}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return {p.name: kind(p.annotation) for p in parameters}

handlers = {
    name: {"arguments": arguments(name, r.handler.fn), "is_known": is_known(name)}
    for name, r in RegistrationContext.get().event_handlers.items()
}
def fields(route):
    for parameter in getattr(getattr(route, "dependant", None), "body_params", ()):
        model = parameter.field_info.annotation
        yield from getattr(model, "model_fields", None) or [parameter.name]

def queries(dependant):
    if dependant is not None:
        yield from (parameter.alias for parameter in dependant.query_params)
        for below in dependant.dependencies:
            yield from queries(below)

def walk(routes, prefix=""):
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if getattr(route, "path", None) and getattr(route, "methods", None):
            taken = [*fields(route)], [*queries(getattr(route, "dependant", None))]
            yield from ((f"{method} {prefix}{route.path}", *taken) for method in route.methods)
        elif inner is not None:
            yield from walk(inner.routes, prefix)

print("REGISTRY" + json.dumps({"handlers": handlers, "routes": sorted(walk(create_api().routes))}))
"""


def registry(directory: Path, **further: str) -> tuple[list[Handler], list[Route]]:
    """Ask a fresh process for every registered handler and every API route; tests register their own.

    `further` is the source of states that are only made up, each by the name it has in `state/`.
    """
    modules = {f"chatbot_app.state.{name}": source for name, source in further.items()}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DATA_DIR": str(directory / "data"),
        "JWT_SECRET": JWT_SECRET,
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", _REGISTRY, json.dumps(modules)],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    line = next((x for x in done.stdout.splitlines() if x.startswith("REGISTRY")), None)
    assert line is not None, done.stderr[-4000:]
    found = json.loads(line.removeprefix("REGISTRY"))
    handlers = [Handler(name, **facts) for name, facts in sorted(found["handlers"].items())]
    return handlers, [Route(*route) for route in found["routes"]]


def described(handlers: list[Handler], routes: Sequence[str]) -> list[str]:
    """Write each handler as handlers.txt does."""
    lines = [
        f"{'handler' if handler.is_known else 'refused'} {handler.name}"
        f"({', '.join(f'{name}: {kind}' for name, kind in handler.arguments.items())})"
        for handler in handlers
    ]
    return sorted(lines + [f"route {route}" for route in routes])


def listed() -> list[str]:
    """Give the committed list: handlers and routes that these tests know."""
    lines = LISTED.read_text().splitlines()
    return [line for line in lines if line and not re.match(r"\s*#", line)]
