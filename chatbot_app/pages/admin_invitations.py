"""For administrators: who is invited, and inviting somebody."""

import reflex as rx

from chatbot_app.components.administration import administration, cell, table
from chatbot_app.components.entrance import api_form
from chatbot_app.components.fields import filled_in, text_field
from chatbot_app.components.words import t
from chatbot_app.schemas import InvitationItem
from chatbot_app.state.administration import Invitations
from chatbot_app.state.rail import Rail

OPTIONS = {
    "route": "/admin/invitations",
    "title": t("Invitations"),
    "on_load": [Rail.load, Invitations.load],
}


def page() -> rx.Component:
    """Those that are still good, and the way to another."""
    heads = (t("For"), t("Role"), t("By"), t("Made"), t("Good until"), None)
    return administration(
        "invitations",
        Invitations.is_loaded,
        _invite(),
        rx.cond(
            Invitations.invitations.length() > 0,
            table(t("Invitations"), heads, rx.foreach(Invitations.invitations, _invitation)),
            rx.el.div(rx.el.p(t("Nobody is invited at the moment.")), class_name="empty"),
        ),
    )


def _invite() -> rx.Component:
    """A dialog whose second step shows the link, which is to be seen once and in no state."""
    return rx.el.div(
        rx.dialog.root(
            rx.dialog.trigger(
                rx.el.button(t("Invite somebody"), type="button", class_name="button primary")
            ),
            rx.dialog.content(
                rx.dialog.title(t("Invite somebody")),
                rx.dialog.description(
                    t("An invitation is a link with which somebody can make an account."),
                    class_name="dialog-hint",
                ),
                rx.el.div(_ask(), _link(), data_steps=""),
                max_width="28rem",
                on_close_auto_focus=Invitations.refresh,
            ),
        ),
        class_name="list-actions",
    )


def _ask() -> rx.Component:
    return rx.el.div(
        api_form(
            "/api/invitations",
            text_field(
                t("Email"),
                "email",
                type="email",
                auto_complete="off",
                auto_focus=True,
                hint=t("Nobody else can use it then. Leave it empty for whoever has the link."),
            ),
            rx.el.div(
                rx.el.label(t("Role"), html_for="role", class_name="field-label"),
                rx.el.select(
                    rx.el.option(t("User"), value="user"),
                    rx.el.option(t("Administrator"), value="admin"),
                    id="role",
                    name="role",
                    class_name="field-input",
                ),
                class_name="field",
            ),
            submit=t("Create invitation"),
            cancel=rx.dialog.close(rx.el.button(t("Cancel"), type="button", class_name="button")),
        ),
        data_step="ask",
    )


def _link() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            t("Send this link to whom you invite. It is shown this once."),
            class_name="settings-words",
        ),
        filled_in(rx.el.code, data_show="link", class_name="secret"),
        rx.el.div(
            rx.el.button(
                t("Copy link"), type="button", data_copy_shown="link", class_name="button"
            ),
            rx.dialog.close(rx.el.button(t("Done"), type="button", class_name="button primary")),
            class_name="dialog-actions",
        ),
        data_step="link",
        hidden=True,
    )


def _invitation(invitation: rx.Var[InvitationItem]) -> rx.Component:
    return rx.el.tr(
        cell(
            t("For"), rx.cond(invitation.email != "", invitation.email, t("Whoever has the link"))
        ),
        cell(t("Role"), rx.cond(invitation.role == "admin", t("Administrator"), t("User"))),
        cell(
            t("By"), rx.cond(invitation.invited_by != "", invitation.invited_by, t("The operator"))
        ),
        cell(t("Made"), invitation.created_at),
        cell(t("Good until"), invitation.expires_at),
        cell(
            "",
            rx.el.button(
                t("Withdraw"),
                type="button",
                on_click=Invitations.withdraw(invitation.id),
                class_name="button",
            ),
            "actions",
        ),
        key=invitation.id,
    )
