"""TabSyn: a variational autoencoder of cells, and a diffusion model of what it encodes.

It is a repository of scripts (README.md says which commit goes where). Its networks, its loss of the
diffusion and its sampler are called. Its two training loops (tabsyn/vae/main.py, tabsyn/main.py) cannot be:
they read fixed folders, write beside their own code and ask a scheduler for what torch no longer has. They
are followed here, with its defaults. What differs:

- the tenth that the autoencoder is watched on is drawn so that every category is learned; its own draw
  repeats until that is so, which may be never;
- without categories the rule that watches their loss watches that of the numbers; without numbers that
  loss, a mean of nothing, is left out;
- cells come and go as cells.py says.
"""

import copy
import sys
from pathlib import Path

import numpy as np
import torch
from cells import Cells
from protocol import measure
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim.lr_scheduler import ReduceLROnPlateau

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".peers" / "sources" / "tabsyn"))

from tabsyn.diffusion_utils import sample as draw
from tabsyn.model import MLPDiffusion, Model
from tabsyn.vae.model import Decoder_model, Encoder_model, Model_VAE

LAYERS, WIDTH, HEADS, FACTOR = 2, 4, 1, 32  # of the autoencoder: transformers over a token a column
BETA, LEAST_BETA, DECAY, PATIENCE = 1e-2, 1e-5, 0.7, 10  # weight of its Kullback-Leibler term
DENOISER = 1024
BATCH = 4096
RATE = 1e-3
EPOCHS = {"vae_epochs": 4000, "diffusion_epochs": 10_001}
STOP = 500  # epochs of the diffusion without a lower loss


def fit(table, job):
    torch.manual_seed(job["seed"])
    epochs = EPOCHS | job["options"]
    cells = Cells(table, job)
    learned, watched = split(cells.codes, np.random.default_rng(job["seed"]))
    both = cells.spread(learned), torch.tensor(cells.codes)
    sizes = [len(known) for known in cells.labels.values()]
    parts = [tuple(part[rows] for part in both) for rows in (learned, watched)]
    codec = train_codec(*parts, sizes, epochs["vae_epochs"])
    encoder, decoder = (
        kind(LAYERS, len(cells.digits), sizes, WIDTH, n_head=HEADS, factor=FACTOR)
        for kind in (Encoder_model, Decoder_model)
    )
    encoder.load_weights(codec)
    decoder.load_weights(codec)
    with torch.no_grad():
        codes = encoder(*parts[0])[:, 1:].flatten(1)  # the first token is no column
    middle = codes.mean(0)
    model = train_diffusion((codes - middle) / 2, epochs["diffusion_epochs"])
    return model, decoder, middle, cells


def split(codes, rng):
    """Places of the rows that are learned and of a tenth that is watched, no category in the latter alone."""
    order = rng.permutation(len(codes))
    first = np.zeros(len(codes), dtype=bool)
    for column in codes[order].T:
        first[np.unique(column, return_index=True)[1]] = True
    free = np.flatnonzero(~first)
    watched = free[len(free) - min(len(free), len(codes) - int(0.9 * len(codes))) :]
    return order[np.setdiff1d(np.arange(len(codes)), watched)], order[watched]


def train_codec(learned, watched, sizes, epochs):
    """The autoencoder. The rate falls on every plateau of the watched loss, the weight beta once in each."""
    codec = Model_VAE(LAYERS, learned[0].shape[1], sizes, WIDTH, n_head=HEADS, factor=FACTOR, bias=True)
    optimizer = torch.optim.Adam(codec.parameters(), lr=RATE)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.95, patience=10)
    beta, best, waited = BETA, np.inf, 0
    for _ in range(epochs):
        codec.train()
        for rows in torch.randperm(len(learned[0])).split(BATCH):
            batch = [part[rows] for part in learned]
            optimizer.zero_grad()
            *made, centre, spread = codec(*batch)
            surplus = -0.5 * (1 + spread - centre**2 - spread.exp()).mean()
            (sum(errors(batch, *made)) + beta * surplus).backward()
            optimizer.step()
        codec.eval()
        with torch.no_grad():
            of_numbers, of_categories = errors(watched, *codec(*watched)[:2])
        loss = float(of_categories if sizes else of_numbers)
        scheduler.step(loss)
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == PATIENCE and beta > LEAST_BETA:
            beta *= DECAY
    return codec


def errors(cells, numbers, logits):
    """The squared error of the numbers and the cross-entropy of a category, each a mean over its columns."""
    zero = torch.zeros(())
    losses = [cross_entropy(scores, codes) for scores, codes in zip(logits, cells[1].T, strict=True)]
    return (
        mse_loss(numbers, cells[0]) if numbers.shape[1] else zero,
        torch.stack(losses).mean() if losses else zero,
    )


def train_diffusion(codes, epochs):
    """The diffusion at its lowest loss."""
    model = Model(denoise_fn=MLPDiffusion(codes.shape[1], DENOISER), hid_dim=codes.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.9, patience=20)
    best, waited, kept = np.inf, 0, model.state_dict()
    for _ in range(epochs):
        total = 0.0
        for batch in codes[torch.randperm(len(codes))].split(BATCH):
            loss = model(batch)
            total += loss.item() * len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        loss = total / len(codes)
        scheduler.step(loss)
        if loss < best:
            best, waited, kept = loss, 0, copy.deepcopy(model.state_dict())
        else:
            waited += 1
            if waited == STOP:
                break
    model.load_state_dict(kept)
    return model


@torch.no_grad()
def sample(model, n_rows, seed):
    diffusion, decoder, middle, cells = model
    torch.manual_seed(seed)
    codes = draw(diffusion.denoise_fn_D, n_rows, len(middle), device="cpu") * 2 + middle
    numbers, logits = decoder(codes.reshape(n_rows, -1, WIDTH))
    drawn = [scores.argmax(-1) for scores in logits]
    return cells.table_of(numbers, torch.stack(drawn, 1) if drawn else torch.empty(n_rows, 0))


def save(model, path):
    torch.save([part.state_dict() for part in model[:2]], path)


measure(fit, sample, save, ("torch", "scikit-learn"))
