"""The FastAPI application that is mounted in front of Reflex's own routes."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from chatbot_app.api import account, auth, health, invitations, links, oidc, tokens, two_factor
from chatbot_app.api.calls import Calls
from chatbot_app.api.sizes import BodyLimit
from chatbot_app.errors import AppError, CodeNeeded, NotSignedIn, TooManyAttempts


def create_api() -> FastAPI:
    """All routes of our own. The interactive documentation is off: it would fetch its scripts from
    the web.
    """
    api = FastAPI(title="Chatbot Platform", openapi_url=None, docs_url=None, redoc_url=None)
    api.include_router(auth.router)
    api.include_router(tokens.router)
    api.include_router(two_factor.router)
    api.include_router(account.router)
    api.include_router(oidc.router)
    api.include_router(links.router)
    api.include_router(invitations.router)
    api.include_router(health.router)
    api.add_exception_handler(AppError, _refusal)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(400, _malformed)  # a body that is no JSON, or no text at all
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


def _too_long(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"error": "This form is too long to be read."}, status_code=413)


def _malformed(_request: Request, _error: Exception) -> JSONResponse:
    """A body of another shape. The original error quotes what was sent, which may be a password: it
    goes nowhere.
    """
    return JSONResponse(
        {"error": "The form is not complete. Please fill in every field."}, status_code=422
    )
