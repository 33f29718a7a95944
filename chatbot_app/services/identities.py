"""Accounts and who their owners are elsewhere. The two are joined only by an e-mail address that the
provider has confirmed, and only by somebody who is signed in to the account already.

An account that exists is never opened by an e-mail address alone: a provider that lets people claim
any address, or an account that somebody made in another's name, would else give it away.
"""

import uuid

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, Forbidden, InvalidInput, NotFound
from chatbot_app.identity_providers import (
    SENTENCES,
    IdentityProblem,
    IdentityProvider,
    Problem,
    ProvenIdentity,
    configured,
)
from chatbot_app.models import Identity, User, now
from chatbot_app.repositories import identities, users
from chatbot_app.schemas import Connection, Provider, SessionGrant, Viewer
from chatbot_app.services import accounts, audit, registration, sessions, text, throttle
from chatbot_app.words import t


def providers() -> list[Provider]:
    """List who else may say who somebody is here."""
    return [Provider(id=p.id, name=p.name) for p in configured(get_settings())]


def provider(provider_id: object) -> IdentityProvider:
    """Get the provider with this id.

    Raises: NotFound.
    """
    for candidate in configured(get_settings()):
        if candidate.id == provider_id:
            return candidate
    raise NotFound(t("This way to sign in is not offered here."))


def sentence(problem: object, provider_id: object) -> str:
    """Say what became of a sign-in, by its word and the provider's id as they stand in an address;
    nothing, if there is no such word.
    """
    for kind, words in SENTENCES.items():
        if kind == problem:
            names = [p.name for p in providers() if p.id == provider_id]
            return t(words, name=names[0] if names else t("the provider"))
    return ""


def enter(by: IdentityProvider, proven: ProvenIdentity, address: str) -> SessionGrant:
    """Sign in whose account this identity is connected to; who has none gets a new one.

    Raises: IdentityProblem, TooManyAttempts, and what `accounts.admit` raises.
    """
    known = _find_user(proven)
    if known is None:
        try:
            return _join(by, proven, address)
        except Conflict:  # perhaps the same person, in another tab
            known = _find_user(proven)
    if known is None:
        raise _refused(by, "email-taken", None)
    return accounts.admit(known, by.name)


def connect(viewer: Viewer, by: IdentityProvider, proven: ProvenIdentity) -> None:
    """Connect this identity to the account of somebody who is signed in, if the e-mail is the same.

    Raises: IdentityProblem, NotFound.
    """
    try:
        mail = _confirmed_email(by, proven)
        with db.session(write=True) as session:
            user = users.get(session, viewer.user_id, lock=True)
            owner = identities.find_user(session, proven.issuer, proven.subject)
            if owner is not None and owner.id == user.id:
                return
            mine = identities.list_for(session, user.id)
            if owner is not None:
                raise IdentityProblem("connected-elsewhere", by.name)
            if mail != user.email:
                raise IdentityProblem("other-email", by.name)
            if any(identity.issuer == proven.issuer for identity in mine):
                raise IdentityProblem("connected-already", by.name)
            identities.add(session, _identity(user, proven, mail))
            user.email_verified_at = user.email_verified_at or now()
            audit.record(session, "identity-connect", actor=user.id, detail=by.name)
    except Conflict:
        raise IdentityProblem("connected-elsewhere", by.name) from None
    except IdentityProblem as problem:
        detail = f"{by.name}: {problem.kind}"
        audit.note("identity-connect", actor=viewer.user_id, detail=detail)
        raise
    sessions.forget()


def list_for(user_id: uuid.UUID) -> list[Connection]:
    """List every provider that is offered or connected, and as whom a person is known there."""
    with db.session() as session:
        has_password = bool(users.get(session, user_id).password_hash)
        mine = list(identities.list_for(session, user_id))
    offered = {p.issuer: p for p in configured(get_settings())}
    found: list[Connection] = []
    for issuer, by in offered.items():
        own = [identity for identity in mine if identity.issuer == issuer]
        if not own:
            found.append(Connection(provider_id=by.id, name=by.name))
        found += [
            Connection(by.id, by.name, str(i.id), i.email, _may_go(i, mine, has_password))
            for i in own
        ]
    return found + [
        Connection("", _host(i.issuer), str(i.id), i.email, _may_go(i, mine, has_password))
        for i in mine
        if i.issuer not in offered
    ]


