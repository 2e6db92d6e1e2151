"""The one exception whose message is written for the person who runs the workflow."""


class LabError(Exception):
    """Something the user can mend: names the file, row or key, and how to mend it.

    Parameters
    ----------
    message : str
        One line.
    """


def first_line(why: BaseException) -> str:
    """Say in one line what an exception of somebody else's code says in many, or none.

    Parameters
    ----------
    why : BaseException
        As it was caught.

    Returns
    -------
    str
        The first line of its message; the name of its type where it has none.
    """
    # of a KeyError, str gives the message in quotes, its line breaks escaped
    own = why.args[0] if isinstance(why, KeyError) and why.args else why
    return (str(own).strip() or type(why).__name__).splitlines()[0]
