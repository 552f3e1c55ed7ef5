"""What every service's log holds, and what it never does."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from attendance.logs import configure_logging
from attendance.rights import make_token


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_both_kinds_of_logger_write_json_lines_with_the_services_name(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("ingest")
    structlog.get_logger("ingest.a").info("frame", id="x", outcome="stored")
    logging.getLogger("aiokafka").warning("broker %s is away", 3)
    ours, theirs = logged(capsys)
    assert (ours["event"], ours["id"], ours["outcome"], ours["level"]) == ("frame", "x", "stored", "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("broker 3 is away", "aiokafka", "warning")
    assert ours["service"] == theirs["service"] == "ingest"
    assert str(ours["timestamp"]).endswith("Z")


def test_a_token_is_cut_down_to_its_id_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("api")
    token = make_token()
    structlog.get_logger("api").info(f"got {token.text}", header=f"Bearer {token.text}")
    logging.getLogger("other").error("refused %s", token.text)
    try:
        raise ValueError(token.text)
    except ValueError:
        logging.getLogger("other").exception("failed")
    text = json.dumps(lines := logged(capsys))
    assert len(lines) == 3
    assert token.text.removeprefix(f"rc_{token.id}_") not in text
    assert text.count(f"rc_{token.id}_...") == 4
    assert "Traceback" in text


def test_the_web_servers_lines_lose_their_query_strings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "propagate", True)  # a server in this process ended it
    configure_logging("ingest", "debug")
    logging.getLogger("uvicorn.error").info(
        '%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/ws?camera=a&token=secret"
    )
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/1.1" 200', "127.0.0.1:1", "GET", "/ws?token=secret")
    logging.getLogger("uvicorn.error").debug("< Authorization: Bearer secret")
    assert [line["event"] for line in logged(capsys)] == [
        '127.0.0.1:1 - "WebSocket /ws?..." [accepted]',
        '127.0.0.1:1 - "GET /ws?... HTTP/1.1" 200',
    ]


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="loud"):
        configure_logging("ingest", "loud")
