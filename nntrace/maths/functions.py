"""Functions that the tables are made of.

Each is computed so that every finite input has its right value: what overflows on the way does so
to an infinity from which the right limit comes, or is not chosen.
"""

from __future__ import annotations

from functools import cache
from math import pi, sqrt

from nntrace.formula.derive import negative, over, times
from nntrace.formula.tree import Formula, Function, Number, Sum, Switch

EXP = Function(
    plain="exp",
    latex=r"\exp",
    numpy="np.exp({any})",
    torch="torch.exp({any})",
    javascript="Math.exp({any})",
    backward=lambda g, x, y: times(g, y),
)
LN = Function(
    plain="ln",
    latex=r"\ln",
    numpy="np.log({any})",
    torch="torch.log({any})",
    javascript="Math.log({any})",
    backward=lambda g, x, y: over(g, x),
)
SQRT = Function(
    plain="√{atom}",
    latex=r"\sqrt{{any}}",
    mathml="<msqrt>{any}</msqrt>",
    numpy="np.sqrt({any})",
    torch="torch.sqrt({any})",
    javascript="Math.sqrt({any})",
    backward=lambda g, x, y: over(g, 2 * y),
)
EXP_MINUS_1 = Function(
    plain="exp({any}) − 1",
    latex=r"\exp\left({any}\right) - 1",
    mathml='<mi>exp</mi><mrow><mo stretchy="false">(</mo>{any}<mo stretchy="false">)</mo></mrow><mo>−</mo><mn>1</mn>',
    loose=True,
    numpy="np.expm1({any})",  # exp(x) − 1 would lose the digits of a small x
    torch="torch.expm1({any})",
    javascript="Math.expm1({any})",
    backward=lambda g, x, y: times(g, EXP(x)),
)
SIGN = Function(
    plain="sign",
    latex=r"\operatorname{sign}",
    definition="sign(x) is 1, 0 or −1",
    numpy="np.sign({any})",
    torch="torch.sign({any})",
    javascript="Math.sign({any})",
    backward=lambda g, x, y: Number(0),
    odd=True,
    switch=lambda node: Switch(node, node, lambda s: s),
)
ABS = Function(
    plain="|{any}|",
    latex=r"\left|{any}\right|",
    mathml="<mrow><mo>|</mo>{any}<mo>|</mo></mrow>",
    numpy="np.abs({any})",
    torch="torch.abs({any})",
    javascript="Math.abs({any})",
    backward=lambda g, x, y: times(g, SIGN(x)),  # PyTorch's convention: 0 at 0
    switch=lambda node: Switch(node, SIGN(node.operand), lambda s: s * node.operand),
)

SIGMA = Function(
    plain="σ",
    latex=r"\sigma",
    definition="σ(z) = 1/(1 + exp(−z))",
    numpy="1 / (1 + np.exp(-{atom}))",  # exp overflows to ∞ for z < −709, and 1/∞ is the right 0
    torch="torch.sigmoid({any})",
    javascript="1 / (1 + Math.exp(-{atom}))",
    backward=lambda g, z, a: times(times(g, a), 1 - a),
)
TANH = Function(
    plain="tanh",
    latex=r"\tanh",
    definition="tanh(z) = (exp(z) − exp(−z))/(exp(z) + exp(−z))",
    numpy="np.tanh({any})",
    torch="torch.tanh({any})",
    javascript="Math.tanh({any})",
    backward=lambda g, z, a: times(g, 1 - a**2),
)
SOFTPLUS = Function(
    plain="softplus",
    latex=r"\operatorname{softplus}",
    definition="softplus(z) = ln(1 + exp(z))",
    numpy="np.logaddexp(0, {any})",  # exp(z) itself would overflow for z > 709
    torch="-torch.nn.functional.logsigmoid(-{atom})",
    javascript="Math.max(0, {any}) + Math.log1p(Math.exp(-Math.abs({any})))",
    backward=lambda g, z, a: times(g, SIGMA(z)),
)
NORMAL_DENSITY = Function(
    plain="φ",
    latex=r"\varphi",
    definition="φ(z) = exp(−½ z²)/√(2π)",
    numpy=f"np.exp(-0.5 * {{atom}} ** 2) / {sqrt(2 * pi)!r}",
    torch=f"torch.exp(-0.5 * {{atom}} ** 2) / {sqrt(2 * pi)!r}",
    javascript=f"Math.exp(-0.5 * {{atom}} ** 2) / {sqrt(2 * pi)!r}",
    backward=lambda g, z, y: negative(times(times(g, z), y)),
)
NORMAL_DISTRIBUTION = Function(
    plain="Φ",
    latex=r"\Phi",
    definition="Φ(z) = ½ (1 + erf(z/√2))",
    numpy="normal_distribution({any})",
    # numpy has no erf; erfc keeps the digits where 1 + erf(z) would cancel.
    helper="def normal_distribution(z):\n"
    "    erfc = np.frompyfunc(math.erfc, 1, 1)\n"
    "    return 0.5 * np.asarray(erfc(-z / math.sqrt(2)), dtype=float)\n",
    torch="torch.special.ndtr({any})",
    javascript="normalDistribution({any})",
    # JavaScript has no erf: ½ + φ(z)(z + z³/3 + z⁵/15 + …), and in the tails Laplace's continued fraction.
    javascript_helper="function normalDistribution(z) {\n"
    "  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI), size = Math.abs(z);\n"
    "  let sum = z, term = z, tail = size;\n"
    "  for (let n = 3; size < 3 && sum + term !== sum; n += 2) sum += term *= z * z / n;\n"
    "  for (let n = 100; n > 0; n--) tail = size + n / tail;\n"
    "  return size < 3 ? 0.5 + density * sum : z < 0 ? density / tail : 1 - density / tail;\n"
    "}\n",
    backward=lambda g, z, y: times(g, NORMAL_DENSITY(z)),
)


