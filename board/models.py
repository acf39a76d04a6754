"""All models at once, so that migrations see every table."""

from board.accounts import models as accounts
from board.activity import models as activity
from board.api import models as api
from board.comments import models as comments
from board.consent import models as consent
from board.credentials import models as credentials
from board.db import Base
from board.decisions import models as decisions
from board.demo import models as demo
from board.duplicates import models as duplicates
from board.estimates import models as estimates
from board.issues import models as issues
from board.issues import sources
from board.jobs import models as jobs
from board.joining import models as joining
from board.learnings import models as learnings
from board.mail import models as mail
from board.milestones import models as milestones
from board.notifications import models as notifications
from board.ordering import models as ordering
from board.outgoing import models as outgoing
from board.partners import models as partners
from board.proposals import models as proposals
from board.proposals import records
from board.record import models as record
from board.saved import models as saved
from board.settings import models as settings
from board.variants import models as variants
from board.voting import models as voting
from board.work import models as work
from board.workshops import models as workshops

TABLES = (
    accounts,
    activity,
    api,
    comments,
    consent,
    credentials,
    decisions,
    demo,
    duplicates,
    estimates,
    issues,
    sources,
    jobs,
    joining,
    learnings,
    mail,
    milestones,
    notifications,
    ordering,
    outgoing,
    partners,
    proposals,
    record,
    records,
    saved,
    settings,
    variants,
    voting,
    work,
    workshops,
)
metadata = Base.metadata
