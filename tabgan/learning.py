"""From codes to trained networks: what TabGAN's parameters ask of training, where it runs, what it leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tabgan.encoding.table import TableEncoder
from tabgan.errors import SchemaError
from tabgan.gan.blocks import Blocks
from tabgan.gan.drawing import Drawer
from tabgan.gan.losses import LOSSES
from tabgan.gan.micro_batches import OutOfMemory
from tabgan.gan.rejection import Lesson, taught_judge
from tabgan.gan.settings import RECIPES, PrivateSettings, Settings, teachers_of
from tabgan.gan.standing import Pauses
from tabgan.gan.threads import one_thread
from tabgan.gan.trained import Trained
from tabgan.gan.training import FEW_ROUNDS, train
from tabgan.privacy.config import PrivacyConfig
from tabgan.scalars import scalar_from_json, scalar_to_json

Parameters = Mapping[str, Any]

UNJUDGED = "Training was interrupted before the discriminator could reject rows, so none is rejected."
NO_JUDGE = "rejection=True: no discriminator learned to tell drawn rows from real ones, so none is rejected."
SCRATCH_LR = 5e-4  # an adversary alone starts far off and takes longer steps


def settings_of(parameters: Parameters) -> Settings:
    """Training settings from TabGAN's parameters. Raises: ValueError naming the bad one."""
    recipe = parameters["recipe"]
    if recipe not in RECIPES:
        raise ValueError(f"Expected recipe to be one of {', '.join(RECIPES)}, got {recipe!r}.")
    if parameters["loss"] not in LOSSES:
        raise ValueError(f"Expected loss to be one of {', '.join(LOSSES)}, got {parameters['loss']!r}.")
    _check_numbers(parameters)
    weights = {
        teacher: float(parameters[f"{teacher}_weight"])
        for teacher in ("adversary", "likelihood", "marginals")
        if parameters[f"{teacher}_weight"] is not None
    }
    own = {
        name: parameters[name]
        for name in (
            "embedding_dim pac loss label_smoothing spectral_norm discriminator_views discriminator_steps "
            "epochs max_seconds batch_size likelihood_lr gradient_clip rejection"
        ).split()
    }
    own["generator_lr"] = SCRATCH_LR if recipe == "gan" else Settings.generator_lr
    for name in ("generator_lr", "discriminator_lr"):
        if parameters[name] is not None:
            own[name] = float(parameters[name])
    teachers = replace(teachers_of(recipe, parameters["rounds"]), **weights)
    return Settings(
        teachers=teachers,
        rounds=parameters["rounds"] or (1 if recipe == "gan" else FEW_ROUNDS if teachers.draw_rows else None),
        rounds_drawn=parameters["rounds"] or (1 if recipe == "gan" else None),
        generator_dim=_generator_dim(parameters, Settings.generator_dim),
        discriminator_dim=tuple(parameters["discriminator_dim"]),
        feature_matching=float(parameters["feature_matching_weight"]),
        auxiliary=float(parameters["auxiliary_weight"]),
        **own,
    )


def _generator_dim(parameters: Parameters, default: tuple[int, ...]) -> tuple[int, ...]:
    given = parameters["generator_dim"]
    return default if given is None else tuple(given)


def private_settings(parameters: Parameters, config: PrivacyConfig) -> dict[str, Any]:
    """Settings of private training from TabGAN's parameters.

    Raises: ValueError for an adversary that would mix rows, or let one weigh on another's gradient.
    """
    if parameters["rejection"]:
        raise ValueError(
            "Expected rejection=False with epsilon: the judge would look at rows without a budget."
        )
    if config.adversary_share:
        _check_adversary(parameters)
    same = "embedding_dim max_grad_norm loss label_smoothing discriminator_views discriminator_steps".split()
    own = {name: parameters[name] for name in same}
    for name in ("rounds", "generator_lr", "discriminator_lr"):
        if parameters[name] is not None:
            own[name] = parameters[name]
    if parameters["recipe"] == "gan":
        own.setdefault("rounds", 1)
    return own | {
        # Narrower than without privacy: every weight costs noise.
        "generator_dim": _generator_dim(parameters, PrivateSettings.generator_dim),
        "discriminator_dim": tuple(parameters["discriminator_dim"]),
        "masks": config.masks,
        "steps": config.steps,
        "lr": config.lr,
    }


def _check_adversary(parameters: Parameters) -> None:
    alone = [name for name, loss in LOSSES.items() if loss.of_rows is not None]
    if parameters["loss"] not in alone:
        raise ValueError(
            f"Expected loss to be one of {', '.join(alone)} with epsilon, got {parameters['loss']!r}: "
            "the loss of a real row may not depend on other rows or be a penalty."
        )
    for name, neutral in (
        ("pac", 1),
        ("spectral_norm", False),
        ("feature_matching_weight", 0),
        ("auxiliary_weight", 0),
    ):
        if parameters[name] != neutral:
            raise ValueError(f"Expected {name}={neutral} with epsilon: rows are clipped one by one.")