def _rows(x: Formula) -> Formula:
    return Sum(x, "rows")


SOFTMAX = Function(
    plain="softmax",
    latex=r"\operatorname{softmax}",
    definition="softmax(z) = exp(z)/Σ exp(z), Σ over the nodes of an example",
    numpy="softmax({any})",
    torch="torch.softmax({any}, dim=0)",
    # A constant taken from every z changes nothing, and without the largest nothing overflows.
    helper="def softmax(z):\n"
    "    e = np.exp(z - z.max(axis=0, keepdims=True))\n"
    "    return e / e.sum(axis=0, keepdims=True)\n",
    backward=lambda g, z, a: a * (g - _rows(g * a)),
    written_out=lambda z: EXP(z) / _rows(EXP(z)),
)
LOG_SOFTMAX = Function(
    plain="ln softmax",
    latex=r"\ln\operatorname{softmax}",
    definition="ln softmax(z) = z − ln Σ exp(z)",
    numpy="log_softmax({any})",
    torch="torch.log_softmax({any}, dim=0)",
    helper="def log_softmax(z):\n"
    "    z = z - z.max(axis=0, keepdims=True)\n"
    "    return z - np.log(np.exp(z).sum(axis=0, keepdims=True))\n",
    backward=lambda g, z, y: g - SOFTMAX(z) * _rows(g),
    written_out=lambda z: z - LN(_rows(EXP(z))),
)


@cache
def rounding(decimals: int) -> Function:
    """To so many decimals, half away from zero on the decimal value.

    np.round goes by the binary value, and to even: it differs on a quarter of the halves that
    products of short decimals make.
    """
    return Function(
        plain=f"round({{any}}, {decimals})",
        latex=rf"\operatorname{{round}}_{{{decimals}}}\left({{any}}\right)",
        mathml=f"<msub><mi>round</mi><mn>{decimals}</mn></msub><mrow><mo>(</mo>{{any}}<mo>)</mo></mrow>",
        definition=f"round(x, {decimals}) to {decimals} decimals, half away from zero",
        numpy=f"rounded({{any}}, {decimals})",
        helper="def rounded(x, decimals):\n"
        "    scale = 10.0**decimals\n"
        "    return np.sign(x) * np.floor(np.abs(x) * scale * (1 + 1e-12) + 0.5) / scale\n",
        javascript=f"rounded({{any}}, {decimals})",
        javascript_helper="function rounded(x, decimals) {\n"
        "  const scale = 10 ** decimals;\n"
        "  return Math.sign(x) * Math.floor(Math.abs(x) * scale * (1 + 1e-12) + 0.5) / scale;\n"
        "}\n",
        backward=lambda g, x, y: g,
    )
