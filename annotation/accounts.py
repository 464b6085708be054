"""Accounts of coders on the study's own server, by Label Studio's invitation.

Everybody with an account may do everything there: Label Studio's free edition knows no roles. An account keeps
coders' work apart; it is no proof of who coded.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..configs.errors import UserError
from ..data.study import Study
from .client import Client, Connection
from .private import write_private
from .settings import annotation_settings

ACCOUNTS = "accounts.json"


@dataclass(frozen=True)
class Account:
    """How a coder logs in."""

    email: str
    password: str | None = field(repr=False)
    """None where the account was made by somebody else."""


def email_of(coder: str) -> str:
    """The address a coder logs in with."""
    return coder if "@" in coder else f"{coder}@localhost"


def accounts_path(study: Study) -> Path:
    """The file of the coders' passwords, which only its owner can read."""
    return study.label_studio_path / ACCOUNTS


def ensure_accounts(study: Study, connection: Connection) -> dict[str, Account]:
    """Make the accounts of the study's coders that do not exist; returns all of them by coder.

    Raises ``UserError`` if the server refuses one.
    """
    path = accounts_path(study)
    try:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known = {coder: Account(**account) for coder, account in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: cannot be read ({type(error).__name__}); put back a copy of it") from None
    client = Client(connection)
    members = client.members()
    wanted = {coder: email_of(coder) for coder in annotation_settings(study).coders}
    for coder, email in wanted.items():
        if coder not in known:
            known[coder] = Account(email, None if email in members else secrets.token_urlsafe(12))
    # Before they are used, or a kill in between would leave accounts that nobody can enter.
    if wanted:
        write_private(path, {coder: asdict(account) for coder, account in known.items()})
    for coder, email in wanted.items():
        if email not in members:
            _sign_up(connection.url, client.invite_link(), known[coder])
    return {coder: known[coder] for coder in wanted}


def _sign_up(url: str, invitation: str, account: Account) -> None:
    import httpx

    where = f"{url}: account {account.email}"
    try:
        with httpx.Client(base_url=url, timeout=60, trust_env=False, headers={"Referer": url}) as browser:
            browser.get(invitation).raise_for_status()
            form = {
                "email": account.email,
                "password": account.password,
                "csrfmiddlewaretoken": browser.cookies.get("csrftoken", ""),
            }
            answer = browser.post(invitation, data=form)
    except httpx.HTTPError as error:
        raise UserError(f"{where}: could not be made ({type(error).__name__}); run the command again") from None
    if not answer.is_redirect:  # what was wrong with the form stands in a page
        raise UserError(f"{where}: was refused ({answer.status_code}); is it a valid e-mail address?")
