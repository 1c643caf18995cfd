"""UCUM atoms in clinical use, as facts: code → (factor, definition in other units, takes metric prefixes).

Source: The Unified Code for Units of Measure, version 2.1 (public definitions). `mol` and arbitrary units stand for
themselves: an amount of substance is never compared with a plain number, nor one arbitrary unit with another.
"""

from __future__ import annotations

from decimal import Decimal

PREFIXES: dict[str, int] = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip

BASE = ("m", "s", "g", "rad", "K", "C", "cd", "mol")

# Units that are defined by nobody but themselves; International Units are one whatever their case.
ARBITRARY: tuple[str, ...] = (
    "[IU]", "[arb'U]", "[USP'U]", "[GPL'U]", "[MPL'U]", "[APL'U]", "[beth'U]", "[anti'Xa'U]", "[todd'U]", "[dye'U]",
    "[smgy'U]", "[bdsk'U]", "[ka'U]", "[knk'U]", "[mclg'U]", "[tb'U]", "[CCID_50]", "[TCID_50]", "[EID_50]",
    "[PFU]", "[FFU]", "[CFU]", "[IR]", "[BAU]", "[AU]", "[Amb'a'1'U]", "[PNU]", "[Lf]", "[D'ag'U]", "[FEU]",
    "[ELU]", "[EU]", "[hp_X]", "[hp_C]", "[hp_M]", "[hp_Q]", "[HPF]", "[LPF]", "[S]", "[car_Au]",
)  # fmt: skip
PREFIXED_ARBITRARY = frozenset({"[IU]", "[arb'U]", "[CFU]", "[PFU]", "[BAU]", "[AU]", "[EU]"})

# Affine scales: kelvin = (value + offset) * factor.
AFFINE: dict[str, tuple[Decimal, Decimal, Decimal]] = {
    "Cel": (Decimal("273.15"), Decimal(1), Decimal(1)),
    "[degF]": (Decimal("459.67"), Decimal(5), Decimal(9)),
    "[degRe]": (Decimal("218.52"), Decimal(5), Decimal(4)),
}

