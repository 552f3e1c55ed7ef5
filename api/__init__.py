"""The REST API: students, consent, photos, rooms, cameras, classes, meetings, rolls and attendance under `/v1`.

app = create_app(ConnectionSettings(), ApiSettings())
"""

from api.app import create_app
from api.settings import ApiSettings

__all__ = ["ApiSettings", "create_app"]
