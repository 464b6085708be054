"""The one kind of error a user is meant to read."""


class UserError(Exception):
    """One line that says what is wrong, where, and what to do.

    The command line prints it and exits with code 2; a traceback appears only with ``--debug``.
    """