DERIVED: dict[str, tuple[str, str, bool]] = {
    # plain numbers
    "%": ("1", "10*-2", False), "[ppth]": ("1", "10*-3", False), "[ppm]": ("1", "10*-6", False),
    "[ppb]": ("1", "10*-9", False), "[pptr]": ("1", "10*-12", False), "[pi]": ("3.1415926535897932384626", "1", False),
    # angle
    "sr": ("1", "rad2", True), "deg": ("2", "[pi].rad/360", False), "gon": ("0.9", "deg", False),
    "'": ("1", "deg/60", False), "''": ("1", "'/60", False),
    # time
    "min": ("60", "s", False), "h": ("60", "min", False), "d": ("24", "h", False), "wk": ("7", "d", False),
    "a": ("365.25", "d", False), "a_j": ("365.25", "d", False), "a_t": ("365.24219", "d", False),
    "a_g": ("365.2425", "d", False), "mo": ("1", "a_j/12", False), "mo_j": ("1", "a_j/12", False),
    "mo_g": ("1", "a_g/12", False), "mo_s": ("29.53059", "d", False),
    # SI
    "Hz": ("1", "s-1", True), "N": ("1000", "g.m/s2", True), "Pa": ("1", "N/m2", True), "J": ("1", "N.m", True),
    "W": ("1", "J/s", True), "A": ("1", "C/s", True), "V": ("1", "J/C", True), "F": ("1", "C/V", True),
    "Ohm": ("1", "V/A", True), "S": ("1", "A/V", True), "Wb": ("1", "V.s", True), "T": ("1", "Wb/m2", True),
    "H": ("1", "Wb/A", True), "lm": ("1", "cd.sr", True), "lx": ("1", "lm/m2", True), "Bq": ("1", "s-1", True),
    "Gy": ("1", "J/kg", True), "Sv": ("1", "J/kg", True), "kat": ("1", "mol/s", True), "l": ("1", "dm3", True),
    "L": ("1", "dm3", True), "ar": ("100", "m2", True), "t": ("1000", "kg", True), "bar": ("100000", "Pa", True),
    "u": ("1.66053906660", "10*-24.g", True), "eV": ("1.602176634", "10*-19.J", True),
    # amount of substance and its kin
    "eq": ("1", "mol", True), "osm": ("1", "mol", True), "U": ("1", "umol/min", True),
    # pressure, energy, radiation
    "m[Hg]": ("133322.387415", "Pa", True), "m[H2O]": ("9806.65", "Pa", True), "atm": ("101325", "Pa", False),
    "att": ("98066.5", "Pa", False), "cal": ("4.184", "J", True), "[Cal]": ("1", "kcal", False),
    "cal_th": ("4.184", "J", True), "cal_IT": ("4.1868", "J", True), "erg": ("1", "10*-7.J", True),
    "dyn": ("1", "10*-5.N", True), "P": ("0.1", "Pa.s", True), "St": ("1", "cm2/s", True),
    "Ci": ("3.7", "10*10.Bq", True), "R": ("2.58", "10*-4.C/kg", True), "RAD": ("0.01", "Gy", True),
    "REM": ("0.01", "Sv", True), "gf": ("9.80665", "g.m/s2", True), "g%": ("1", "g/dl", True),
    "[diop]": ("1", "m-1", False), "[mesh_i]": ("1", "/[in_i]", False), "[p'diop]": ("1", "10*-2.rad", False),
    "mho": ("1", "S", True), "G": ("1", "10*-4.T", True), "Ao": ("0.1", "nm", False),
    # lengths, areas, volumes and weights in customary use
    "[in_i]": ("2.54", "cm", False), "[ft_i]": ("12", "[in_i]", False), "[yd_i]": ("3", "[ft_i]", False),
    "[mi_i]": ("5280", "[ft_i]", False), "[nmi_i]": ("1852", "m", False), "[in_us]": ("2.54000508", "cm", False),
    "[sin_i]": ("1", "[in_i]2", False), "[sft_i]": ("1", "[ft_i]2", False), "[cin_i]": ("1", "[in_i]3", False),
    "[cft_i]": ("1", "[ft_i]3", False), "[hd_i]": ("4", "[in_i]", False), "[Ch]": ("1", "mm/3", False),
    "[gr]": ("64.79891", "mg", False), "[lb_av]": ("7000", "[gr]", False), "[oz_av]": ("1", "[lb_av]/16", False),
    "[dr_av]": ("1", "[oz_av]/16", False), "[ston_av]": ("2000", "[lb_av]", False),
    "[stone_av]": ("14", "[lb_av]", False), "[oz_tr]": ("480", "[gr]", False), "[lb_tr]": ("12", "[oz_tr]", False),
    "[dr_ap]": ("60", "[gr]", False), "[car_m]": ("0.2", "g", False), "[lbf_av]": ("4.4482216152605", "N", False),
    "[psi]": ("1", "[lbf_av]/[sin_i]", False), "[Btu]": ("1055.05585262", "J", False),
    "[gal_us]": ("231", "[cin_i]", False), "[qt_us]": ("1", "[gal_us]/4", False), "[pt_us]": ("1", "[qt_us]/2", False),
    "[foz_us]": ("1", "[pt_us]/16", False), "[fdr_us]": ("1", "[foz_us]/8", False),
    "[cup_us]": ("16", "[tbs_us]", False), "[tbs_us]": ("1", "[foz_us]/2", False),
    "[tsp_us]": ("1", "[tbs_us]/3", False), "[min_us]": ("1", "[fdr_us]/60", False),
    "[tbs_m]": ("15", "ml", False), "[tsp_m]": ("5", "ml", False), "[cup_m]": ("240", "ml", False),
    "[foz_m]": ("30", "ml", False), "[drp]": ("1", "ml/20", False),
    "[MET]": ("3.5", "ml/min/kg", False), "[degR]": ("5", "K/9", False),
}  # fmt: skip

ALIASES = {"[iU]": "[IU]"}