def disconnect(user_id: uuid.UUID, identity_id: object) -> None:
    """Forget who a person is at a provider, if there is another way for them to sign in.

    Raises: NotFound, Forbidden.
    """
    identifier = text.identifier(identity_id)
    with db.session(write=True) as session:
        user = users.get(session, user_id, lock=True)
        identity = identities.get(session, user_id, identifier)
        mine = list(identities.list_for(session, user_id))
        if not _may_go(identity, mine, bool(user.password_hash)):
            raise Forbidden(t("This is your only way to sign in, so it stays connected."))
        name = _name(identity.issuer)
        identities.delete(session, identity)
        audit.record(session, "identity-disconnect", actor=user_id, detail=name)


def _may_go(identity: Identity, mine: list[Identity], has_password: bool) -> bool:
    """Whether one can still sign in without it; a provider that isn't offered any more lets nobody
    in.
    """
    offered = {p.issuer for p in configured(get_settings())}
    return has_password or any(i.id != identity.id and i.issuer in offered for i in mine)


def _name(issuer: str) -> str:
    names = [p.name for p in configured(get_settings()) if p.issuer == issuer]
    return names[0] if names else _host(issuer)


def _host(issuer: str) -> str:
    return issuer.partition("://")[2].partition("/")[0] or issuer


def _find_user(proven: ProvenIdentity) -> User | None:
    with db.session() as session:
        return identities.find_user(session, proven.issuer, proven.subject)


def _confirmed_email(by: IdentityProvider, proven: ProvenIdentity) -> str:
    if not proven.is_email_verified:
        raise IdentityProblem("unverified", by.name)
    try:
        return text.email(proven.email)
    except InvalidInput:
        raise IdentityProblem("unverified", by.name) from None


def _join(by: IdentityProvider, proven: ProvenIdentity, address: str) -> SessionGrant:
    """Open an account for somebody new, if that is possible here."""
    mail = _confirmed_email(by, proven)
    with db.session() as session:
        holder = users.find_by_email(session, mail)
        if holder is not None and identities.find_user(session, proven.issuer, proven.subject):
            raise Conflict(t("This account was opened a moment ago."))
    settings = get_settings()
    if holder is not None:
        raise _refused(by, "email-taken", holder.id)
    if mail == settings.admin_email:
        raise _refused(by, "reserved", None)
    if settings.registration != "open":
        raise _refused(by, "closed", None)
    throttle.register(address)
    return _register(by, proven, mail)


def _refused(by: IdentityProvider, problem: Problem, target: uuid.UUID | None) -> IdentityProblem:
    audit.note("sign-in", actor=None, target=target, detail=f"{by.name}: {problem}")
    return IdentityProblem(problem, by.name)


def _register(by: IdentityProvider, proven: ProvenIdentity, mail: str) -> SessionGrant:
    user = User(name=_readable(proven, mail), email=mail, password_hash="", email_verified_at=now())
    with db.session(write=True) as session:
        landing = registration.open_account(session, user, by.name)
        identities.add(session, _identity(user, proven, mail))
        audit.record(session, "identity-connect", actor=user.id, detail=by.name)
        return sessions.begin(session, user, landing)


def _identity(user: User, proven: ProvenIdentity, mail: str) -> Identity:
    return Identity(user_id=user.id, issuer=proven.issuer, subject=proven.subject, email=mail)


def _readable(proven: ProvenIdentity, mail: str) -> str:
    """Make a name of what the provider says; nobody is there who could be asked to correct it."""
    limit = get_settings().name_max_chars
    plain = "".join(c if c.isprintable() else " " for c in proven.name[: 10 * limit])
    return " ".join(plain.split())[:limit].strip() or mail.partition("@")[0][:limit]
