"""Answers of other people's libraries to the questions that services/release answers: noise, threshold, epsilon.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python cross_check.py > answers.json

- OpenDP: the privacy maps of make_gaussian, make_gaussian_threshold, make_laplace_threshold, make_zCDP_to_approxDP.
- dp-accounting: RdpAccountant on a ZCDpEvent, the analytic epsilon of the continuous Gaussian, and the sigma that this
  epsilon needs; the tails of its discrete Gaussian and discrete Laplace.
- mpmath with 60 digits (dp-accounting brings it): the definition of the threshold, tried integer by integer.

OpenDP keeps a count that is >= its threshold x, and its map says what counts > x cost (opendp issue 2922, open): with the
largest count of one unit at 1, delta(x) is a bound of Pr[Z > x - 1] = Pr[Z >= x], where Pr[Z >= x - 1] is what x costs.
Its answer for our T is therefore delta(T - 1).
"""

import json
import math
import platform
from fractions import Fraction
from importlib.metadata import version

import dp_accounting
import mpmath
import opendp.prelude as dp
from dp_accounting import rdp
from dp_accounting.pld import privacy_loss_mechanism as losses

dp.enable_features("contrib")
mpmath.mp.dps = 60

STATED_DELTA = 1e-7


def gaussian_cases():
    table = [(8, "3/500"), (2, "1/1000"), (1, "1/2000"), (1, "3/400")]
    grid = [(cells, rho) for cells in (1, 2, 4, 8, 16) for rho in ("1/20", "3/500", "1/700", "1/2000", "1/6000")]
    return [(*one, delta) for one in table + grid for delta in ("1e-9", "1e-6")]


def laplace_cases():
    named = [(1, "1", "1e-9"), (4, "1/2", "1e-9"), (8, "1", "1e-9")]
    return named + [(c, e, d) for c in (1, 2, 4, 8) for e in ("1/4", "2/3", "1", "3") for d in ("1e-9", "1e-6")]


def threshold_of(tail, cells, delta):
    """1 + min{ t >= 0 : 1 - (1 - tail(t))^C <= delta }, and the cost at T and at T - 1."""
    cost = lambda t: 1 - (1 - tail(t)) ** cells
    low, high = 0, 1
    while cost(high) > delta:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if cost(middle) <= delta else (middle + 1, high)
    return low + 1, cost(low), cost(low - 1)


def gaussian_tail(variance):
    weight = lambda j: mpmath.exp(-mpmath.mpf(j * j) * variance.denominator / (2 * variance.numerator))
    sums = [mpmath.mpf(0)]
    for j in range(math.isqrt(400 * math.ceil(variance)) + 20, -1, -1):
        sums.append(sums[-1] + weight(j))
    sums.reverse()
    norm = sums[0] + sums[1]
    return lambda t: sums[t] / norm if t > 0 else 1 - sums[1 - t] / norm


def laplace_tail(scale):
    ratio = mpmath.exp(-mpmath.mpf(scale.denominator) / scale.numerator)
    return lambda t: ratio**t / (1 + ratio) if t > 0 else 1 - ratio ** (1 - t) / (1 + ratio)


def counts(metric):
    return dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T=int)), metric(dp.absolute_distance(T=int))


def opendp_gaussian(sigma, cells, x):
    measurement = dp.m.make_gaussian_threshold(*counts(dp.l02inf_distance), scale=sigma, threshold=x)
    return measurement.map((cells, cells, 1))


def opendp_laplace(scale, cells, x):
    measurement = dp.m.make_laplace_threshold(*counts(dp.l01inf_distance), scale=scale, threshold=x)
    return measurement.map((cells, cells, 1))


def smallest_opendp(delta_at, near, delta):
    x = near
    while delta_at(x) > delta:
        x += 1
    while delta_at(x - 1) <= delta:
        x -= 1
    return x


def shared_part(tail, delta_at, cells, delta):
    threshold, cost, cost_below = threshold_of(tail, cells, mpmath.mpf(delta))
    opendp_delta = lambda x: delta_at(x)[1]
    return {
        "threshold": threshold,
        "cost": float(cost),
        "costBelow": float(cost_below),
        "opendpThreshold": smallest_opendp(opendp_delta, threshold, float(delta)),
        "opendpCost": opendp_delta(threshold - 1),
        "opendpCostBelow": opendp_delta(threshold - 2),
    }


def tail_of_dp_accounting(loss, t):
    """Pr[Z >= t] = Pr[Z <= -t], so that nothing is lost by a subtraction from one."""
    return float(loss.noise_cdf(-t))


def gaussian_answer(cells, rho, delta):
    variance = Fraction(cells) / (2 * Fraction(rho))
    sigma = math.sqrt(variance)
    vector = dp.vector_domain(dp.atom_domain(T=int)), dp.l2_distance(T=float)
    measurement = dp.m.make_gaussian(*vector, scale=sigma)
    accountant = rdp.RdpAccountant([1 + 1.01**i / 1000 for i in range(2000)])
    accountant.compose(dp_accounting.ZCDpEvent(float(Fraction(rho))))
    multiplier = sigma / math.sqrt(cells)
    analytic = dp_accounting.get_epsilon_gaussian(multiplier, STATED_DELTA)
    answer = {"cellsMax": cells, "rho": rho, "delta": delta, "sigma": sigma}
    answer |= shared_part(gaussian_tail(variance), lambda x: opendp_gaussian(sigma, cells, x), cells, delta)
    return answer | {
        "opendpRho": measurement.map(math.sqrt(cells)),
        "opendpEpsilon": dp.c.make_zCDP_to_approxDP(measurement).map(math.sqrt(cells)).epsilon(STATED_DELTA),
        "rdpEpsilon": accountant.get_epsilon(STATED_DELTA),
        "analyticEpsilon": analytic,
        "analyticSigma": dp_accounting.get_sigma_gaussian(analytic, STATED_DELTA) * math.sqrt(cells),
        "tail": tail_of_dp_accounting(losses.DiscreteGaussianPrivacyLoss(sigma), answer["threshold"] - 1),
    }


def laplace_answer(cells, epsilon, delta):
    scale = cells / Fraction(epsilon)
    number = float(scale)
    answer = {"cellsMax": cells, "epsilon": epsilon, "delta": delta}
    answer |= shared_part(laplace_tail(scale), lambda x: opendp_laplace(number, cells, x), cells, delta)
    answer["opendpEpsilon"] = opendp_laplace(number, cells, answer["threshold"])[0]
    answer["tail"] = tail_of_dp_accounting(losses.DiscreteLaplacePrivacyLoss(1 / number), answer["threshold"] - 1)
    return answer


if __name__ == "__main__":
    packages = ("opendp", "dp-accounting", "mpmath", "numpy", "scipy")
    answers = {
        "command": "python3 cross_check.py > answers.json",
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "statedDelta": STATED_DELTA,
        "gaussian": [gaussian_answer(*one) for one in gaussian_cases()],
        "laplace": [laplace_answer(*one) for one in laplace_cases()],
    }
    print(json.dumps(answers, indent=1))
