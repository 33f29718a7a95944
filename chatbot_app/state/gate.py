"""The one gate that every event handler passes, and the lock in front of hydration.

Any client may emit any public handler with any arguments, so nothing a browser says is believed:
not the client token, not a var, not an argument's type. What counts is the session cookie that came
with the websocket's handshake, and the live row behind it.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, get_type_hints
from urllib.parse import quote

import reflex as rx
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from reflex.app import App
from reflex.istate.proxy import StateProxy
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, OnLoadInternalState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from chatbot_app import callers, db, words
from chatbot_app.addresses import client_address
from chatbot_app.config import get_settings
from chatbot_app.cookies import LANGUAGE, read_cookie, session_cookie
from chatbot_app.errors import AppError, InvalidInput, NotSignedIn
from chatbot_app.schemas import Viewer
from chatbot_app.services import audit, rates, sessions
from chatbot_app.state.session import Session
from chatbot_app.words import mark, t

log = logging.getLogger(__name__)

MALFORMED = mark("The page sent something the server does not understand. Please reload it.")
GATED = "_passes_the_gate"
UNEXPECTED = mark("Something went wrong on our side. Please try again.")

REFUSALS_PER_SECOND = 0.1  # written to the audit for one person: a flood must not fill the disk

_refusals = rates.Buckets()


def session_token(state: Any) -> str | None:
    """The session's JWT in the cookies that came with this tab's websocket."""
    name = session_cookie(is_https=get_settings().is_https)
    return read_cookie(state.router.headers.cookie, name)


async def resolve(token: str | None, *, is_fresh: bool = False) -> Viewer:
    """Who this token speaks for at this moment; see `sessions.resolve`.

    Raises:
        NotSignedIn: there is no token, or the session behind it is over.
    """
    remembered = None if is_fresh else sessions.find_remembered(token)
    return remembered or await db.in_thread(sessions.resolve, token, is_fresh=is_fresh)


def caller_of(state: Any) -> callers.Caller:
    """Who sent this tab's event, with a new request id."""
    headers = state.router.headers
    address = client_address(
        state.router.session.client_ip,
        headers.raw_headers.get("x-forwarded-for", ""),
        hops=get_settings().trusted_proxy_hops,
    )
    language = words.choose(
        read_cookie(headers.cookie, LANGUAGE), headers.raw_headers.get("accept-language", "")
    )
    return callers.Caller(address, headers.user_agent, callers.new_request_id(), language)


async def _find(token: str | None) -> Viewer | None:
    try:
        return await resolve(token)
    except NotSignedIn:
        return None


def handler(
    function: Callable[..., Any] | None = None,
    *,
    anonymous: bool = False,
    admin: bool = False,
    background: bool = False,
    supersedes: bool = False,
) -> Any:
    """Make a state's coroutine method an event handler that only its rightful caller reaches.

    The method takes the `Viewer` first, then its arguments, which are validated strictly against
    their annotations: wrong types, missing and unknown ones are refused before it runs. With
    `anonymous` the signed-out may call it too, and the viewer is None for them; with `admin` only
    administrators may, and the audit hears of anybody else. Nobody may send more than
    `EVENTS_PER_SECOND` for long. A refusal becomes a notice and a missing session the way to the
    sign-in page; anything else is a bug: the log gets it, the person an apology and the number to
    find it by.
    """
    if function is None:
        return functools.partial(
            handler,
            anonymous=anonymous,
            admin=admin,
            background=background,
            supersedes=supersedes,
        )
    if not inspect.iscoroutinefunction(function):
        raise TypeError(
            f"{function.__qualname__} must be a coroutine: a sync handler blocks every user"
        )
    gated = _gated(function, anonymous=anonymous, admin=admin)
    return rx.event(gated, background=background, supersedes=supersedes)


def _gated(function: Callable[..., Any], *, anonymous: bool, admin: bool) -> Any:
    """Make what stands in the handler's place, and looks to Reflex as it would without a viewer."""
    name = function.__qualname__
    signature = inspect.signature(function)
    state_parameter, _viewer, *accepted = signature.parameters.values()
    hints = get_type_hints(function)
    arguments = _arguments_model(name, accepted, hints)

    async def gated(self: Any, /, **given: Any) -> Any:
        caller = caller_of(self)
        callers.enter(caller)
        try:
            viewer = await (_find if anonymous else resolve)(session_token(self))
            rates.spend(viewer.user_id if viewer else self.router.session.session_id)
            if admin and viewer is not None:
                await _require_admin(viewer, name)
            return await function(self, viewer, **_checked(arguments, given))
        except NotSignedIn:
            return rx.redirect(sign_in_path(self.router.url.path))
        except AppError as error:
            await _tell(self, error.message)
        except Exception:
            log.exception("%s failed", name)
            reference = t("Reference: {id}", id=caller.request_id)
            await _tell(self, f"{t(UNEXPECTED)} ({reference})")

    gated.__name__, gated.__qualname__ = function.__name__, name
    gated.__doc__, gated.__module__ = function.__doc__, function.__module__
    # Reflex would turn "2" into 2 by the annotations, before anything is checked: it sees none.
    gated.__annotations__ = {}
    shown = signature.replace(parameters=[state_parameter, *accepted])
    for attribute, value in (("__signature__", shown), (GATED, True)):
        setattr(gated, attribute, value)
    return gated


