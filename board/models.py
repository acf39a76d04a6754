"""All models at once, so that migrations see every table."""

from board.accounts import models as accounts
from board.activity import models as activity
from board.comments import models as comments
from board.db import Base
from board.demo import models as demo
from board.issues import models as issues
from board.live import models as live
from board.partners import models as partners
from board.proposals import models as proposals
from board.voting import models as voting
from board.work import models as work

TABLES = (accounts, activity, comments, demo, issues, live, partners, proposals, voting, work)
metadata = Base.metadata
