"""The front door, for the signed-out; the signed-in go straight to their last chat."""

import reflex as rx

from chatbot_app.components.entrance import brand
from chatbot_app.components.language import language_choice
from chatbot_app.components.links import link
from chatbot_app.components.words import t
from chatbot_app.state.landing import Landing

OPTIONS = {"route": "/", "title": "Chatbot Platform", "on_load": Landing.pass_through}

PROMISES = (
    (
        "shield-check",
        t("An answer is never lost"),
        t("Close the tab, reload, switch device: the answer goes on where it was."),
    ),
    (
        "layers",
        t("Projects with a character"),
        t("Give each project its own instructions and model, and keep its chats together."),
    ),
    (
        "server",
        t("Yours to run"),
        t("One small service with its own database, and any model that speaks the OpenAI API."),
    ),
)


def page() -> rx.Component:
    """What this is, and the two ways in."""
    return rx.el.div(
        rx.el.header(
            brand(),
            link(t("Sign in"), href="/login", underline="none", class_name="button"),
            class_name="landing-bar",
        ),
        rx.el.main(
            rx.el.section(
                rx.el.h1(t("A calm place to talk to your models")),
                rx.el.p(
                    t(
                        "Ask, think and build with any language model, on a server of your own. "
                        "Your projects, your chats, your data."
                    ),
                    class_name="landing-lead",
                ),
                rx.el.div(_way_in(), class_name="landing-actions"),
                rx.cond(
                    Landing.registration == "invitation",
                    rx.el.p(t("Accounts here are by invitation."), class_name="landing-note"),
                ),
                class_name="landing-hero",
            ),
            _preview(),
            rx.el.section(
                *[_promise(*promise) for promise in PROMISES], class_name="landing-promises"
            ),
        ),
        rx.el.footer(language_choice("language-choice"), class_name="landing-foot"),
        class_name="landing",
    )


def _way_in() -> rx.Component:
    """To a new account where anybody may have one, else to one's own."""
    return rx.cond(
        Landing.registration == "open",
        _large(t("Create your account"), "/register"),
        _large(t("Go to your account"), "/login"),
    )


def _large(words: rx.Var[str] | str, path: str) -> rx.Component:
    return link(words, href=path, underline="none", class_name="button primary large")


def _promise(icon: str, title: rx.Var[str] | str, text: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.span(rx.icon(icon, size=20), class_name="promise-icon", aria_hidden="true"),
        rx.el.h2(title),
        rx.el.p(text),
        class_name="promise",
    )


def _preview() -> rx.Component:
    """A small drawing of the product, in its own style."""
    return rx.el.div(
        rx.el.div(t("Which three habits make code easier to read?"), class_name="bubble"),
        rx.el.div(
            rx.el.p(t("Three that pay off every day:")),
            rx.el.ol(
                rx.el.li(
                    rx.el.strong(t("Name things for what they are.")),
                    " ",
                    t("A good name saves a comment."),
                ),
                rx.el.li(
                    rx.el.strong(t("One thing at a time.")),
                    " ",
                    t("Small functions with one purpose."),
                ),
                rx.el.li(rx.el.strong(t("Let it go.")), " ", t("Delete what nobody uses.")),
            ),
            class_name="prose",
        ),
        aria_hidden="true",
        class_name="landing-preview",
    )
