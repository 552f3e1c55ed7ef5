"""`rollcall calibrate`, `rollcall evaluate` and `rollcall adapt`: fit the decision, and judge it."""

from pathlib import Path
from typing import Annotated

import typer

from recognition.adapt import adapted
from recognition.by_group import rates_by_group, read_groups, table
from recognition.calibration import PROMISED_FPIR, Crowd, fit_calibration
from recognition.calibration.fit import SPLITS
from recognition.engine import Engine, load_engine
from recognition.errors import EncoderMismatch, RecognitionError
from recognition.evaluation import TrialLists, answer, outcomes, write_answers
from recognition.people_folder import crowd_of, pictures_of, what_was_left_out
from recognition.picture_templates import PictureTemplates
from recognition.scoring import CalibratedMatcher, Calibration, shipped_calibration

__all__ = ["adapt", "calibrate", "evaluate"]

_BAR = 100
# What is put between the name and the suffix of a file of templates for those of photos that are enrolled.
_ENROLLED = ".enrolled"

_Splits = Annotated[int, typer.Option(min=1, help="Times the people are split in two: fewer are quicker, and worse.")]
_Groups = Annotated[
    Path | None, typer.Option(help="Tell the rates by group too: a CSV with the columns person and group.")
]


def calibrate(
    images: Path = typer.Option(..., help="A folder with one sub-folder of pictures a person."),
    out: Path = typer.Option(..., help="The calibration file to write."),
    people: Path | None = typer.Option(None, help="Fit on these alone: a file with one sub-folder's name a line."),
    templates: Path | None = typer.Option(None, help="Keep templates in this npz file, and take those it has."),
    fitted_on: str | None = typer.Option(None, help="What to say in the file of what it was fitted on."),
    fpir: float = typer.Option(PROMISED_FPIR, min=1e-4, max=0.1, help="The share of outsiders who may be named."),
    engine: str = typer.Option("fast", help="The recognition engine."),
    splits: _Splits = SPLITS,
) -> None:
    """Fit normalisation and threshold to pictures of known people. The file holds nobody's template."""
    try:
        names = None if people is None else [name for name in people.read_text().split("\n") if name]
        loaded = load_engine(engine)
        crowd, _ = _crowd(images, names, templates, loaded)
        with typer.progressbar(length=_BAR, label="Fitting") as bar:
            fitted = fit_calibration(
                crowd,
                loaded.encoder,
                fitted_on or images.resolve().name,
                fpir=fpir,
                splits=splits,
                progress=lambda share: bar.update(round(share * _BAR) - bar.pos),
            )
    except (RecognitionError, FileNotFoundError) as error:
        raise _refused(error) from error
    fitted.save(out)
    typer.echo(f"{out}: fitted on {len(crowd)} people, {out.stat().st_size:,} bytes.")


def evaluate(
    images: list[Path] = typer.Option(..., help="Folders of pictures; given several times, the first that has one."),
    galleries: Path = typer.Option(..., help="The galleries, JSON lines, gzipped or not."),
    trials: Path = typer.Option(..., help="The trials, JSON lines, gzipped or not."),
    out: Path = typer.Option(..., help="The CSV of answers to write."),
    calibration: Path | None = typer.Option(None, help="A file of `rollcall calibrate`; without it what ships."),
    templates: Path | None = typer.Option(
        None, help="Keep templates in this npz file, those of enrolled photos in NAME.enrolled.npz, and take those."
    ),
    fold: str | None = typer.Option(None, help="Answer the trials of this fold alone."),
    engine: str = typer.Option("fast", help="The recognition engine."),
    groups: _Groups = None,
) -> None:
    """Answer lists of open-set trials, each as if it were the only one; photos of galleries are encoded as enrolled."""
    lists = TrialLists.read(trials, galleries, fold)
    try:
        grouped = None if groups is None else read_groups(groups)
        loaded = load_engine(engine)
        given = shipped_calibration(engine) if calibration is None else Calibration.load(calibration)
        chosen = _of_encoder(given, loaded.encoder)
        enrolled = PictureTemplates(loaded, _beside(templates), thorough=True)
        probes = PictureTemplates(loaded, templates)
        with typer.progressbar(length=len(lists.enrolled()) + len(lists.probes()), label="Encoding") as bar:
            enrolled.encode(images, lists.enrolled(), bar.update)
            probes.encode(images, lists.probes(), bar.update)
        with typer.progressbar(length=len(lists.trials), label="Answering") as bar:
            answers = answer(lists, enrolled, probes, CalibratedMatcher(chosen), bar.update)
    except (RecognitionError, FileNotFoundError) as error:
        raise _refused(error) from error
    write_answers(out, answers)
    named = sum(each.decision is not None for each in answers)
    typer.echo(f"{out}: {len(answers)} trials, {named} named, {len(answers) - named} unknown.")
    if grouped is not None:
        table(rates_by_group(outcomes(trials, answers), grouped), typer.echo)


