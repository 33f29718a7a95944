"""Answers that are being written: the engine that reads the model, the journal that keeps what was
said, the reaper and the mirror for other workers' answers, and what pages need to follow along.

Nothing here knows of users' rights, of Reflex or of HTTP: services authorise before they come here.
"""

from chatbot_app.generation.channels import Channel, Channels
from chatbot_app.generation.engine import Engine
from chatbot_app.generation.live import Generation, Job

__all__ = ["Channel", "Channels", "Engine", "Generation", "Job"]
