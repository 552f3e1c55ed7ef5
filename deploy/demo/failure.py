"""How the demo fails."""


class DemoFailed(RuntimeError):
    """The demo did not go as it must; the text says where."""
