"""Makes the handlers of `--demo` misbehave."""


def misbehave(connection, milliseconds=None):
    """One message makes the handler do its worst; a number in it says for how long, where that makes sense."""
    connection.send("" if milliseconds is None else str(milliseconds))
