"""Settings: what an operator can decide, read once from the environment and `.env`.

This is the only reader of the environment in the package. A setting that can't be meant is refused
before anything starts, with a sentence for each; a setting that was misspelt is not seen at all,
for the environment is full of other programs' variables. Rules that nobody would want to change
live where they are applied, not here.
"""

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chatbot_app.addresses import local_url, origin_of, split_http
from chatbot_app.signing_secret import MAKE_A_SECRET, BadSecret, check_secret, kept_secret

PROJECT_ROOT = Path(__file__).resolve().parent.parent

OPENAI = "https://api.openai.com/v1"
OPENROUTER = "https://openrouter.ai/api/v1"
DEFAULT_MODELS = {OPENAI: "gpt-4.1-mini", OPENROUTER: "openai/gpt-4.1-mini"}

FOLLOWS = "default_factory_not_called"  # pydantic's word for a default that hangs on a bad setting


class BadSettings(Exception):
    """The settings can't be used; the message has a line for each that needs a hand."""


class Settings(BaseSettings):
    """Every setting by its name in lower case; the line beneath each says what it means."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # an error must not print a secret
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    BUILT_INTO_PAGES: ClassVar[frozenset[str]] = frozenset(
        {
            "message_max_chars",
            "prompt_max_chars",
            "name_max_chars",
            "email_max_chars",
            "password_min_chars",
            "password_max_chars",
        }
    )
    """What pages may hold: another value makes another build. No other setting may be in a page."""

    # Where it listens
    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all of this machine's."""
    port: int = Field(default=3000, ge=1, le=65535)
    """The port of the pages and the API."""
    workers: int = Field(
        default=1,
        ge=1,
        validation_alias=AliasChoices("workers", "granian_workers", "web_concurrency"),
    )
    """How many processes serve; more than 1 on PostgreSQL and Redis. Wins over WEB_CONCURRENCY."""
    public_url: str = Field(default_factory=lambda known: local_url(known["host"], known["port"]))
    """The address people type, with no path behind it; http://localhost:PORT unless set."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Further origins whose pages may connect, with commas: http://192.168.1.20:3000."""
    trusted_proxy_hops: int = Field(default=0, ge=0)
    """How many reverse proxies stand in front, whose X-Forwarded-For is then believed."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged: debug, info, warning or error."""
    log_format: Literal["text", "json"] = "text"
    """How it is logged: text for people, json for programs (one object a line)."""
    sockets_max: int = Field(default=2000, gt=0)
    """How many open pages a worker serves; further ones are refused."""
    sockets_per_address: int = Field(default=300, gt=0)
    """How many of them one address may have. Behind a proxy, set TRUSTED_PROXY_HOPS."""
    events_per_second: int = Field(default=30, gt=0)
    """How many events a person or a page may send a second; ten seconds' worth at once."""
    shutdown_seconds: int = Field(default=10, ge=0)
    """How long requests may go on after the signal to stop, and then answers; thrice as long in all."""
    heartbeat_seconds: float = Field(default=3, gt=0)
    """How often a worker says that it lives; after seven or eight such times its answers are given up."""

    # What it keeps
    data_dir: Path = Path("data")
    """Where the embedded database and the made secret live; relative to the project."""
    database_url: str = Field(
        default_factory=lambda known: _embedded_database(known["data_dir"]), repr=False
    )
    """postgresql://user:password@host/name; an SQLite file in DATA_DIR unless set."""
    redis_url: str = Field(default="", repr=False)
    """redis://host:6379/0; where the pages' state lives when several workers serve."""

    # Who gets in
    jwt_secret: SecretStr = SecretStr("")
    """Signs the sign-ins, 32 bytes at least. Made in DATA_DIR unless DATABASE_URL is set."""
    bcrypt_cost: int = Field(default=12, ge=4, le=16)
    """The work of a password hash, as a power of two; 12 at least."""
    session_absolute_seconds: int = Field(default=30 * 24 * 3600, gt=0)
    """A sign-in ends after so long, whatever happens."""
    session_idle_seconds: int = Field(default=7 * 24 * 3600, gt=0)
    """A sign-in ends when it was not used for so long."""
    sign_in_failures_per_account: int = Field(default=5, gt=0)
    """Wrong passwords that an account stands within the window before it is closed for a while."""
    sign_in_failures_per_address: int = Field(default=50, gt=0)
    """Wrong passwords that may come from one address within the window."""
    sign_in_window_seconds: int = Field(default=15 * 60, gt=0)
    """The window in which wrong passwords are counted."""
    registrations_per_address: int = Field(default=20, gt=0)
    """Attempts to register that may come from one address within their window."""
    registration_window_seconds: int = Field(default=3600, gt=0)
    """The window in which attempts to register are counted."""

    registration: Literal["open", "invitation", "closed"] = "open"
    """Who may make an account: open for everybody, invitation, or closed."""
    admin_email: str = ""
    """Whoever is to be the first administrator; a link to register is then logged at the start."""
    access_token_seconds: int = Field(default=15 * 60, gt=0)
    """How long a program may use an access token before it asks for another."""
    reset_link_seconds: int = Field(default=3600, gt=0)
    """How long a link to choose another password is good."""
    verification_link_seconds: int = Field(default=3 * 24 * 3600, gt=0)
    """How long a link that confirms an e-mail address is good."""
    invitation_seconds: int = Field(default=7 * 24 * 3600, gt=0)
    """How long an invitation is good."""

    # How it sends mail
    smtp_host: str = ""
    """The mail server; without one no mail is sent and no e-mail address confirmed."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Its port: 587 with starttls, 465 with tls."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is kept private; none only for a server on this machine."""
    smtp_username: str = ""
    """Who signs in there, if somebody has to."""
    smtp_password: SecretStr = SecretStr("")
    """With which password."""
    mail_from: str = ""
    """The sender of its mail: Chatbot <chat@example.com>."""

    # Who else may say who somebody is
    google_client_id: str = ""
    """Sign-in with Google: the client that was registered there."""
    google_client_secret: SecretStr = SecretStr("")
    """Its secret."""
    github_client_id: str = ""
    """Sign-in with GitHub: the OAuth app that was registered there."""
    github_client_secret: SecretStr = SecretStr("")
    """Its secret."""
    github_url: str = "https://github.com"
    """Another address for a GitHub of one's own."""
    oidc_issuer: str = ""
    """Sign-in with any OpenID Connect provider: the issuer's address."""
    oidc_client_id: str = ""
    """The client that was registered there."""
    oidc_client_secret: SecretStr = SecretStr("")
    """Its secret."""
    oidc_name: str = "Single sign-on"
    """What its button says."""

    # Which model answers
    openai_api_key: SecretStr = SecretStr("")
    """The key of an OpenAI-compatible provider; a local one may need none."""
    openai_base_url: str = Field(
        default_factory=lambda known: _provider_of(known["openai_api_key"].get_secret_value())
    )
    """The provider's address; OpenRouter's for its keys (sk-or-…), else OpenAI's unless set."""
    openai_model: str = Field(
        default_factory=lambda known: DEFAULT_MODELS.get(known["openai_base_url"], "")
    )
    """The model a project uses unless it names one; needed with a base URL of one's own."""
    ollama_url: str = "http://127.0.0.1:11434/v1"
    """Where an Ollama is looked for when no provider is set."""
    context_tokens: int = Field(default=16_000, ge=512)
    """How much of a chat is sent to the model: tokens, at four bytes each."""
    auto_titles: bool = True
    """Whether the model is asked for a chat's title after its first answer; else its first words."""
    model_connect_seconds: float = Field(default=10, gt=0)
    """How long the provider may take to accept the connection."""
    model_first_token_seconds: float = Field(default=60, gt=0)
    """How long the provider may take until the first token."""
    model_silence_seconds: float = Field(default=60, gt=0)
    """How long the provider may pause in mid-answer."""
    model_retries: int = Field(default=2, ge=0)
    """How many times a request is sent again that failed before its first token."""
    model_retry_seconds: float = Field(default=10, gt=0)
    """How long may be waited before that; a provider that asks for more is not asked again."""

    # How large things may be
    message_max_chars: int = Field(default=200_000, gt=0)
    """The longest message."""
    prompt_max_chars: int = Field(default=32_000, gt=0)
    """The longest system prompt."""
    name_max_chars: int = Field(default=120, gt=0)
    """The longest name or title."""
    email_max_chars: int = Field(default=254, gt=0)
    """The longest e-mail address (RFC 5321 allows no longer one)."""
    password_min_chars: int = Field(default=15, ge=8)
    """The shortest password (NIST SP 800-63B-4 asks for 15)."""
    password_max_chars: int = Field(default=256, ge=64)
    """The longest password."""

    testing: bool = False
    """For the project's own tests: allows what would be unsafe elsewhere, such as cheap hashes."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part for part in value.split(",") if part.strip()]
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _explicit(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin_of(origin) for origin in origins)

    @field_validator("public_url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        return origin_of(url)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return PROJECT_ROOT / path.expanduser()

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if scheme in {"postgres", "postgresql", "postgresql+psycopg2"} and separator:
            return f"postgresql+psycopg2://{rest}"
        if scheme != "sqlite":
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return url

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        known = scheme in {"redis", "rediss", "unix"} and separator and rest
        if url and not known:
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return url

    @field_validator("jwt_secret")
    @classmethod
    def _unguessable(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value():
            check_secret(secret.get_secret_value())
        return secret

    @field_validator("openai_api_key")
    @classmethod
    def _sendable(cls, key: SecretStr) -> SecretStr:
        bare = key.get_secret_value().strip()
        if not (bare.isascii() and bare.isprintable()):
            raise ValueError("has characters that no key has; was a quote copied with it?")
        return SecretStr(bare)

    @field_validator("admin_email")
    @classmethod
    def _lower(cls, address: str) -> str:
        if address and "@" not in address:
            raise ValueError("must be an e-mail address")
        return address.strip().lower()

    @field_validator("openai_base_url", "ollama_url", "github_url", "oidc_issuer")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url:
            split_http(url)
        return url.rstrip("/")

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.bcrypt_cost < 12 and not self.testing:
            raise ValueError("BCRYPT_COST: must be 12 or more; cheaper hashes are for tests alone")
        if not (self.uses_embedded_database or self.jwt_secret.get_secret_value()):
            raise ValueError(
                "JWT_SECRET: must be set when DATABASE_URL is, so that all that share the database"
                f" know the same one. Make one with: {MAKE_A_SECRET}"
            )
        if self.has_provider and not self.openai_model:
            raise ValueError(
                f"OPENAI_MODEL: must be set, for nothing says which model of"
                f" {self.openai_base_url} to use"
            )
        self._share_among_workers()
        self._name_the_whole()
        return self

    def _name_the_whole(self) -> None:
        """Refuse what is set by half, or would not be safe."""
        lacking = [
            f"{name.upper()}_CLIENT_SECRET: must be set when {name.upper()}_CLIENT_ID is"
            for name in ("google", "github", "oidc")
            if getattr(self, f"{name}_client_id")
            and not getattr(self, f"{name}_client_secret").get_secret_value()
        ]
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            lacking.append("OIDC_ISSUER: goes together with OIDC_CLIENT_ID")
        if self.smtp_host and not self.mail_from:
            lacking.append("MAIL_FROM: must be set when SMTP_HOST is, for every mail has a sender")
        if self.smtp_security == "none" and self.smtp_username and not self.testing:
            lacking.append("SMTP_SECURITY: none would send the password for everybody to read")
        if lacking:
            raise ValueError("\n".join(lacking))

    def _share_among_workers(self) -> None:
        """Refuse several workers where they could not share what each of them needs."""
        lacking: list[str] = []
        if self.workers > 1 and self.is_sqlite:
            lacking.append(
                "WORKERS: more than one needs PostgreSQL, for an SQLite file serves one process;"
                " set DATABASE_URL, or WORKERS=1"
            )
        if self.workers > 1 and not self.redis_url:
            lacking.append(
                "WORKERS: more than one needs Redis, where each finds the state of any page;"
                " set REDIS_URL, or WORKERS=1"
            )
        if lacking:
            raise ValueError("\n".join(lacking))

    @property
    def has_provider(self) -> bool:
        """Whether a provider was set; a local one has an address and no key."""
        return bool(self.openai_base_url)

    @property
    def has_mail(self) -> bool:
        """Whether mail can be sent, so that e-mail addresses are confirmed."""
        return bool(self.smtp_host)

    @property
    def signing_key(self) -> str:
        """What sign-ins are signed with, as text."""
        return self.jwt_secret.get_secret_value()

    @property
    def is_https(self) -> bool:
        """Whether people reach the pages by https, so that cookies may be Secure."""
        return self.public_url.startswith("https://")

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may connect; any other is refused."""
        local = [f"http://{host}:{self.port}" for host in ("localhost", "127.0.0.1")]
        named = [self.public_url, *map(origin_of, local), *self.allowed_origins]
        return list(dict.fromkeys(named))

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.database_url.startswith("sqlite")

    @property
    def uses_embedded_database(self) -> bool:
        """Whether the database is the one in the data directory that comes without asking."""
        return self.database_url == _embedded_database(self.data_dir)


@functools.cache
def get_settings() -> Settings:
    """Give the settings, read at the first call; the secret of an embedded database is made then.

    Raises: BadSettings, with a line for each that needs a hand.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors() if fault["type"] != FOLLOWS]
        raise BadSettings("\n".join(faults)) from None
    if settings.signing_key:
        return settings
    try:
        secret = kept_secret(settings.data_dir)
    except BadSecret as error:
        raise BadSettings(str(error)) from None
    return settings.model_copy(update={"jwt_secret": SecretStr(secret)})


def _embedded_database(directory: Path) -> str:
    return f"sqlite:///{quote(str(directory / 'chatbot.db'))}"


def _provider_of(key: str) -> str:
    if not key:
        return ""
    return OPENROUTER if key.startswith("sk-or-") else OPENAI


def _sentence(fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    name = "_".join(str(part) for part in fault["loc"][:1]).upper()
    return f"{name}: {message}" if name else message
