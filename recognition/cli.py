"""`rollcall calibrate`, `rollcall evaluate` and `rollcall adapt`: fit the decision, and judge it."""

from pathlib import Path

import numpy as np
import typer

from recognition.adapt import adapted
from recognition.calibration import PROMISED_FPIR, Crowd, fit_calibration
from recognition.calibration.fit import SPLITS
from recognition.engine import load_engine
from recognition.errors import RecognitionError
from recognition.evaluation import TrialLists, answer, write_answers
from recognition.picture_templates import PictureTemplates
from recognition.scoring import CalibratedMatcher, Calibration, shipped_calibration

__all__ = ["adapt", "calibrate", "evaluate"]

_PICTURES = (".jpg", ".jpeg", ".png", ".webp")
_BAR = 100


def calibrate(
    images: Path = typer.Option(..., help="A folder with one sub-folder of pictures a person."),
    out: Path = typer.Option(..., help="The calibration file to write."),
    people: Path | None = typer.Option(None, help="Fit on these alone: a file with one sub-folder's name a line."),
    templates: Path | None = typer.Option(None, help="Keep templates in this npz file, and take those it has."),
    fitted_on: str | None = typer.Option(None, help="What to say in the file of what it was fitted on."),
    fpir: float = typer.Option(PROMISED_FPIR, min=1e-4, max=0.1, help="The share of outsiders who may be named."),
    engine: str = typer.Option("fast", help="The recognition engine."),
    splits: int = typer.Option(SPLITS, min=1, help="Times the people are split in two: fewer are quicker, and worse."),
) -> None:
    """Fit normalisation and threshold to pictures of known people. The file holds nobody's template."""
    names = _folders(images) if people is None else people.read_text().split("\n")
    crowd, encoder = _crowd(images, [name for name in names if name], templates, engine)
    with typer.progressbar(length=_BAR, label="Fitting") as bar:
        try:
            fitted = fit_calibration(
                crowd,
                encoder,
                fitted_on or images.name,
                fpir=fpir,
                splits=splits,
                progress=lambda share: bar.update(round(share * _BAR) - bar.pos),
            )
        except RecognitionError as error:
            raise _refused(error) from error
    fitted.save(out)
    typer.echo(f"{out}: fitted on {len(crowd)} people, {out.stat().st_size:,} bytes.")


def evaluate(
    images: list[Path] = typer.Option(..., help="Folders of pictures; given several times, the first that has one."),
    galleries: Path = typer.Option(..., help="The galleries, JSON lines, gzipped or not."),
    trials: Path = typer.Option(..., help="The trials, JSON lines, gzipped or not."),
    out: Path = typer.Option(..., help="The CSV of answers to write."),
    calibration: Path | None = typer.Option(None, help="A file of `rollcall calibrate`; without it what ships."),
    templates: Path | None = typer.Option(None, help="Keep templates in this npz file, and take those it has."),
    fold: str | None = typer.Option(None, help="Answer the trials of this fold alone."),
    engine: str = typer.Option("fast", help="The recognition engine."),
) -> None:
    """Answer lists of open-set trials, each as if it were the only one."""
    lists = TrialLists.read(trials, galleries, fold)
    try:
        chosen = shipped_calibration(engine) if calibration is None else Calibration.load(calibration)
        kept = PictureTemplates(load_engine(engine), templates)
        pictures = lists.pictures()
        with typer.progressbar(length=len(pictures), label="Encoding") as bar:
            kept.encode(images, pictures, bar.update)
        with typer.progressbar(length=len(lists.trials), label="Answering") as bar:
            answers = answer(lists, kept, CalibratedMatcher(chosen), bar.update)
    except (RecognitionError, FileNotFoundError) as error:
        raise _refused(error) from error
    write_answers(out, answers)
    named = sum(each.decision is not None for each in answers)
    typer.echo(f"{out}: {len(answers)} trials, {named} named, {len(answers) - named} unknown.")


def adapt(
    folder: Path = typer.Argument(..., help="A folder with one sub-folder of pictures a person."),
    out: Path = typer.Option(Path("calibration.npz"), help="The calibration file to write."),
    templates: Path | None = typer.Option(None, help="Keep templates in this npz file, and take those it has."),
    engine: str = typer.Option("fast", help="The recognition engine."),
) -> None:
    """Fit the decision to a campus' own people, and write it only if newcomers are told apart better by it."""
    try:
        crowd, _ = _crowd(folder, _folders(folder), templates, engine)
        with typer.progressbar(length=_BAR, label="Fitting") as bar:
            result = adapted(
                crowd, shipped_calibration(engine), folder.name, lambda share: bar.update(round(share * _BAR) - bar.pos)
            )
    except RecognitionError as error:
        raise _refused(error) from error
    for name, rates in (("before", result.before), ("after", result.after)):
        typer.echo(f"{name}: {100 * rates.fnir:.1f} % of people not named, {100 * rates.fpir:.2f} % of outsiders named")
    if not result.better:
        typer.echo("Not better on people that it wasn't fitted on: nothing is written, keep what you have.", err=True)
        raise typer.Exit(1)
    result.calibration.save(out)
    typer.echo(f"{out} is written: set ROLLCALL_CALIBRATION to it.")


def _folders(images: Path) -> list[str]:
    return sorted(each.name for each in images.iterdir() if each.is_dir())


def _crowd(images: Path, names: list[str], templates: Path | None, engine: str) -> tuple[Crowd, str]:
    """Return the people of those sub-folders, and the encoder."""
    pictures = [
        f"{name}/{picture.name}"
        for name in names
        for picture in sorted((images / name).iterdir())
        if picture.suffix.lower() in _PICTURES
    ]
    loaded = load_engine(engine)
    kept = PictureTemplates(loaded, templates)
    with typer.progressbar(length=len(pictures), label="Encoding") as bar:
        kept.encode([images], pictures, bar.update)
    named: dict[str, list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]] = {}
    for picture in pictures:
        template = kept[picture]
        if template is not None:
            named.setdefault(picture.split("/")[0], []).append(template)
    return Crowd.of_people(named), loaded.encoder


def _refused(error: Exception) -> typer.Exit:
    typer.echo(error.sentence if isinstance(error, RecognitionError) else str(error), err=True)
    return typer.Exit(2)