async def _require_admin(viewer: Viewer, name: str) -> None:
    if viewer.is_admin:
        return
    if _refusals.take(viewer.user_id, rate=REFUSALS_PER_SECOND):
        await db.in_thread(audit.note, "admin-access", actor=viewer.user_id, detail=name)
    raise sessions.not_admin()


def sign_in_path(after: str) -> str:
    """The sign-in page, which leads back to the path `after`."""
    return "/login" if after in ("", "/") else f"/login?next={quote(after, safe='/')}"


def _arguments_model(
    name: str, accepted: list[inspect.Parameter], hints: dict[str, Any]
) -> type[BaseModel]:
    fields: dict[str, Any] = {
        p.name: (hints[p.name], ... if p.default is p.empty else p.default) for p in accepted
    }
    return create_model(name, __config__=ConfigDict(strict=True, extra="forbid"), **fields)


def _checked(arguments: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    try:
        model = arguments.model_validate(given)
    except ValidationError:
        # The error quotes what was sent, which may be secret: it goes nowhere.
        raise InvalidInput(t(MALFORMED)) from None
    return {name: getattr(model, name) for name in arguments.model_fields}


async def _tell(state: Any, message: str) -> None:
    if isinstance(state, StateProxy):
        async with state:
            (await state.get_state(Session)).notice = message
    else:
        (await state.get_state(Session)).notice = message


class OwnerLock(Middleware):
    """Stands before every event, Reflex's own included.

    It empties a tab's state that belongs to somebody else than the cookie says, or to somebody who
    is no administrator any more, before anything of it is sent: Reflex hydrates a state from its
    token before any handler runs, and the token is the client's own choice. And it lets only known
    events in, for Reflex gives every state a `setvar` that sets any var to anything.
    """

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Refuse an unknown event; otherwise compare the state's owner with the cookie's and let
        the event go on.
        """
        if not is_known(event.name) or not _is_well_formed(event):
            log.warning("refused an event that no page sends")
            return StateUpdate()
        root: Any = state._get_root_state()
        viewer = await _find(session_token(root))
        session = await root.get_state(Session)
        owner = str(viewer.user_id) if viewer else ""
        if session._owner != owner or (session.is_admin and not (viewer and viewer.is_admin)):
            was_hydrated = root.is_hydrated
            await _load_all_below(root, type(root))
            root.reset()
            root.is_hydrated = was_hydrated
            session._owner = owner
        if viewer:
            session._show(viewer)
        return None


async def _load_all_below(root: Any, of: type[BaseState]) -> None:
    """Redis gives only the states that an event needs; what is not loaded could not be emptied."""
    for below in of.get_substates():
        await root.get_state(below)
        await _load_all_below(root, below)


def _taken_by(function: Callable[..., Any]) -> type[BaseModel]:
    _self, *accepted = inspect.signature(function).parameters.values()
    return _arguments_model(function.__qualname__, accepted, get_type_hints(function))


FRAMEWORK_EVENTS = {
    format_event_handler(owner.event_handlers[name]): _taken_by(owner.event_handlers[name].fn)
    for owner, name in (
        (rx.State, "hydrate"),
        (rx.State, "hydrate_and_load"),
        (rx.State, "set_is_hydrated"),
        (OnLoadInternalState, "on_load_internal"),
        (OnLoadInternalState, "set_is_hydrated"),
    )
}
"""Reflex's own events that a page needs, and what each takes: Reflex itself logs what does not fit."""


def is_known(event_name: str) -> bool:
    """Whether this is one of our gated handlers, or one of the few of Reflex that pages need."""
    registered = RegistrationContext.get().event_handlers.get(event_name)
    is_gated = registered is not None and hasattr(registered.handler.fn, GATED)
    return is_gated or event_name in FRAMEWORK_EVENTS


def _is_well_formed(event: Event) -> bool:
    """Whether an event carries arguments at all, and one of Reflex's own those that it takes. Our
    handlers look at theirs themselves, and tell the page.
    """
    payload: Any = event.payload
    accepted = FRAMEWORK_EVENTS.get(event.name)
    if accepted is None:
        return isinstance(payload, dict)
    try:
        accepted.model_validate(payload)
    except ValidationError:
        return False
    return True
