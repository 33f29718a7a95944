"""The pages whose addresses hold an id, made before anybody asks for them.

Reflex prerenders the pages whose addresses it knows. The others, and the chat is one, begin as an
empty page that learns from its scripts which further scripts it needs: a round trip more, and
nothing to see or to type in until all have run. Before the server has said what is in them they are
the same for every id, so one is made for all of them, at an address with `bundle.ANY` in the id's
place; `loading` serves it wherever it fits.
"""

import json
from collections.abc import Iterator
from typing import Unpack

from reflex_base.constants import Env
from reflex_base.environment import environment
from reflex_base.plugins.base import Plugin, PreCompileContext

from chatbot_app.bundle import ANY

CONFIG = "react-router.config.js"
PRERENDER = '"prerender": true'


class OpenPages(Plugin):
    """Has React Router prerender a page for each route that holds an id."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Add their addresses to those that are known; in development nothing is prerendered."""
        if environment.REFLEX_ENV_MODE.get() != Env.PROD:
            return
        routes = [page.route for page in context["unevaluated_pages"]]
        addresses = [address for route in routes for address in open_addresses(route)]
        context["add_modify_task"](CONFIG, lambda config: _prerendering(config, addresses))


def open_addresses(route: str) -> Iterator[str]:
    """Give the addresses that stand for all of a route; with and without an id that may be left out.

    None if the route holds no id.
    """
    segments = route.split("/")
    if "[" not in route:
        return
    if segments[-1].startswith("[["):
        yield _address(segments[:-1])
    yield _address(segments)


def _address(segments: list[str]) -> str:
    return "".join(f"/{ANY if segment.startswith('[') else segment}" for segment in segments)


def _prerendering(config: str, addresses: list[str]) -> str:
    if PRERENDER not in config:
        raise RuntimeError(f"Reflex writes {CONFIG} in another way than this was written for")
    known = "({getStaticPaths}) => [...getStaticPaths(), ..." + json.dumps(addresses) + "]"
    return config.replace(PRERENDER, f'"prerender": {known}')
