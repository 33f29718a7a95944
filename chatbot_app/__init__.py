"""A self-hosted chat platform for any OpenAI-compatible model, in pure Python."""
