"""The form of a milestone."""

from wtforms import DateField
from wtforms.validators import Optional

from board.forms import BoardForm, line
from board.milestones.models import NAME
from board.proposals.forms import DATES


class MilestoneForm(BoardForm):
    """A name, and the day when it is due."""

    name = line("Name", NAME, required=True, id="milestone-name")
    due_on = DateField("Due on", format=DATES, validators=[Optional()], id="milestone-due_on")
