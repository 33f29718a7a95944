"""Where somebody is signed in."""

import reflex as rx

from chatbot_app.components.words import t
from chatbot_app.state.security import Device, Security


def devices() -> rx.Component:
    """One line each, with the way to end it; this one's is in the account menu."""
    return rx.fragment(
        rx.el.ul(rx.foreach(Security.devices, _device), class_name="devices"),
        rx.cond(
            Security.has_other_devices,
            rx.el.button(
                t("Sign out all other devices"),
                type="button",
                on_click=Security.sign_out_other_devices,
                class_name="button",
            ),
        ),
    )


def _device(device: rx.Var[Device]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(
                device.name,
                rx.cond(
                    device.is_current,
                    rx.el.span(t("This device"), class_name="badge"),
                    rx.fragment(),
                ),
                class_name="device-name",
            ),
            rx.el.span(device.detail, class_name="field-hint"),
            class_name="device-words",
        ),
        rx.cond(
            device.is_current,
            rx.fragment(),
            rx.el.button(
                t("Sign out"),
                type="button",
                on_click=Security.sign_out_device(device.id),
                class_name="button",
            ),
        ),
        class_name="device",
        key=device.id,
    )
