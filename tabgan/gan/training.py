"""Training, top to bottom: likelihood first, then the adversary against rows drawn in rounds.

Phase 1 teaches every conditional distribution by cross-entropy, with no noise. Phase 2 draws
rows in a few rounds and lets the discriminator teach the noise to agree on what is drawn
together, while the likelihood stays on. Each phase leaves a generator: the first draws without
noise, the second, which starts from it, in those rounds. Recipes leave out one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from tabgan.gan import losses
from tabgan.gan.adversary import Adversary
from tabgan.gan.batches import Rows, learning_masks, rank_of, split_validation
from tabgan.gan.blocks import Blocks
from tabgan.gan.calibration import calibrate
from tabgan.gan.division import Groups, few_rounds, nats_allowed, rounds_asked_for
from tabgan.gan.drawing import Drawer
from tabgan.gan.generator import Generator
from tabgan.gan.merging import Merging
from tabgan.gan.micro_batches import MicroBatches, Told
from tabgan.gan.order import drawing_order, one_way_marginals, small_first, two_way_marginals
from tabgan.gan.phase import Clock, Phase
from tabgan.gan.precision import half_products
from tabgan.gan.rounds import free_rows
from tabgan.gan.settings import Settings
from tabgan.gan.standing import NotWholeError, Parts, Pauses
from tabgan.gan.trained import Trained
from tabgan.gan.validation import LOGITS_AT_ONCE, held_out_nats, marginal_gap
from tabgan.gan.watch import Average, Callback, Record, Watch, cosine

WARM_UP_SHARE = 0.2
FEW_STEPS = 300
FEW_ROUNDS = 4  # that an order is made for, and an adversary asked for, where none are told


def train(
    codes: Tensor,
    blocks: Blocks,
    settings: Settings,
    *,
    parents: Sequence[int | None],
    target: Sequence[int] = (),
    callbacks: tuple[Callback, ...] = (),
    pauses: Pauses | None = None,
) -> Trained:
    """Train a generator on encoded rows.

    Shape: codes int16 [rows, blocks], on the device of `blocks`. Randomness is torch's global
    generator, which the caller seeds. `target`: blocks of the column that the table is about;
    they are drawn last, and the auxiliary classifier names the first. `pauses`: when to stop, to
    tell where training stands, and from where it goes on; with the same codes, settings and seed it
    then ends, on a processor, bit for bit as if it had never stopped.

    Raises: NotWholeError for a standing that does not fit.
    """
    merging = Merging.of(codes, blocks)
    order = _order_of(codes, blocks, merging, settings.rounds, parents, target)
    generator = _beginner(codes, blocks, settings)
    watch = Watch(patience=settings.patience, callbacks=callbacks)
    run = Run(generator, order, settings, watch, merging, *_data(codes, settings))
    run.pauses = pauses or Pauses()
    teachers, has_rounds = settings.teachers, settings.teachers.draw_rows
    has_likelihood = teachers.likelihood > 0 or not has_rounds
    if not has_rounds:  # nobody teaches what noise means
        nn.init.zeros_(generator.noise.weight)
    if has_likelihood and not run.is_past("likelihood"):
        run.likelihood_phase()
    exact = quick = watch.best_generator(generator)
    groups: Groups = ()

    def divide() -> Groups:
        return rounds_asked_for(Drawer(exact), order, codes, settings.rounds or len(order))

    if has_rounds and not watch.is_interrupted:
        generator.load_state_dict(exact.state_dict())
        table_marginals = two_way_marginals(codes, blocks) if teachers.marginals else None
        label = target[0] if target else None
        adversary = Adversary(generator, order, settings, target=label, table_marginals=table_marginals)
        run.adversarial_phase(adversary, exact, divide if has_likelihood else None)
        quick, groups = watch.best_generator(generator), adversary.runs
        run.tell_parts(adversary.micro)
    elif settings.rounds is not None:
        groups = divide()
    run.tell_parts(run.micro)
    if run.pauses.found is not None:
        raise NotWholeError("It stands in a phase that this training does not have.")
    if run.stopped:
        watch.warn(run.stopped)
    exact = exact if has_likelihood else quick
    if quick is not exact:
        calibrate(quick, groups, codes, has_noise=True)
    runs = few_rounds(Drawer(exact), order, codes, max_nats=nats_allowed(len(codes)))
    calibrate(exact, runs if has_likelihood else groups, codes, has_noise=not has_likelihood)
    told = (watch.history, watch.warnings, run.stopped, watch.is_interrupted)
    return Trained(exact, quick, order, runs, groups, *told)


def _order_of(
    codes: Tensor,
    blocks: Blocks,
    merging: Merging,
    rounds: int | None,
    parents: Sequence[int | None],
    last: Sequence[int],
) -> tuple[int, ...]:
    """The drawing order that likelihood learns prefixes of."""
    order = drawing_order(merging.information(codes), parents, rounds or FEW_ROUNDS, last)
    if rounds is not None:
        return order
    return small_first(order, one_way_marginals(codes, blocks), blocks, parents, last, FEW_ROUNDS)


def _beginner(codes: Tensor, blocks: Blocks, settings: Settings) -> Generator:
    """A generator that knows the share of every code and nothing else."""
    generator = Generator(
        blocks,
        embedding_dim=settings.embedding_dim,
        generator_dim=settings.generator_dim,
        dropout=settings.generator_dropout,
        final_norm=False,
    ).to(blocks.device)
    with torch.no_grad():
        generator.head.bias.copy_((one_way_marginals(codes, blocks) + 1 / (len(codes) + 1)).log())
    return generator


def _data(codes: Tensor, settings: Settings) -> tuple[Rows, Tensor]:
    training, validation = split_validation(codes, settings.validation_share, settings.max_validation_rows)
    return Rows(codes, settings.batch_size, training), codes[validation].long()


class Run:
    """One training run: the parts that both phases share."""

    def __init__(
        self,
        generator: Generator,
        order: tuple[int, ...],
        settings: Settings,
        watch: Watch,
        merging: Merging,
        data: Rows,
        validation: Tensor,
    ) -> None:
        self.generator, self.order, self.settings = generator, order, settings
        self.watch, self.merging, self.data, self.validation = watch, merging, data, validation
        self.watch.start_phase(generator)
        self.rank = rank_of(order, generator.blocks.device)
        self.masks = learning_masks(validation, self.rank, settings)
        self.start = time.monotonic()
        self.pauses = Pauses()
        self.stopped = ""
        self.micro = MicroBatches()

    def clock(self, steps: int, share: float, *, is_last: bool) -> Clock:
        """How long a phase lasts: its share of `epochs` or `max_seconds`, or else its own steps.

        The last phase gets all the seconds that are left.
        """
        epochs, seconds = self.settings.epochs, self.settings.max_seconds
        if epochs is not None:
            steps = max(1, round(epochs * share)) * self.data.steps_per_epoch
        elif seconds is not None:
            steps = 10**9
        now = time.monotonic()
        left = math.inf if seconds is None else max(0.0, seconds - (now - self.start))
        return Clock(steps, now, left if is_last else left * share)

    def every(self) -> int:
        """Count of steps from one report to the next: an epoch, but not too short or too long."""
        return max(25, min(self.data.steps_per_epoch, 100))

    def likelihood_phase(self) -> None:
        """Cross-entropy of hidden blocks, without noise; the best average is kept."""
        settings, generator = self.settings, self.generator
        is_last = not settings.teachers.draw_rows
        share = 1.0 if is_last else 1.0 - settings.adversary_share
        steps = settings.likelihood_steps_of(self.data.steps_per_epoch)
        clock = self.clock(steps, share, is_last=is_last)
        optimizer = torch.optim.Adam(
            generator.parameters(), lr=settings.likelihood_lr, betas=(0.9, 0.99), fused=True
        )
        average, micro = Average(generator, settings.ema), self.micro

        def step(progress: float, index: int) -> dict[str, Tensor]:
            warm_up = min(1.0, (index + 1) / 100)
            share = warm_up * min(cosine(progress), self.watch.lr_share(index))
            optimizer.param_groups[0]["lr"] = settings.likelihood_lr * share
            codes = self.data.batch()
            visible, early = learning_masks(codes, self.rank, settings)

            def part(rows: slice, share: float) -> Told:
                with half_products(codes.device):
                    logits = generator(codes[rows], visible[rows], early=early[rows])
                loss = share * losses.likelihood(logits, codes[rows], visible[rows], generator.blocks)
                loss.backward()
                return {"likelihood": loss.detach()}

            told = micro.add_up(len(codes), optimizer.zero_grad, part)
            nn.utils.clip_grad_norm_(generator.parameters(), settings.gradient_clip)
            optimizer.step()
            return told

        parts = Parts({"generator": generator, "average": average.network}, {"adam": optimizer})
        phase = self.begun(Phase("likelihood", clock, parts, average))
        self.loop(phase, step, lambda network: (held_out_nats(network, self.validation, *self.masks), {}))

    def adversarial_phase(
        self, adversary: Adversary, exact: Generator, divide: Callable[[], Groups] | None
    ) -> None:
        """The game at few rounds, on top of `exact`, which stays, or (with no `divide`) from scratch."""
        generator, alone = self.generator, divide is None
        self.watch.start_phase(generator)
        # A step of the game costs about six of likelihood: half the rows keep it brisk.
        self.data = Rows(self.data.codes, max(1, self.settings.batch_size // 2), self.data.places)
        settings = self.settings
        few = max(FEW_STEPS, settings.adversary_epochs * self.data.steps_per_epoch)
        steps = settings.scratch_steps if alone else min(settings.adversary_steps, few)
        clock = self.clock(steps, 1.0 if alone else settings.adversary_share, is_last=True)
        average = Average(generator, settings.ema)
        name = "adversary" if settings.teachers.adversary else "marginals"
        parts = adversary.parts({"exact": exact, "average": average.network})
        phase = self.begun(Phase(name, clock, parts, average))
        if divide is not None:  # now that a run that goes on has its weights
            adversary.draw_in(divide())
        n_warm = 0 if alone else min(settings.warm_up_steps, phase.clock.n_steps // 3)
        while phase.n_warm < n_warm and phase.clock.progress(0) < WARM_UP_SHARE and not self.stops(phase):
            adversary.step(self.data, teach_generator=False)
            phase.n_warm += 1

        def step(progress: float, _index: int) -> dict[str, Tensor]:
            adversary.set_learning_rates(cosine(progress))
            return adversary.step(self.data, teach_generator=True)

        def validation(network: Generator) -> tuple[float, Record]:
            at_once = max(1, LOGITS_AT_ONCE // 4 // network.blocks.n_flat)
            made = free_rows(network, adversary.rounds, len(self.validation), at_once)
            notes = self.watch.check_collapse(made, self.validation, network.blocks)
            return marginal_gap(made, self.validation, self.merging), notes

        self.loop(phase, step, validation)

    def tell_parts(self, micro: MicroBatches) -> None:
        """Warn of batches that did not fit the memory."""
        if micro.n_rows is not None:
            told = f"Memory ran out: batches were computed in parts of {micro.n_rows:,} rows."
            self.watch.warn(f"{told} A smaller batch_size is faster.")

    def is_past(self, phase: str) -> bool:
        """Whether training goes on from a later phase."""
        return self.pauses.found is not None and self.pauses.found.facts.get("phase") != phase

    def begun(self, phase: Phase) -> Phase:
        """The phase at its beginning, or where it was left. Raises: NotWholeError."""
        if self.pauses.found is not None:
            self.start = time.monotonic() - phase.put(self.pauses.found, self.data, self.watch)
            self.pauses.found = None
        return phase

    def stops(self, phase: Phase) -> bool:
        """Whether to stop now, between two steps; where training stands is kept first, if it is time."""
        is_stopped = self.pauses.is_stopped()
        if is_stopped or self.pauses.is_due():
            self.pauses.keep(phase.standing(self.data, self.watch, time.monotonic() - self.start))
        return is_stopped

    def loop(
        self,
        phase: Phase,
        step: Callable[[float, int], dict[str, Tensor]],
        validation: Callable[[Generator], tuple[float, Record]],
    ) -> None:
        """Step until the clock, the watch, the world outside or a loss that is no number ends it."""
        self.generator.train()
        clock = phase.clock
        while not self.stops(phase):
            phase.count(step(clock.progress(phase.index), phase.index))
            phase.average.update()
            is_last = clock.progress(phase.index) >= 1
            if phase.since < self.every() and not is_last:
                continue
            if self.report(phase, validation) or is_last:
                return
        self.watch.is_interrupted = True
        if phase.since:
            self.report(phase, validation)
        epochs = f"{self.watch.n_epochs():,.1f} epochs"
        self.stopped = f"Training was interrupted after {epochs}; the best weights so far are kept."

    def report(self, phase: Phase, validation: Callable[[Generator], tuple[float, Record]]) -> bool:
        """Validate the average and tell the watch. Returns whether to stop."""
        means = phase.means()
        if self.watch.has_diverged(means):
            return True
        network = phase.average.network
        assert isinstance(network, Generator)
        value, notes = validation(network)
        record = self.record(phase.name, phase.index, phase.clock, means | {"validation": value}) | notes
        # Two-way marginals hardly tell what a game still gains: it is played to its end.
        is_game = phase.name != "likelihood"
        ends = self.watch.report(record, network, keeps_last=is_game)
        if self.watch.cooling and self.watch.cooling[0] == phase.index:
            phase.average.put(self.watch.best_weights or {})
        phase.sums, phase.since = {}, 0
        self.generator.train()
        return ends

    def record(self, phase: str, steps: int, clock: Clock, numbers: dict[str, float]) -> Record:
        """One line of the history. Units: seconds since the start, rows a second."""
        now = time.monotonic()
        seconds = max(now - clock.start, 1e-9)
        progress = clock.progress(steps)
        if self.watch.cooling is not None:
            progress = max(progress, min(1.0, steps / sum(self.watch.cooling)))
        return {
            "phase": phase,
            "step": steps,
            "epoch": round(steps / self.data.steps_per_epoch, 2),
            **{name: round(value, 5) for name, value in numbers.items()},
            "seconds": round(now - self.start, 2),
            "rows_per_second": round(steps * self.data.batch_size / seconds),
            "progress": round(progress, 4),
            "seconds_left": round(seconds * (1 - progress) / max(progress, 1e-9), 1),
        }
