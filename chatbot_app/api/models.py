"""The models that a person may choose from."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from chatbot_app.api.requests import viewer
from chatbot_app.schemas import Viewer
from chatbot_app.services import model_choices

router = APIRouter(prefix="/api/models")


@router.get("")
async def offered(viewer: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
    """List the provider's models, in its order; the list is empty if the provider doesn't say."""
    return {"models": [asdict(model) for model in await model_choices.offered()]}
