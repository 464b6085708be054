"""Coefficients and standard errors as they are printed in the field's sources, to the printed digits.

A row's name says where it is from. "oracle" rows were computed with another implementation and not seen in print.
"""

import numpy as np
import pytest
from weijing.evaluation.agreement.alpha import krippendorff_alpha
from weijing.evaluation.agreement.chance import chance_corrected, chance_corrected_counts
from weijing.evaluation.ratings import Ratings

# Krippendorff (2011): 4 coders x 12 units
KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
# irrCAC, cac.raw4raters: the same but for the coder who gave the lone code of the last unit
RAW_4_RATERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . .
. 3 3 3 2 3 4 2 2 5 1 3
1 2 3 3 2 4 4 1 2 5 1 .
"""
# Wikipedia, "Krippendorff's alpha": 3 coders x 15 units
WIKIPEDIA = """
. . . . . 3 4 1 2 1 1 3 3 . 3
1 . 2 1 3 3 4 3 . . . . . . .
. . 2 1 3 4 4 . 2 1 1 3 3 . 4
"""
# irrCAC, distrib.6raters, from Fleiss (1971): 15 patients x 5 diagnoses, 6 psychiatrists
PSYCHIATRIC = "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031"
# Wikipedia, "Fleiss' kappa": 10 units x 5 categories, 14 coders
WIKIPEDIA_FLEISS = """
0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7
"""
# irrCAC, cont3x3abstractors: 100 pregnancies by two abstractors
ABSTRACTORS = ((13, 0, 0), (0, 20, 7), (0, 4, 56))


def raw(text):
    rows = [line.split() for line in text.strip().split("\n")]
    codes = {
        (f"u{u}", f"c{c}"): None if code == "." else int(code)
        for c, row in enumerate(rows)
        for u, code in enumerate(row)
    }
    return Ratings.from_codes(codes)


def crossed(table):
    codes = {}
    cells = [(i, j) for i, row in enumerate(table) for j, times in enumerate(row) for _ in range(times)]
    for u, (i, j) in enumerate(cells):
        codes[f"u{u}", "a"], codes[f"u{u}", "b"] = i, j
    return Ratings.from_codes(codes)


def counted(lines):
    return np.array([[int(n) for n in row] for row in lines])


def printed(value, digits):
    return f"{value:.{digits}f}"


def decimals(text):
    return len(text.split(".")[1])


def test_each_number_is_compared_to_its_last_digit():
    assert printed(0.7434, decimals("0.74342")) != "0.74342"


RAW_ROWS = {
    "irrCAC percent agreement": ("percent", "identity", "0.81818", "0.12561"),
    "irrCAC Gwet AC1": ("gwet", "identity", "0.77544", "0.14295"),
    "irrCAC Fleiss kappa": ("fleiss", "identity", "0.76117", "0.15302"),
    "irrCAC Conger kappa": ("conger", "identity", "0.76282", "0.14917"),
    "irrCAC Brennan-Prediger": ("brennan_prediger", "identity", "0.77273", "0.14472"),
    "irrCAC Krippendorff alpha": ("krippendorff", "identity", "0.74342", "0.14548"),
    "oracle Gwet AC2 linear": ("gwet", "linear", "0.85874", None),
    "oracle Gwet AC2 quadratic": ("gwet", "quadratic", "0.91400", None),
    "oracle Gwet AC2 ordinal": ("gwet", "ordinal", "0.89894", None),
    "oracle Fleiss linear": ("fleiss", "linear", "0.81794", None),
    "oracle Fleiss quadratic": ("fleiss", "quadratic", "0.86494", None),
    "oracle Fleiss ordinal": ("fleiss", "ordinal", "0.85021", None),
    "oracle alpha linear weights": ("krippendorff", "linear", "0.80038", None),
    "oracle alpha quadratic weights": ("krippendorff", "quadratic", "0.84911", None),
    "oracle alpha ordinal weights, not the ordinal metric": ("krippendorff", "ordinal", "0.83364", None),
}


@pytest.mark.parametrize(("coefficient", "weights", "value", "error"), RAW_ROWS.values(), ids=RAW_ROWS)
def test_four_raters(coefficient, weights, value, error):
    found = chance_corrected(raw(RAW_4_RATERS), coefficient, weights, bootstrap=None)
    assert printed(found.coefficient.value, decimals(value)) == value
    assert found.coefficient.n == 11
    if error:
        assert printed(found.standard_error, decimals(error)) == error


def test_four_raters_irrcac_chance_agreement_of_ac1():
    found = chance_corrected(raw(RAW_4_RATERS), "gwet", bootstrap=None)
    expected = 1 - (1 - found.percent.value) / (1 - found.coefficient.value)
    assert printed(expected, 7) == "0.1903212"


def test_conger_kappa_depends_on_who_gave_the_lone_code_oracle():
    found = chance_corrected(raw(KRIPPENDORFF), "conger", bootstrap=None)
    assert printed(found.coefficient.value, 5) == "0.76207"


COUNT_ROWS = {
    "irrCAC Fleiss kappa": ("fleiss", "0.4139265", "0.08119291"),
    "irrCAC Gwet AC1": ("gwet", "0.4448007", "0.08418757"),
    "irrCAC Brennan-Prediger": ("brennan_prediger", "0.4388889", "0.08312142"),
    "irrCAC Krippendorff alpha": ("krippendorff", "0.4204384", None),  # its error: see below
}


@pytest.mark.parametrize(("coefficient", "value", "error"), COUNT_ROWS.values(), ids=COUNT_ROWS)
def test_psychiatric_diagnoses(coefficient, value, error):
    found = chance_corrected_counts(counted(PSYCHIATRIC.split()), coefficient, bootstrap=None)
    assert printed(found.coefficient.value, decimals(value)) == value
    if error:
        assert printed(found.standard_error, decimals(error)) == error


def test_psychiatric_diagnoses_irrcac_error_of_alpha_takes_chance_once():
    """irrCAC prints 0.08243228 for counts: its linear part has (1 - alpha)(p_e,i - p_e) without Gwet's factor 2.

    For raw codes it prints the error with the factor (0.14548 above), which is what we give for counts, too.
    """
    counts = counted(PSYCHIATRIC.split())
    codes, shares = counts.sum(), counts.sum(axis=0) / counts.sum()
    observed = (counts * (counts - 1)).sum(axis=1) / (6 * 5) * (1 - 1 / codes) + 1 / codes
    chance, chance_of = (shares**2).sum(), counts @ shares / 6
    alpha = (observed.mean() - chance) / (1 - chance)

    def error(factor):
        parts = (observed - chance - factor * (1 - alpha) * (chance_of - chance)) / (1 - chance)
        return parts.std(ddof=1) / np.sqrt(len(counts))

    assert printed(error(1), 8) == "0.08243228"
    ours = chance_corrected_counts(counts, "krippendorff", bootstrap=None).standard_error
    assert ours == pytest.approx(error(2) / (1 - 1 / codes), rel=2e-3)


def test_wikipedia_fleiss_kappa():
    counts = counted(line.split() for line in WIKIPEDIA_FLEISS.strip().split("\n"))
    value = chance_corrected_counts(counts, "fleiss", bootstrap=None).coefficient.value
    assert printed(value, 3) == "0.210"
    assert printed(value, 6) == "0.209931"  # oracle


TABLE_ROWS = {
    "irrCAC percent agreement": ("percent", "0.89", "0.03128898"),
    "irrCAC Cohen kappa": ("cohen", "0.7964094", "0.05891072"),
    "irrCAC Scott pi, Fleiss kappa of two": ("fleiss", "0.7962397", "0.05905473"),
    "irrCAC Gwet AC1": ("gwet", "0.8493305", "0.04321747"),
    "irrCAC Brennan-Prediger": ("brennan_prediger", "0.835", "0.04693346"),
    "irrCAC Krippendorff alpha": ("krippendorff", "0.7972585", "0.05905473"),
}


@pytest.mark.parametrize(("coefficient", "value", "error"), TABLE_ROWS.values(), ids=TABLE_ROWS)
def test_abstractors(coefficient, value, error):
    found = chance_corrected(crossed(ABSTRACTORS), coefficient, bootstrap=None)
    assert printed(found.coefficient.value, decimals(value)) == value
    of_tables = found.standard_error * np.sqrt(99 / 100)  # of two-way tables irrCAC divides by n, else by n - 1
    assert printed(of_tables, decimals(error)) == error


ALPHA_ROWS = {
    "Krippendorff 2011 nominal": (KRIPPENDORFF, "nominal", "0.743"),
    "irrCAC nominal": (KRIPPENDORFF, "nominal", "0.74342"),
    "oracle Krippendorff 2011 ordinal": (KRIPPENDORFF, "ordinal", "0.815388"),
    "oracle Krippendorff 2011 interval": (KRIPPENDORFF, "interval", "0.849107"),
    "oracle Krippendorff 2011 ratio": (KRIPPENDORFF, "ratio", "0.797403"),
    "Wikipedia nominal": (WIKIPEDIA, "nominal", "0.691"),
    "Wikipedia interval": (WIKIPEDIA, "interval", "0.811"),
    "oracle Wikipedia nominal": (WIKIPEDIA, "nominal", "0.691358"),
    "oracle Wikipedia ordinal": (WIKIPEDIA, "ordinal", "0.806721"),
    "oracle Wikipedia interval": (WIKIPEDIA, "interval", "0.810845"),
}


@pytest.mark.parametrize(("text", "metric", "value"), ALPHA_ROWS.values(), ids=ALPHA_ROWS)
def test_alpha(text, metric, value):
    assert printed(krippendorff_alpha(raw(text), metric, bootstrap=None).value, decimals(value)) == value
