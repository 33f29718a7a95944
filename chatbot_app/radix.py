"""Radix Themes as the pages have it: only what they use of it, in styles and in scripts.

By itself Reflex loads the whole library on every page: its style sheet for all components and
colours, and its scripts for components that the server would make while it runs, of which there are
none here (and which the content security policy forbids). Read in the source of Reflex 0.10.1,
which is why its version is pinned; see `docs/decisions/0010-only-what-a-page-needs.md`.
"""

from pathlib import Path
from typing import Any

import reflex as rx

COLORS = "gray slate iris red orange amber grass teal blue purple"
"""All that are named in `assets/styles.css` or `assets/diagrams.js`, in a component's `color`, or in
the theme.
"""

TOKENS = [*(f"tokens/colors/{color}" for color in COLORS.split()), "tokens/base"]


class Radix(rx.plugins.RadixThemesPlugin):
    """Radix Themes without the parts that no page uses."""

    def get_stylesheet_paths(self, **context: Any) -> tuple[str, ...]:
        """The sheets that the library's `styles.css` is made of, with the colours in use."""
        return tuple(
            f"@radix-ui/themes/{sheet}.css" for sheet in (*TOKENS, "components", "utilities")
        )

    def get_static_assets(self, **context: Any) -> list[tuple[Path, str | bytes]]:
        """Put a configuration of PostCSS in place of Reflex's that leaves out unused components."""
        config = Path(__file__).with_name("postcss.config.js")
        return [(Path(config.name), config.read_text())]

    def get_frontend_dependencies(self, **context: Any) -> tuple[str, ...]:
        """None: what is named here is loaded whole, and components name what they need anyway."""
        return ()
