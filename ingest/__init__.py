"""The Starlette WebSocket service that takes frames, and the message contract of the topic `frames`."""
