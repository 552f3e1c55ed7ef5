"""The API without rights and audit, for a benchmark to compare with: `python -m benchmarks.bare_api`.

The same process, routes and store, but nobody is asked for a token and no line is written. Nothing else starts it.
"""

import sys

import uvicorn

from api import guard
from attendance.rights import Principal, Role

_EVERYBODY = guard.Visitor(Principal("benchmark", Role.ADMINISTRATOR), sees_everything=True)


def main(port: int) -> None:
    """Answer requests until told to stop."""
    # Before the routes are made: each asks for its handler then.
    unguarded = guard.GuardedRoute.__mro__[1]
    guard.GuardedRoute.get_route_handler = unguarded.get_route_handler  # type: ignore[attr-defined,method-assign]
    from api.app import create_app
    from api.settings import ApiSettings
    from attendance.settings import ConnectionSettings

    app = create_app(ConnectionSettings(), ApiSettings())
    app.dependency_overrides[guard.visitor_of] = lambda: _EVERYBODY
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
