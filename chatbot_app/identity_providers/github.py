"""GitHub, which speaks OAuth 2 and tells by its own API who somebody is."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter

from chatbot_app.identity_providers.outside import asking, client, distrust, is_private
from chatbot_app.identity_providers.protocol import Callback, Handshake, ProvenIdentity

PUBLIC = "https://github.com"


class _User(BaseModel):
    """Who somebody is. The login may be changed and then taken by another; the number never."""

    model_config = ConfigDict(strict=True)

    id: int
    login: str
    name: str | None = None


class _Email(BaseModel):
    model_config = ConfigDict(strict=True)

    email: str
    primary: bool
    verified: bool


_EMAILS = TypeAdapter(list[_Email])


@dataclass(frozen=True)
class GitHub:
    """GitHub, or one of one's own, and our OAuth app there; see `IdentityProvider`."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: SecretStr
    may_be_http: bool = False

    @property
    def api(self) -> str:
        """Where its API is."""
        return "https://api.github.com" if self.issuer == PUBLIC else f"{self.issuer}/api/v3"

    async def authorization_url(self, handshake: Handshake) -> str:
        """Say where the browser goes, to be asked who it is."""
        if not is_private(self.issuer, may_be_http=self.may_be_http):
            raise distrust(self.name, "it is not at https")
        async with asking(self.name), await self._client(handshake) as oauth:
            url, _state = oauth.create_authorization_url(
                f"{self.issuer}/login/oauth/authorize",
                state=handshake.state,
                code_verifier=handshake.verifier,
            )
        return url

    async def identify(self, callback: Callback, handshake: Handshake) -> ProvenIdentity:
        """Trade the code for a token and ask whose it is; the e-mail is the primary one."""
        if callback.issuer not in ("", self.issuer, f"{self.issuer}/login/oauth"):
            raise distrust(self.name, "the code came from another issuer")
        async with await self._client(handshake) as oauth:
            async with asking(self.name):
                await oauth.fetch_token(
                    f"{self.issuer}/login/oauth/access_token",
                    grant_type="authorization_code",
                    code=callback.code,
                    code_verifier=handshake.verifier,
                )
            async with asking(self.name):
                user = _User.model_validate(await self._get(oauth, "/user"))
            async with asking(self.name):
                emails = _EMAILS.validate_python(
                    await self._get(oauth, "/user/emails?per_page=100")
                )
        primary = next((email for email in emails if email.primary), None)
        return ProvenIdentity(
            issuer=self.issuer,
            subject=str(user.id),
            email=primary.email if primary else "",
            is_email_verified=primary.verified if primary else False,
            name=user.name or user.login,
        )

    async def _get(self, oauth: Any, path: str) -> Any:
        answer = await oauth.get(
            f"{self.api}{path}", headers={"Accept": "application/vnd.github+json"}
        )
        return answer.raise_for_status().json()

    async def _client(self, handshake: Handshake) -> Any:
        return await client(
            client_id=self.client_id,
            secret=self.client_secret,
            scope="read:user user:email",
            redirect_uri=handshake.redirect_uri,
            method="client_secret_post",
        )
