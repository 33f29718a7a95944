"""Text for people, in their language: `t` marks each sentence, here for what the server says."""


def t(sentence: str, **values: object) -> str:
    """Say a sentence in the caller's language; `{name}` in it stands for a value."""
    return sentence.format(**values) if values else sentence
