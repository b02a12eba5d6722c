"""torch's Adam, without what makes torch import its compiler."""

from __future__ import annotations

from inspect import unwrap

import torch


class Adam(torch.optim.Adam):
    """torch's Adam, whose methods no longer tell the compiler to leave them alone.

    Nothing is compiled here, and to be told so the compiler has to be imported: that is more than
    a second and 40 MB in every process that trains.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
