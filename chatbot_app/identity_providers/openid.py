"""Any provider that speaks OpenID Connect: Google, Keycloak, Authentik, Entra ID and many more."""

import time
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from chatbot_app.identity_providers import discovery, id_tokens
from chatbot_app.identity_providers.outside import asking, client, distrust
from chatbot_app.identity_providers.protocol import Callback, Handshake, ProvenIdentity


class _Person(BaseModel):
    """What an ID token or the userinfo endpoint says of somebody. Some providers write a boolean as
    text, and null for what they don't know.
    """

    model_config = ConfigDict(strict=True)

    sub: str
    email: str | None = None
    email_verified: bool | str | None = None
    name: str | None = None

    @property
    def is_email_verified(self) -> bool:
        return self.email_verified in (True, "true")


@dataclass(frozen=True)
class OpenIDConnect:
    """One such provider and our client there; see `IdentityProvider`."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: SecretStr
    may_be_http: bool = False

    async def authorization_url(self, handshake: Handshake) -> str:
        """Say where the browser goes, to be asked who it is."""
        known = await self._document()
        async with asking(self.name), await self._client(known, handshake) as oauth:
            url, _state = oauth.create_authorization_url(
                known.authorization_endpoint,
                state=handshake.state,
                nonce=handshake.nonce,
                code_verifier=handshake.verifier,
            )
        return url

    async def identify(self, callback: Callback, handshake: Handshake) -> ProvenIdentity:
        """Trade the code for an ID token, and believe it if all of it fits."""
        known = await self._document()
        self._require_issuer(callback, known)
        async with await self._client(known, handshake) as oauth:
            async with asking(self.name):
                tokens = await oauth.fetch_token(
                    known.token_endpoint,
                    grant_type="authorization_code",
                    code=callback.code,
                    code_verifier=handshake.verifier,
                )
                id_token = tokens["id_token"]
            if not isinstance(id_token, str):
                raise distrust(self.name, "it gave no ID token")
            claims = await self._claims(id_token, known, handshake)
            async with asking(self.name):
                person = _Person.model_validate(claims)
            if not person.email and known.userinfo_endpoint:
                person = await self._userinfo(oauth, known, person)
        return ProvenIdentity(
            issuer=self.issuer,
            subject=person.sub,
            email=person.email or "",
            is_email_verified=person.is_email_verified,
            name=person.name or "",
        )

    def _require_issuer(self, callback: Callback, known: discovery.Document) -> None:
        """Refuse a code that another provider gave (RFC 9207, 2.4)."""
        is_said = bool(callback.issuer) or known.authorization_response_iss_parameter_supported
        if is_said and callback.issuer != known.issuer:
            raise distrust(self.name, "the code came from another issuer")

    async def _claims(
        self, id_token: str, known: discovery.Document, handshake: Handshake
    ) -> dict[str, Any]:
        """Check the token with the keys that are known or, if it names none of them, the newest."""
        for is_fresh in (False, True):
            keys = await discovery.keys(self.name, known.jwks_uri, is_fresh=is_fresh)
            try:
                return id_tokens.read(
                    id_token,
                    keys,
                    issuer=known.issuer,
                    client_id=self.client_id,
                    nonce=handshake.nonce,
                    now=int(time.time()),
                )
            except id_tokens.UnknownKey:
                continue
            except id_tokens.Refused as error:
                raise distrust(self.name, f"ID token, {error}") from None
        raise distrust(self.name, "ID token, signed with a key that it doesn't publish")

    async def _userinfo(self, oauth: Any, known: discovery.Document, person: _Person) -> _Person:
        """Ask for the e-mail. It may be another person's unless the subject is the same (OpenID
        Connect Core, 5.3.2).
        """
        async with asking(self.name):
            answer = await oauth.get(known.userinfo_endpoint)
            told = _Person.model_validate(answer.raise_for_status().json())
        if told.sub != person.sub:
            raise distrust(self.name, "userinfo tells of somebody else")
        return told.model_copy(update={"name": told.name or person.name})

    async def _document(self) -> discovery.Document:
        return await discovery.document(self.name, self.issuer, may_be_http=self.may_be_http)

    async def _client(self, known: discovery.Document, handshake: Handshake) -> Any:
        return await client(
            client_id=self.client_id,
            secret=self.client_secret,
            scope="openid email profile",
            redirect_uri=handshake.redirect_uri,
            method=known.token_method,
        )
