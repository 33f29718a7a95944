import multiprocessing
import re
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from chatbot_app.addresses import origin_of
from chatbot_app.config import (
    PROJECT_ROOT,
    BadSettings,
    Settings,
    get_settings,
)
from chatbot_app.signing_secret import kept_secret

GOOD_SECRET = "3kT9-wq0Zb7Yf1Lm5Xc8Vn2Rp6Hs4Jd_Gu"
ENV_EXAMPLE = (PROJECT_ROOT / ".env.example").read_text()
README = PROJECT_ROOT / "README.md"
FOR_OPERATORS = {name: field for name, field in Settings.model_fields.items() if name != "testing"}


@pytest.fixture(autouse=True)
def fresh_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Start each test from the defaults, whatever this machine or the other tests have set."""
    for name in (*Settings.model_fields, "web_concurrency", "granian_workers"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with pytest.raises(BadSettings) as caught:
        get_settings()
    return str(caught.value)


def test_everything_works_with_nothing_set(tmp_path: Path):
    settings = get_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.public_url == "http://localhost:3000"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/chatbot.db"
    assert settings.uses_embedded_database
    assert not settings.has_provider


def test_settings_come_from_the_env_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".env").write_text("PORT=4000\nCONTEXT_TOKENS=8000\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PORT", "5000")

    settings = get_settings()

    assert (settings.port, settings.context_tokens) == (5000, 8000)


def test_a_setting_left_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("OPENAI_API_KEY", "")

    assert get_settings().port == 3000
    assert not get_settings().has_provider


def test_each_bad_setting_is_named_in_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch):
    lines = refusal(
        monkeypatch, PORT="abc", LOG_LEVEL="loud", PUBLIC_URL="chat.example.com"
    ).splitlines()

    assert [line.partition(":")[0] for line in lines] == ["PORT", "PUBLIC_URL", "LOG_LEVEL"]


def test_a_refusal_never_shows_a_secret(monkeypatch: pytest.MonkeyPatch):
    message = refusal(monkeypatch, JWT_SECRET="hunter2", DATABASE_URL="mysql://u:hunter2@h/d")

    assert "JWT_SECRET" in message
    assert "DATABASE_URL" in message
    assert "hunter2" not in message


def test_printed_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JWT_SECRET", GOOD_SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter2")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@h/d")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@h/0")

    assert "hunter2" not in f"{get_settings()!r} {get_settings()}"
    assert GOOD_SECRET not in f"{get_settings()!r} {get_settings()}"


ON_POSTGRESQL = {"DATABASE_URL": "postgresql://u:p@h/d", "JWT_SECRET": GOOD_SECRET}


@pytest.mark.parametrize("name", ["WORKERS", "GRANIAN_WORKERS", "WEB_CONCURRENCY"])
def test_several_workers_are_refused_with_a_sentence_for_each_thing_they_lack(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    lines = refusal(monkeypatch, **{name: "2"}).splitlines()

    assert [line.partition(",")[0] for line in lines] == [
        "WORKERS: more than one needs PostgreSQL",
        "WORKERS: more than one needs Redis",
    ]
    assert "set DATABASE_URL, or WORKERS=1" in lines[0]
    assert "set REDIS_URL, or WORKERS=1" in lines[1]


def test_several_workers_on_sqlite_are_refused_whatever_else_is_set(
    monkeypatch: pytest.MonkeyPatch,
):
    message = refusal(monkeypatch, WORKERS="2", REDIS_URL="redis://localhost")

    assert message.startswith("WORKERS: more than one needs PostgreSQL")
    assert "Redis" not in message


def test_several_workers_without_redis_are_refused(monkeypatch: pytest.MonkeyPatch):
    message = refusal(monkeypatch, WORKERS="2", **ON_POSTGRESQL)

    assert message.startswith("WORKERS: more than one needs Redis")
    assert "PostgreSQL" not in message


@pytest.mark.parametrize(
    "url", ["redis://localhost:6379/0", "rediss://:p@redis.example.com/1", "unix:///run/redis.sock"]
)
def test_several_workers_may_share_postgresql_and_redis(url: str, monkeypatch: pytest.MonkeyPatch):
    for name, value in {**ON_POSTGRESQL, "WORKERS": "2", "REDIS_URL": url}.items():
        monkeypatch.setenv(name, value)

    assert (get_settings().workers, get_settings().redis_url) == (2, url)


@pytest.mark.parametrize(
    "url", ["localhost:6379", "redis://", "http://localhost:6379", "unix:/run"]
)
def test_what_is_no_address_of_a_redis_is_refused(url: str, monkeypatch: pytest.MonkeyPatch):
    assert refusal(monkeypatch, REDIS_URL=url).startswith("REDIS_URL: must begin with redis://")


@pytest.mark.parametrize(
    ("name", "value"),
    [("HEARTBEAT_SECONDS", "0"), ("MODEL_RETRIES", "-1"), ("MODEL_RETRY_SECONDS", "0")],
)
def test_spans_of_no_length_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    assert refusal(monkeypatch, **{name: value}).startswith(f"{name}:")


def test_one_worker_can_be_asked_for_where_the_host_suggests_more(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    monkeypatch.setenv("WORKERS", "1")

    assert get_settings().workers == 1


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_may_be_written_in_any_usual_way(scheme: str):
    settings = Settings(database_url=f"{scheme}://u:p@h/chat", jwt_secret=SecretStr(GOOD_SECRET))

    assert settings.database_url == "postgresql+psycopg2://u:p@h/chat"
    assert not settings.is_sqlite
    assert not settings.uses_embedded_database


def test_ones_own_database_needs_ones_own_secret(monkeypatch: pytest.MonkeyPatch):
    message = refusal(monkeypatch, DATABASE_URL="postgresql://u:p@h/d")

    assert message.startswith("JWT_SECRET: must be set")
    assert "secrets.token_urlsafe" in message


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        "x" * 64,
        "a-string-secret-at-least-256-bits-long",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    ],
)
def test_a_guessable_secret_is_refused_with_a_command_for_a_better_one(
    secret: str, monkeypatch: pytest.MonkeyPatch
):
    message = refusal(monkeypatch, JWT_SECRET=secret)

    assert message.startswith("JWT_SECRET:")
    assert "secrets.token_urlsafe" in message


def test_the_made_secret_is_kept_and_its_owners_alone(tmp_path: Path):
    first = get_settings().jwt_secret.get_secret_value()
    get_settings.cache_clear()
    path = tmp_path / "data" / "jwt_secret"

    assert get_settings().jwt_secret.get_secret_value() == first == path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["jwt_secret"]


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = set(pool.map(kept_secret, [tmp_path / "data"] * 16))

    assert len(found) == 1


def test_a_spoilt_secret_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jwt_secret").write_text("")

    assert f"{tmp_path}/data/jwt_secret" in refusal(monkeypatch)


def test_a_data_directory_that_cannot_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").touch()

    assert "choose another directory with DATA_DIR" in refusal(
        monkeypatch, DATA_DIR=str(tmp_path / "file" / "data")
    )


def test_cheap_hashes_are_for_tests_alone(monkeypatch: pytest.MonkeyPatch):
    assert "BCRYPT_COST" in refusal(monkeypatch, BCRYPT_COST="4")
    assert Settings(bcrypt_cost=4, testing=True).bcrypt_cost == 4


def test_own_addresses_and_the_named_ones_may_connect(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "4100")
    monkeypatch.setenv("PUBLIC_URL", "https://Chat.example.com:443/")
    monkeypatch.setenv("ALLOWED_ORIGINS", "http://192.168.1.20:4100, http://nas.local:80")

    assert get_settings().origins == [
        "https://chat.example.com",
        "http://localhost:4100",
        "http://127.0.0.1:4100",
        "http://192.168.1.20:4100",
        "http://nas.local",
    ]
    assert get_settings().is_https


@pytest.mark.parametrize("origins", ["*", "http://*.example.com", "null", "example.com"])
def test_origins_must_be_named_one_by_one(origins: str, monkeypatch: pytest.MonkeyPatch):
    assert refusal(monkeypatch, ALLOWED_ORIGINS=origins).startswith("ALLOWED_ORIGINS:")


@pytest.mark.parametrize(
    "url", ["https://a.b/chat", "https://u:p@a.b", "https://a.b?x", "ftp://a.b", "https://"]
)
def test_an_origin_has_nothing_but_scheme_host_and_port(url: str):
    with pytest.raises(ValueError, match="must be"):
        origin_of(url)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://localhost:3000"),
        ("192.168.1.20", "http://192.168.1.20:3000"),
        ("fd00::1", "http://[fd00::1]:3000"),
    ],
)
def test_the_public_address_follows_the_one_listened_on(host: str, url: str):
    settings = Settings(host=host)

    assert settings.public_url == url
    assert url in settings.origins


@pytest.mark.parametrize(
    ("key", "url", "model"),
    [
        ("sk-or-v1-1", "https://openrouter.ai/api/v1", "openai/gpt-4.1-mini"),
        ("sk-proj-1", "https://api.openai.com/v1", "gpt-4.1-mini"),
    ],
)
def test_a_key_alone_is_enough(key: str, url: str, model: str):
    settings = Settings(openai_api_key=SecretStr(key))

    assert (settings.openai_base_url, settings.openai_model) == (url, model)
    assert settings.has_provider


def test_a_local_provider_needs_no_key_but_a_model(monkeypatch: pytest.MonkeyPatch):
    local = "http://127.0.0.1:8000/v1"

    assert Settings(openai_base_url=f"{local}/", openai_model="qwen").openai_base_url == local
    assert refusal(monkeypatch, OPENAI_BASE_URL=local).startswith("OPENAI_MODEL: must be set")


def test_env_example_explains_every_setting_with_its_default():
    explained = {
        name.lower(): (meaning, default)
        for meaning, name, default in re.findall(
            r"^# (.+)\n#([A-Z_]+)=(.*)$", ENV_EXAMPLE, re.MULTILINE
        )
    }

    assert explained.keys() == FOR_OPERATORS.keys()
    for name, (meaning, default) in explained.items():
        field = FOR_OPERATORS[name]
        assert meaning == field.description
        known = field.default not in (PydanticUndefined, (), SecretStr(""))
        assert default == (str(field.default) if known else "")


def test_env_example_changes_nothing_as_it_is():
    assert not [line for line in ENV_EXAMPLE.splitlines() if line and not line.startswith("#")]


def test_the_readme_lists_every_setting_and_no_other():
    listed = re.findall(r"^\| `([A-Z_]+)`", README.read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(name.upper() for name in FOR_OPERATORS)


def test_a_key_with_a_curly_quote_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "“sk-secret”")

    with pytest.raises(
        BadSettings, match="OPENAI_API_KEY: has characters that no key has"
    ) as refusal:
        get_settings()

    assert "sk-secret" not in str(refusal.value)
