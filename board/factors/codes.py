"""One-time codes (RFC 6238: six digits, thirty seconds) and recovery codes. Everything runs inside a transaction."""

import hashlib
import hmac
import secrets

import pyotp
from sqlalchemy import delete, update

from board import vault
from board.accounts.models import Authenticator, RecoveryCode
from board.db import db, now
from board.log import log

STEP = 30
DRIFT = 1
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 4, 4


def new_secret() -> str:
    """A secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, email: str, board: str) -> str:
    """What the app reads from the picture: whose code it is, and of which board."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=board)


def fitting_step(secret: str, code: str, after: int = 0) -> int | None:
    """The time step the code belongs to, one earlier or later too; none up to `after`: no code works twice."""
    digits, current = "".join(code.split()), int(now().timestamp()) // STEP
    if not (digits.isascii() and digits.isdigit()):
        return None
    app = pyotp.TOTP(secret)
    steps = range(current - DRIFT, current + DRIFT + 1)
    fits = [step for step in steps if hmac.compare_digest(app.generate_otp(step), digits)]
    return next((step for step in fits if step > after), None)


def use(person_id: int, code: str) -> str:
    """Take a code: `totp`, `recovery`, or nothing when it does not fit or was used before."""
    app = db.session.get(Authenticator, person_id, with_for_update=True)
    if app is None:
        return ""
    if _is_current(app, code):
        return "totp"
    used = db.session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == kept(person_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return "recovery" if used else ""


def _is_current(app: Authenticator, code: str) -> bool:
    try:
        step = fitting_step(vault.unseal(app.secret_box, purpose(app.person_id)), code, app.last_step)
    except vault.Unreadable as problem:  # Recovery codes still work, and the administration can reset the factor.
        log.error("factor", problem=str(problem))
        return False
    app.last_step = step or app.last_step
    return step is not None


def new_recovery_codes(person_id: int) -> list[str]:
    """Ten new codes, to be shown once; the old ones end."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [_code() for _ in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(person_id=person_id, code_hash=kept(person_id, code)) for code in codes)
    return codes


def purpose(person_id: int) -> str:
    """What the box of a person's secret is closed for."""
    return f"totp-{person_id}"


def _code() -> str:
    """Sixteen letters and digits that are not mistaken for each other, 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def kept(person_id: int, code: str) -> str:
    """79 random bits need no slow hash; the person stands in it so that equal codes do not look equal."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(f"{person_id}:{plain}".encode()).hexdigest()
