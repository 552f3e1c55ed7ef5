"""The OpenAPI document, and a page that shows it without loading anything from anywhere."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.docs_page import CONTENT_SECURITY_POLICY, render
from api.guard import GuardedRoute

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@router.get("/openapi.json")
async def openapi_document(request: Request) -> Response:
    """Give the OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the OpenAPI document as a page."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(render(request.app.openapi()), headers=headers)
