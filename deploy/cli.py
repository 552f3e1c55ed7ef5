"""The root of the `rollcall` command.

Each subcommand lives in its package's own `cli.py` and is imported when it is called: `rollcall status` answers at
once, and answers too when another package can't be imported.
"""

import importlib

import typer

app = typer.Typer(
    name="rollcall", help="Face-based attendance as a stream on Kafka.", no_args_is_help=True, add_completion=False
)

# Name, where its function is (or the Typer app of its own subcommands), what `rollcall --help` says. In the order in
# which a person meets them.
_COMMANDS = (
    ("demo", "deploy.demo.cli:run", "Call the roll of one lecture on real parts, and show it."),
    ("up", "deploy.local.cli:up", "Start the local stack: Kafka, database, ingest, stream app, API."),
    ("down", "deploy.local.cli:down", "End everything that `up` started."),
    ("status", "deploy.local.cli:status", "Show each process: state, health, memory, address."),
    ("logs", "deploy.local.cli:logs", "Show what the processes wrote."),
    ("reset", "deploy.local.cli:reset", "Delete all data, keys and logs of the local stack."),
    ("init", "deploy.init_cli:init", "Make keys, indexes, topics and the first administrator's token."),
    ("import", "attendance.import_runs.cli:app", "Take in rosters, meetings and photos that the school hands over."),
    ("topics", "deploy.topics_cli:topics", "Create the Kafka topics, or report how they differ."),
    ("ingest", "ingest.cli:run", "Run the service that cameras connect to."),
    ("agent", "ingest.agent.cli:app", "Read cameras and send their pictures, through outages."),
    ("stream", "stream_app.cli:run", "Run one worker of the stream app."),
    ("dead", "stream_app.dead_cli:app", "List, show and replay frames that were refused."),
    ("roll", "api.roll_cli:app", "Show, confirm and correct a roll, and call it by a code."),
    ("api", "api.cli:run", "Run the REST API."),
    ("backup", "deploy.backup.cli:backup", "Copy the database into a folder, while everything runs."),
    ("restore", "deploy.backup.cli:restore", "Put a backup into an empty database."),
    ("audit", "deploy.audit_cli:app", "Check the audit, or show who looked at what."),
    ("erasure", "deploy.erasure_cli:app", "Erase a student; tell what is left of them."),
    ("sweep", "deploy.sweep_cli:sweep_now", "Delete what may not be kept any longer."),
    ("keys", "deploy.keys_cli:app", "Give people's keys a new master key; check them."),
    ("export", "deploy.export_cli:app", "Write records into a file: CSV, JSON or Parquet."),
    ("events", "deploy.events.cli:app", "Follow attendance events; put all of them into files."),
    ("faces", "recognition.commands:faces", "Find the faces in pictures."),
    ("verify", "recognition.commands:verify", "Tell whether two photos show the same person."),
    ("identify", "recognition.commands:identify", "Name the people in a picture by a folder of photos."),
    ("enrol-check", "recognition.commands:enrol_check", "Tell whether photos are good enough to enrol."),
    ("video", "recognition.commands:video", "Follow and name the people in a clip."),
    ("calibrate", "recognition.cli:calibrate", "Fit the decision to pictures of known people."),
    ("evaluate", "recognition.cli:evaluate", "Answer fixed lists of open-set trials."),
    ("adapt", "recognition.cli:adapt", "Fit the decision to a campus' own people, if that is better."),
)


def _register(name: str, target: str, summary: str) -> None:
    module, _, function = target.partition(":")

    # The real command reads the arguments, --help among them; this one hands on whatever it is given.
    @app.command(
        name,
        help=summary,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def forward(context: typer.Context) -> None:
        loaded = getattr(importlib.import_module(module), function)
        if isinstance(loaded, typer.Typer):
            command = loaded
        else:
            command = typer.Typer(add_completion=False)
            command.command()(loaded)
        command(args=context.args, prog_name=f"rollcall {name}")


for _name, _target, _summary in _COMMANDS:
    _register(_name, _target, _summary)


def main() -> None:
    """Run the command that the arguments name."""
    app()
