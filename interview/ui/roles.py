"""The panel of who is asked first in each role, and who takes over."""

import gradio as gr
from gradio.blocks import Block
from pydantic import ValidationError

from interview.errors import ContentError, OrderChanged
from interview.models import Value
from interview.service.roles import ROLES, Roster
from interview.settings import Role, Roles
from interview.ui.events import Wires
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates
from interview.ui.views import notice, view
from interview.ui.views.roles import Place, roles_card


class Wish(Value):
    """What a click in the card asks for: a role for these graders, or the coverage estimate's leave (`estimate`).

    `seen` is what the card showed.
    """

    seen: Roles
    role: Role | None = None
    names: tuple[str, ...] = ()
    estimate: bool | None = None


class RolesPanel:
    """One card; each click in it is saved at once, and in force at once."""

    def __init__(self, roster: Roster, frame: Frame) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._roster = roster
        self._frame = frame
        with gr.Column(elem_classes=["card"], elem_id="roles"):
            self.card = view("roles_card", {}, elem_id="roles-card")
            self.notice = view("notice", {}, elem_id="roles-notice")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change."""
        return [self.card]

    def arrive(self, page: Page) -> Updates:
        """The panel in the page's language, for the grader that is chosen there."""
        grader = self._frame.choice(page.grader).name
        roles = self._roster.roles
        orders: dict[Role, list[Place]] = {
            role: [Place(name=name, host=self._roster.host(name)) for name in roles.of(role)] for role in ROLES
        }
        left: dict[Role, tuple[str, ...]] = {role: self._roster.left(role) for role in ROLES}
        card = roles_card(roles, orders, left, self._roster.chain(grader), page.lang)
        return {self.card: gr.update(value=card)}

    def connect(self, wires: Wires) -> None:
        """A click in the card is a wish; another grader in the header has others behind it."""
        wires.on(self._frame.grader.input, self.arrive, self.outputs, self.notice, clears=False)
        wires.on_select(self.card.select, self._act, "act", self.outputs, self.notice)

    def _act(self, page: Page, told: str) -> Updates:
        try:
            wish = Wish.model_validate_json(told)
        except ValidationError as fault:
            raise ContentError("That is no order of graders; nothing was changed.") from fault
        try:
            if wish.role is not None:
                self._roster.give(wish.role, wish.names, wish.seen)
            if wish.estimate is not None:
                self._roster.allow_estimate(wish.estimate, wish.seen)
        except OrderChanged as error:
            return {**self.arrive(page), self.notice: gr.update(value=notice(error, page.lang))}
        return self.arrive(page)
