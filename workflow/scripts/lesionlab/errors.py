"""The one exception whose message is written for the person who runs the workflow."""


class LabError(Exception):
    """Something the user can mend: names the file, row or key, and how to mend it.

    Parameters
    ----------
    message : str
        One line.
    """