def _check_numbers(parameters: Parameters) -> None:
    """Raises: ValueError for a number outside its range."""

    def expect(name: str, is_right: Callable[[Any], bool], what: str) -> None:
        if not is_right(parameters[name]):
            raise ValueError(f"Expected {name} {what}, got {name}={parameters[name]!r}.")

    for name in ("embedding_dim", "pac", "batch_size", "discriminator_steps", "min_rows"):
        expect(name, _is_count, "to be a whole number > 0")
    for name in ("rounds", "epochs", "max_categories"):
        expect(name, lambda n: n is None or _is_count(n), "to be a whole number > 0 or None")
    for name in ("likelihood_lr", "gradient_clip"):
        expect(name, lambda x: _is_number(x) and x > 0, "> 0")
    for name in ("max_seconds", "generator_lr", "discriminator_lr"):
        expect(name, lambda x: x is None or (_is_number(x) and x > 0), "> 0 or None")
    for name in ("adversary_weight", "likelihood_weight", "marginals_weight"):
        expect(name, lambda x: x is None or (_is_number(x) and x >= 0), ">= 0 or None")
    for name in ("feature_matching_weight", "auxiliary_weight"):
        expect(name, lambda x: _is_number(x) and x >= 0, ">= 0")
    expect("label_smoothing", lambda x: _is_number(x) and 0 <= x < 0.5, "from 0 to below 0.5")
    expect("generator_dim", lambda w: w is None or _are_widths(w), "to hold widths > 0")
    expect("discriminator_dim", _are_widths, "to hold widths > 0")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) > 0


def _are_widths(value: object) -> bool:
    return isinstance(value, Sequence | np.ndarray) and len(value) > 0 and all(map(_is_count, value))


def parameters_to_json(parameters: Parameters) -> dict[str, Any]:
    """What the model file tells of TabGAN's parameters: none that names a file or holds rows."""
    left_out = ("schema", "rules", "callbacks", "verbose", "device", "privacy", "personal")
    told = {name: _plain(value) for name, value in parameters.items() if name not in left_out}
    return told | {"target": scalar_to_json(parameters["target"]), "discrete_columns": []}


def parameters_from_json(told: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that `parameters_to_json` told of."""
    return {**told, "target": scalar_from_json(told["target"])}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def chosen_device(name: str) -> torch.device:
    """The device of that name, or the processor where this machine has none such.

    "auto" takes CUDA, then MPS, then the processor.
    Raises: ValueError for a name that no machine has.
    """
    if name == "auto":
        has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
        return torch.device("cuda" if has_cuda else "mps" if has_mps else "cpu")
    return torch.device("cpu") if notes_on_device(name) else _device(name)


def notes_on_device(name: str) -> list[str]:
    """A line for a device that this machine lacks. Privacy: it is about the machine alone.

    Raises: ValueError for a name that no machine has.
    """
    if name == "auto":
        return []
    wanted = _device(name)
    n_devices = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (wanted.index or 0) < n_devices.get(wanted.type, 1):
        return []
    return [f"This machine has no device {name!r}: everything runs on the processor, which takes longer."]


def _device(name: str) -> torch.device:
    try:
        return torch.device(name)
    except (RuntimeError, TypeError):
        raise ValueError(f'There is no device {name!r}. Use device="auto".') from None


def blocks_of(encoder: TableEncoder, device: torch.device) -> Blocks:
    """The encoder's layout as the networks see it."""
    blocks = encoder.layout.blocks
    return Blocks(encoder.layout.sizes, [block.positions for block in blocks], device)


def learn(  # noqa: PLR0913  # a fit, and those who look on
    codes: NDArray[np.int16],
    encoder: TableEncoder,
    settings: Settings,
    *,
    target: Hashable | None,
    seed: int,
    device: str,
    callbacks: Sequence[Callable[[dict[str, Any]], object]],
    pauses: Pauses | None = None,
) -> Trained | None:
    """Train on encoded rows; None when no column has anything to learn.

    Shape: codes [rows, blocks]. The global random state is left as it was.
    Raises: NotWholeError for a standing, in `pauses`, that does not fit; SchemaError where the memory of the
        device does not do.
    """
    if not encoder.layout.blocks:
        return None
    place = chosen_device(device)
    blocks = blocks_of(encoder, place)
    target_blocks = () if target is None else encoder.blocks_of(target)
    try:
        with one_thread(), torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
            torch.manual_seed(seed)
            on_device = torch.from_numpy(codes).to(place)
            trained = train(
                on_device,
                blocks,
                settings.but_judging,
                parents=[block.parent for block in encoder.layout.blocks],
                target=target_blocks,
                callbacks=tuple(callbacks),
                pauses=pauses,
            )
            if not settings.rejection or trained.stopped:
                return trained
            return _with_judge(trained, on_device, settings, callbacks, pauses or Pauses())
    except OutOfMemory:
        pass
    # After the error, so that nothing of the failed step is held.
    raise SchemaError(
        f"Training takes more memory than {place.type} has, however few rows are computed at once. Declare "
        'columns kind="identifier", or give max_categories, a smaller batch_size or device="cpu".'
    )


def _with_judge(
    trained: Trained,
    codes: torch.Tensor,
    settings: Settings,
    callbacks: Sequence[Callable[[dict[str, Any]], object]],
    pauses: Pauses,
) -> Trained:
    """The same with a judge of the rows that are drawn by default, where one can be taught."""
    if trained.is_interrupted:  # by a callback, which ends all that was to come
        trained.warnings.append(UNJUDGED)
        return trained
    is_quick = settings.rounds_drawn is not None and settings.rounds_drawn < len(trained.order)
    n_steps, seconds = settings.judge_steps, math.inf
    if settings.epochs is not None:
        n_steps = min(n_steps, settings.epochs * max(1, len(codes) // settings.batch_size))
    if settings.max_seconds is not None:
        seconds = settings.max_seconds * settings.judge_share
    drawer = Drawer(trained.quick if is_quick else trained.generator)
    groups = trained.groups if is_quick else trained.runs
    lesson = Lesson(drawer, groups, n_steps, seconds, pauses.is_stopped, callbacks)
    judge = taught_judge(codes, lesson, settings, trained.history)
    if pauses.is_stopped():
        trained.warnings.append(UNJUDGED)
        return replace(trained, stopped=UNJUDGED)
    if judge is None:
        trained.warnings.append(NO_JUDGE)
    return replace(trained, judge=judge)
