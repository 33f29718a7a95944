"""The FastAPI application that is mounted in front of Reflex's own routes."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from chatbot_app.api import (
    account,
    auth,
    exports,
    health,
    imports,
    invitations,
    links,
    models,
    oidc,
    tokens,
    two_factor,
)
from chatbot_app.api.calls import Calls
from chatbot_app.api.sizes import IMPORTS, MAX_IMPORT_BYTES, BodyLimit
from chatbot_app.errors import AppError, CodeNeeded, NotSignedIn, TooManyAttempts
from chatbot_app.words import t


def create_api() -> FastAPI:
    """All routes of our own. The interactive documentation is off: it would fetch its scripts from
    the web.
    """
    api = FastAPI(title="Chatbot Platform", openapi_url=None, docs_url=None, redoc_url=None)
    api.include_router(auth.router)
    api.include_router(tokens.router)
    api.include_router(two_factor.router)
    api.include_router(account.router)
    api.include_router(exports.router)
    api.include_router(imports.router)
    api.include_router(oidc.router)
    api.include_router(links.router)
    api.include_router(invitations.router)
    api.include_router(models.router)
    api.include_router(health.router)
    api.mount("/api", _nothing)
    api.add_exception_handler(AppError, _refusal)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(400, _malformed)  # a body that is no JSON, or no text at all
    api.add_exception_handler(408, _too_slow)
    api.add_exception_handler(413, _too_long)
    api.add_middleware(BodyLimit)
    api.add_middleware(Calls)
    return api


def _refusal(_request: Request, error: Exception) -> JSONResponse:
    """An `AppError` as JSON with its status."""
    if not isinstance(error, AppError):
        raise error
    headers: dict[str, str] = {}
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, 15.5.2: a 401 says how one would get in
    content = {"error": error.message}
    if isinstance(error, CodeNeeded):
        content["needs"] = "code"  # so that a program need not read the sentence
    return JSONResponse(content, status_code=error.status, headers=headers)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """What is no route is no page either: a plain answer, before a file is looked for, which would
    be sent while the form behind the request is still counted.
    """
    if scope["type"] != "http":
        await send({"type": "websocket.close"})
        return
    answer = JSONResponse({"error": t("There is nothing at this address.")}, status_code=404)
    await answer(scope, receive, send)


def _too_long(request: Request, _error: Exception) -> JSONResponse:
    if request.url.path == IMPORTS:
        most = f"{MAX_IMPORT_BYTES // 1_000_000} MB"
        return JSONResponse(
            {"error": t("This file is too large: at most {most} can be imported.", most=most)},
            status_code=413,
        )
    return JSONResponse({"error": t("This form is too long to be read.")}, status_code=413)


def _too_slow(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse(
        {"error": t("The form did not arrive in time. Please try again.")},
        status_code=408,
        headers={"connection": "close"},
    )


def _malformed(_request: Request, _error: Exception) -> JSONResponse:
    """A body of another shape. The original error quotes what was sent, which may be a password: it
    goes nowhere.
    """
    return JSONResponse(
        {"error": t("The form is not complete. Please fill in every field.")}, status_code=422
    )
