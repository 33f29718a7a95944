"""Pages that talk to wherever they came from.

Reflex writes the address of the backend into the bundle, so that a build would serve one port and
one public URL only. In production pages and backend share an origin: this plugin builds a stand-in
instead, and has the finished scripts read the page's own origin in its place. It runs before the
bundle is compressed. In development, where pages come from Vite and another port, Vite hands on
what is for the API. Nothing else is changed in what Reflex builds.
"""

import json
import re
from pathlib import Path
from typing import Any, Unpack

from reflex_base.config import get_config
from reflex_base.constants import Endpoint, Env
from reflex_base.environment import environment
from reflex_base.plugins.base import CommonContext, Plugin, PostBuildContext, PreCompileContext

STAND_IN = "own-origin.invalid"  # RFC 2606: never a host that exists

_ADDRESS = re.compile(rf"""(["'`])(ws|http)://{re.escape(STAND_IN)}(/[\w-]*)\1""")
_OWN_ORIGIN = {"http": "location.origin", "ws": 'location.origin.replace("http","ws")'}
API_PATHS = ("/api", "/healthz", "/readyz")
_VITE_SERVER = "  server: {\n"


class OwnOrigin(Plugin):
    """Makes one production build right for any HOST, PORT and PUBLIC_URL."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """In development, have Vite hand on what is for the API."""
        if not _is_production():
            context["add_modify_task"]("vite.config.js", _hand_on_api)

    def update_env_json(self, **context: Unpack[CommonContext]) -> dict[str, Any] | None:
        """Give the addresses of the stand-in; in development Reflex's own are right."""
        if not _is_production():
            return None
        return {
            endpoint.name: f"{'ws' if endpoint is Endpoint.EVENT else 'http'}://{STAND_IN}{endpoint}"
            for endpoint in Endpoint
        }

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Put the page's own origin in the stand-in's place.

        Raises: RuntimeError when there is no stand-in, or one that was left over.
        """
        replace_stand_in(context["static_dir"])


def replace_stand_in(static_dir: Path) -> None:
    """Make the scripts in this directory read the page's own origin.

    Raises: RuntimeError when there is no stand-in, or one that was left over; either means that
    Reflex builds its addresses in another way than this was written for.
    """
    found = False
    for script in static_dir.rglob("*.js"):
        text = script.read_text()
        if STAND_IN in text:
            found = True
            text = _ADDRESS.sub(_expression, text)
            script.write_text(text)
        if STAND_IN in text:
            raise RuntimeError(f"{script} holds an address in a form that is not known")
    if not found:
        raise RuntimeError(f"no script in {static_dir} holds the address of the backend")


def _expression(address: re.Match[str]) -> str:
    return f'({_OWN_ORIGIN[address[2]]}+"{address[3]}")'


def _is_production() -> bool:
    return environment.REFLEX_ENV_MODE.get() == Env.PROD


def _hand_on_api(vite_config: str) -> str:
    if _VITE_SERVER not in vite_config:
        raise RuntimeError("Reflex writes vite.config.js in another way than this was written for")
    backend = f"http://localhost:{get_config().backend_port}"
    proxy = json.dumps(dict.fromkeys(API_PATHS, backend))
    return vite_config.replace(_VITE_SERVER, f"{_VITE_SERVER}    proxy: {proxy},\n", 1)
