"""Settings: what an operator can decide, read once from the environment and `.env`.

This is the only reader of the environment in the package. A setting that can't be meant is refused
before anything starts, with a sentence for each; a setting that was misspelt is not seen at all,
for the environment is full of other programs' variables. Rules that nobody would want to change
live where they are applied, not here.
"""

import functools
import os
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import SplitResult, quote, urlsplit

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

PROJECT_ROOT = Path(__file__).resolve().parent.parent

SECRET_BYTES = 32  # RFC 7518, 3.2: an HS256 key is at least as long as its hash

MAKE_A_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

# Long enough to pass for a secret, and printed in manuals that everybody reads.
SAMPLE_SECRETS = frozenset(
    {
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "a-string-secret-at-least-256-bits-long",
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
    }
)

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
    public_url: str = Field(default_factory=lambda known: _local_url(known["host"], known["port"]))
    """The address people type, with no path behind it; http://localhost:PORT unless set."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Further origins whose pages may connect, with commas: http://192.168.1.20:3000."""
    trusted_proxy_hops: int = Field(default=0, ge=0)
    """How many reverse proxies stand in front, whose X-Forwarded-For is then believed."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged: debug, info, warning or error."""
    shutdown_seconds: int = Field(default=10, ge=0)
    """How long requests and answers may go on after the signal to stop."""
    heartbeat_seconds: float = Field(default=3, gt=0)
    """How often a worker says that it lives; its answers are given up after five times as long."""

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

    @field_validator("openai_base_url", "ollama_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url:
            _split_http(url)
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
        return self

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
    if settings.jwt_secret.get_secret_value():
        return settings
    return settings.model_copy(update={"jwt_secret": SecretStr(kept_secret(settings.data_dir))})


def kept_secret(directory: Path) -> str:
    """Read the secret kept in this directory, making it first if there is none.

    Of processes that start at once, all get the same one. Readable by its owner alone.

    Raises: BadSettings.
    """
    path = directory / "jwt_secret"
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_text().strip()
        check_secret(secret)
    except OSError as error:
        raise BadSettings(
            f"DATA_DIR: {error.filename or directory} can't be used ({error.strerror});"
            " make it writable, or choose another directory with DATA_DIR"
        ) from None
    except ValueError as error:
        raise BadSettings(f"{path}: {error}") from None
    return secret


def check_secret(secret: str) -> None:
    """Refuse a secret that is too short, printed in a manual or all of a piece (ASVS V13.2.3).

    Raises: ValueError.
    """
    if len(secret.encode()) < SECRET_BYTES:
        raise ValueError(f"must have 32 bytes or more. Make one with: {MAKE_A_SECRET}")
    if secret.lower() in SAMPLE_SECRETS or len(set(secret)) < 8:
        raise ValueError(f"is a sample that anybody may know. Make one with: {MAKE_A_SECRET}")


def origin_of(url: str) -> str:
    """Write an address as a browser writes it in an Origin header (RFC 6454).

    Raises: ValueError when it has more than an origin, or is none.
    """
    parts = _split_http(url)
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be like https://chat.example.com, with nothing after the host")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _split_http(url: str) -> SplitResult:
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or "*" in url:
        raise ValueError("must be an address that begins with http:// or https://, without '*'")
    return parts


def _embedded_database(directory: Path) -> str:
    return f"sqlite:///{quote(str(directory / 'chatbot.db'))}"


def _local_url(host: str, port: int) -> str:
    """Only the address of one network has to be typed as it is; all others include localhost."""
    if host in {"0.0.0.0", "::", "127.0.0.1", "::1"}:
        host = "localhost"
    return origin_of(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def _provider_of(key: str) -> str:
    if not key:
        return ""
    return OPENROUTER if key.startswith("sk-or-") else OPENAI


def _make_secret(path: Path) -> None:
    """Write the secret whole and under another name first: nobody ever reads half of one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".jwt_secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails where another process was first, whose secret then counts
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()


def _sentence(fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    name = "_".join(str(part) for part in fault["loc"][:1]).upper()
    return f"{name}: {message}" if name else message
