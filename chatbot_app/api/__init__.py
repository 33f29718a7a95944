"""HTTP for forms, machines and other programs: parse, call one service, serialise. Knows nothing of
Reflex.
"""

from chatbot_app.api.application import create_api

__all__ = ["create_api"]
