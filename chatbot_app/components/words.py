"""Text for people, in their language, as pages show it: `t` marks each sentence.

It is said where the page is drawn (`assets/sentences.js`), so that a page is compiled once for all
languages.
"""

from typing import Any

import reflex as rx
from reflex.vars import VarData
from reflex.vars.function import FunctionStringVar, ReflexCallable


def _function(name: str) -> FunctionStringVar[ReflexCallable[Any, str]]:
    imports = VarData(imports={"$/public/sentences.js": [name]})
    return FunctionStringVar.create(name, _var_data=imports)


_said, _side = _function("said"), _function("side")


def t(sentence: str, /, **values: rx.Var[str] | rx.Var[int] | str | int) -> rx.Var[str]:
    """Say a sentence in the reader's language; `{name}` in it stands for a value."""
    said = _said.call(sentence, rx.Var.create(values)) if values else _said.call(sentence)
    return said.to(str)


def around(sentence: str, /, **places: rx.Component) -> rx.Component:
    """Say a sentence around a component that stands in its `{name}`."""
    [(name, component)] = places.items()
    before, after = (_side.call(sentence, name, side).to(str) for side in (0, 1))
    return rx.fragment(before, component, after)