def adapt(
    folder: Path = typer.Argument(..., help="A folder with one sub-folder of pictures a person."),
    out: Path = typer.Option(Path("calibration.npz"), help="The calibration file to write."),
    templates: Path | None = typer.Option(None, help="Keep templates in this npz file, and take those it has."),
    engine: str = typer.Option("fast", help="The recognition engine."),
    against: Annotated[
        Path | None, typer.Option(help="Be better than this calibration, of other people, instead of what ships.")
    ] = None,
    groups: _Groups = None,
    splits: _Splits = SPLITS,
) -> None:
    """Fit the decision to a campus' own people, and write it only if newcomers are told apart better by it."""
    try:
        grouped = None if groups is None else read_groups(groups)
        loaded = load_engine(engine)
        current = _to_compare_with(engine, loaded.encoder, against)
        crowd, names = _crowd(folder, None, templates, loaded)
        with typer.progressbar(length=_BAR, label="Fitting") as bar:
            result = adapted(
                crowd,
                current,
                loaded.encoder,
                folder.resolve().name,
                lambda share: bar.update(round(share * _BAR) - bar.pos),
                splits=splits,
                names=names,
            )
    except RecognitionError as error:
        raise _refused(error) from error
    typer.echo(f"{len(crowd):,} people, judged on those that weren't fitted on; {result.way}:")
    for name, found in (("before", result.before), ("after", result.after)):
        if found is not None:
            typer.echo(
                f"{name}: {100 * found.fnir:.1f} % of people not named, {100 * found.fpir:.2f} % of outsiders named"
            )
    if grouped is not None:
        table(rates_by_group(result.outcomes, grouped), typer.echo)
    if not result.better:
        typer.echo("Not better on people that it wasn't fitted on: nothing is written, keep what you have.", err=True)
        raise typer.Exit(1)
    result.calibration.save(out)
    typer.echo(f"{out} is written: set ROLLCALL_CALIBRATION to it.")


def _beside(templates: Path | None) -> Path | None:
    return templates and templates.with_name(f"{templates.stem}{_ENROLLED}{templates.suffix}")


def _to_compare_with(engine: str, encoder: str, against: Path | None) -> Calibration | None:
    if against is not None:
        return _of_encoder(Calibration.load(against), encoder)
    shipped = shipped_calibration(engine)
    return shipped if shipped.encoder == encoder else None  # for an encoder of one's own nothing ships


def _of_encoder(calibration: Calibration, encoder: str) -> Calibration:
    if calibration.encoder != encoder:
        raise EncoderMismatch(
            f"The calibration is for templates of {calibration.encoder!r}, the engine's are of {encoder!r}: "
            "fit one with `rollcall calibrate`."
        )
    return calibration


def _crowd(images: Path, names: list[str] | None, templates: Path | None, engine: Engine) -> tuple[Crowd, list[str]]:
    """Return the people of those sub-folders, or of all, and their names in the crowd's order."""
    pictures = pictures_of(images, names)
    kept = PictureTemplates(engine, templates)
    with typer.progressbar(length=len(pictures), label="Encoding") as bar:
        kept.encode([images], pictures, bar.update)
    for sentence in what_was_left_out(kept.notes, pictures):
        typer.echo(sentence, err=True)
    return crowd_of(kept, pictures)


def _refused(error: Exception) -> typer.Exit:
    typer.echo(error.sentence if isinstance(error, RecognitionError) else str(error), err=True)
    return typer.Exit(2)
